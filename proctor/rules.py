"""What an incident is, which kinds there are, and what the physician is told about them.

An incident is a reason to look, never a verdict: no rule voids anything, L4 (作弊) is for people in a case alone. The
ladder is that of domain.md §7.3. What the physician reads states what was seen and what to do, and accuses nobody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import exp2
from types import MappingProxyType
from typing import Final

import msgspec

from proctor.policy import Proctoring

LEVELS: Final[Mapping[int, str]] = MappingProxyType({1: "提示", 2: "警告", 3: "严重", 4: "作弊"})
NOTICE_LEVEL: Final = 2  # from here on the physician must press 【我知道了】

# How much an open incident of each level weighs for the eye of the desk: one severe thing outweighs two warnings, and
# three warnings outweigh it.
_WEIGHTS: Final[Mapping[int, float]] = MappingProxyType({1: 10.0, 2: 40.0, 3: 100.0, 4: 200.0})
RISK_HALF_LIFE: Final = timedelta(minutes=10)  # what was not looked at by then is in the list of incidents anyway
RISK_MAX: Final = 1000


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Something to look at. (`rule`, `ordinal`) is its key within an attempt, `ordinal` counts from 1.

    `at` is when the thing began, or when a sum or a row of captures was full, and `for_ms` how long it lasted as far
    as known; `pictures` the names of the captures and `signals` the (device, number) it rests on. `notice`: the
    physician must acknowledge it; `case`: it belongs in a case; `lock`: the identity is to be locked until a person
    looked; `hand_in`: the exam is to be handed in. None of these undoes an answer.
    """

    rule: str
    ordinal: int
    level: int
    at: datetime
    for_ms: int
    pictures: tuple[str, ...] = ()
    signals: tuple[tuple[str, int], ...] = ()
    notice: bool = False
    case: bool = False
    lock: bool = False
    hand_in: bool = False


class RuleInfo(msgspec.Struct, frozen=True):
    """A rule for people. `allegation` is what a case it opens would be about (`proctor.cases.Allegation`).

    `notices` are the texts by level; a level without one says nothing to the physician.
    """

    name: str
    allegation: str
    notices: Mapping[int, str] = MappingProxyType({})


def _keys(what: str) -> RuleInfo:
    return RuleInfo(
        f"使用{what}",
        "materials",
        {
            1: f"考试页面不支持{what}，请直接作答。",
            2: f"检测到您多次使用{what}（第{{ordinal}}次）。考试页面不支持{what}，请直接作答。",
        },
    )


RULES: Final[Mapping[str, RuleInfo]] = MappingProxyType(
    {
        "left_page": RuleInfo(
            "离开考试页面",
            "leaving",
            {
                1: "检测到您离开了考试页面（第{ordinal}次）。请保持在考试页面作答。",
                2: "检测到您多次离开考试页面（第{ordinal}次）。{leaving}请保持在考试页面作答。",
                3: "您离开考试页面已超过{leaves_max}次（第{ordinal}次），{left}"
                "是否违规须由工作人员核实，您可以说明情况。",
            },
        ),
        "focus_lost": RuleInfo("页面失去焦点", "leaving"),
        "fullscreen_left": RuleInfo("退出全屏", "leaving", {1: "您已退出全屏。为避免误触，请恢复全屏作答。"}),
        "copy": _keys("复制"),
        "paste": _keys("粘贴"),
        "cut": _keys("剪切"),
        "print": _keys("打印"),
        "screenshot_key": _keys("截屏"),
        "camera_away": RuleInfo(
            "摄像头不可用",
            "camera",
            {
                2: "摄像头累计已有{seconds}秒没有画面。请检查摄像头是否被遮挡、关闭或被其他程序占用。",
                3: "摄像头累计已有{seconds}秒没有画面，情况已记录并交工作人员核实。请尽快恢复，您可以说明情况。",
            },
        ),
        "no_face": RuleInfo(
            "画面中未见人脸",
            "leaving",
            {
                1: "抓拍画面中没有看到您。请正对摄像头，保持光线明亮。",
                2: "抓拍画面中多次没有看到您（第{ordinal}次）。请正对摄像头，保持光线明亮。",
            },
        ),
        "several_faces": RuleInfo(
            "画面中有多人",
            "helper",
            {
                2: "抓拍画面中似乎有其他人。请确认考试环境中只有您本人。",
                3: "抓拍画面中再次出现其他人（第{ordinal}次），情况已记录并交工作人员核实。您可以说明情况。",
            },
        ),
        "other_person": RuleInfo(
            "与本人照片不一致",
            "substitution",
            {
                2: "暂时无法确认画面中是您本人。请正对摄像头，光线明亮，不戴口罩、墨镜。",
                3: "仍无法确认画面中是您本人，需要工作人员核实身份。请正对摄像头，您可以说明情况。",
            },
        ),
        "frozen_picture": RuleInfo(
            "画面静止",
            "camera",
            {
                2: "摄像头画面没有变化。请检查摄像头，必要时重新插拔或刷新页面。",
                3: "摄像头画面再次没有变化（第{ordinal}次），情况已记录并交工作人员核实。您可以说明情况。",
            },
        ),
        "poor_picture": RuleInfo(
            "画面不清晰", "camera", {1: "抓拍画面不够清晰。请靠近摄像头，保持光线明亮、镜头清洁。"}
        ),
        "network_gap": RuleInfo("网络中断", "other"),
        "idle": RuleInfo("长时间无操作", "other"),
        "second_device": RuleInfo("更换设备", "other"),
    }
)


def notice_text(incident: Incident, policy: Proctoring) -> str:
    """What the physician reads about it, or "" where this rule has nothing to say at this level."""
    text = RULES[incident.rule].notices.get(incident.level, "")
    over = "将被强制交卷" if policy.leaves_force else "将交工作人员核实"
    left = "按考试规则已为您交卷。" if incident.hand_in else "情况已记录。"
    return text.format(
        ordinal=incident.ordinal,
        seconds=incident.for_ms // 1000,
        leaves_max=policy.leaves_max,
        leaving=f"离开超过{policy.leaves_max}次{over}。",
        left=left,
    )


def risk(incidents_open: Sequence[tuple[int, datetime]], now: datetime) -> int:
    """How urgently somebody should look, 0 to RISK_MAX: of incidents nobody has reviewed, each (level, at).

    Each counts by its level and half as much for every ten minutes since; they add up.
    """
    total = sum(_WEIGHTS[level] * exp2(-max(timedelta(0), now - at) / RISK_HALF_LIFE) for level, at in incidents_open)
    return min(RISK_MAX, round(total))
