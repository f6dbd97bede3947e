"""One worker process: `python -m proctor.vision_worker --backend fast`. Pictures in on stdin, what was seen on stdout.

Every frame is a length (4 bytes, big endian) and a MessagePack value. The first frame out names the model; then each
Job is answered by one Answer, in order. It works on one thread (vision.md §3: more processes scale better than
threads) and ends when its stdin is closed, so that it never outlives whoever started it.
"""

import argparse
import os
import sys
from typing import BinaryIO, Final

import msgspec

from proctor.sight import Sight

HEAD_BYTES: Final = 4
NICE: Final = 5  # answers come before faces
THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


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
    parser.add_argument("--backend", default="fast")
    backend: str = parser.parse_args().backend
    # What a library prints must not come between the frames.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.nice(NICE)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from proctor.faces import load  # noqa: PLC0415  after the number of threads is said

    faces = load(backend)
    _say(out, faces.model)
    while (job := _next_job(sys.stdin.buffer)) is not None:
        try:
            sight = faces.look(job.jpeg)
        except ValueError:
            sight = None
        _say(out, Answer(job.number, sight))


def _next_job(source: BinaryIO) -> Job | None:
    head = source.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        return None
    body = source.read(int.from_bytes(head, "big"))
    return msgspec.msgpack.decode(body, type=Job)


def _say(out: BinaryIO, value: object) -> None:
    out.write(framed(value))
    out.flush()


if __name__ == "__main__":
    main()
