"""For Python programs that run as tasks: what PROTOCOL.md says, as functions.

Optional, standard library only; outside of a task they do nothing.
"""

import asyncio
import inspect
import json
import os
import signal
import sys


def _say(message):
    if "TASK_CONTROL" in os.environ:
        os.write(3, (json.dumps(message) + "\n").encode())


def beat():
    """I am alive."""
    _say({"beat": {}})


def progress(step, fraction=None):
    """I am at this step, and this part of all, 0 to 1, is done."""
    _say({"step": step} if fraction is None else {"step": step, "progress": fraction})


def spawn(input=None, key=None, run=None, detached=False):
    """Asks for a sub-task."""
    request = {"with": input, "key": key, "run": run, "detached": detached or None}
    _say({"spawn": {name: value for name, value in request.items() if value is not None}})


def log(text):
    _say({"log": str(text)})


def input():
    """The task's input."""
    path = os.environ.get("TASK_INPUT")
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def output(value):
    """Makes a value the task's output. The last call counts."""
    path = os.environ.get("TASK_OUTPUT")
    if path is not None:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file)


class TaskCancelled(BaseException):
    """Raised in the middle of a function whose attempt is to stop. `except Exception` lets it pass."""


class Task:
    """What a function called by `main` gets as its second argument; a warm process gives it the same."""

    def __init__(self):
        self.run = os.environ.get("TASK_RUN")
        self.workflow = os.environ.get("TASK_WORKFLOW")
        self.id = os.environ.get("TASK_ID")
        self.attempt = int(os.environ.get("TASK_ATTEMPT", "1"))
        #: True once the attempt is to stop.
        self.cancelled = False

    beat = staticmethod(beat)
    progress = staticmethod(progress)
    spawn = staticmethod(spawn)

    @staticmethod
    def log(*values):
        log(" ".join(map(str, values)))


def main(functions):
    """Makes this program out of functions as a warm process calls them, `fn(input, task)`.

    Of several, `{"name": fn}`, it runs the one that its first argument names. What that returns is the output; what
    it raises ends the program.
    """
    name = sys.argv[1] if len(sys.argv) > 1 else None
    fn = functions if callable(functions) else functions.get(name)
    if not callable(fn):
        raise SystemExit("no function %s: there are %s" % (name, ", ".join(functions)))
    task = Task()
    is_async = inspect.iscoroutinefunction(fn)

    def told(*_):
        task.cancelled = True
        if not is_async:
            raise TaskCancelled("the attempt was cancelled")

    signal.signal(signal.SIGTERM, told)
    output(asyncio.run(_whole(fn, task)) if is_async else fn(input(), task))


async def _whole(fn, task):
    def told():
        task.cancelled = True
        work.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told)
    work = asyncio.ensure_future(fn(input(), task))
    return await work
