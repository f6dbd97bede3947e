"""What each message is (domain.md §3.11): the facts that fill its sentence, and whether a copy goes out by SMS.

The browser owns the sentences in Chinese and English (`reg.message`); of facts it translates codes and writes
instants, so they hold names, codes, numbers and `…_at` in ISO 8601. An SMS has no browser: its Chinese stands here.

M01 to M37 are those of domain.md; C01 to C10 are ours, for moves it names no message for.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final, TypeAlias

import msgspec

Fact: TypeAlias = str | int | bool | None

FACT_CHARS_MAX: Final = 500  # a reason is not longer
FACTS_MAX: Final = 12
CHINA: Final = timezone(timedelta(hours=8))  # without summer time since 1992


class Kind(msgspec.Struct, frozen=True):
    """`facts`: what has to be given. `sms`: the copy's sentence, "" where none goes out (★ of domain.md).

    `may`: facts without which another sentence says the same. `placed`: the copy's sentence where `place` is known.
    """

    facts: tuple[str, ...] = ()
    sms: str = ""
    may: tuple[str, ...] = ()
    placed: str = ""


_RETURNED: Final = Kind(("subject", "reason"), may=("due_at",))
_EXAM: Final = ("kind", "opens_at", "closes_at")

KINDS: Final[Mapping[str, Kind]] = {
    "M01": Kind(),
    "M02": Kind(sms="您的账号因多次密码错误已锁定30分钟。"),
    "M03": Kind(),
    "M04": Kind(("fields",)),  # codes joined by ",": name, id_number, practice_place, title
    "M05": Kind(),
    "M06": Kind(),
    "M07": Kind(),
    "M08": Kind(("organisation",)),
    "M09": Kind(("organisation",)),
    "M12": _RETURNED,
    "M13": Kind(sms="您已报名成功，请进入【定期考核】选择考核程序。"),
    "M14": _RETURNED,
    "M15": Kind(("reason",)),
    "M16": Kind(),
    "M17": Kind(),
    "M18": Kind(("reason",), "您不符合简易程序条件，请执行一般程序。原因：{reason}"),
    "M21": Kind(sms="您的工作成绩、职业道德评定合格，请参加测评。"),
    "M22": Kind(("reason",), "您的工作成绩、职业道德评定不合格，原因：{reason}。"),
    "M23": Kind(sms="您的免考申请已通过，请参加人文医学测评。"),
    "M24": Kind(("reason",), "您的免考申请未通过，请参加业务水平测评，原因：{reason}。"),
    "M25": Kind(sms="您的免考申请超时未审，已转省级管理员。"),
    "M26": Kind(_EXAM, "{kind}测评时间：{opens_at}至{closes_at}，请按时完成。"),
    "M27": Kind(("reason",)),  # handed_in, or how it ended: candidate, time, invigilator, rule
    "M28": Kind(("text",)),
    "M29": Kind(("reason",)),
    "M30": Kind(("name",)),
    "M31": Kind(("kind", "points", "passed"), "您的{kind}成绩：{points}，{passed}。"),
    "M32": Kind(
        _EXAM,
        "您{kind}首次考核不及格，统一补考时间：{opens_at}至{closes_at}。",
        placed="您{kind}首次考核不及格，统一补考时间：{opens_at}至{closes_at}，地点：{place}。",
    ),
    "M34": Kind(("cycle", "result"), "您{cycle}医师定期考核结果：{result}。请登录查看；如有异议，请于30日内申请复核。"),
    "M36": Kind(("result",), "您的考核结果复核意见：{result}。"),
    "M37": Kind(("text",), "您的再次考核安排：{text}"),
    "C01": Kind(("subject",)),
    "C02": Kind(("reason",)),
    "C03": Kind(),
    "C04": Kind(("reason",)),
    "C05": Kind(("subject", "reason")),
    "C06": Kind(("kind", "until_at")),  # 缺考: until when the province may accept a reason
    "C07": Kind((*_EXAM, "place"), "您{kind}的补考安排：{opens_at}至{closes_at}，地点：{place}，以本次通知为准。"),
    "C08": Kind(("kind",)),  # 缺考 with an accepted reason
    "C09": Kind(("kind", "reason")),
    "C10": Kind(("kind", "reason")),  # a make-up slot asked for and refused
    # A released score was replaced, by two persons (exam_engine/rescoring.py).
    "C20": Kind(
        ("kind", "points_before", "points", "passed", "reason"),
        "您的{kind}成绩已更正为{points}，{passed}。原因：{reason}。",
    ),
}

# To an organisation's staff: one row for each of these and day counts, its facts are the newest one's.
DIGESTS: Final[Mapping[str, Kind]] = {
    "M10": Kind(("name", "subject")),
    "M11": Kind(("name", "subject")),
    "M14": Kind(("name", "subject")),  # the institution hears of what the agency sent back
    "M25": Kind(("name",)),
    "M33": Kind(),
    "M35": Kind(("name",)),
}

# Codes in the facts of an SMS, as the browser's words have them.
_SAID: Final[Mapping[tuple[str, Fact], str]] = {
    ("kind", "humanities"): "人文医学",
    ("kind", "professional"): "业务水平",
    ("passed", True): "合格",
    ("passed", False): "不及格",
    ("result", "qualified"): "合格",
    ("result", "unqualified"): "不合格",
    ("result", "upheld"): "维持",
    ("result", "changed"): "变更",
}


def sent_by_sms(code: str) -> bool:
    """Whether a copy of this message goes out by SMS (★ of domain.md §3.11)."""
    return bool(KINDS[code].sms)


def checked(kind: Kind, facts: Mapping[str, object]) -> dict[str, Fact]:
    """The facts as they are kept: instants in ISO 8601, texts cut at FACT_CHARS_MAX. A missing one is our own error."""
    missing = set(kind.facts) - set(facts)
    assert not missing, f"{sorted(missing)} missing"
    assert len(facts) <= FACTS_MAX, f"{len(facts)} facts"
    return {name: _kept(value) for name, value in facts.items()}


def _kept(value: object) -> Fact:
    if isinstance(value, datetime):
        assert value.tzinfo is not None, "an instant needs its offset"
        return value.isoformat()
    if isinstance(value, str):  # of a closed list too
        return str(value)[:FACT_CHARS_MAX].replace("\0", "")
    assert value is None or isinstance(value, int), f"no browser shows {type(value)}"
    return value


def sms_text(code: str, facts: Mapping[str, Fact]) -> str:
    """The sentence of the copy."""
    kind = KINDS[code]
    sentence = kind.placed if kind.placed and facts.get("place") else kind.sms
    return sentence.format_map({name: _said(name, value) for name, value in facts.items()})


def _said(name: str, value: Fact) -> str:
    if name.endswith("_at") and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    return _SAID.get((name, value), "" if value is None else str(value).rstrip("。. \n"))


def code_text(code: str) -> str:
    """The SMS with a code that proves a phone (`phone.CODE_KEPT` is its five minutes)."""
    return f"验证码 {code}，5分钟内有效，请勿告知他人。"
