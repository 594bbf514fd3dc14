package dev.fanfold;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;

/** What calls refer to by number: a method of a class in a jar, a folder of classes or a source file. */
final class Definition {
  /** How long a file's time of change is believed. */
  private static final long STAMP_NS = 20_000_000;

  private final Path path;
  private final String name;
  private TaskMethod method;
  private FileTime stamp;
  private long checkedAt;

  Definition(Map<?, ?> run, String folder) {
    path = Path.of(folder == null ? "" : folder).resolve((String) run.get("path")).toAbsolutePath();
    name = (String) run.get("name");
  }

  Object call(Call call) throws Throwable {
    return method().call(call.input, call);
  }

  /** Loads the class, again when its file has changed. */
  private synchronized TaskMethod method() throws Exception {
    long now = System.nanoTime();
    if (method != null && now - checkedAt < STAMP_NS) return method;
    checkedAt = now;
    if (!Files.exists(path)) throw new StartException("the file " + path + " is missing");
    FileTime found = Files.getLastModifiedTime(path);
    if (method != null && found.equals(stamp)) return method;
    int dot = name.lastIndexOf('.');
    Class<?> owner = Code.load(path, dot < 0 ? null : name.substring(0, dot));
    method = TaskMethod.of(owner, name.substring(dot + 1));
    stamp = found;
    return method;
  }
}
