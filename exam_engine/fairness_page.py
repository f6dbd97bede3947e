"""The fairness certificate as one HTML file that needs nothing else, in Chinese and English side by side."""

from collections.abc import Sequence
from typing import Final

from proctor.report_page import COLOURS, DASHES, Chart, Section, chart, page
from question_bank.certificate import GRID, Certificate, Spread

GOALS: Final = {
    "expected_difference": "任意两卷期望分之差（百分制） expected scores of any two papers differ by",
    "overlap": "任意两卷重复题目 items any two papers share",
    "overlap_p99": "99% 的两卷重复题目不超过 items shared by 99 % of all pairs of papers",
    "information": "及格线处信息量占已证上限 information at the cut, share of the proven bound",
    "papers_per_s": "每核每秒组卷 papers a second and core",
}
MODES: Final = {"forms": "平行卷 parallel forms", "fly": "一人一卷 on the fly"}
STEPS: Final = {"specialty": "专业 specialty", "category": "类别 category", "common": "公共 common"}


def fairness_page(name: str, found: Certificate, digest: str) -> str:
    """The whole page; `name` says of which plan."""
    sections = [
        Section("目标 Goals", [_verdict(found)], tables=[_goals(found)]),
        Section("概况 What was planned", tables=[_facts(found, digest)]),
        *([Section("各卷 Forms", tables=[_forms(found)], charts=[_curves(found)])] if found.forms else []),
        Section("分布 Spread over papers", tables=[_spreads(found)]),
        Section("重复 Overlap", tables=_matrix(found), charts=[_overlap(found)] if found.overlap.counts else []),
        Section("使用率 Exposure", tables=[_exposed(found)], charts=[_exposure(found)], more=_most_used(found)),
        *([Section("专业来源 Where own items come from", tables=[_audience(found)])] if found.audience else []),
        *([Section("违反的规则 Broken rules", more=found.broken)] if found.broken else []),
    ]
    return page(f"组卷公平性证书 Fairness certificate {name}", sections).replace(
        '<html lang="en">', '<html lang="zh-CN">'
    )


def _verdict(found: Certificate) -> str:
    missed = [goal.code for goal in found.goals if goal.applies and not goal.met]
    if found.broken:
        return "有规则被违反。Rules are broken."
    if missed:
        return f"未达到：{'、'.join(GOALS[code] for code in missed)}。Not all goals are met."
    return (
        "全部规则已逐题复核，目标全部达到。All rules were counted again item by item; every goal that applies is met."
    )


def _goals(found: Certificate) -> list[list[str]]:
    rows = [["目标 goal", "要求 wanted", "达到 reached", "结论 verdict"]]
    for goal in found.goals:
        sign = "≤" if goal.upper else "≥"
        verdict = ("达到 met" if goal.met else "未达到 not met") if goal.applies else "不适用 does not apply"
        rows.append([GOALS[goal.code], f"{sign} {goal.wanted:g}", f"{goal.reached:.4g}", verdict])
    return rows


def _facts(found: Certificate, digest: str) -> list[list[str]]:
    pool = found.pool
    return [
        ["项目 figure", "值 value"],
        ["方式 mode", MODES[found.mode]],
        ["蓝图 blueprint", f"{found.blueprint}, {found.item_count} 题 items"],
        ["种子 seed", str(found.seed)],
        ["卷数 papers", str(found.papers)],
        ["目标期望分 expected score aimed at", f"{found.target:.2f} / 100"],
        ["及格线 pass line", f"{found.pass_share:.1%}"],
        ["及格线处能力值 ability at the cut", f"{found.cut:.3f}"],
        ["题库可用题 usable items", f"{pool.usable} / {pool.items} = {pool.ratio:.1f} × 一卷 a paper"],
        ["已标定 calibrated", f"{pool.calibrated}；其余按命题难度 the others by the author's difficulty"],
        ["信息量上限 proven bound of the mean information", f"{found.bound:.3f}"],
        ["单卷信息量上限 bound of a single paper", f"{found.single_bound:.3f}"],
        ["最低/平均占比 least / mean share of it", f"{found.ratio:.2%} / {found.mean_ratio:.2%}"],
        ["用时 time to make", f"{found.made_in_s:.1f} s"],
        ["题库摘要 digest of the pool", pool.digest],
        ["证书摘要 digest of this certificate", digest],
    ]


def _forms(found: Certificate) -> list[list[str]]:
    rows = [["卷 form", "题 items", "期望分 expected", "信息量 information", "标准误 error at the cut"]]
    for form in found.forms:
        figures = [f"{form.expected:.3f}", f"{form.information:.3f}", f"{form.error:.4f}"]
        rows.append([str(form.number), str(form.items), *figures])
    return rows


def _curves(found: Certificate) -> Chart:
    drawn = chart("期望分曲线 Expected score by ability", "能力 ability", "期望分 expected score")
    for form in found.forms:
        line = {"color": COLOURS[form.number % len(COLOURS)], "dash": DASHES[form.number % len(DASHES)]}
        drawn.add_scatter(x=list(GRID), y=list(form.curve), name=str(form.number), mode="lines", line=line)
    return drawn


def _spreads(found: Certificate) -> list[list[str]]:
    def row(name: str, spread: Spread) -> list[str]:
        values = (spread.least, spread.p05, spread.mean, spread.p95, spread.most, spread.sd, spread.difference)
        return [name, *(f"{value:.3f}" for value in values)]

    head = ["", "最低 least", "5 %", "平均 mean", "95 %", "最高 most", "标准差 sd", "极差 difference"]
    return [head, row("期望分 expected score", found.expected), row("信息量 information", found.information)]


def _matrix(found: Certificate) -> list[list[list[str]]]:
    overlap = found.overlap
    shares = [
        ["两卷重复 shared by two papers", "平均 mean", "99 %", "最多 most"],
        [f"{overlap.pairs} 对 pairs", f"{overlap.mean:.1%}", f"{overlap.p99:.1%}", f"{overlap.most:.1%}"],
    ]
    if not overlap.matrix:
        return [shares]
    head = ["", *(str(form) for form in range(1, len(overlap.matrix) + 1))]
    return [shares, [head, *([str(form), *map(str, row)] for form, row in enumerate(overlap.matrix, 1))]]


def _overlap(found: Certificate) -> Chart:
    counts = found.overlap.counts
    drawn = chart("两卷重复题数 Items two papers share", "题 items", "对 pairs")
    drawn.add_bar(x=list(range(len(counts))), y=list(counts), marker={"color": COLOURS[1]})
    return drawn


def _exposed(found: Certificate) -> list[list[str]]:
    exposure = found.exposure
    return [
        ["题目 items", "值 value"],
        ["均匀使用时的使用率 share if all were used alike", f"{exposure.even:.2%}"],
        ["最高使用率 highest share", f"{exposure.most:.2%}"],
        ["未使用 never used", str(exposure.unused)],
    ]


def _most_used(found: Certificate) -> list[str]:
    return [f"使用最多 used most: {item.code} {item.share:.1%}" for item in found.exposure.most_used[:10]]


def _exposure(found: Certificate) -> Chart:
    bars: Sequence[tuple[str, int]] = [
        ("0" if bar.to == 0 else f"{bar.above:.0%}–{bar.to:.0%}", bar.items) for bar in found.exposure.bars
    ]
    drawn = chart("题目在多少卷中出现 In which share of the papers items are", "使用率 share", "题 items")
    drawn.add_bar(x=[name for name, _ in bars], y=[items for _, items in bars], marker={"color": COLOURS[3]})
    return drawn


def _audience(found: Certificate) -> list[list[str]]:
    rows = [["类别 category", "专业 specialty", "级别 level", "来源 from", "需要 needs", "题库 has", ""]]
    for line in found.audience:
        note = "替补 fell back" if line.fell_back else ""
        whom = [line.category or "–", line.specialty or "–", line.level or "–"]
        rows.append([*whom, STEPS[line.step], str(line.needs), str(line.own), line.problem or note])
    return rows
