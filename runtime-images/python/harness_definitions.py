"""What calls refer to by number: functions in files, and snippets."""

import ast
import importlib.util
import linecache
import os
import sys
import time

#: How long a file's time of change is believed.
STAMP_S = 0.02


class Definition:
    """What a call refers to by number: a function, loaded at its first call, again when its file has changed."""

    def __init__(self, run, folder):
        self.run = run
        self.folder = folder or os.getcwd()
        self.fn = None
        self.stamp = None
        self.checked_at = 0.0

    def function(self):
        if self.run["kind"] == "snippet":
            if self.fn is None:
                self.fn = compile_snippet(self.run["code"])
            return self.fn
        now = time.monotonic()
        if self.fn is None or now - self.checked_at > STAMP_S:
            self.checked_at = now
            self.refresh()
        return self.fn

    def refresh(self):
        path = os.path.join(self.folder, self.run["path"])
        try:
            stamp = os.stat(path).st_mtime_ns
        except FileNotFoundError:
            raise StartError("the file %s is missing" % path) from None
        if stamp == self.stamp:
            return
        fn = getattr(load_file(path, self.folder), self.run["name"], None)
        if not callable(fn):
            raise StartError("%s has no function %s" % (path, self.run["name"]))
        self.fn = fn
        self.stamp = stamp


class StartError(Exception):
    reason = "start"


def load_file(path, folder):
    for place in (folder, os.path.dirname(path)):
        if place not in sys.path:
            sys.path.insert(0, place)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with open(path, "rb") as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)
    return module


def compile_snippet(code):
    """The code as the body of a function of `input` and `task`; an async one if it awaits."""
    linecache.cache["<snippet>"] = (len(code), None, code.splitlines(True), "<snippet>")
    body = ast.parse(code, "<snippet>").body or [ast.Pass(lineno=1, col_offset=0)]
    space = {}
    for kind in ("def", "async def"):
        tree = ast.parse("%s snippet(input, task): pass" % kind)
        tree.body[0].body = body
        try:
            exec(compile(tree, "<snippet>", "exec"), space)
            return space["snippet"]
        except SyntaxError as error:
            if kind == "async def" or not any(w in str(error) for w in ("await", "async")):
                raise
    return None
