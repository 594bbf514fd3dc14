"""For Python programs that run as tasks: what PROTOCOL.md says, as functions.

Optional, standard library only; outside of a task they do nothing.
"""

import json
import os


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
