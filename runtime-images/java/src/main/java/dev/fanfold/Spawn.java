package dev.fanfold;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A sub-task to be asked for, by {@link Task#spawn(Spawn)}: {@code Spawn.of(input).key("part-1").detached()}.
 *
 * @param input what {@link Json#print} takes
 * @param key with the same key it is the same sub-task, also when the attempt is made again; null: its number
 * @param run what it does, as a workflow's canonical form has it; null: what this task does
 * @param isDetached the task does not wait for it
 */
public record Spawn(Object input, String key, Map<String, ?> run, boolean isDetached) {
  public static Spawn of(Object input) {
    return new Spawn(input, null, null, false);
  }

  public Spawn key(String name) {
    return new Spawn(input, name, run, isDetached);
  }

  public Spawn run(Map<String, ?> what) {
    return new Spawn(input, key, what, isDetached);
  }

  public Spawn detached() {
    return new Spawn(input, key, run, true);
  }

  /** As the control channel has it. */
  Map<String, Object> message() {
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("with", input);
    if (key != null) request.put("key", key);
    if (run != null) request.put("run", run);
    if (isDetached) request.put("detached", true);
    return Map.of("spawn", request);
  }
}
