"""Where faces are: on real photographs, at the border, in every size, and nowhere else."""

import cv2
import numpy as np
import pytest

from proctor.mtcnn import Mtcnn, squares
from tests.proctor.astronaut import FACELESS, Bytes, frame, photograph, two


@pytest.fixture(scope="module")
def mtcnn() -> Mtcnn:
    return Mtcnn()


def shrunk(rgb: Bytes, width: int, height: int) -> Bytes:
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def test_the_box_is_around_the_points_and_the_points_are_where_they_belong(mtcnn: Mtcnn) -> None:
    seen = mtcnn.find(photograph())
    assert seen.scores.shape == (1,)
    assert seen.scores[0] > 0.95
    assert seen.boxes[0] == pytest.approx([179, 60, 268, 173], abs=6)
    eye, other_eye, nose, mouth, other_mouth = seen.points[0]
    assert eye == pytest.approx([204, 101], abs=5)
    assert other_eye == pytest.approx([247, 102], abs=5)
    assert nose == pytest.approx([225, 128], abs=6)
    assert mouth[1] > nose[1] < other_mouth[1]
    assert mouth[0] < nose[0] < other_mouth[0]


@pytest.mark.parametrize("name", FACELESS)
def test_no_face_is_seen_where_there_is_none(mtcnn: Mtcnn, name: str) -> None:
    assert len(mtcnn.find(photograph(name)).boxes) == 0


def test_two_faces_are_two_and_the_largest_comes_first(mtcnn: Mtcnn) -> None:
    assert (mtcnn.find(two()).scores > 0.95).sum() == 2
    uneven = two()
    uneven[:, 320:] = 90
    uneven[60:420, 350:590] = shrunk(two()[:, :320], 240, 360)
    first, second = mtcnn.find(uneven).boxes[:2]
    assert first[2] - first[0] > 1.2 * (second[2] - second[0])
    assert first[0] < 320 < second[0]


@pytest.mark.parametrize("width", [240, 320, 480, 960])
def test_a_face_is_found_in_pictures_of_every_size(mtcnn: Mtcnn, width: int) -> None:
    box = mtcnn.find(shrunk(frame(), width, width * 3 // 4)).boxes[0]
    assert (box[2] - box[0]) * 640 / width == pytest.approx(175, rel=0.15)


@pytest.mark.parametrize("size", [(1, 1), (11, 300), (13, 13), (25, 4000)])
def test_a_picture_too_small_for_a_face_has_none(mtcnn: Mtcnn, size: tuple[int, int]) -> None:
    assert len(mtcnn.find(np.zeros((*size, 3), np.uint8)).boxes) == 0


def test_a_face_cut_by_the_border_is_no_accident(mtcnn: Mtcnn) -> None:
    for cut in (frame()[110:], frame()[:, 250:], frame()[:290, :390]):
        for box in mtcnn.find(np.ascontiguousarray(cut)).boxes:
            assert np.isfinite(box).all()


def test_the_places_asked_for_may_lie_outside_of_the_picture(mtcnn: Mtcnn) -> None:
    places = np.array([[-500, -500, -400, -400], [600, 440, 700, 540], [229, 96, 229, 96]], np.float32)
    seen = mtcnn.look_closest(frame(), places)
    assert np.isfinite(seen.points).all()
    assert (seen.scores < 0.9).all()


def test_squares_keep_their_middle() -> None:
    assert squares(np.array([[10, 20, 30, 60]], np.float32)).tolist() == [[0, 20, 40, 60]]
