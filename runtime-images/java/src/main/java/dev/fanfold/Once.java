package dev.fanfold;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/** What is to happen once, for whoever can ask. */
final class Once {
  /** Asks whether an effect is this attempt's to have, or tells what it gave. */
  interface Asker {
    Map<?, ?> ask(Map<String, Object> asked) throws InterruptedException;
  }

  private Once() {}

  static Object have(Asker asker, String key, Callable<?> effect) throws Exception {
    Map<?, ?> told = told(asker, Map.of("key", key));
    while (told.get("wait") instanceof Long wait) {
      Thread.sleep(wait);
      told = told(asker, Map.of("key", key));
    }
    if (told.get("mine") != Boolean.TRUE) return told.get("value");
    Object value = effect.call();
    Map<String, Object> asked = new LinkedHashMap<>();
    asked.put("key", key);
    asked.put("value", value);
    told = told(asker, asked);
    return told.containsKey("value") ? told.get("value") : value;
  }

  private static Map<?, ?> told(Asker asker, Map<String, Object> asked) throws InterruptedException {
    Map<?, ?> told = asker.ask(asked);
    if (told.containsKey("error")) throw new IllegalStateException("once: " + told.get("error"));
    return told;
  }
}
