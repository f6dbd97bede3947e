"""What holds for every picture of a face that comes in: consent first, and clear words when it can't be kept."""

from exam_engine.capture_turns import CONSENT_VERSION
from exam_engine.errors import Invalid, PersonError, Refused, TooLarge, Unavailable
from exam_engine.house import House
from proctor import store
from proctor.pictures import JPEG_BYTES_MAX, BadPicture, StoreAway

__all__ = ["CONSENT_VERSION", "must_have_agreed", "refused_picture"]


async def must_have_agreed(house: House, person_id: int) -> None:
    """No picture of anybody's face is taken in who has not agreed to it (domain.md §7.5). Raises Refused."""
    if await store.consent(house.pool, person_id, CONSENT_VERSION) != "agreed":
        raise Refused("no_consent")


def refused_picture(error: BadPicture | StoreAway) -> PersonError:
    """What the caller is told of a picture that could not be kept."""
    if isinstance(error, StoreAway):
        return Unavailable("try_again", retry_after_s=10)
    if error.code == "picture_too_large":
        return TooLarge(error.code, limit=JPEG_BYTES_MAX)
    return Invalid(error.code)
