package dev.fanfold;

import java.util.LinkedHashMap;
import java.util.Map;

/** How a failure is told. */
final class Failure {
  private static final int MESSAGE_MAX = 2000;
  private static final int STACK_MAX = 8000;

  private Failure() {}

  static Map<String, Object> of(String reason, Throwable error) {
    String simple = error.getClass().getSimpleName();
    String message = error.getMessage() == null ? simple : error.getMessage();
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("reason", reason);
    if (!(error instanceof StartException)) told.put("name", simple.isEmpty() ? error.getClass().getName() : simple);
    told.put("message", cut(message, MESSAGE_MAX));
    if (!(error instanceof StartException)) told.put("stack", cut(stack(error), STACK_MAX));
    return told;
  }

  /** As Java prints it, without the frames that are ours. */
  private static String stack(Throwable error) {
    StringBuilder out = new StringBuilder();
    String before = "";
    int depth = 0;
    for (Throwable each = error; each != null && depth < 10; each = each.getCause(), depth++) {
      out.append(before).append(each).append('\n');
      for (StackTraceElement frame : each.getStackTrace()) {
        if (frame.getClassName().equals(TaskMethod.class.getName())) break;
        boolean isOurs = frame.getClassName().startsWith("jdk.internal.reflect.")
            || frame.getClassName().equals("java.lang.reflect.Method");
        if (!isOurs) out.append("\tat ").append(frame).append('\n');
      }
      before = "Caused by: ";
    }
    return out.toString();
  }

  private static String cut(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length);
  }
}
