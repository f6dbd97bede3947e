"""Attacks on the prompted head turn, made from photographs, and real turns to compare with. Pure: frames as pixels.

The camera is 640 x 480 and sees two a second. A photograph is a plane before it, the face in the middle and 150 to 230
pixels wide, so that no attack fails for being far away; whoever holds it does not hold it quite still, and the camera
adds noise. Who cheats sees what the page asks for and turns the photograph that way, then the other; half of them
begin with it tilted, to have further to go. What a photograph looks like when it is turned depends on how near it is
held, so that is drawn anew for each attack.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from math import cos, radians, sin
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from proctor.liveness import LEFT

WIDTH, HEIGHT = 640, 480
FACE_PX: Final = (150.0, 230.0)
DEGREES: Final = (10.0, 60.0)  # how far the photograph is turned
NEARNESS: Final = (0.8, 2.0)  # how far away it is held, in widths of the picture: at 0.8 perspective is strong
HAND_PX, HAND_DEGREES, HAND_SCALE = 2.0, 1.0, 0.01  # standard deviations of a hand that holds still
NOISE: Final = (1.5, 4.0)  # of a camera, grey levels
SPARE: Final = 64  # pixels the noise is larger than a frame
QUALITY: Final = 80
LOOP: Final = 6  # frames of the film that is played again and again
SHOTS: Final = 12  # frames of an attack that doesn't follow the prompts: six seconds
RAMP: Final = (0.35, 0.7, 1.0, 1.0)  # of the angle, while it is turned from one prompt to the next
AHEAD: Final = 3  # frames before the first prompt

Bytes = NDArray[np.uint8]
Matrix = NDArray[np.float64]


class Kind(StrEnum):
    """`REPLAY` is a film of the person really turning, played in a loop: what the check does not hold off.

    In a `MIRRORED` real turn the picture of one side is a mirrored one.
    """

    HELD = "held_still"
    TURNED = "flat_turn"
    FROZEN = "frozen_feed"
    FILM = "film_loop"
    REPLAY = "replayed_turn"
    REAL = "real_turn"
    MIRRORED = "mirrored_turn"


class Photo(msgspec.Struct, frozen=True):
    """A picture and where its face is: left, top, width, height."""

    rgb: Bytes
    box: tuple[float, float, float, float]


class Shot(msgspec.Struct, frozen=True):
    """A frame, the JPEG quality it is sent with, and how far the photograph is turned in it."""

    rgb: Bytes
    quality: int = QUALITY
    degrees: float = 0.0


class Pose(msgspec.Struct, frozen=True):
    """How a photograph is held: turned about the upright axis, nodding, rolling (degrees); moved (pixels), nearer."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    right: float = 0.0
    down: float = 0.0
    scale: float = 1.0


class Scene(msgspec.Struct, frozen=True):
    """What stays the same through one attack."""

    photos: Mapping[str, Photo]  # by what they show: "ahead", and for turns "left" and "right"
    face_px: float
    focal: float
    wall: tuple[float, float, float]
    noise: NDArray[np.float32]  # larger than a frame, each of which takes another part of it


def scene(photos: Mapping[str, Photo], rng: np.random.Generator) -> Scene:
    """Draw what is by chance."""
    red, green, blue = np.clip(rng.uniform(60, 180) + rng.normal(0, 12, 3), 0, 255).tolist()
    noise = rng.standard_normal((HEIGHT + SPARE, WIDTH + SPARE, 3), np.float32) * np.float32(rng.uniform(*NOISE))
    return Scene(photos, rng.uniform(*FACE_PX), WIDTH * rng.uniform(*NEARNESS), (red, green, blue), noise)


def shots(kind: Kind, at: Scene, steps: Sequence[str], rng: np.random.Generator) -> Iterator[Shot]:
    """The frames of one try, `steps` being what the page asks for."""
    return _KINDS[kind](at, steps, rng)


def seen(at: Scene, pose: Pose, rng: np.random.Generator, photo: str = "ahead") -> Bytes:
    """What the camera gets of a photograph held so, in a hand that is never quite still."""
    held = msgspec.structs.replace(
        pose,
        roll=pose.roll + rng.normal(0, HAND_DEGREES),
        right=pose.right + rng.normal(0, HAND_PX),
        down=pose.down + rng.normal(0, HAND_PX),
        scale=pose.scale * (1 + rng.normal(0, HAND_SCALE)),
    )
    return noisy(warped(at, held, photo), at.noise, rng)


def warped(at: Scene, pose: Pose, photo: str = "ahead") -> Bytes:
    """The photograph before the wall, as a camera sees a plane in that pose."""
    shown = at.photos[photo]
    left, top, width, height = shown.box
    scale = at.face_px / width
    rgb = shown.rgb
    if scale < 1:  # a warp does not average what it shrinks
        rgb = np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        left, top, width, height, scale = left * scale, top * scale, width * scale, height * scale, 1.0
    centred = np.array([[scale, 0, -scale * (left + width / 2)], [0, scale, -scale * (top + height / 2)], [0, 0, 1]])
    seen_as = plane(pose, at.focal) @ centred
    return np.asarray(cv2.warpPerspective(rgb, seen_as, (WIDTH, HEIGHT), borderValue=at.wall), np.uint8)


def angles(steps: Sequence[str], rng: np.random.Generator) -> list[float]:
    """How far a photograph is turned, frame by frame, for these prompts.

    Which way moves the nose as asked, a cheat may know or not: both are tried.
    """
    angle, sense = float(rng.uniform(*DEGREES)), float(rng.choice([-1.0, 1.0]))
    sides = [sense * angle * (1 if step == LEFT else -1) for step in steps]
    begun = -sides[0] * float(rng.uniform(0, 1)) * int(rng.integers(0, 2))
    told = [begun] * AHEAD
    for side in sides:
        last = told[-1]
        told += [last + (side - last) * share for share in RAMP]
    return told


def plane(pose: Pose, focal: float) -> Matrix:
    """From a plane (its middle at 0, 0; held `focal` away it is seen at its own size) to the camera's pixels."""
    yaw, pitch, roll = (radians(angle) for angle in (pose.yaw, pose.pitch, pose.roll))
    about_y = np.array([[cos(yaw), 0, sin(yaw)], [0, 1, 0], [-sin(yaw), 0, cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, cos(pitch), -sin(pitch)], [0, sin(pitch), cos(pitch)]])
    about_z = np.array([[cos(roll), -sin(roll), 0], [sin(roll), cos(roll), 0], [0, 0, 1]])
    rotated = about_z @ about_x @ about_y
    away = np.array([pose.right, pose.down, focal / pose.scale])
    camera = np.array([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2], [0, 0, 1]])
    return np.asarray(camera @ np.column_stack([rotated[:, 0], rotated[:, 1], away]))


def noisy(rgb: Bytes, noise: NDArray[np.float32], rng: np.random.Generator) -> Bytes:
    """As a camera gives it."""
    down, across = rng.integers(0, SPARE, 2).tolist()
    added = rgb + noise[down : down + HEIGHT, across : across + WIDTH]
    return np.asarray(np.clip(np.rint(added, out=added), 0, 255, out=added), np.uint8)


def _held(at: Scene, steps: Sequence[str], rng: np.random.Generator) -> Iterator[Shot]:
    del steps
    return (Shot(seen(at, Pose(), rng)) for _ in range(SHOTS))


def _turned(at: Scene, steps: Sequence[str], rng: np.random.Generator) -> Iterator[Shot]:
    pitch, roll = rng.normal(0, 8), rng.normal(0, 4)
    for yaw in angles(steps, rng):
        yield Shot(seen(at, Pose(yaw=yaw, pitch=pitch, roll=roll), rng), degrees=yaw)


def _frozen(at: Scene, steps: Sequence[str], rng: np.random.Generator) -> Iterator[Shot]:
    """One frame again and again: as the page encodes what a camera gives, or, every other time, each time anew."""
    del steps
    frame, anew = seen(at, Pose(), rng), rng.random() < 0.5
    return (Shot(frame, int(rng.integers(60, 95)) if anew else QUALITY) for _ in range(SHOTS))


def _film(at: Scene, steps: Sequence[str], rng: np.random.Generator) -> Iterator[Shot]:
    """Somebody looking ahead and swaying a little, in a loop."""
    del steps
    sway = [Pose(yaw=10 * sin(6.283 * n / LOOP), right=12 * cos(6.283 * n / LOOP)) for n in range(LOOP)]
    film = [Shot(seen(at, pose, rng)) for pose in sway]
    return (film[n % LOOP] for n in range(SHOTS * 2))


def _replayed(at: Scene, steps: Sequence[str], rng: np.random.Generator) -> Iterator[Shot]:
    """A film of the person looking ahead, left, ahead, right, in a loop; it knows nothing of the steps."""
    del steps
    told = ("ahead", "ahead", "left", "left", "ahead", "right", "right", "ahead")
    film = [Shot(seen(at, Pose(), rng, photo)) for photo in told]
    return (film[n % len(told)] for n in range(len(told) * 3))


def _real(at: Scene, steps: Sequence[str], rng: np.random.Generator) -> Iterator[Shot]:
    """The person turning as asked, and back."""
    told = ["ahead"] * AHEAD
    for step in steps:
        told += [step, step]
    return (Shot(seen(at, Pose(), rng, photo)) for photo in [*told, "ahead", "ahead"])


_KINDS: Final[dict[Kind, Callable[[Scene, Sequence[str], np.random.Generator], Iterator[Shot]]]] = {
    Kind.HELD: _held,
    Kind.TURNED: _turned,
    Kind.FROZEN: _frozen,
    Kind.FILM: _film,
    Kind.REPLAY: _replayed,
    Kind.REAL: _real,
    Kind.MIRRORED: _real,
}
