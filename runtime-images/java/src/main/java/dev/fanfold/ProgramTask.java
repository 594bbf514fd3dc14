package dev.fanfold;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/** The attempt of a program: what it says goes to the control channel. */
final class ProgramTask implements Task {
  static final ProgramTask ONE = new ProgramTask();
  private final AtomicInteger asks = new AtomicInteger();
  private OutputStream control;
  private volatile boolean isCancelled;
  private volatile boolean isOver;

  @Override
  public String run() {
    return Objects.requireNonNullElse(System.getenv("TASK_RUN"), "");
  }

  @Override
  public String workflow() {
    return Objects.requireNonNullElse(System.getenv("TASK_WORKFLOW"), "");
  }

  @Override
  public String id() {
    return Objects.requireNonNullElse(System.getenv("TASK_ID"), "");
  }

  @Override
  public int attempt() {
    return Integer.parseInt(Objects.requireNonNullElse(System.getenv("TASK_ATTEMPT"), "1"));
  }

  @Override
  public void beat() {
    say(Map.of("beat", Map.of()));
  }

  @Override
  public void progress(String step) {
    say(Map.of("step", step));
  }

  @Override
  public void progress(String step, double fraction) {
    say(Map.of("step", step, "progress", fraction));
  }

  @Override
  public void log(Object... values) {
    say(Map.of("log", CallLog.joined(values)));
  }

  @Override
  public void spawn(Spawn request) {
    say(request.message());
  }

  @Override
  public Object once(String key, Callable<?> effect) throws Exception {
    return Once.have(this::ask, key, effect);
  }

  /** The answer comes as a file. */
  private Map<?, ?> ask(Map<String, Object> asked) throws InterruptedException {
    String folder = System.getenv("TASK_ANSWERS");
    if (folder == null) return Map.of("error", "only within a task: it needs somebody to remember");
    int number = asks.incrementAndGet();
    say(Map.of("once", asked, "ask", number));
    Path answer = Path.of(folder, number + ".json");
    while (!Files.exists(answer)) Thread.sleep(5);
    return (Map<?, ?>) Json.parse(Fanfold.read(answer));
  }

  @Override
  public boolean isCancelled() {
    return isCancelled;
  }

  @Override
  public Path artifacts() {
    return folder("TASK_ARTIFACTS");
  }

  @Override
  public Path inputs() {
    return folder("TASK_INPUTS");
  }

  private static Path folder(String variable) {
    String path = System.getenv(variable);
    return path == null ? null : Path.of(path);
  }

  @Override
  public Path folder() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  /**
   * The JVM begins to end when it gets TERM, but waits for its hooks: so long the function may end in order, until its
   * grace time is over.
   */
  void interruptOnTerm(Thread thread) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      if (isOver || !thread.isAlive()) return;
      isCancelled = true;
      thread.interrupt();
      try {
        thread.join();
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
      }
    }));
  }

  void end() {
    isOver = true;
  }

  private synchronized void say(Object message) {
    String path = System.getenv("TASK_CONTROL");
    if (path == null) return;
    try {
      if (control == null) control = new FileOutputStream(path, true);
      control.write((Json.print(message) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
