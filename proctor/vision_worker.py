"""One worker process: `python -m proctor.vision_worker --backend fast`. Pictures in on stdin, what was seen on stdout.

Every frame is a length (4 bytes, big endian) and a MessagePack value. The first frame out is Hello; then each Job is
answered by one Answer, in order. It works on one thread (vision.md §3: more processes scale better than threads) and
ends when its stdin is closed, so that it never outlives whoever started it. With `--check` it only prints why the
backend can't work here, as a JSON string, empty if it can.
"""

import argparse
import json
import os
import signal
import sys
from typing import BinaryIO, Final

import msgspec

from proctor.sight import Sight

HEAD_BYTES: Final = 4
NICE: Final = 5  # answers come before faces
THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """`problem`: why the models could not be loaded; then the process ends."""

    model: str
    problem: str = ""


class Job(msgspec.Struct, frozen=True, array_like=True):
    number: int
    jpeg: bytes


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """`sight` None: the picture can't be read."""

    number: int
    sight: Sight | None


def framed(value: object) -> bytes:
    """A value as it travels."""
    body = msgspec.msgpack.encode(value)
    return len(body).to_bytes(HEAD_BYTES, "big") + body


def main() -> None:
    """Load the models, say which, then look until nobody asks any more."""
    parser = argparse.ArgumentParser(prog="vision_worker")
    parser.add_argument("--backend", choices=["fast", "reference"], default="fast")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    # What a library prints must not come between the frames.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    if options.check:
        from proctor.faces import why_not  # noqa: PLC0415  after the number of threads is said

        out.write(json.dumps(why_not(options.backend)).encode())
        out.flush()
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it, and reaches every process
    os.nice(NICE)
    try:
        _work(options.backend, sys.stdin.buffer, out)
    except BrokenPipeError:  # nobody listens any more, and what is left to be flushed goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


def _work(backend: str, given: BinaryIO, out: BinaryIO) -> None:
    try:
        import cv2  # noqa: PLC0415  see main

        from proctor.faces import load  # noqa: PLC0415

        cv2.setNumThreads(1)
        faces = load(backend)
    except (Exception, SystemExit) as problem:  # noqa: BLE001  whatever it is, the pool should know it
        _say(out, Hello("", f"{type(problem).__name__}: {problem}"))
        return
    _say(out, Hello(faces.model))
    while (job := _next_job(given)) is not None:
        try:
            sight = faces.look(job.jpeg)
        except ValueError:
            sight = None
        _say(out, Answer(job.number, sight))


def _next_job(given: BinaryIO) -> Job | None:
    head = given.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        return None
    size = int.from_bytes(head, "big")
    body = given.read(size)
    return msgspec.msgpack.decode(body, type=Job) if len(body) == size else None


def _say(out: BinaryIO, value: object) -> None:
    out.write(framed(value))
    out.flush()


if __name__ == "__main__":
    main()
