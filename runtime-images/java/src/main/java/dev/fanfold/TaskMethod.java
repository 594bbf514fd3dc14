package dev.fanfold;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** A method that may be called as a task: it takes an input and a {@link Task}, or one of them, or nothing. */
final class TaskMethod {
  private final Method method;
  private final Object instance;
  /** What it takes; null stands for the task. */
  private final Type[] takes;

  private TaskMethod(Method method, Object instance) {
    this.method = method;
    this.instance = instance;
    takes = Arrays.stream(method.getParameters())
        .map(parameter -> parameter.getType() == Task.class ? null : parameter.getParameterizedType())
        .toArray(Type[]::new);
  }

  /** A method of a class; one that is not static is called on an object that is made for it, once. */
  static TaskMethod of(Class<?> owner, String name) throws ReflectiveOperationException, StartException {
    List<Method> found = Arrays.stream(owner.getDeclaredMethods())
        .filter(method -> method.getName().equals(name) && isCallable(method))
        .toList();
    if (found.size() != 1) {
      String count = found.isEmpty() ? "no" : "more than one";
      throw new StartException(owner.getName() + " has " + count + " method " + name + " that takes (input, task) or less");
    }
    Method method = found.get(0);
    method.setAccessible(true);
    return new TaskMethod(method, Modifier.isStatic(method.getModifiers()) ? null : make(owner));
  }

  private static boolean isCallable(Method method) {
    Class<?>[] types = method.getParameterTypes();
    long tasks = Arrays.stream(types).filter(type -> type == Task.class).count();
    return !method.isSynthetic() && tasks <= 1 && types.length - tasks <= 1;
  }

  private static Object make(Class<?> owner) throws ReflectiveOperationException, StartException {
    try {
      var constructor = owner.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (NoSuchMethodException error) {
      throw new StartException(owner.getName() + " has no constructor without parameters; make the method static");
    }
  }

  /** Calls it with the input as the type that it asks for; what it promises is waited for. Throws what it throws. */
  Object call(Object input, Task task) throws Throwable {
    Thread.currentThread().setContextClassLoader(method.getDeclaringClass().getClassLoader());
    Object[] values = new Object[takes.length];
    for (int at = 0; at < values.length; at++)
      values[at] = takes[at] == null ? task : JsonShape.as(input, takes[at], "input");
    try {
      Object output = method.invoke(instance, values);
      return output instanceof CompletionStage<?> promised ? promised.toCompletableFuture().get() : output;
    } catch (InvocationTargetException | ExecutionException error) {
      throw error.getCause();
    }
  }
}
