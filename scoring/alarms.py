"""What somebody should look at in an item. A suggestion with its evidence, never a decision: that is two people's.

**Probably a wrong key.** Those who chose the right option should be better at the rest of the paper than those who
chose any other. The key is probably another option when choosing that one goes along with the rest score (Fisher's z of
the correlation at least `SURE`) and does so clearly more than choosing the key (by `DOUBTFUL` standard errors of the
difference). Where only right and wrong are known, an item that the better people clearly get wrong is the same alarm
without the name of an option.

`SURE` is 3: 1 in 740 for an option that has nothing to do with ability, and with a sound key it would have to beat the
key as well. How often sound keys raise the alarm is measured in tests/scoring/test_alarms.py.
"""

import math
from typing import Final

import msgspec

from scoring.distractors import Discrimination, Option
from scoring.responses import Column

SURE: Final = 3.0  # standard errors
PEOPLE_MIN: Final = 5  # who chose an option, before its mean says something
ENOUGH: Final = 20  # people, before ease or weakness say something
EASY: Final = 0.97
DOUBTFUL: Final = 2.0  # standard errors, for a weaker word or a second witness

Facts = dict[str, str | int | float | bool]


class Alarm(msgspec.Struct, frozen=True):
    """`code` is stable: wrong_key, negative_correlation, too_easy, too_hard, and those of scoring/leaks.py."""

    code: str
    facts: Facts


def item_alarms(column: Column, item: Discrimination) -> tuple[Alarm, ...]:
    """Of one item by itself, the gravest first."""
    found = [_wrong_key(column, item), _negative(item), _too_easy(item), _too_hard(column, item)]
    return tuple(alarm for alarm in found if alarm)


def _wrong_key(column: Column, item: Discrimination) -> Alarm | None:
    if column.scored:
        z = _fisher(item.rest_correlation, item.count)
        return Alarm("wrong_key", {"z": round(z, 2)}) if z <= -SURE else None
    rivals = [option for option in item.options if not option.right and _clearly_better(option, item)]
    if not rivals:
        return None
    best = max(rivals, key=lambda option: option.rest_correlation or 0.0)
    keys = [option for option in item.options if option.right and option.count]
    key_count = sum(key.count for key in keys)
    z = _fisher(best.rest_correlation, item.count)
    facts: Facts = {"option": best.option, "z": round(z, 2), "count": best.count, "key_count": key_count}
    facts |= {"rest_mean": round(best.rest_mean or 0.0, 3), "rest_correlation": round(best.rest_correlation or 0.0, 3)}
    if keys:
        facts["key_rest_mean"] = round(sum(key.count * (key.rest_mean or 0.0) for key in keys) / key_count, 3)
    return Alarm("wrong_key", facts)


def _clearly_better(rival: Option, item: Discrimination) -> bool:
    """Whether this option goes along with the rest score, and clearly more so than the key does.

    Two options of one item exclude each other, so their correlations do not vary independently: the variance of the
    difference is (2 − 2ρ)/n with ρ = −√(p·q / ((1 − p)(1 − q))) for shares p and q.
    """
    if rival.count < PEOPLE_MIN or _fisher(rival.rest_correlation, item.count) < SURE:
        return False
    key_share = sum(option.share for option in item.options if option.right)
    ratio = rival.share * key_share / max(1e-9, (1 - rival.share) * (1 - key_share))
    ahead = (rival.rest_correlation or 0.0) - (item.rest_correlation or 0.0)
    return ahead >= DOUBTFUL * math.sqrt((2 + 2 * math.sqrt(min(1.0, ratio))) / item.count)


def _fisher(correlation: float | None, count: int) -> float:
    """Fisher's z of a correlation, in standard errors; 0 when there is none or hardly anybody answered."""
    if correlation is None or count < ENOUGH:
        return 0.0
    return math.atanh(max(-0.999999, min(0.999999, correlation))) * math.sqrt(count - 3)


def _negative(item: Discrimination) -> Alarm | None:
    z = _fisher(item.rest_correlation, item.count)
    if item.rest_correlation is None or z > -DOUBTFUL:
        return None
    return Alarm("negative_correlation", {"rest_correlation": round(item.rest_correlation, 3), "z": round(z, 2)})


def _too_easy(item: Discrimination) -> Alarm | None:
    if item.p is None or item.count < ENOUGH or item.p < EASY:
        return None
    return Alarm("too_easy", {"p": round(item.p, 4), "count": item.count})


def _too_hard(column: Column, item: Discrimination) -> Alarm | None:
    """Not above blind guessing, or, where options are not known, hardly anybody right."""
    if item.p is None or item.count < ENOUGH:
        return None
    guess = 1 - EASY if column.scored else 1 / max(2, len(column.options))
    if item.p > guess:
        return None
    return Alarm("too_hard", {"p": round(item.p, 4), "by_guessing": round(guess, 4), "count": item.count})
