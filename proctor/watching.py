"""Who is in the picture during the exam? Judges one capture in the light of those before it; accuses nobody.

What a capture shows is written down as one word and a distance (`Seen`); only several of them together can become an
incident (`proctor.signals`). Identity is judged by a window: the mean of the last three good vectors against ID photo
and entry, because single captures err too often (vision.md §6: some two false hits per candidate at 120 captures).
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from proctor.identity import SINGLE_MAX, fuse, nearest
from proctor.liveness import looks_covered, looks_frozen
from proctor.policy import Proctoring
from proctor.quality import OTHER_SCORE_MIN, hints, several
from proctor.sight import Sight

WINDOW: Final = 3  # good captures judged together; `Proctoring.other_max` is measured for three
_COUNTED_ELSEWHERE: Final = frozenset({"no_face", "several"})  # hints about the number of faces, not about quality


class Kind(StrEnum):
    """What a capture shows. `poor`: a face, but not good enough to judge. `unjudged`: nothing to judge with.

    `unreadable`: what was sent as a picture is none.
    """

    SAME = "same"
    OTHER = "other"
    NO_FACE = "no_face"
    SEVERAL = "several"
    COVERED = "covered"
    FROZEN = "frozen"
    POOR = "poor"
    UNJUDGED = "unjudged"
    UNREADABLE = "unreadable"


class Seen(msgspec.Struct, frozen=True):
    """A capture in one word. `distance` is that of the window (or of what there is of it), where it was measured.

    Whoever gets no answer from a model writes `Seen(at, Kind.UNJUDGED)`.
    """

    at: datetime
    kind: Kind
    distance: float | None = None


class Capture(msgspec.Struct, frozen=True):
    """An earlier capture, as far as the next one needs it; the fields are those of its `Sight`."""

    kind: Kind
    model: str
    vector: bytes
    thumb: bytes


def judge_capture(
    sight: Sight, before: Sequence[Capture], gallery: Sequence[bytes], policy: Proctoring, *, at: datetime
) -> Seen:
    """The word for this capture. `before` are the candidate's earlier ones in the order taken, the last few or all.

    `gallery` are the vectors of `sight.model` known of the person (ID photo, entry); none: unjudged. While there are
    fewer than three good vectors, the looser limit for single pictures holds.
    """
    kind = _kind(sight, before)
    if kind is not Kind.SAME:
        return Seen(at, kind)
    good = [c.vector for c in before if c.kind in (Kind.SAME, Kind.OTHER) and c.model == sight.model]
    window = [*good[-(WINDOW - 1) :], sight.vector]
    apart = nearest(fuse(window), gallery)
    if apart is None:
        return Seen(at, Kind.UNJUDGED)
    limit = policy.other_max if len(window) == WINDOW else max(policy.other_max, SINGLE_MAX)
    return Seen(at, Kind.OTHER if apart > limit else Kind.SAME, apart)


def _kind(sight: Sight, before: Sequence[Capture]) -> Kind:
    """What can be said without comparing persons; SAME: one good face, whose it is remains to be seen.

    An empty chair in still light may give the same picture twice, so only a face can be frozen. It is looked for
    among all earlier captures: a film that runs in a loop also comes back.
    """
    if looks_covered(sight):
        return Kind.COVERED
    if not sight.faces:
        return Kind.NO_FACE
    if any(looks_frozen(capture.thumb, sight.thumb) for capture in before):
        return Kind.FROZEN
    if several(sight) and sight.faces[0].score >= OTHER_SCORE_MIN:  # both for sure: a person, not a poster
        return Kind.SEVERAL
    if not sight.vector or not _COUNTED_ELSEWHERE.issuperset(hints(sight)):
        return Kind.POOR
    return Kind.SAME
