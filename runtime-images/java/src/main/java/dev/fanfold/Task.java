package dev.fanfold;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/**
 * What task code sees of its attempt: the second argument of a function, the same in a program and in a warm process.
 * All of it may be called by any thread.
 */
public interface Task {
  /** The run's id, a ULID. */
  String run();

  /** The workflow's name. */
  String workflow();

  /** The task's id, such as {@code resize} or {@code resize[3]}. */
  String id();

  /** The attempt's number, from 1. */
  int attempt();

  /** I am alive: counts against {@code heartbeat-timeout}. */
  void beat();

  /** I am at this step; shown as "step X since HH:MM", and a sign of life. */
  void progress(String step);

  /**
   * I am at this step, and so much of all is done.
   *
   * @param fraction 0 to 1
   */
  void progress(String step, double fraction);

  /** A line for the log; values are parted by blanks. */
  void log(Object... values);

  /** Asks for a sub-task that does what this one does, with this input: what {@link Json#print} takes. */
  default void spawn(Object input) {
    spawn(Spawn.of(input));
  }

  /** Asks for a sub-task. */
  void spawn(Spawn request);

  /**
   * Runs {@code effect} unless an attempt at this task has already run it to its end under this key; gives what it gave
   * then, as {@link Json} has values, at most 64 KB. PROTOCOL.md says what is promised.
   *
   * @throws IllegalStateException where it can't be promised
   * @throws Exception what {@code effect} throws; {@link InterruptedException} when the attempt is to stop
   */
  Object once(String key, Callable<?> effect) throws Exception;

  /** The same, with its value as a type: {@code task.once("charge", Receipt.class, () -> charge(card))}. */
  default <T> T once(String key, Class<T> type, Callable<T> effect) throws Exception {
    return Fanfold.as(once(key, effect), type);
  }

  /** Whether the attempt is to stop. Its thread is interrupted too, so that what waits ends. */
  boolean isCancelled();

  /** The folder whose files are kept when the attempt succeeds, where the task has artifacts; else null. */
  Path artifacts();

  /** The folder with what needs have left, to be read only; else null. */
  Path inputs();

  /** A folder for temporary files. */
  Path folder();
}
