package dev.fanfold;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;

/** One call in the warm process. */
final class Call implements Task {
  /** Threads that task code starts print for its call. */
  private static final InheritableThreadLocal<Call> OF_THREAD = new InheritableThreadLocal<>();
  /** Where one call runs at a time, all that is printed is its. */
  private static volatile Call only;

  final long number;
  final Object input;
  final Definition definition;
  final CallLog log;
  private final List<?> message;
  private final Pipe pipe;
  private final AtomicLong asks = new AtomicLong();
  private final Map<Long, CompletableFuture<Map<?, ?>>> answers = new ConcurrentHashMap<>();
  private volatile boolean isCancelled;
  private Thread thread;

  Call(Definition definition, List<?> message, Pipe pipe) {
    this.definition = definition;
    this.message = message;
    this.pipe = pipe;
    number = (Long) message.get(0);
    input = message.get(1);
    log = new CallLog(number, pipe);
  }

  static Call current() {
    Call own = OF_THREAD.get();
    return own == null ? only : own;
  }

  synchronized void begin(boolean isOnly) {
    OF_THREAD.set(this);
    if (isOnly) only = this;
    thread = Thread.currentThread();
  }

  synchronized void end() {
    thread = null;
    // What was to interrupt this call must not interrupt the next one.
    Thread.interrupted();
    OF_THREAD.remove();
    only = null;
  }

  synchronized void cancel() {
    isCancelled = true;
    if (thread != null) thread.interrupt();
  }

  @Override
  public String run() {
    return (String) message.get(2);
  }

  @Override
  public String id() {
    return (String) message.get(3);
  }

  @Override
  public int attempt() {
    return ((Long) message.get(4)).intValue();
  }

  @Override
  public String workflow() {
    return (String) message.get(5);
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
    byte[] line = (CallLog.joined(values) + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
    log.write(0, line, 0, line.length);
  }

  @Override
  public void spawn(Spawn request) {
    say(request.message());
  }

  @Override
  public Object once(String key, Callable<?> effect) throws Exception {
    return Once.have(this::ask, key, effect);
  }

  private Map<?, ?> ask(Map<String, Object> asked) throws InterruptedException {
    long number = asks.incrementAndGet();
    CompletableFuture<Map<?, ?>> answer = new CompletableFuture<>();
    answers.put(number, answer);
    say(Map.of("once", asked, "ask", number));
    try {
      return answer.get();
    } catch (ExecutionException never) {
      throw new IllegalStateException(never);
    } finally {
      answers.remove(number);
    }
  }

  void answer(long ask, Map<?, ?> answer) {
    CompletableFuture<Map<?, ?>> waiting = answers.get(ask);
    if (waiting != null) waiting.complete(answer);
  }

  @Override
  public boolean isCancelled() {
    return isCancelled;
  }

  @Override
  public Path artifacts() {
    return folder("left");
  }

  @Override
  public Path inputs() {
    return folder("needed");
  }

  private Path folder(String name) {
    Object path = message.size() > 6 ? ((Map<?, ?>) message.get(6)).get(name) : null;
    return path == null ? null : Path.of((String) path);
  }

  @Override
  public Path folder() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  private void say(Object what) {
    pipe.send(List.of("say", number, System.currentTimeMillis(), what));
  }
}
