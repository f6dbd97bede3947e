"""Evidence pictures: written once, encrypted, named by their hash.

A picture is accepted as JPEG by its content, not its name, decoded within limits (so that a bomb stays shut) and
encoded anew: what is stored holds no metadata and nothing hidden behind the image. Files are AES-256-GCM with the
name as associated data: a file put in the place of another does not open.
"""

import asyncio
import contextlib
import io
import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from PIL import Image, ImageOps, UnidentifiedImageError

JPEG_BYTES_MAX: Final = 1024 * 1024
SIDE_MIN: Final = 120  # pixels
SIDE_MAX: Final = 4096
KEPT_SIDE_MAX: Final = 960  # a face check needs no more
QUALITY: Final = 80
NONCE_BYTES: Final = 12
DECODERS: Final = 2  # pictures decoded at the same time


class BadPicture(Exception):
    """Not a picture that can be evidence; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Pictures:
    """The store of one folder. `secret` is the installation's key; the file key is derived from it."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._folder = folder
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"exam pictures 1").derive(secret)
        self._cipher = AESGCM(key)
        self._decoding = asyncio.Semaphore(DECODERS)

    async def put(self, jpeg: bytes) -> str:
        """Check, clean and keep a picture; returns its name (64 hex digits). Raises BadPicture."""
        async with self._decoding:
            return await asyncio.to_thread(self._put, jpeg)

    async def get(self, name: str) -> bytes | None:
        """The JPEG of this name; None if there is none, or it does not open."""
        return await asyncio.to_thread(self._get, name)

    def _put(self, jpeg: bytes) -> str:
        clean = clean_jpeg(jpeg)
        name = sha256(clean).hexdigest()
        path = self._path(name)
        if not path.exists():
            nonce = os.urandom(NONCE_BYTES)
            _write_whole(path, nonce + self._cipher.encrypt(nonce, clean, name.encode()))
        return name

    def _get(self, name: str) -> bytes | None:
        try:
            sealed = self._path(name).read_bytes()
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (FileNotFoundError, InvalidTag, ValueError):
            return None

    def _path(self, name: str) -> Path:
        assert len(name) == 64, "names are hex digests"
        assert name.isalnum(), "names are never paths"
        return self._folder / name[:2] / name


def clean_jpeg(data: bytes) -> bytes:
    """The same picture as a fresh JPEG, upright, at most KEPT_SIDE_MAX on its longer side. Raises BadPicture."""
    if len(data) > JPEG_BYTES_MAX:
        raise BadPicture("picture_too_large")
    if not data.startswith(b"\xff\xd8\xff"):
        raise BadPicture("not_a_jpeg")
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            if not all(SIDE_MIN <= side <= SIDE_MAX for side in image.size):
                raise BadPicture("picture_size")
            image.draft("RGB", (KEPT_SIDE_MAX, KEPT_SIDE_MAX))
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadPicture("picture_broken") from error
    picture.thumbnail((KEPT_SIDE_MAX, KEPT_SIDE_MAX))
    picture.info.clear()  # a comment would be written again
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _write_whole(path: Path, data: bytes) -> None:
    """All or nothing: a half-written picture never has its name."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
