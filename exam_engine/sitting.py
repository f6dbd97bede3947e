"""A scheduled exam: its window, kind, round and the policy its attempts are run by.

The policy is copied into the attempt when a physician enters, so that a later change of the sitting
never changes the rules under somebody who has begun (domain.md §3.9 I-1).
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from proctor.policy import Proctoring
from scoring.marking import Scheme

GRACE_S_MAX = 60
MINUTES_MAX = 600


class Kind(StrEnum):
    HUMANITIES = "humanities"  # 人文医学
    PROFESSIONAL = "professional"  # 业务水平
    PRACTICE = "practice"  # 模拟


class Round(StrEnum):
    FIRST = "first"  # 首考
    MAKEUP = "makeup"  # 补考


class IdentityCheck(StrEnum):
    AT_ONCE = "at_once"  # the portrait is kept, nobody waits for a judgement
    PERSON = "person"  # somebody at the desk accepts it
    MODEL = "model"  # a face model judges; in doubt, and while none is installed, somebody at the desk


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a province decided for a sitting. Lengths in seconds unless named minutes."""

    minutes: int = 60
    grace_s: int = 5
    cut_at_close: bool = False
    shuffle_items: bool = True
    shuffle_options: bool = True
    a4_no_back: bool = False
    identity: IdentityCheck = IdentityCheck.AT_ONCE
    identity_again: IdentityCheck = IdentityCheck.AT_ONCE
    pause_compensated: bool = True
    pause_s_max: int = 3600
    release_at_once: bool = False
    proctoring: Proctoring = Proctoring()

    def __post_init__(self) -> None:
        if not 1 <= self.minutes <= MINUTES_MAX:
            raise ValueError(f"minutes must be 1 to {MINUTES_MAX}")
        if not 0 <= self.grace_s <= GRACE_S_MAX:
            raise ValueError(f"grace_s must be 0 to {GRACE_S_MAX}")
        if not 60 <= self.pause_s_max <= 86_400:
            raise ValueError("pause_s_max must be 60 to 86400")


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """One scheduled exam; instants are aware UTC. `points_full`: of a whole paper, before items are made void."""

    sitting_id: int
    cycle: int
    kind: Kind
    round: Round
    title: str
    province: str
    agency_id: int
    opens_at: datetime
    closes_at: datetime
    pool: str
    item_count: int
    points_per_item: int
    pass_points: int
    policy: Policy
    scheme: Scheme
    points_full: int
