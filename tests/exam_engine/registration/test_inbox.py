"""What each message is: its facts are kept as a browser can show them, and its SMS reads as domain.md has it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exam_engine.registration import inbox
from exam_engine.registration.phone import CODE_KEPT
from exam_engine.registration.review import Subject

WORDS = Path(__file__).parents[3] / "exam_engine" / "web" / "words"
STARRED = {"M02", "M13", "M18", "M21", "M22", "M23", "M24", "M25", "M26", "M31", "M32", "M34", "M36", "M37"}
OURS = {"C07", "C20"}  # where and when the make-up is, if not as M32 had it; a score other than M31 had it
OPENS = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # half past midnight of the next day in China


def words(locale: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((WORDS / locale / "reg.json").read_text(encoding="utf-8"))
    return found


def holes(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def test_an_sms_goes_out_for_exactly_the_starred_messages() -> None:
    assert {code for code in inbox.KINDS if inbox.sent_by_sms(code)} == STARRED | OURS


@pytest.mark.parametrize("code", sorted(inbox.KINDS))
def test_an_sms_asks_for_no_fact_its_message_may_lack(code: str) -> None:
    kind = inbox.KINDS[code]
    assert holes(kind.sms) <= set(kind.facts)
    assert holes(kind.placed) <= {*kind.facts, "place"}


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_message_has_a_sentence_that_is_filled_by_its_facts(locale: str) -> None:
    said = words(locale)["message"]
    for code, kind in inbox.KINDS.items():
        assert holes(said["to_person"][code]) <= {*kind.facts, *kind.may}, code
        assert not kind.may or holes(said["undated"][code]) <= set(kind.facts), code
        assert not kind.placed or holes(said["placed"][code]) <= {*kind.facts, "place"}, code
    for code, kind in inbox.DIGESTS.items():
        assert holes(said["to_organisation"][code]) <= {*kind.facts, "count"}, code
    assert set(said["to_person"]) == set(inbox.KINDS)
    assert set(said["to_organisation"]) == set(inbox.DIGESTS)
    assert set(Subject) <= set(words(locale)["subject"])


def test_instants_of_an_sms_are_chinas_and_codes_are_words() -> None:
    facts = inbox.checked(
        inbox.KINDS["M26"], {"kind": "humanities", "opens_at": OPENS, "closes_at": OPENS.replace(day=30)}
    )
    assert facts["opens_at"] == "2026-11-23T16:30:00+00:00"
    assert inbox.sms_text("M26", facts) == "人文医学测评时间：2026-11-24 00:30至2026-12-01 00:30，请按时完成。"
    result = inbox.checked(inbox.KINDS["M31"], {"kind": "professional", "points": 71, "passed": True})
    assert inbox.sms_text("M31", result) == "您的业务水平成绩：71，合格。"


def test_a_place_that_is_known_is_said() -> None:
    facts = {"kind": "humanities", "opens_at": OPENS.isoformat(), "closes_at": OPENS.replace(day=30).isoformat()}
    assert inbox.sms_text("M32", facts).endswith("至2026-12-01 00:30。")
    placed = inbox.sms_text("M32", facts | {"place": "测试考点一号教室"})
    assert placed.endswith("至2026-12-01 00:30，地点：测试考点一号教室。")


def test_a_reason_with_braces_stays_what_it_is() -> None:
    assert inbox.sms_text("M18", {"reason": "{reason} {x}"}).endswith("原因：{reason} {x}")


def test_what_a_browser_cannot_show_is_our_own_error() -> None:
    kind = inbox.KINDS["M12"]
    whole: dict[str, object] = {"subject": Subject.PROFILE, "reason": "照片不清晰", "due_at": None}
    assert inbox.checked(kind, whole) == {"subject": "profile", "reason": "照片不清晰", "due_at": None}
    for wrong in ({"reason": ["a"]}, {"due_at": datetime(2026, 1, 1)}, dict.fromkeys("abcdefghijkl", 1)):  # noqa: DTZ001
        with pytest.raises(AssertionError):
            inbox.checked(kind, whole | wrong)
    assert "due_at" not in inbox.checked(kind, {"subject": "profile", "reason": "照片不清晰"})
    with pytest.raises(AssertionError, match="reason"):
        inbox.checked(kind, {"subject": "profile"})


def test_a_text_is_cut_where_a_reason_ends() -> None:
    kept = inbox.checked(inbox.KINDS["M15"], {"reason": "长" * 501 + "\0"})
    assert kept["reason"] == "长" * inbox.FACT_CHARS_MAX
    assert inbox.checked(inbox.KINDS["M15"], {"reason": "a\0b"})["reason"] == "ab"


def test_the_code_of_an_sms_says_how_long_it_counts() -> None:
    assert inbox.code_text("012345") == "验证码 012345，5分钟内有效，请勿告知他人。"
    assert CODE_KEPT.total_seconds() == 5 * 60
