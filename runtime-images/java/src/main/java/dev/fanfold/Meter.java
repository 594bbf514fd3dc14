package dev.fanfold;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What is told of calls beside their output: CPU time and memory. */
final class Meter {
  private static final long MEMORY_NS = 1_000_000_000;
  private static final long LONG_US = 50_000;
  private long memoryAt = System.nanoTime() - MEMORY_NS;
  private long cpuBefore;
  private long shortUs;

  /** A short call's CPU time is its run time; asking the kernel would take longer than the call. */
  synchronized long cpuUs(long us) {
    if (us < 1000) {
      shortUs += us;
      return us;
    }
    var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = system.getProcessCpuTime() / 1000;
    long own = Math.max(0, cpu - cpuBefore - shortUs);
    cpuBefore = cpu;
    shortUs = 0;
    return own;
  }

  /** Tells now and then, and after long calls, the most memory that was resident since the last time. */
  synchronized void tellMemory(long us, Pipe pipe) {
    long now = System.nanoTime();
    if (now - memoryAt < MEMORY_NS && us < LONG_US) return;
    memoryAt = now;
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status")))
        if (line.startsWith("VmHWM:"))
          pipe.send(List.of("memory", Long.parseLong(line.replaceAll("\\D", "")) / 1024));
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
    } catch (IOException | NumberFormatException error) {
      // Where the kernel does not tell, nothing is told.
    }
  }
}
