"""The worker process: says hello, answers each picture in order, and never outlives whoever started it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TypeVar

import msgspec
import pytest

from proctor.vision_worker import HEAD_BYTES, Answer, Hello, Job, framed
from tests.proctor.astronaut import frame, jpeg

Kind = TypeVar("Kind")
Process = subprocess.Popen[bytes]
COMMAND = [sys.executable, "-m", "proctor.vision_worker"]


def heard(worker: Process, kind: type[Kind]) -> Kind:
    assert worker.stdout is not None
    size = int.from_bytes(worker.stdout.read(HEAD_BYTES), "big")
    return msgspec.msgpack.decode(worker.stdout.read(size), type=kind)


def say(worker: Process, *jobs: Job) -> None:
    assert worker.stdin is not None
    worker.stdin.write(b"".join(framed(job) for job in jobs))
    worker.stdin.flush()


@pytest.fixture
def worker() -> Iterator[Process]:
    with subprocess.Popen([*COMMAND, "--backend", "fast"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_it_answers_in_order_and_ends_by_itself_when_nobody_asks_any_more(worker: Process) -> None:
    hello = heard(worker, Hello)
    assert (hello.problem, "resnet29" in hello.model) == ("", True)
    say(worker, Job(7, jpeg(frame())), Job(8, b"no picture"), Job(9, jpeg(frame(320, 240))))
    first, second, third = (heard(worker, Answer) for _ in range(3))
    assert first.sight is not None
    assert third.sight is not None
    assert (first.number, first.sight.width, second.number, second.sight) == (7, 640, 8, None)
    assert (third.number, third.sight.width, third.sight.model) == (9, 320, hello.model)
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(30) == 0


def test_ctrl_c_is_for_whoever_started_it(worker: Process) -> None:
    heard(worker, Hello)
    worker.send_signal(signal.SIGINT)
    say(worker, Job(1, jpeg(frame())))
    assert heard(worker, Answer).number == 1


def test_it_ends_quietly_when_nobody_listens_any_more() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=pipe) as worker:
        heard(worker, Hello)
        assert worker.stdout is not None
        worker.stdout.close()
        say(worker, Job(1, jpeg(frame())))
        assert worker.wait(30) == 0
        assert worker.stderr is not None
        assert worker.stderr.read() == b""


def test_a_picture_that_breaks_off_on_its_way_is_the_end(worker: Process) -> None:
    heard(worker, Hello)
    assert worker.stdin is not None
    worker.stdin.write(framed(Job(1, jpeg(frame())))[:1000])
    worker.stdin.close()
    assert worker.wait(30) == 0


@pytest.mark.parametrize("backend", ["fast", "reference"])
def test_it_can_tell_whether_a_backend_works_here(backend: str) -> None:
    done = subprocess.run([*COMMAND, "--backend", backend, "--check"], capture_output=True, check=True)
    assert json.loads(done.stdout) == ""


# A Python in which a module can't be imported, as after an installation that was not finished.
WITHOUT = "import sys; sys.modules[{!r}] = None; sys.argv[1:] = {!r}; from proctor.vision_worker import main; main()"


@pytest.mark.parametrize(
    ("backend", "module"), [("fast", "onnxruntime"), ("reference", "face_recognition_models"), ("fast", "cv2")]
)
def test_without_a_part_it_says_what_is_missing_and_is_not_ended_by_a_library(backend: str, module: str) -> None:
    arguments = ["--backend", backend]
    command = [sys.executable, "-c", WITHOUT.format(module, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        hello = heard(worker, Hello)
        assert worker.wait(30) == 0
    assert (hello.model, module in hello.problem) == ("", True)
