"""Pieces of pictures, put together: in order, bounded, refused once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.capture_turns import Room
from exam_engine.edge.pieces import HEAD_BYTES_MAX, UNFINISHED_S, Picture, Pieces
from exam_engine.messages import PIECE_BYTES_MAX, PIECES_MAX, NextPiece, PictureRefused
from proctor.pictures import JPEG_BYTES_MAX

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def frame(n: int, part: int, parts: int, data: bytes = b"x", **more: Any) -> bytes:
    """A binary frame as a device sends it."""
    return json.dumps({"n": n, "part": part, "parts": parts, **more}).encode() + b"\n" + data


def said(*frames: bytes, room: Room | None = None) -> list[Any]:
    """What is to be done or said of each, one second after the other."""
    pieces = Pieces(room or Room())
    return [pieces.take(data, NOW + number * SECOND) for number, data in enumerate(frames)]


def codes(*frames: bytes) -> list[tuple[int, str] | None]:
    """Number and code of each refusal; what is not refused is None."""
    return [(one.n, one.code) if isinstance(one, PictureRefused) else None for one in said(*frames)]


def test_pieces_in_order_are_one_picture_taken_before_its_first_piece() -> None:
    first = frame(7, 0, 3, b"one", why="back", ago_ms=2_000)
    assert said(first, frame(7, 1, 3, b"\ntwo\n"), frame(7, 2, 3, b"three")) == [
        NextPiece(7, 1),
        NextPiece(7, 2),
        Picture(7, b"one\ntwo\nthree", "back", NOW - 2 * SECOND),
    ]


def test_who_does_not_ask_is_told_nothing_before_the_end() -> None:
    first, second, third = said(*(frame(1, part, 3, b"x", ask=False) for part in range(3)))
    assert (first, second, third) == (None, None, Picture(1, b"xxx", "interval", NOW))


def test_one_piece_may_be_all() -> None:
    assert said(frame(1, 0, 1, b"all")) == [Picture(1, b"all", "interval", NOW)]


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=5_000), st.integers(1, 900))
def test_a_picture_comes_out_as_it_went_in(data: bytes, size: int) -> None:
    cut = [data[at : at + size] for at in range(0, len(data), size)]
    if len(cut) > PIECES_MAX:
        cut = [data]
    room = Room()
    *_, last = said(*(frame(1, part, len(cut), piece) for part, piece in enumerate(cut)), room=room)
    assert last.jpeg == data
    assert room.held == 0


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([frame(3, 1, 3)], id="no beginning"),
        pytest.param([frame(3, 0, 3), frame(3, 2, 3)], id="one left out"),
        pytest.param([frame(3, 0, 3), frame(3, 1, 3), frame(3, 1, 3)], id="one twice"),
        pytest.param([frame(4, 0, 3), frame(3, 1, 3)], id="of another picture"),
        pytest.param([frame(3, 0, 3), frame(3, 1, 4)], id="of another length"),
        pytest.param([frame(3, 0, 3, b"")], id="nothing in it"),
        pytest.param([frame(3, 0, 3, bytes(PIECE_BYTES_MAX + 1))], id="too much in it"),
        pytest.param([frame(3, 0, 3, why="because")], id="a reason that is none"),
        pytest.param([frame(3, 0, 3, ago_ms=-1)], id="taken in the future"),
        pytest.param([frame(3, 0, 3, ago_ms=86_400_001)], id="taken too long ago"),
        pytest.param([frame(3, 0, 0)], id="no pieces"),
        pytest.param([frame(3, 0, PIECES_MAX + 1)], id="too many pieces"),
        pytest.param([frame(3, 0, 3, device="x")], id="a field that is none"),
    ],
)
def test_what_does_not_fit_is_refused_and_once_is_enough(frames: list[bytes]) -> None:
    *before, refusal, first, second, again = codes(*frames, frame(3, 1, 3), frame(3, 2, 3), frame(5, 0, 1))
    assert (before, refusal) == ([None] * len(before), (3, "wrong_shape"))
    assert (first, second, again) == (None, None, None)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b"x", b"{}\n", b"\xff\xd8\xff\n", b"[" * HEAD_BYTES_MAX, b'{"n":0,"part":0,"parts":1}\nx',
        b'{"n":1,"part":0,"parts":1}' + b" " * HEAD_BYTES_MAX + b"\nx", b'{"n":"1","part":0,"parts":1}\nx',
        b'{"n":1,"part":0,"parts":1}', b"[[[[\n",
    ],
)  # fmt: skip
def test_a_head_that_is_none_is_refused(data: bytes) -> None:
    assert codes(data) == [(0, "wrong_shape")]


def test_a_picture_after_a_refused_one_is_taken_and_so_is_the_refused_one_from_its_beginning() -> None:
    done = said(frame(1, 1, 2), frame(1, 0, 2), frame(1, 1, 2), frame(2, 0, 1))
    assert [type(one) for one in done] == [PictureRefused, NextPiece, Picture, Picture]


def test_a_new_picture_ends_an_unfinished_one() -> None:
    room = Room()
    _, second, late = said(frame(1, 0, 2), frame(2, 0, 2, b"yy"), frame(1, 1, 2), room=room)
    assert second == NextPiece(2, 1)
    assert (late.n, late.code) == (1, "wrong_shape")
    assert room.held == 0


def test_a_picture_that_is_too_large_is_refused_before_it_is_whole() -> None:
    parts = JPEG_BYTES_MAX // PIECE_BYTES_MAX + 1
    room = Room()
    *before, last = said(*(frame(1, part, parts, bytes(PIECE_BYTES_MAX)) for part in range(parts)), room=room)
    assert {type(one) for one in before} == {NextPiece}
    assert (last.code, last.status, last.facts) == ("body_too_large", 413, {"limit": JPEG_BYTES_MAX})
    assert room.held == 0


def test_all_sockets_together_hold_no_more_than_there_is_room_for() -> None:
    room = Room(10)
    here, there = Pieces(room), Pieces(room)
    assert here.take(frame(1, 0, 2, b"sixsix"), NOW) == NextPiece(1, 1)
    refusal = there.take(frame(1, 0, 2, b"sixsix"), NOW)
    assert isinstance(refusal, PictureRefused)
    assert (refusal.code, refusal.status) == ("try_again", 503)
    here.drop()
    assert there.take(frame(1, 0, 2, b"sixsix"), NOW) == NextPiece(1, 1)
    assert room.held == 6


def test_half_a_picture_is_not_kept_for_ever() -> None:
    room = Room()
    pieces = Pieces(room)
    pieces.take(frame(1, 0, 3), NOW)
    pieces.drop_old(NOW + UNFINISHED_S * SECOND)
    assert pieces.take(frame(1, 1, 3), NOW) == NextPiece(1, 2)
    pieces.drop_old(NOW + (UNFINISHED_S + 1) * SECOND)
    assert room.held == 0
    late = pieces.take(frame(1, 2, 3), NOW)
    assert isinstance(late, PictureRefused)
