"""What a province decides for a cycle: windows, order of exams, conditions (domain.md §4, §6.6).

Every number of domain.md marked (default) stands here once, as a default a province may change.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

Line = Annotated[str, Meta(min_length=1, max_length=200)]
Days = Annotated[int, Meta(ge=0, le=366)]


class ExamOrder(StrEnum):
    """In what order a general-procedure physician sits (domain.md §6.6)."""

    ANY = "any"
    HUMANITIES_FIRST = "humanities_first"  # 人文医学 gates the professional paper (Fujian, Hubei)
    PROFESSIONAL_FIRST = "professional_first"  # professional passed or exempt, then 人文医学 (the manual, literally)


class RecordLevel(StrEnum):
    """From which level up an award counts as a good-conduct record (R-302)."""

    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"
    NATION = "nation"


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open while `opens_at <= now < closes_at`; aware UTC."""

    opens_at: datetime
    closes_at: datetime

    def __post_init__(self) -> None:
        if self.opens_at.tzinfo is None or self.closes_at.tzinfo is None:
            raise ValueError("a window's instants need their offset")
        if self.opens_at >= self.closes_at:
            raise ValueError("a window closes after it opens")

    def is_open(self, now: datetime) -> bool:
        """Whether `now` lies in it."""
        return self.opens_at <= now < self.closes_at


class ProvincePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window that is None is not announced yet, and therefore closed."""

    registration: Window | None = None  # 考核报名时间区间
    evaluation: Window | None = None  # 工作成绩及职业道德测评时间区间
    exemption: Window | None = None  # apply and review
    exam_order: ExamOrder = ExamOrder.ANY
    min_registered_months: Annotated[int, Meta(ge=0, le=600)] = 36
    allow_voluntary: bool = True
    simple_years: Annotated[int, Meta(ge=0, le=60)] = 5  # R-301 (1)
    simple_years_clean: Annotated[int, Meta(ge=0, le=60)] = 12  # R-301 (2)
    other_conditions: Annotated[list[Line], Meta(max_length=10)] = []  # R-301 (3), by the provincial authority
    other_exemptions: Annotated[list[Line], Meta(max_length=10)] = []  # R-401 PROVINCIAL
    good_record_level: RecordLevel = RecordLevel.CITY
    deferral: bool = False  # 延考, §4.4
    correction_days: Days = 5  # a returned file may be handed in again so long, also after the window
    escalate_h: Annotated[int, Meta(ge=0, le=240)] = 24  # undecided exemptions, before the professional exam ends
    bind_tries_max: Annotated[int, Meta(ge=1, le=100)] = 5
    batch_max: Annotated[int, Meta(ge=1, le=500)] = 100
    makeup: bool = True
    makeup_notice_days: Days = 7  # told so long before the make-up; domain.md names no number
    makeup_move_days: Days = 3  # until then a physician may ask once for another slot
    absence_days: Days = 15  # after a window: so long a reason for an absence may be accepted (domain.md Q8)
    print_notice: bool = True


class Cycle(msgspec.Struct, frozen=True):
    """考核周期; both days belong to it."""

    cycle: int
    name: str
    starts_on: date
    ends_on: date

    def holds(self, day: date) -> bool:
        """Whether the day lies in the cycle."""
        return self.starts_on <= day <= self.ends_on

    def years(self) -> range:
        """The calendar years of the cycle: one ethics rating each."""
        return range(self.starts_on.year, self.ends_on.year + 1)
