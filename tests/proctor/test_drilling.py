"""Which pictures the drill takes for what, and how it counts; the models' part is in the test of the command."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from proctor.drilling import (
    ATTACKS,
    Looked,
    Outcome,
    Shown,
    Try,
    attacks,
    count,
    drill,
    is_ahead,
    make,
    posed,
    real_words,
    tries,
    turns,
)
from proctor.liveness import LEFT, RIGHT
from proctor.looking import Eyes
from proctor.measuring import decoded, light
from proctor.picture_lists import Portrait
from proctor.sight import Face, Quality, Sight
from proctor.spoofs import Kind

GOOD = Quality(face_px=100, luma=120, clipped=0.0, sharpness=3.0)
FACE = Face((80.0, 70.0, 100.0, 130.0), 0.999, (100.0, 110.0, 140.0, 110.0, 120.0, 130.0, 105.0, 160.0, 135.0, 160.0))
VECTOR = np.eye(1, 128, dtype="<f4").tobytes()


class Grey(Eyes):
    """Sees in every picture one face, turned as far as the middle is brighter than grey: by 1 for 100 levels."""

    def __init__(self) -> None:
        self.look = self._look

    def _look(self, jpeg: bytes) -> Sight:
        rgb = decoded(jpeg)
        turn = (float(rgb[220:260, 300:340].mean()) - 128) / 100
        thumb = light(rgb)[2]
        return Sight(
            width=640,
            height=480,
            model="m",
            faces=(FACE,),
            quality=GOOD,
            turn=turn,
            vector=VECTOR,
            luma=110,
            thumb=thumb,
        )


def album(folder: Path) -> dict[str, Shown]:
    """Pictures that Grey takes for a head ahead, and turned by .4 to both sides."""
    for name, level in (("ahead", 128), (LEFT, 168), (RIGHT, 88)):
        Image.new("RGB", (250, 250), (level,) * 3).save(folder / f"{name}.png")
    return {name: Shown(folder / f"{name}.png", FACE.box) for name in ("ahead", LEFT, RIGHT)}


@pytest.mark.parametrize("steps", [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_a_real_turn_passes_and_so_does_a_film_of_it_but_nothing_that_does_not_turn(
    tmp_path: Path, steps: tuple[str, str]
) -> None:
    made = {kind: make(Grey(), Try(kind, album(tmp_path), steps, (1, 2))) for kind in Kind}
    assert {kind for kind, one in made.items() if one.accepted} == {Kind.REAL, Kind.MIRRORED, Kind.REPLAY}
    assert made[Kind.REAL].moved == pytest.approx(0.4, abs=0.02)
    assert made[Kind.REAL].steps_done == 2
    assert made[Kind.FROZEN].frozen
    assert all(one.begun for one in made.values())


def test_a_mirrored_picture_is_held_up_mirrored(tmp_path: Path) -> None:
    """It is bright on its left half: to the right of the middle that shows only in a mirror."""
    half = np.full((250, 250, 3), 128, np.uint8)
    half[:, :128] = 255
    shown = Shown(tmp_path / "half.png", (78.0, 70.0, 100.0, 130.0))
    Image.fromarray(half).save(shown.file)

    class Side(Grey):
        def _look(self, jpeg: bytes) -> Sight:
            rights.append(float(decoded(jpeg)[220:260, 350:370].mean()))
            return super()._look(jpeg)

    for mirrored in (False, True):
        rights: list[float] = []
        photos = {"ahead": Shown(shown.file, shown.box, mirrored)}
        make(Side(), Try(Kind.HELD, photos, (LEFT, RIGHT), (1,)))
        assert bool(np.mean(rights) > 200) is mirrored


def looked(name: str, turn: float | None, *, person: str = "甲", quality: Quality = GOOD, faces: int = 1) -> Looked:
    sight = Sight(
        width=250, height=250, model="m", faces=(FACE,) * faces, quality=quality, turn=turn, vector=VECTOR, luma=110
    )
    return Looked(Portrait(Path(name), person), sight)


def outcome(kind: Kind, *, begun: bool = True, accepted: bool = False, sides: int = 0, moved: float = 0.1) -> Outcome:
    return Outcome(
        kind=kind, begun=begun, accepted=accepted, steps_done=sides, frames=9, moved=moved, moved_seen=moved + 0.1,
        degrees=30.0, frozen=False, hint="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "ahead"),
    [
        (looked("a", 0.12), True),
        (looked("a", -0.12), True),
        (looked("a", 0.13), False),
        (looked("a", None), False),
        (looked("a", 0.0, faces=2), False),
        (looked("a", 0.0, quality=Quality(face_px=100, luma=20, clipped=0, sharpness=3)), False),
    ],
)
def test_an_attack_is_made_of_what_the_check_would_begin_with(one: Looked, ahead: bool) -> None:
    assert is_ahead(one.sight) is ahead
    assert bool(list(attacks([one], 1, 1))) is ahead


def test_each_kind_is_tried_as_often_as_asked_with_every_picture_about_as_often_and_both_orders() -> None:
    pictures = [looked(f"{n}", 0.0) for n in range(7)]
    made = list(attacks([*pictures, looked("aside", 0.5)], 50, 1))
    for kind in ATTACKS:
        of_kind = [one for one in made if one.kind is kind]
        assert len(of_kind) == 50
        used = [str(one.photos["ahead"].file) for one in of_kind]
        assert {used.count(str(n)) for n in range(7)} == {7, 8}
        assert "aside" not in used
        assert {one.steps for one in of_kind} == {(LEFT, RIGHT), (RIGHT, LEFT)}
    assert len({one.seed for one in made}) == len(made)
    assert made == list(attacks([*pictures, looked("aside", 0.5)], 50, 1))


def test_poses_are_chosen_by_how_far_they_are_from_the_straightest_look() -> None:
    people = [
        looked("ahead", 0.02), looked("less straight", -0.08), looked("left", 0.31), looked("not enough", 0.29),
        looked("right", -0.4), looked("stranger left", 0.4, person="乙"), looked("stranger", 0.0, person="乙"),
        looked("nobody's", -0.4, person=""),
    ]  # fmt: skip
    found = posed(people, mirrored=False)
    assert list(found) == ["甲"]
    assert [{name: str(shown.file) for name, shown in one.items()} for one in found["甲"]] == [
        {"ahead": "ahead", LEFT: "left", RIGHT: "right"}
    ]


def test_who_is_turned_to_one_side_only_gets_the_other_by_a_mirror_and_is_counted_apart() -> None:
    people = [looked("ahead", -0.05), looked("left", 0.34), looked("too little when mirrored", 0.25)]
    assert posed(people, mirrored=False) == {}
    (one,) = posed(people, mirrored=True)["甲"]
    assert (str(one[LEFT].file), one[LEFT].mirrored) == ("left", False)
    assert (str(one[RIGHT].file), one[RIGHT].mirrored) == ("left", True)
    assert posed([*people, looked("right", -0.5)], mirrored=True) == {}


def test_a_person_with_many_pictures_is_tried_with_different_ones_but_not_too_often() -> None:
    sides = [looked(f"{side}{n}", turn) for side, turn in (("l", 0.4), ("r", -0.4)) for n in range(3)]
    made = posed([looked("ahead", 0.0), *sides], mirrored=False)["甲"]
    assert len({(one[LEFT].file, one[RIGHT].file) for one in made}) == len(made) == 4
    assert len(list(turns([looked("ahead", 0.0), *sides], 1))) == 4


def test_without_a_usable_picture_there_is_nothing_to_try() -> None:
    assert tries([looked("aside", 0.5)], 10, 1) == []


def test_shares_are_of_the_attacks_that_began() -> None:
    outcomes = [
        outcome(Kind.TURNED, sides=1, moved=0.3),
        outcome(Kind.TURNED, accepted=True, sides=2, moved=0.2),
        *[outcome(Kind.TURNED)] * 2,
        outcome(Kind.TURNED, begun=False, moved=0.9),
        outcome(Kind.HELD, accepted=True),
    ]
    found = count(Kind.TURNED, outcomes)
    assert (found.tried, found.begun, found.one_side, found.accepted, found.accepted_share) == (5, 4, 2, 1, 0.25)
    assert found.interval == pytest.approx((0.0456, 0.6994), abs=1e-4)
    assert (found.moved_max, found.moved_seen_max) == (0.3, 0.4)


def test_a_real_turn_that_did_not_even_begin_counts_against_the_check() -> None:
    people = [looked("ahead", 0.0), looked("left", 0.4), looked("right", -0.4), looked("b", 0.0, person="乙")]
    outcomes = [outcome(Kind.REAL, accepted=True), outcome(Kind.REAL, begun=False)]
    found = drill(people, outcomes, 1)
    assert (found.pictures, found.usable, found.real.persons, found.real.persons_posed) == (4, 2, 2, 1)
    assert (found.real.tried, found.real.passed, found.real.pass_share) == (2, 1, 0.5)
    assert found.mirrored.note == "not measurable with these pictures"
    assert found.attacks[0].accepted_share is None
    assert "1 of 2 passed" in real_words(found)
