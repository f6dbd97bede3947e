"""What lies on the author's desk of the demonstration: a draft, one sent back, and two that wait for another person."""

from datetime import datetime
from typing import Final

from exam_engine import authoring
from exam_engine.authoring import By
from question_bank.item import Item, ItemType, Option
from question_bank.life import Event
from question_bank.store import Connection

ADDRESS: Final = "127.0.0.1"
SENT_BACK: Final = "选项E与选项B含义重叠，请修改后再提交"


def _item(code: str, topic: str, stem: str, options: str, key: str, **more: object) -> Item:
    texts = tuple(Option(letter, text) for letter, text in zip("abcde", options.split("|"), strict=False))
    values: dict[str, object] = {"type": ItemType.A1, "explanation": "", **more}
    return Item(code=code, pool="professional", topic=topic, stem=stem, options=texts, key=key, **values)  # type: ignore[arg-type]


DRAFT: Final = _item(
    "demo-draft-1", "专业/内科/心血管", "成人非同日三次测量血压，诊断高血压的标准是",
    "收缩压≥130mmHg和（或）舒张压≥80mmHg|收缩压≥140mmHg和（或）舒张压≥90mmHg", "",
)  # fmt: skip
RETURNED: Final = _item(
    "demo-draft-2", "专业/内科/呼吸", "慢性阻塞性肺疾病诊断所必需的检查是",
    "胸部X线|肺功能检查|动脉血气分析|痰培养|肺通气功能测定", "b",
)  # fmt: skip
WAITING: Final = _item(
    "demo-review-1", "专业/内科/消化", "消化性溃疡最常见的并发症是", "穿孔|出血|幽门梗阻|癌变|腹膜炎", "b",
    explanation="上消化道出血是消化性溃疡最常见的并发症。", difficulty=1,
)  # fmt: skip
HIS: Final = _item(
    "demo-review-2", "专业/内科/内分泌", "糖尿病酮症酸中毒治疗的首要措施是",
    "补碱|补液|补钾|大剂量胰岛素静脉推注|抗感染", "b",
    explanation="先恢复血容量，改善组织灌注，再谈其他。",
)  # fmt: skip


async def seed(
    connection: Connection, author: tuple[int, int, str], other: tuple[int, int, str], now: datetime
) -> None:
    """Lay it out. `author`, `other`: account, person and name of two authors, who review each other."""
    first, second = _by(author, now), _by(other, now)
    await authoring.begin(connection, DRAFT, first)
    returned = await authoring.begin(connection, RETURNED, first)
    await _move(connection, returned, Event.SUBMIT, first)
    await _move(connection, returned, Event.RETURN, second, SENT_BACK)
    await _move(connection, await authoring.begin(connection, WAITING, first), Event.SUBMIT, first)
    await _move(connection, await authoring.begin(connection, HIS, second), Event.SUBMIT, second)


def _by(who: tuple[int, int, str], now: datetime) -> By:
    account_id, person_id, name = who
    return By(role="author", account_id=account_id, person_id=person_id, name=name, address=ADDRESS, now=now)


async def _move(connection: Connection, item_id: int, event: Event, by: By, reason: str = "") -> None:
    one, members = await authoring.hold(connection, item_id, None)
    await authoring.move(connection, one, members, event, reason, by)
