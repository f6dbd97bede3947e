"""A picture in pieces: what goes when, whatever is said in between."""

import json

import pytest

from loadtest.carrying import PIECE_BYTES, Carrying
from loadtest.words import Frame

pytestmark = pytest.mark.asyncio


def opened(frame: bytes) -> tuple[dict[str, int], bytes]:
    """Head and piece."""
    head, _, piece = frame.partition(b"\n")
    return json.loads(head), piece


@pytest.mark.parametrize("size", [1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 41_000])
async def test_all_pieces_together_are_the_picture(size: int) -> None:
    jpeg = bytes(number % 251 for number in range(size))
    carrying, got = Carrying(7, jpeg, 1_500), b""
    (frame,), part = carrying.begin(), 0
    while frame:
        head, piece = opened(frame)
        got += piece
        assert head == {"n": 7, "part": part, "parts": -(-size // PIECE_BYTES), "ago_ms": 1_500, "ask": True}
        part += 1
        frame = carrying.heard(Frame("next_piece", n=7, part=part))
    assert got == jpeg


async def test_on_a_quick_line_all_pieces_go_at_once_and_nobody_asks() -> None:
    frames = [opened(frame) for frame in Carrying(7, bytes(41_000), 0, quick=True).begin()]
    assert [(head["part"], head["ask"]) for head, _ in frames] == [(0, False), (1, False), (2, False)]
    assert b"".join(piece for _, piece in frames) == bytes(41_000)


async def test_only_words_on_this_picture_count_and_only_one_is_the_last() -> None:
    carrying = Carrying(7, bytes(3 * PIECE_BYTES), 0)
    assert carrying.heard(Frame("next_piece", n=6, part=1)) == b""
    assert carrying.heard(Frame("captured", n=6)) == b""
    assert not carrying.answer.done()
    carrying.heard(Frame("capture_refused", n=0, code="wrong_shape", status=400))
    carrying.heard(Frame("captured", n=7))
    assert (await carrying.answer).code == "wrong_shape"
    assert carrying.heard(Frame("next_piece", n=7, part=1)) == b""


async def test_a_broken_line_is_said_to_who_waits() -> None:
    carrying = Carrying(1, b"x", 0)
    carrying.broken()
    with pytest.raises(ConnectionResetError):
        await carrying.answer
    answered = Carrying(2, b"x", 0)
    answered.heard(Frame("captured", n=2))
    answered.broken()
    assert (await answered.answer).type == "captured"
