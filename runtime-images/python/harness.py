"""The warm process for Python: runs calls of functions and snippets, one after another or `concurrency` at a time.

JSON lines on fd 3 (in) and fd 4 (out); see ../PROTOCOL.md. Standard library only, Python 3.8 or later.
"""

import asyncio
import contextvars
import inspect
import json
import os
import select
import signal
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

# Beside us nothing is to be written; what task code imports is its own affair.
sys.dont_write_bytecode, _before = True, sys.dont_write_bytecode
from harness_definitions import Definition  # noqa: E402
from harness_measure import Meter, describe  # noqa: E402
from harness_task import Capture, Task, TaskCancelled, out  # noqa: E402

sys.dont_write_bytecode = _before

CONCURRENCY = int(sys.argv[1]) if len(sys.argv) > 1 else 1
OUTPUT_MAX = int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 24
IN = 3


class OutputError(Exception):
    reason = "output"


class Call:
    __slots__ = ("definition", "id", "input", "task", "at", "start", "future")

    def __init__(self, definition, message):
        self.definition = definition
        self.id = message[0]
        self.input = message[1]
        self.task = Task(message)
        self.future = None

    def begin(self):
        self.at = int(time.time() * 1000)
        self.start = time.perf_counter()


meter = Meter()


def end(call, kind, text):
    now = time.perf_counter()
    seconds = now - call.start
    cpu = ",%d" % meter.cpu_us(seconds) if CONCURRENCY == 1 else ""
    meter.memory(now, seconds)
    call.task.flush(True)
    out.text('["%s",%d,%d,%d,%s%s]\n' % (kind, call.id, call.at, seconds * 1e6, text, cpu))


def succeed(call, value):
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        error.reason = "output"
        fail(call, error)
        return
    if len(text) > OUTPUT_MAX:
        fail(call, OutputError("the output has %d bytes, more than %d" % (len(text), OUTPUT_MAX)))
    else:
        end(call, "done", text)


def fail(call, error):
    end(call, "fail", json.dumps(describe(error)))


class Inbox:
    """Messages from the executor. `queue` holds the calls that have not begun."""

    def __init__(self):
        self.queue = deque()
        self.definitions = {}
        self.rest = b""
        self.cancel = lambda id: None
        self.task_of = lambda id: None

    def read(self):
        """Takes what has come; waits for it, where there is nothing. Its end is ours."""
        data = os.read(IN, 65536)
        if not data:
            abandon()
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            self.take(json.loads(line))

    def waiting(self, seconds=0):
        return bool(select.select([IN], [], [], seconds)[0])

    def take(self, message):
        kind = message[0]
        if kind == "call":
            definition = self.definitions[message[1]]
            self.queue.extend(Call(definition, item) for item in message[2])
        elif kind == "define":
            self.definitions[message[1]] = Definition(message[2], message[3])
        elif kind == "answer":
            task = self.task_of(message[1])
            if task is not None:
                task.answered(message[2], message[3])
        elif kind == "recall":
            self.give_back(lambda call: True)
        elif kind == "cancel":
            id = message[1]
            if not self.give_back(lambda call: call.id == id):
                self.cancel(id)

    def give_back(self, wanted):
        back = [call.id for call in self.queue if wanted(call)]
        if back:
            kept = [call for call in self.queue if not wanted(call)]
            self.queue.clear()
            self.queue.extend(kept)
            out.value(["recalled"] + back)
        return bool(back)


def abandon():
    """Whoever started us is gone: nothing that we have started may stay."""
    try:
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
    finally:
        os._exit(1)


class OneByOne:
    """Runs calls in the main thread. A signal makes it look at its messages in the middle of a call."""

    def __init__(self, inbox):
        self.inbox = inbox
        self.call = None
        self.cancelled = False
        self.loop = None
        self.future = None
        self.pumping = False
        inbox.cancel = self.cancel
        inbox.task_of = lambda id: self.call.task if self.call is not None and self.call.id == id else None
        Task.pump = self.pump

    def pump(self):
        """Only this reads meanwhile: else a signal could take what it waits for."""
        self.pumping = True
        try:
            if self.inbox.waiting(0.05):
                self.inbox.read()
        finally:
            self.pumping = False

    def run(self):
        signal.signal(signal.SIGUSR1, self.poked)
        out.value(["ready", "SIGUSR1"])
        queue = self.inbox.queue
        while True:
            if queue:
                self.run_one(queue.popleft())
            else:
                self.inbox.read()

    def run_one(self, call):
        Task.current = call.task
        self.cancelled = False
        call.begin()
        try:
            fn = call.definition.function()
            self.call = call
            value = fn(call.input, call.task)
            if inspect.isawaitable(value):
                value = self.wait_for(value)
            self.call = None
            succeed(call, value)
        except BaseException as error:  # the call's own failure, whatever it is
            self.call = None
            fail(call, error)
        Task.current = None

    def wait_for(self, awaitable):
        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)

        async def whole():
            return await awaitable

        self.future = self.loop.create_task(whole())
        try:
            return self.loop.run_until_complete(self.future)
        finally:
            self.future = None

    def poked(self, *_):
        if self.call is None or self.pumping:
            return
        if out.busy:
            out.then = self.poked
            return
        while self.inbox.waiting():
            self.inbox.read()
        if self.cancelled and self.future is None:
            self.cancelled = False
            raise TaskCancelled("the attempt was cancelled")

    def cancel(self, id):
        call = self.call
        if call is None or call.id != id:
            return
        call.task.cancelled = True
        self.cancelled = True
        if self.future is not None:
            self.loop.call_soon_threadsafe(self.future.cancel)


class SideBySide:
    """Runs async functions as asyncio tasks and others in threads, `CONCURRENCY` at a time."""

    def __init__(self, inbox):
        self.inbox = inbox
        self.running = {}
        self.loop = asyncio.new_event_loop()
        self.pool = ThreadPoolExecutor(CONCURRENCY)
        inbox.cancel = self.cancel
        inbox.task_of = lambda id: self.running[id].task if id in self.running else None
        # Another thread reads.
        Task.pump = lambda: time.sleep(0.002)

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.add_reader(IN, self.readable)
        out.value(["ready"])
        self.loop.run_forever()

    def readable(self):
        self.inbox.read()
        self.fill()

    def fill(self):
        queue = self.inbox.queue
        while queue and len(self.running) < CONCURRENCY:
            call = queue.popleft()
            self.running[call.id] = call
            call.begin()
            call.future = self.loop.create_task(self.run_one(call))

    async def run_one(self, call):
        Task.context.set(call.task)
        try:
            fn = call.definition.function()
            if inspect.iscoroutinefunction(fn):
                value = await fn(call.input, call.task)
            else:
                context = contextvars.copy_context()
                work = self.loop.run_in_executor(
                    self.pool, context.run, fn, call.input, call.task
                )
                value = await work
            succeed(call, value)
        except BaseException as error:  # the call's own failure, whatever it is
            fail(call, error)
        del self.running[call.id]
        self.fill()

    def cancel(self, id):
        call = self.running.get(id)
        if call is not None:
            call.task.cancelled = True
            call.future.cancel()


if __name__ == "__main__":
    sys.stdout = Capture(0, CONCURRENCY == 1)
    sys.stderr = Capture(1, CONCURRENCY == 1)
    inbox = Inbox()
    (OneByOne(inbox) if CONCURRENCY == 1 else SideBySide(inbox)).run()
