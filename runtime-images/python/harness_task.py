"""What a call in the warm process sees of its attempt, and how it reaches the executor."""

import asyncio
import contextvars
import io
import json
import os
import sys
import threading
import time

from fanfold import TaskCancelled, once_async_by, once_by

LOG_S = 0.05
LOG_CHARS = 16000
LINE_MAX = 64000
OUT = 4


def cut(text, length):
    return text if len(text) <= length else text[:length]


class Out:
    """The pipe to the executor. While `busy`, a signal's work is put off: it is called as `then` afterwards."""

    def __init__(self):
        self.busy = False
        self.then = None
        self.lock = threading.RLock()

    def text(self, text):
        data = text.encode("utf-8", "backslashreplace")
        main = threading.current_thread() is threading.main_thread()
        if main:
            self.busy = True
        with self.lock:
            at = 0
            while at < len(data):
                at += os.write(OUT, data[at:] if at else data)
        if not main:
            return
        self.busy = False
        if self.then is not None:
            then, self.then = self.then, None
            then()

    def value(self, value):
        self.text(json.dumps(value, separators=(",", ":")) + "\n")


out = Out()


class Flusher:
    """Sends what calls have printed, a moment later; a thread, since a call may block for long."""

    def __init__(self):
        self.due = threading.Event()
        self.thread = None
        self.tasks = set()

    def later(self, task):
        self.tasks.add(task)
        if self.thread is None:
            self.thread = threading.Thread(target=self.run, daemon=True)
            self.thread.start()
        self.due.set()

    def run(self):
        while True:
            self.due.wait()
            time.sleep(LOG_S)
            self.due.clear()
            while self.tasks:
                self.tasks.pop().flush()


flusher = Flusher()


class Task:
    """The second argument of a call."""

    #: Of the call that runs; with more than one at a time, `context` has it.
    current = None
    context = contextvars.ContextVar("task", default=None)

    def __init__(self, message):
        self._key, _, self.run, self.id, self.attempt, self.workflow = message[:6]
        folders = message[6] if len(message) > 6 else {}
        #: The folder in which files are left for others, and the one with those that others have left; or None.
        self.artifacts = folders.get("left")
        self.inputs = folders.get("needed")
        #: True once the attempt is to stop.
        self.cancelled = False
        self._answers = {}
        self._asks = 0
        self._open = ["", ""]
        self._lines = []
        self._chars = 0

    def beat(self):
        """I am alive."""
        self._say({"beat": {}})

    def progress(self, step, fraction=None):
        """I am at this step, and this part of all, 0 to 1, is done."""
        said = {"step": step}
        if fraction is not None:
            said["progress"] = fraction
        self._say(said)

    def spawn(self, input=None, key=None, run=None, detached=False):
        """Asks for a sub-task."""
        request = {"with": input}
        if key is not None:
            request["key"] = str(key)
        if run is not None:
            request["run"] = run
        if detached:
            request["detached"] = True
        self._say({"spawn": request})

    def once(self, key, fn):
        """Runs `fn` unless an attempt at this task has already run it to its end under this key; gives what it gave."""
        return once_by(self._ask, key, fn)

    async def once_async(self, key, fn):
        """`once` for async functions: `await task.once_async(key, fn)`."""
        return await once_async_by(self._ask_async, key, fn)

    #: Of the harness: reads messages until there is one, or a moment has passed.
    pump = None

    def _ask(self, asked):
        number = self._send_ask(asked)
        while number not in self._answers:
            Task.pump()
            if self.cancelled:
                raise TaskCancelled("the attempt was cancelled")
        return self._answers.pop(number)

    async def _ask_async(self, asked):
        number = self._send_ask(asked)
        pause = 0.0005
        while number not in self._answers:
            await asyncio.sleep(pause)
            pause = min(0.02, 2 * pause)
        return self._answers.pop(number)

    def _send_ask(self, asked):
        self._asks += 1
        self._say({"once": asked, "ask": self._asks})
        return self._asks

    def answered(self, number, answer):
        self._answers[number] = answer

    def log(self, *values):
        self.write(0, " ".join(map(str, values)) + "\n")

    def _say(self, message):
        out.value(["say", self._key, int(time.time() * 1000), message])

    def write(self, stream, text):
        lines = (self._open[stream] + text).split("\n")
        self._open[stream] = lines.pop()
        if len(self._open[stream]) > LINE_MAX:
            lines.append(self._open[stream])
            self._open[stream] = ""
        if lines:
            self._print(stream, lines)

    def _print(self, stream, lines):
        with out.lock:
            if not self._lines or self._lines[-1][3] != stream:
                self._lines.append(["log", self._key, int(time.time() * 1000), stream, []])
            self._lines[-1][4].extend(lines)
            self._chars += sum(map(len, lines))
        if self._chars > LOG_CHARS:
            self.flush()
        else:
            flusher.later(self)

    def flush(self, over=False):
        """Sends what was printed; at the call's end also lines without a line end."""
        if over:
            for stream in (0, 1):
                if self._open[stream]:
                    text, self._open[stream] = self._open[stream], ""
                    self._print(stream, [text])
        if not self._lines:
            return
        with out.lock:
            lines, self._lines, self._chars = self._lines, [], 0
            text = "".join(json.dumps(batch, separators=(",", ":")) + "\n" for batch in lines)
            out.text(text)


class Bytes(io.RawIOBase):
    def __init__(self, text):
        self.text = text

    def writable(self):
        return True

    def write(self, data):
        self.text.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


class Capture(io.TextIOBase):
    """Stands for stdout or stderr: what is written is the log of the call that writes it."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, stream, alone):
        self.stream = stream
        self.alone = alone
        self.buffer = Bytes(self)
        self.plain = (sys.__stdout__, sys.__stderr__)[stream]

    def writable(self):
        return True

    def write(self, text):
        task = Task.current if self.alone else Task.context.get()
        if task is not None:
            task.write(self.stream, text)
        elif self.plain is not None:
            self.plain.write(text)
            self.plain.flush()
        return len(text)

    def fileno(self):
        return self.stream + 1
