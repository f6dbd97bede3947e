"""The backends on real photographs: found, none, two, the same person, and what makes a picture no good."""

import cv2
import numpy as np
import pytest

from proctor.faces import Faces, ReferenceFaces, available, load, turned
from proctor.quality import OTHER_SCORE_MIN, hints, several
from proctor.sight import Face, Sight
from tests.proctor.astronaut import FACELESS, Bytes, frame, jpeg, photograph, two


@pytest.fixture(scope="module")
def fast() -> Faces:
    return load("fast")


@pytest.fixture(scope="module")
def reference() -> Faces:
    return load("reference")


@pytest.fixture(params=["fast", "reference"])
def faces(request: pytest.FixtureRequest) -> Faces:
    found: Faces = request.getfixturevalue(request.param)
    return found


def vector(sight: Sight) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.frombuffer(sight.vector, "<f4")


def sure(sight: Sight) -> list[Face]:
    return [face for face in sight.faces if face.score >= OTHER_SCORE_MIN]


def distance(one: Sight, other: Sight) -> float:
    return 1 - float(vector(one) @ vector(other))


def test_both_backends_work_here() -> None:
    assert available() == {"fast": "", "reference": ""}


def test_one_face_comes_with_everything_that_is_known_of_it(faces: Faces) -> None:
    sight = faces.look(jpeg(frame()))
    (face,) = sure(sight)
    assert face == sight.faces[0]
    left, top, width, height = face.box
    assert (sight.width, sight.height, sight.model) == (640, 480, faces.model)
    assert left < face.landmarks[0] < face.landmarks[2] < left + width
    assert top < face.landmarks[1] < face.landmarks[7] < top + height
    assert sight.quality is not None
    assert sight.quality.face_px == width == pytest.approx(180, abs=15)
    assert np.linalg.norm(vector(sight)) == pytest.approx(1, abs=1e-5)
    assert len(sight.vector) == 512
    assert len(sight.thumb) == 32 * 32
    assert sight.turn == pytest.approx(0.03, abs=0.04)
    assert hints(sight) == ()


@pytest.mark.parametrize("name", FACELESS)
def test_a_picture_without_a_face_has_light_but_no_vector(faces: Faces, name: str) -> None:
    sight = faces.look(jpeg(photograph(name)))
    assert (sight.faces, sight.quality, sight.turn, sight.vector) == ((), None, None, b"")
    assert sight.luma > 0 < sight.spread
    assert hints(sight) == ("no_face",)


def test_two_people_are_several(fast: Faces) -> None:
    sight = fast.look(jpeg(two()))
    assert len(sure(sight)) == 2
    assert several(sight)
    assert hints(sight)[0] == "several"


@pytest.mark.parametrize(
    "other",
    [
        photograph(),
        frame(320, 240),
        frame() * 0.5,
        frame() * 1.15 + 10,
        frame()[:, ::-1],
        cv2.GaussianBlur(frame(), (0, 0), 2),
    ],
    ids=["farther", "smaller", "darker", "brighter", "mirrored", "softer"],
)
def test_the_same_person_stays_the_same(faces: Faces, other: Bytes) -> None:
    assert distance(faces.look(jpeg(frame())), faces.look(jpeg(other, 60))) < 0.02


def test_both_backends_see_the_same_person(fast: Faces, reference: Faces) -> None:
    assert distance(fast.look(jpeg(frame())), reference.look(jpeg(frame()))) < 0.01
    assert fast.model != reference.model


@pytest.mark.parametrize(
    ("worse", "said"),
    [
        (frame() * 0.12, "more_light"),
        (frame() * 1.6 + 40, "too_bright"),
        (cv2.GaussianBlur(frame(), (0, 0), 9), "hold_still"),
        (cv2.copyMakeBorder(frame(240, 180), 150, 150, 200, 200, cv2.BORDER_CONSTANT, value=(90, 90, 90)), "nearer"),
    ],
    ids=["dark", "bright", "blurred", "far"],
)
def test_what_is_wrong_with_a_picture_is_said(fast: Faces, worse: Bytes, said: str) -> None:
    sight = fast.look(jpeg(worse))
    assert sight.quality is not None
    assert hints(sight) == (said,)


@pytest.mark.parametrize("badly_lit", [frame() * 0.1, frame() * 1.8 + 40], ids=["dark", "bright"])
def test_a_face_that_mtcnn_does_not_see_is_found_by_hog_and_proves_no_turn(fast: Faces, badly_lit: Bytes) -> None:
    sight = fast.look(jpeg(badly_lit))
    assert len(sight.faces) == 1
    assert sight.vector
    assert sight.turn is None


def test_a_head_turned_to_either_side_of_the_picture_has_the_sign_of_it() -> None:
    ahead = np.array([[100, 100], [140, 100], [120, 120], [105, 140], [135, 140]], np.float32)
    assert turned(ahead) == pytest.approx(0)
    for aside in (-10, 10):
        moved = ahead + np.array([[0, 0], [0, 0], [aside, 0], [0, 0], [0, 0]], np.float32)
        assert turned(moved) == pytest.approx(aside / 40)
        tilt = np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
        assert turned(moved @ tilt * 3) == pytest.approx(aside / 40)
    assert turned(np.zeros((5, 2), np.float32)) == 0


def test_a_face_that_looks_ahead_has_next_to_no_turn_mirrored_or_not(faces: Faces) -> None:
    for picture in (photograph(), photograph()[:, ::-1]):
        assert faces.look(jpeg(picture)).turn == pytest.approx(0, abs=0.1)  # real turns have 0.24 and more


@pytest.mark.parametrize("data", [b"", b"no picture", jpeg(frame())[:40]])
def test_what_can_not_be_read_is_refused(faces: Faces, data: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        faces.look(data)


def test_a_name_that_is_no_backend_is_our_own_error() -> None:
    with pytest.raises(KeyError):
        load("haar")


def test_the_reference_is_the_package_itself(reference: Faces) -> None:
    assert isinstance(reference, ReferenceFaces)
    assert reference._recognition.__name__ == "face_recognition"
