"""One cleaning in a process of its own: `python -m exam_engine.registration.document_cleaner evidence`.

The document comes in on stdin, Cleaned or NotCleaned goes out on stdout as MessagePack. Whatever a hostile file does to
the decoders happens here: memory and time are limited by the system, and no file, socket or pipe can be opened any
more once the document is read. A process that dies of it has answered too (`documents.py`).
"""

import codecs
import contextlib
import os
import resource
import sys
from typing import Final, cast

import msgspec
from PIL import Image, MpoImagePlugin, TiffImagePlugin  # noqa: F401  two that JPEG and EXIF ask for late

from exam_engine.registration.document_kinds import (
    DOCUMENT_BYTES_MAX,
    PDF,
    BadDocument,
    Cleaned,
    NotCleaned,
    Purpose,
    media_of,
)
from exam_engine.registration.document_pdf import clean_pdf, limit_qpdf
from exam_engine.registration.document_pictures import clean_picture

# Later there is no opening of files, not even of modules.
Image.preinit()
for codec in ("ascii", "latin-1", "utf-16", "utf-16-be", "utf-16-le"):
    codecs.lookup(codec)

MEMORY_BYTES_MAX: Final = 768 * 1024 * 1024
CPU_S_MAX: Final = 5  # the largest honest ones take one
FILES_MAX: Final = 4  # stdin, stdout, stderr and the copy of stdout
NICE: Final = 5  # answers come before documents


def clean(data: bytes, purpose: Purpose) -> Cleaned | NotCleaned:
    """The document as it may be kept, or why not."""
    try:
        media = media_of(data)
        if media != PDF:
            return clean_picture(data, media, purpose)
        if purpose == "photo":
            raise BadDocument("document_kind")  # noqa: TRY301  the one place that turns refusals into answers
        return clean_pdf(data)
    except BadDocument as bad:
        return NotCleaned(bad.code, bad.detail)
    except MemoryError:
        return NotCleaned("document_broken", "memory")
    except Exception as error:  # noqa: BLE001  decoders say in many ways that a file is broken
        return NotCleaned("document_broken", f"{type(error).__name__}: {error}"[:200])


def limit() -> None:
    """From here on the system watches over this process."""
    limit_qpdf()
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
        (resource.RLIMIT_CPU, CPU_S_MAX),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))


def main() -> None:
    """Clean what comes in."""
    # What a library prints must not come into the answer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.nice(NICE)
    data = sys.stdin.buffer.read(DOCUMENT_BYTES_MAX)
    limit()
    answer = clean(data, cast("Purpose", sys.argv[1]))
    with contextlib.suppress(BrokenPipeError):  # nobody waits any more
        out.write(msgspec.msgpack.encode(answer))
        out.flush()
    os._exit(0)  # nothing is left to be tidied up, and a hostile file has no say in it


if __name__ == "__main__":
    main()
