"""A worker that does what the picture says: for what a real one does too rarely to be tested with."""

import os
import signal
import sys
from pathlib import Path

from proctor.sight import Sight
from proctor.vision_worker import Answer, Hello, _next_job, _say


def main(started_as: str = "") -> None:
    out = sys.stdout.buffer
    match started_as:
        case "silent":
            signal.pause()
        case "broken":
            _say(out, Hello("", "ImportError: no such model"))
            return
        case "babbling":
            out.write(b"\xff" * 64)
            out.flush()
            signal.pause()
    _say(out, Hello("scripted/1"))
    while (job := _next_job(sys.stdin.buffer)) is not None:
        order, _, file = job.jpeg.decode().partition(" ")
        mark = Path(file)
        if order == "die" or (order == "die-once" and not mark.exists()):
            mark.write_text("") if file else None
            os._exit(1)
        if order == "hang" or (order == "hang-once" and not mark.exists()):
            mark.write_text("") if file else None
            signal.pause()
        if order == "unreadable":
            _say(out, Answer(job.number, None))
        else:
            _say(out, Answer(job.number, Sight(width=os.getpid(), height=1, model=job.jpeg.decode())))


if __name__ == "__main__":
    main(*sys.argv[1:])
