"""For Python programs that run as tasks: what PROTOCOL.md says, as functions.

Optional, standard library only; outside of a task they do nothing.
"""

import asyncio
import inspect
import itertools
import json
import os
import signal
import sys
import time


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


class OnceError(Exception):
    """Nothing can be remembered, or another attempt is at it."""


def once(key, fn):
    """Runs `fn` unless an attempt at this task has already run it to its end under this key.

    Then it gives what was returned there. So what a second attempt, or a message that came twice, would do again is
    done once. When the process dies between the effect and the note of it, `fn` runs again in the next attempt. What
    it returns is kept as JSON, at most 64 KB. `fn` is not async; for one that is there is `once_async`.
    """
    return once_by(_ask_by_file, key, fn)


async def once_async(key, fn):
    """`once` for async functions: `await once_async(key, fn)`."""
    return await once_async_by(lambda asked: _in_thread(_ask_by_file, asked), key, fn)


def once_by(ask, key, fn):
    """`once` for whoever has another way to ask."""
    answer = _told(ask({"key": key}))
    while answer.get("wait"):
        time.sleep(answer["wait"] / 1000)
        answer = _told(ask({"key": key}))
    if not answer.get("mine"):
        return answer.get("value")
    value = fn()
    return _told(ask({"key": key, "value": value})).get("value", value)


async def once_async_by(ask, key, fn):
    answer = _told(await ask({"key": key}))
    while answer.get("wait"):
        await asyncio.sleep(answer["wait"] / 1000)
        answer = _told(await ask({"key": key}))
    if not answer.get("mine"):
        return answer.get("value")
    value = await fn()
    return _told(await ask({"key": key, "value": value})).get("value", value)


def _told(answer):
    if "error" in answer:
        raise OnceError(answer["error"])
    return answer


_asks = itertools.count(1)


def _ask_by_file(asked):
    """The answer comes as a file."""
    folder = os.environ.get("TASK_ANSWERS")
    if folder is None:
        return {"error": "only within a task: it needs somebody to remember"}
    number = next(_asks)
    _say({"once": asked, "ask": number})
    pause = 0.001
    while True:
        try:
            with open(os.path.join(folder, "%d.json" % number), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            time.sleep(pause)
            pause = min(0.05, 2 * pause)


def _in_thread(fn, *given):
    return asyncio.get_running_loop().run_in_executor(None, fn, *given)


class Task:
    """What a function called by `main` gets as its second argument; a warm process gives it the same."""

    def __init__(self):
        self.run = os.environ.get("TASK_RUN")
        self.workflow = os.environ.get("TASK_WORKFLOW")
        self.id = os.environ.get("TASK_ID")
        self.attempt = int(os.environ.get("TASK_ATTEMPT", "1"))
        self.artifacts = os.environ.get("TASK_ARTIFACTS")
        self.inputs = os.environ.get("TASK_INPUTS")
        #: True once the attempt is to stop.
        self.cancelled = False

    beat = staticmethod(beat)
    progress = staticmethod(progress)
    spawn = staticmethod(spawn)
    once = staticmethod(once)
    once_async = staticmethod(once_async)

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
