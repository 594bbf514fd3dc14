package dev.fanfold;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What one call prints: lines are gathered for a moment, and go out before the call's result. */
final class CallLog {
  private static final int FLUSH_MS = 50;
  private static final int LINES_BYTES_MAX = 16_000;
  private static final int LINE_BYTES_MAX = 64_000;
  private static final ScheduledExecutorService FLUSHER =
      Executors.newSingleThreadScheduledExecutor(run -> {
        Thread thread = new Thread(run, "fanfold-log");
        thread.setDaemon(true);
        return thread;
      });

  private final long call;
  private final Pipe pipe;
  /** Of stdout and stderr, what came after the last line end. */
  private final ByteArrayOutputStream[] open = {
    new ByteArrayOutputStream(0), new ByteArrayOutputStream(0)
  };
  private final List<String> lines = new ArrayList<>();
  private int stream;
  private int bytes;
  private boolean isDue;

  CallLog(long call, Pipe pipe) {
    this.call = call;
    this.pipe = pipe;
  }

  static String joined(Object... values) {
    StringJoiner text = new StringJoiner(" ");
    for (Object value : values) text.add(String.valueOf(value));
    return text.toString();
  }

  synchronized void write(int to, byte[] data, int from, int length) {
    ByteArrayOutputStream line = open[to];
    int start = from;
    for (int at = from; at < from + length; at++) {
      if (data[at] != '\n' && line.size() + at - start < LINE_BYTES_MAX) continue;
      line.write(data, start, at - start);
      start = data[at] == '\n' ? at + 1 : at;
      add(to, line);
    }
    line.write(data, start, from + length - start);
    if (bytes > LINES_BYTES_MAX) flush();
    else if (!lines.isEmpty() && !isDue) {
      isDue = true;
      FLUSHER.schedule(this::flush, FLUSH_MS, TimeUnit.MILLISECONDS);
    }
  }

  private void add(int to, ByteArrayOutputStream line) {
    if (to != stream) flush();
    stream = to;
    lines.add(line.toString(StandardCharsets.UTF_8));
    bytes += line.size();
    line.reset();
  }

  synchronized void flush() {
    isDue = false;
    if (lines.isEmpty()) return;
    pipe.send(List.of("log", call, System.currentTimeMillis(), stream, lines));
    lines.clear();
    bytes = 0;
  }

  /** The call is over: also what has no line end goes out. */
  synchronized void close() {
    for (int to = 0; to < open.length; to++) if (open[to].size() > 0) add(to, open[to]);
    flush();
  }

  /** A stream of which each byte goes to the log of the call that writes it, or to {@code past}. */
  static OutputStream capture(int to, OutputStream past) {
    return new OutputStream() {
      @Override
      public void write(int one) throws java.io.IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] data, int from, int length) throws java.io.IOException {
        Call call = Call.current();
        if (call == null) past.write(data, from, length);
        else call.log.write(to, data, from, length);
      }
    };
  }
}
