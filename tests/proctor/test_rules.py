"""What the physician reads, and where the desk looks first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.cases import Allegation
from proctor.policy import Proctoring
from proctor.rules import LEVELS, RISK_MAX, RULES, Incident, notice_text, risk

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOTICE_CHARS_MAX = 500  # what a notice on the candidate's screen may hold


def incident(rule: str, level: int, ordinal: int = 3, *, hand_in: bool = False, for_ms: int = 75_000) -> Incident:
    return Incident(rule=rule, ordinal=ordinal, level=level, at=NOW, for_ms=for_ms, hand_in=hand_in)


def test_every_rule_has_a_name_and_stands_for_an_allegation() -> None:
    assert all(info.name and Allegation(info.allegation) for info in RULES.values())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("level", LEVELS)
def test_every_text_is_complete_short_enough_and_accuses_nobody(rule: str, level: int) -> None:
    text = notice_text(incident(rule, level), Proctoring())

    assert len(text) <= NOTICE_CHARS_MAX
    assert "{" not in text
    assert not any(word in text for word in ("作弊", "替考", "违纪"))
    assert bool(text) == (level in RULES[rule].notices)


@pytest.mark.parametrize(
    ("about", "policy", "words"),
    [
        (incident("left_page", 1, 1), Proctoring(), ["第1次", "请保持在考试页面"]),
        (incident("left_page", 2), Proctoring(), ["第3次", "离开超过5次将被强制交卷"]),
        (incident("left_page", 2), Proctoring(leaves_max=9, leaves_force=False), ["离开超过9次将交工作人员核实"]),
        (incident("left_page", 3, 6, hand_in=True), Proctoring(), ["第6次", "已为您交卷", "您可以说明情况"]),
        (incident("left_page", 3, 6), Proctoring(leaves_force=False), ["情况已记录", "您可以说明情况"]),
        (incident("camera_away", 2, 1), Proctoring(), ["累计已有75秒"]),
        (incident("copy", 2), Proctoring(), ["复制", "第3次"]),
    ],
)
def test_a_notice_says_what_was_seen_and_what_follows_by_the_policy(
    about: Incident, policy: Proctoring, words: list[str]
) -> None:
    text = notice_text(about, policy)

    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(
    ("open_ones", "expected"),
    [
        ([], 0),
        ([(1, 0)], 10),
        ([(3, 0)], 100),
        ([(3, 10)], 50),
        ([(3, 20), (2, 0)], 65),
        ([(2, -5)], 40),
        ([(3, 600)], 0),
        ([(4, 0)] * 50, RISK_MAX),
    ],
)
def test_recent_and_severe_things_are_looked_at_first(open_ones: list[tuple[int, float]], expected: int) -> None:
    assert risk([(level, NOW - timedelta(minutes=ago)) for level, ago in open_ones], NOW) == expected


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 90)), min_size=1, max_size=12), st.integers(0, 60))
def test_risk_grows_with_every_incident_and_fades_with_time(rows: list[tuple[int, int]], waited: int) -> None:
    open_ones = [(level, NOW - timedelta(minutes=ago)) for level, ago in rows]

    assert risk(open_ones[1:], NOW) <= risk(open_ones, NOW) <= RISK_MAX
    assert risk(open_ones, NOW + timedelta(minutes=waited)) <= risk(open_ones, NOW)
