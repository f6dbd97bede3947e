"""A wall clock that is wrong by what is written in a file, for a process that does not know of it.

Python imports this by itself when its folder is in PYTHONPATH, before anything of the program. Of every process that
has `EXAM_LOAD_CLOCKS` in its environment there is a file `<pid>` in that folder: eight bytes, the seconds (a double)
by which its wall clock is ahead. The file is mapped into memory, so that whoever writes it steps the clock at once,
and reading it costs next to nothing. The monotonic clocks stay as they are: those nobody can step.

It needs no privilege: what is replaced are `time.time` and its kin, and `now` and `utcnow` of the class `datetime`
itself (a class of another name would not be the one that asyncpg, msgspec and others know).
"""

import ctypes
import datetime as _dates
import gc
import mmap
import os
import struct
import time as _time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SIZE = 8


def _offset() -> Callable[[], float]:
    """The reader of this process' file, which is made here."""
    path = Path(os.environ["EXAM_LOAD_CLOCKS"]) / str(os.getpid())
    path.write_bytes(bytes(_SIZE))
    with path.open("rb") as file:
        shared = mmap.mmap(file.fileno(), _SIZE, prot=mmap.PROT_READ)
    read = struct.Struct("d").unpack_from
    return lambda: float(read(shared)[0])


def _step_times(offset: Callable[[], float]) -> None:
    real, real_ns = _time.time, _time.time_ns
    clock_gettime, clock_gettime_ns = _time.clock_gettime, _time.clock_gettime_ns

    def stepped_gettime(clock: int) -> float:
        return clock_gettime(clock) + (offset() if clock == _time.CLOCK_REALTIME else 0.0)

    def stepped_gettime_ns(clock: int) -> int:
        return clock_gettime_ns(clock) + (int(offset() * 1e9) if clock == _time.CLOCK_REALTIME else 0)

    def of_now(name: str) -> Callable[..., Any]:
        """What takes the seconds as its last argument, or else asks the clock itself."""
        given = getattr(_time, name)
        return lambda *seconds: given(*(seconds if seconds and seconds[0] is not None else (real() + offset(),)))

    _time.time = lambda: real() + offset()
    _time.time_ns = lambda: real_ns() + int(offset() * 1e9)
    _time.clock_gettime = stepped_gettime
    _time.clock_gettime_ns = stepped_gettime_ns
    for name in ("gmtime", "localtime", "ctime"):
        setattr(_time, name, of_now(name))
    strftime = _time.strftime
    _time.strftime = lambda words, *when: strftime(words, *(when or (_time.localtime(),)))


def _step_dates(offset: Callable[[], float]) -> None:
    """`today` of both classes asks `time.time`; these two ask the system."""
    real_now, real_utcnow = _dates.datetime.now, _dates.datetime.utcnow

    def now(_class: type, tz: _dates.tzinfo | None = None) -> _dates.datetime:
        return real_now(tz) + _dates.timedelta(seconds=offset())

    def utcnow(_class: type) -> _dates.datetime:
        return real_utcnow() + _dates.timedelta(seconds=offset())

    inside = gc.get_referents(_dates.datetime.__dict__)[0]
    inside["now"], inside["utcnow"] = classmethod(now), classmethod(utcnow)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(_dates.datetime))


def _step() -> None:
    try:
        offset = _offset()
    except (KeyError, OSError):
        return  # a process that may not write there keeps its clock
    _step_times(offset)
    _step_dates(offset)


_step()
