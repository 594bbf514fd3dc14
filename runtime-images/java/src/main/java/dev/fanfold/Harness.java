package dev.fanfold;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;

/**
 * The warm process for Java: runs calls of methods, one after another or {@code concurrency} at a time. JSON lines on fd
 * 3 (in) and fd 4 (out); see ../PROTOCOL.md.
 */
public final class Harness {
  private final int concurrency;
  private final int outputMax;
  private final Pipe pipe;
  private final Meter meter = new Meter();
  private final Map<Long, Definition> definitions = new HashMap<>();
  /** Calls that have not begun, in order; guarded by itself, as is `running`. */
  private final ArrayDeque<Call> queue = new ArrayDeque<>();
  private final Map<Long, Call> running = new LinkedHashMap<>();

  private Harness(int concurrency, int outputMax) throws ReflectiveOperationException {
    this.concurrency = concurrency;
    this.outputMax = outputMax;
    pipe = new Pipe();
  }

  public static void main(String[] args) throws ReflectiveOperationException {
    new Harness(Integer.parseInt(args[0]), Integer.parseInt(args[1])).serve();
  }

  private void serve() {
    System.setOut(new PrintStream(CallLog.capture(0, System.out), true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(CallLog.capture(1, System.err), true, StandardCharsets.UTF_8));
    Runtime.getRuntime().addShutdownHook(new Thread(this::flushAll));
    for (int at = 0; at < concurrency; at++) {
      Thread thread = new Thread(null, this::work, "fanfold-" + at, 16 << 20);
      thread.setDaemon(true);
      thread.start();
    }
    pipe.send(List.of("ready"));
    for (String line = pipe.read(); line != null; line = pipe.read()) take((List<?>) Json.parse(line));
    abandon();
  }

  // ---- messages ----

  private void take(List<?> message) {
    switch ((String) message.get(0)) {
      case "define" -> definitions.put((Long) message.get(1), new Definition((Map<?, ?>) message.get(2), (String) message.get(3)));
      case "call" -> enqueue(definitions.get((Long) message.get(1)), (List<?>) message.get(2));
      case "cancel" -> cancel((Long) message.get(1));
      case "answer" -> answer((Long) message.get(1), (Long) message.get(2), (Map<?, ?>) message.get(3));
      case "recall" -> giveBack(id -> true);
      default -> { }
    }
  }

  private void enqueue(Definition definition, List<?> calls) {
    synchronized (queue) {
      for (Object call : calls) queue.add(new Call(definition, (List<?>) call, pipe));
      if (calls.size() == 1) queue.notify();
      else queue.notifyAll();
    }
  }

  private void cancel(long id) {
    Call call;
    synchronized (queue) {
      call = running.get(id);
    }
    if (call != null) call.cancel();
    else giveBack(wanted -> wanted == id);
  }

  private void answer(long id, long ask, Map<?, ?> answer) {
    synchronized (queue) {
      Call call = running.get(id);
      if (call != null) call.answer(ask, answer);
    }
  }

  private void giveBack(LongPredicate isWanted) {
    List<Object> message = new ArrayList<>(List.of("recalled"));
    synchronized (queue) {
      queue.removeIf(call -> isWanted.test(call.number) && message.add(call.number));
      pipe.send(message);
    }
  }

  // ---- calls ----

  private void work() {
    while (true) {
      Call call = next();
      long startedAt = System.currentTimeMillis();
      long start = System.nanoTime();
      call.begin(concurrency == 1);
      Object output = null;
      Throwable error = null;
      try {
        output = call.definition.call(call);
      } catch (Throwable thrown) { // the call's own failure, whatever it is
        error = thrown;
      }
      try {
        end(call, startedAt, start, output, error);
      } catch (OutOfMemoryError none) {
        giveUp(call, none);
      }
    }
  }

  private Call next() {
    synchronized (queue) {
      while (queue.isEmpty()) {
        try {
          queue.wait();
        } catch (InterruptedException late) {
          // It was meant for a call that has ended.
        }
      }
      Call call = queue.poll();
      running.put(call.number, call);
      return call;
    }
  }

  private void end(Call call, long startedAt, long start, Object output, Throwable thrown) {
    Throwable error = thrown;
    if (error instanceof OutOfMemoryError none) giveUp(call, none);
    String reason = error instanceof StartException ? "start" : "error";
    String text = null;
    try {
      if (error == null) text = Json.print(output);
    } catch (RuntimeException | StackOverflowError unprintable) {
      error = unprintable;
      reason = "output";
    }
    if (text != null && text.length() > outputMax) {
      error = new IllegalArgumentException("the output has " + text.length() + " bytes, more than " + outputMax);
      reason = "output";
    }
    long us = (System.nanoTime() - start) / 1000;
    String cpu = concurrency == 1 ? "," + meter.cpuUs(us) : "";
    meter.tellMemory(us, pipe);
    call.log.close();
    call.end();
    synchronized (queue) {
      running.remove(call.number);
    }
    String kind = error == null ? "done" : "fail";
    String what = error == null ? text : Json.print(Failure.of(reason, error));
    pipe.send("[\"" + kind + "\"," + call.number + "," + startedAt + "," + us + "," + what + cpu + "]");
  }

  /** A process without memory can promise nothing. */
  private void giveUp(Call call, OutOfMemoryError error) {
    String message = String.valueOf(error.getMessage());
    pipe.send(List.of("fatal", call.number, Map.of("reason", "memory", "name", "OutOfMemoryError", "message", message)));
    Runtime.getRuntime().halt(1);
  }

  // ---- the end of the process ----

  private void flushAll() {
    List<Call> left;
    synchronized (queue) {
      left = List.copyOf(running.values());
    }
    for (Call call : left) call.log.close();
  }

  /** Whoever started us is gone: nothing that we have started may stay. */
  private static void abandon() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    Runtime.getRuntime().halt(1);
  }
}
