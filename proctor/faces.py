"""The backends: a JPEG in, a Sight out. Loaded by worker processes and commands only, since the models are heavy.

`fast` finds faces with MTCNN and computes dlib's vector in onnxruntime; `reference` is the package face_recognition
as it comes, to compare with. Both vectors are of the same network: the same box gives the same numbers.
"""

import importlib
import io
from collections.abc import Callable
from typing import Any, Protocol

import dlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from proctor.embedding import Embedding, unit
from proctor.measuring import Bytes, decoded, light, quality
from proctor.mtcnn import NOBODY, Floats, Mtcnn, Seen, squares
from proctor.sight import Face, Sight

HOG_UPSAMPLE = 0  # as often doubled before looking; 0 took no face for one in 400 pictures without (vision.md §3)


class Faces(Protocol):
    """A backend, ready to look."""

    model: str

    def look(self, jpeg: bytes) -> Sight:
        """See what there is. Raises ValueError if it is not a JPEG that can be read."""
        ...


class FastFaces:
    """MTCNN; where it finds nothing, dlib's HOG, which over-exposure does not blind (vision.md §4)."""

    model = "mtcnn+dlib-resnet29/1"

    def __init__(self) -> None:
        self._mtcnn = Mtcnn()
        self._hog = dlib.get_frontal_face_detector()
        self._embedding = Embedding()

    def look(self, jpeg: bytes) -> Sight:
        rgb = decoded(jpeg)
        seen = self._mtcnn.find(rgb)
        by_hog = not len(seen.boxes)
        if by_hog:
            seen = seen_by_hog(self._mtcnn, rgb, [_edges(box) for box in self._hog(rgb, HOG_UPSAMPLE)])
        if not len(seen.boxes):
            return sight(self.model, rgb, seen)
        chip = self._embedding.chip(rgb, squares(seen.boxes[:1])[0].tolist())
        # The points of a face that MTCNN did not see by itself are no proof of a turn.
        turn = None if by_hog else turned(seen.points[0])
        return sight(self.model, rgb, seen, turn=turn, chip=chip, vector=self._embedding.vector(chip))


class ReferenceFaces:
    """face_recognition as it comes: its boxes and its vector.

    Scores and points are those of MTCNN's last network: it has no scores, its five points have no mouth, and its 68
    may not be used in a product that is sold. Turns are within 0.05 of the fast backend's in 95 of 100 pictures.
    """

    model = "face_recognition+dlib-resnet29/1"

    def __init__(self) -> None:
        importlib.import_module("face_recognition_models")  # without it the next import would end the process
        tolerant = ImageFile.LOAD_TRUNCATED_IMAGES
        self._recognition: Any = importlib.import_module("face_recognition")
        ImageFile.LOAD_TRUNCATED_IMAGES = tolerant  # its import makes Pillow take broken pictures, everywhere
        self._mtcnn = Mtcnn()
        self._embedding = Embedding()

    def look(self, jpeg: bytes) -> Sight:
        rgb = decoded(jpeg)
        found = [(left, top, right, bottom) for top, right, bottom, left in self._recognition.face_locations(rgb)]
        seen = seen_by_hog(self._mtcnn, rgb, found)
        if not found:
            return sight(self.model, rgb, seen)
        left, top, right, bottom = (round(edge) for edge in seen.boxes[0].tolist())
        (vector,) = self._recognition.face_encodings(rgb, [(top, right, bottom, left)])
        chip = self._embedding.chip(rgb, (left, top, right, bottom))
        return sight(self.model, rgb, seen, turn=turned(seen.points[0]), chip=chip, vector=vector)


BACKENDS: dict[str, Callable[[], Faces]] = {"fast": FastFaces, "reference": ReferenceFaces}


def load(name: str) -> Faces:
    """The backend of this name, `fast` or `reference`, with its models in memory."""
    return BACKENDS[name]()


def why_not(name: str) -> str:
    """Why this backend can't work here; empty if it just did."""
    try:
        load(name).look(_blank())
    except (Exception, SystemExit) as problem:  # noqa: BLE001  each library fails in its own way, one by quitting
        return f"{type(problem).__name__}: {problem}"
    return ""


def available() -> dict[str, str]:
    """Each backend, with the reason why it can't work here, or nothing."""
    return {name: why_not(name) for name in BACKENDS}


def sight(
    model: str,
    rgb: Bytes,
    seen: Seen,
    *,
    turn: float | None = None,
    chip: Bytes | None = None,
    vector: NDArray[np.floating] | None = None,
) -> Sight:
    """Everything seen in one picture; `turn`, `chip` and `vector` are of the largest face."""
    height, width = rgb.shape[:2]
    luma, spread, thumb = light(rgb)
    found = zip(seen.boxes.tolist(), seen.scores.tolist(), seen.points.tolist(), strict=True)
    faces = tuple(_face(box, score, points) for box, score, points in found)
    return Sight(
        width=width,
        height=height,
        model=model,
        faces=faces,
        quality=None if chip is None else quality(chip, faces[0].box[2]),
        turn=turn,
        vector=b"" if vector is None else unit(vector).astype("<f4").tobytes(),
        luma=luma,
        spread=spread,
        thumb=thumb,
    )


def turned(points: Floats) -> float:
    """y5: how far the nose is from the middle of eyes and mouth along the line of the eyes, in eye distances."""
    eyes = points[1] - points[0]
    distance = float(np.hypot(*eyes))
    return float((points[2] - points[[0, 1, 3, 4]].mean(0)) @ eyes) / distance**2 if distance else 0.0


def seen_by_hog(mtcnn: Mtcnn, rgb: Bytes, found: list[tuple[int, int, int, int]]) -> Seen:
    """Boxes of dlib's HOG, the largest first, with scores and points of MTCNN's last network.

    HOG only says yes or no. The network looks twice, since its own boxes, which it is used to, are larger.
    """
    if not found:
        return NOBODY
    found.sort(key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))
    boxes = np.array(found, np.float32)
    once = mtcnn.look_closest(rgb, squares(boxes))
    return mtcnn.look_closest(rgb, squares(once.boxes))._replace(boxes=boxes)


def _face(box: list[float], score: float, points: list[list[float]]) -> Face:
    left, top, right, bottom = box
    (ax, ay), (bx, by), (cx, cy), (dx, dy), (ex, ey) = points
    return Face((left, top, right - left, bottom - top), score, (ax, ay, bx, by, cx, cy, dx, dy, ex, ey))


def _edges(box: Any) -> tuple[int, int, int, int]:
    return box.left(), box.top(), box.right(), box.bottom()


def _blank() -> bytes:
    with io.BytesIO() as out:
        Image.new("RGB", (160, 120), (90, 90, 90)).save(out, "JPEG")
        return out.getvalue()
