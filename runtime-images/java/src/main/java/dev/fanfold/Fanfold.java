package dev.fanfold;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * For Java programs that run as tasks: what PROTOCOL.md says, as functions. Optional; outside of a task, input is null
 * and what is said goes nowhere.
 */
public final class Fanfold {
  private Fanfold() {}

  /** The task's input, as {@link Json} reads it. */
  public static Object input() {
    String path = System.getenv("TASK_INPUT");
    return path == null ? null : Json.parse(read(Path.of(path)));
  }

  /**
   * The task's input as a value of a type: a record, an array, a number, a text.
   *
   * @throws IllegalArgumentException where it does not fit; says which member
   */
  public static <T> T input(Class<T> type) {
    return as(input(), type);
  }

  /** A value of JSON as one of another type, such as a list's element as a record. */
  @SuppressWarnings("unchecked")
  public static <T> T as(Object value, Class<T> type) {
    return (T) JsonShape.as(value, (Type) type, "input");
  }

  /** Makes a value the task's output: what {@link Json#print} takes. The last call counts. */
  public static void output(Object value) {
    String path = System.getenv("TASK_OUTPUT");
    if (path == null) return;
    try {
      Files.writeString(Path.of(path), Json.print(value));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** This program's attempt. */
  public static Task task() {
    return ProgramTask.ONE;
  }

  /**
   * Makes a program of a class's methods, which warm processes call just so: {@code main(args) { Fanfold.main(args,
   * Tasks.class); }}. It calls the one that the first argument names. What that gives is the output; what it throws ends
   * the program with exit code 1 and its stack on stderr.
   */
  public static void main(String[] args, Class<?> tasks) throws Throwable {
    if (args.length == 0) throw new IllegalArgumentException("give the name of a method of " + tasks.getName());
    ProgramTask.ONE.interruptOnTerm(Thread.currentThread());
    try {
      output(TaskMethod.of(tasks, args[0]).call(input(), ProgramTask.ONE));
    } finally {
      ProgramTask.ONE.end();
    }
  }

  static String read(Path path) {
    try {
      return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
