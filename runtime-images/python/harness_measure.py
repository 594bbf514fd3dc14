"""What is told of a call beside its output: what it used, and how it failed."""

import os
import time
import traceback

from harness_task import cut, out

#: How often memory is told, but for long calls.
MEMORY_S = 1.0
LONG_S = 0.05
HERE = os.path.dirname(os.path.abspath(__file__))


class Meter:
    """A short call's CPU time is its run time; asking the kernel would take longer than the call."""

    def __init__(self):
        self.cpu = time.process_time()
        self.short = 0.0
        self.memory_at = 0.0

    def cpu_us(self, seconds):
        if seconds < 0.001:
            self.short += seconds
            return int(seconds * 1e6)
        now = time.process_time()
        own = max(0.0, now - self.cpu - self.short)
        self.cpu = now
        self.short = 0.0
        return int(own * 1e6)

    def memory(self, now, seconds):
        if now - self.memory_at < MEMORY_S and seconds < LONG_S:
            return
        self.memory_at = now
        try:
            out.value(["memory", round(peak_kb() / 1024, 1)])
        except (OSError, ValueError, IndexError):
            pass


def peak_kb():
    """The most that was resident since the last look."""
    with open("/proc/self/status", "rb") as file:
        peak = int(file.read().split(b"VmHWM:", 1)[1].split(None, 1)[0])
    with open("/proc/self/clear_refs", "wb") as file:
        file.write(b"5")
    return peak


def own_part(error):
    """Where it was raised, without the frames that are ours."""
    place = error.__traceback__
    while place is not None and os.path.dirname(place.tb_frame.f_code.co_filename) == HERE:
        place = place.tb_next
    return place


def describe(error):
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        message = "exit(%s) was called" % (error.code,)
        return {"reason": "exit", "exitCode": code & 255, "message": cut(message, 2000)}
    reason = getattr(error, "reason", "error")
    if isinstance(error, MemoryError):
        reason = "memory"
    stack = "".join(traceback.format_exception(type(error), error, own_part(error)))
    return {
        "reason": reason if reason in ("start", "output", "memory") else "error",
        "name": type(error).__name__,
        "message": cut(str(error), 2000),
        "stack": stack[-8000:],
    }
