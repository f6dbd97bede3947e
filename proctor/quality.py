"""Is this picture good enough to be judged, and if not, what should the person do: codes for the browser to word.

A bad picture means "once more", never "somebody else". Thresholds from vision.md §4, §6; lengths are those of a
picture whose longer side is 640.
"""

from typing import Final

from proctor.sight import Sight

LONGER_SIDE: Final = 640
FACE_PX_MIN: Final = 80
OTHER_PX_MIN: Final = 60
OTHER_SCORE_MIN: Final = 0.95
CLIPPED_MAX: Final = 0.2
LUMA_MIN, LUMA_MAX = 25, 220
SHARPNESS_MIN: Final = 1.0


def hints(sight: Sight) -> tuple[str, ...]:
    """What is wrong, most important first: no_face several nearer more_light too_bright hold_still. Empty: it is good.

    Without a face the light is that of the whole picture.
    """
    wrong = {
        "no_face": sight.quality is None,
        "several": several(sight),
        "nearer": sight.quality is not None and sight.quality.face_px * _scale(sight) < FACE_PX_MIN,
        "more_light": _luma(sight) < LUMA_MIN,
        "too_bright": _luma(sight) > LUMA_MAX or (sight.quality is not None and sight.quality.clipped > CLIPPED_MAX),
        "hold_still": sight.quality is not None and sight.quality.sharpness < SHARPNESS_MIN,
    }
    return tuple(code for code, is_so in wrong.items() if is_so)


def several(sight: Sight) -> bool:
    """Tell whether somebody beside the largest face is seen for sure, and not far behind."""
    scale = _scale(sight)
    return any(face.score >= OTHER_SCORE_MIN and face.box[2] * scale >= OTHER_PX_MIN for face in sight.faces[1:])


def _luma(sight: Sight) -> float:
    return sight.luma if sight.quality is None else sight.quality.luma


def _scale(sight: Sight) -> float:
    return LONGER_SIDE / max(sight.width, sight.height)
