"""Looks at many pictures, in processes, for commands. The exam itself does not come here (`vision.py`)."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Final, Generic, TypeVar

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from proctor import faces
from proctor.embedding import Embedding
from proctor.measuring import decoded
from proctor.mtcnn import squares
from proctor.photographs import faithful
from proctor.sight import Sight

CHUNK: Final = 4  # jobs handed to a process at once

Bytes = NDArray[np.uint8]
Job = TypeVar("Job")
Result = TypeVar("Result")


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A face as found: its vector (length 1, as Sight.vector) and the length it had before; b"" without a face."""

    vector: bytes
    length: float


class Eyes:
    """A backend, and what it takes to know the length of its vectors, which a Sight no longer has."""

    def __init__(self, backend: str) -> None:
        cv2.setNumThreads(1)
        self.look: Callable[[bytes], Sight] = faces.load(backend).look
        self._squared = backend == "fast"
        self._embedding = Embedding()

    def face(self, rgb: Bytes) -> Seen:
        """The largest face of a picture."""
        jpeg = faithful(rgb)
        sight = self.look(jpeg)
        if not sight.vector:
            return Seen(b"", 0.0)
        left, top, width, height = sight.faces[0].box
        box = np.array([[left, top, left + width, top + height]], np.float32)
        edges = (squares(box) if self._squared else box)[0].tolist()
        chip = self._embedding.chip(decoded(jpeg), (edges[0], edges[1], edges[2], edges[3]))
        return Seen(sight.vector, float(np.linalg.norm(self._embedding.vector(chip))))


def each(work: Callable[[Eyes, Job], Result], jobs: Sequence[Job], *, backend: str, processes: int) -> Iterator[Result]:
    """The result of `work`, a function of a module, for each job, in order. Raises what it raises."""
    does = _Work(work, backend)
    if processes == 1 or len(jobs) <= CHUNK:
        yield from map(does, jobs)
        return
    processes = min(processes, -(-len(jobs) // CHUNK))
    context = multiprocessing.get_context("spawn")  # a fork would carry the threads of onnxruntime half over
    with ProcessPoolExecutor(processes, context, _opened, (backend,)) as pool:
        yield from pool.map(does, jobs, chunksize=CHUNK)


@cache
def _opened(backend: str) -> Eyes:
    """Those of this process: models are loaded once."""
    return Eyes(backend)


class _Work(Generic[Job, Result]):
    """A job on the eyes of the process it comes to."""

    def __init__(self, work: Callable[[Eyes, Job], Result], backend: str) -> None:
        self._work, self._backend = work, backend

    def __call__(self, job: Job) -> Result:
        return self._work(_opened(self._backend), job)
