/**
 * A program for Python 3.11 or newer: writes what `pyproject.toml` needs as requirements, and what a lock beside it
 * pins as constraints, so that pip, which every Python has, installs just that.
 */
export const pinnedByPyproject = `
import os, sys, tomllib

def read(name):
    with open(name, "rb") as file:
        return tomllib.load(file)

project = read("pyproject.toml").get("project")
if project is None:
    sys.exit("pyproject.toml has no [project]: write the dependencies there, or export a requirements.txt")
if "dependencies" in project.get("dynamic", []):
    sys.exit("pyproject.toml has dynamic dependencies: write them down, or export a requirements.txt")
pins = {}
for name in ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"):
    if os.path.exists(name):
        lock = read(name)
        for package in lock.get("package", lock.get("packages", [])):
            if "version" in package:
                pins.setdefault(package["name"], set()).add(package["version"])
        break
with open(".requirements.txt", "w") as file:
    file.writelines(line + "\\n" for line in project.get("dependencies", []))
with open(".constraints.txt", "w") as file:
    # One that is pinned for each platform apart is left to pip, which knows this one.
    file.writelines(f"{name}=={next(iter(of))}\\n" for name, of in pins.items() if len(of) == 1)
`;
