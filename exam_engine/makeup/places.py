"""How far a place is, by the area codes of GB/T 2260: province (2 digits), city (4), district (6)."""

from enum import IntEnum
from typing import Final


class Distance(IntEnum):
    """What two codes share, as steps that cost. `ONLINE` is nowhere, so it is as near as it gets."""

    ONLINE = 0
    DISTRICT = 1
    CITY = 2
    PROVINCE = 3
    UNKNOWN = 4  # one of them is not known
    FAR = 5  # another province


STEPS: Final = {
    Distance.ONLINE: 0,
    Distance.DISTRICT: 0,
    Distance.CITY: 1,
    Distance.PROVINCE: 3,
    Distance.UNKNOWN: 3,
    Distance.FAR: 6,
}
SHARED: Final = {Distance.DISTRICT: 6, Distance.CITY: 4, Distance.PROVINCE: 2}


def distance(home: str, place: str, *, online: bool = False) -> Distance:
    """From one area to another; "" is not known."""
    if online:
        return Distance.ONLINE
    if not home or not place:
        return Distance.UNKNOWN
    for found, digits in SHARED.items():
        if home[:digits] == place[:digits]:
            return found
    return Distance.FAR


def within(found: Distance, reach: int) -> bool:
    """Whether a place is near enough, where homes and places have to share `reach` digits (2, 4 or 6).

    Whose home is not known is sent anywhere rather than nowhere; online is within any reach.
    """
    if found in (Distance.ONLINE, Distance.UNKNOWN):
        return True
    return SHARED.get(found, 0) >= reach


def city(area: str) -> str:
    """The four digits of a city; "" is not known."""
    return area[:4]
