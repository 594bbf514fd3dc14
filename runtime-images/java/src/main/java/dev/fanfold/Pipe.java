package dev.fanfold;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;

/** The two pipes between harness and executor. */
final class Pipe {
  private final BufferedReader in;
  private final FileOutputStream out;

  Pipe() throws ReflectiveOperationException {
    // They are sockets, which no path opens. The command line opens java.io to us.
    Constructor<FileDescriptor> byNumber = FileDescriptor.class.getDeclaredConstructor(int.class);
    byNumber.setAccessible(true);
    FileInputStream from = new FileInputStream(byNumber.newInstance(3));
    in = new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8), 65_536);
    out = new FileOutputStream(byNumber.newInstance(4));
  }

  /** The next line; null when the executor is gone. */
  String read() {
    try {
      return in.readLine();
    } catch (IOException error) {
      return null;
    }
  }

  void send(Object message) {
    send(Json.print(message));
  }

  /** Returns when all is in the pipe: what was sent is not lost when the process dies. */
  void send(String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    synchronized (out) {
      try {
        out.write(bytes);
      } catch (IOException error) {
        // The executor is gone, and reading says so too.
      }
    }
  }
}
