"""Near-equal items: found whatever the spaces, and told apart by what changes the question."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.duplicates import Index, Pair, Text, plain

STEM = "成人非同日三次测量血压，诊断高血压的标准是收缩压≥140mmHg"
OPTIONS = ("甲项", "乙项", "丙项")


def pair(ours: str, theirs: str, options: tuple[str, ...] = OPTIONS, others: tuple[str, ...] = OPTIONS) -> Pair | None:
    found = Index([Text(1, ours, "", options)]).near(Text(2, theirs, "", others))
    return found[0] if found else None


@pytest.mark.parametrize(
    "other",
    [
        "成人 非同日三次测量血压，诊断高血压的标准是收缩压≥140 mmHg。",
        "成人非同日三次测量血压,诊断高血压的标准是收缩压≥１４０MMHG",
    ],
)
def test_width_spaces_and_punctuation_are_no_difference(other: str) -> None:
    found = pair(STEM, other)
    assert found is not None
    assert (found.verdict, found.stem_percent, found.differences) == ("same", 100, ())


@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "difference"),
    [
        ("关于肾炎治疗的说法，正确的是哪一项", "关于肾炎治疗的说法，错误的是哪一项", "negation", ("错误", "正确")),
        ("每日补钾量一般不超过10g的原因是", "每日补钾量一般不超过100g的原因是", "number", ("100", "10")),
        ("体温38.5℃以上的小儿应采取的措施是", "体温385℃以上的小儿应采取的措施是", "number", ("385", "38.5")),
        ("属于精神药品的处方不得超过多少天", "不属于精神药品的处方不得超过多少天", "negation", ("不", "")),
        ("左心衰竭最早出现的症状是下列哪一项", "右心衰竭最早出现的症状是下列哪一项", "negation", ("右", "左")),
    ],
)  # fmt: skip
def test_what_turns_a_question_round_is_named(ours: str, theirs: str, kind: str, difference: tuple[str, str]) -> None:
    found = pair(ours, theirs)
    assert found is not None
    assert found.verdict == "differs"
    assert [(each.kind, each.ours, each.theirs) for each in found.differences] == [(kind, *difference)]


def test_another_word_is_near_and_another_key_is_named() -> None:
    found = pair(STEM, STEM.replace("诊断", "确诊"))
    assert found is not None
    assert (found.verdict, {each.kind for each in found.differences}) == ("near", {"word"})
    first = Text(1, STEM, "", OPTIONS, "", ("甲项",))
    both = Index([first, Text(2, STEM, "", OPTIONS, "", ("乙项",))]).report().pairs
    assert (both[0].verdict, both[0].differences[0].kind) == ("differs", "key")


def test_a_short_stem_that_many_share_is_no_duplicate_without_its_options() -> None:
    assert pair("下列说法正确的是", "下列说法正确的是。", OPTIONS, ("完全不同", "的三个", "选项内容")) is None
    assert pair("下列说法正确的是", "下列说法正确的是。") is not None


def test_items_of_one_set_share_their_case_and_are_none() -> None:
    case = "男，60岁，持续胸痛2小时，含服硝酸甘油不缓解。"
    one, two = Text(1, "首选检查是", case, OPTIONS, "s"), Text(2, "首选治疗是", case, OPTIONS, "s")
    assert Index([one, two]).report().pairs == []
    assert len(Index([one, Text(2, "首选检查是", case, OPTIONS, "t")]).report().pairs) == 1


def test_a_text_that_holds_nearly_all_of_another_is_near_it() -> None:
    short = "首选的抗高血压药物是下列哪一类药物制剂"
    found = pair(short, "患者男性，55岁，头晕三年，诊断为高血压合并糖尿病伴蛋白尿，" + short)
    assert found is not None
    assert found.stem_percent >= 90


def test_a_text_put_in_again_replaces_itself() -> None:
    index = Index([Text(1, STEM, "", OPTIONS)])
    index.put(Text(1, "完全是另外一道题目了", "", OPTIONS))
    assert (len(index), index.near(Text(2, STEM, "", OPTIONS))) == (1, [])
    index.drop(1)
    index.drop(1)
    assert len(index) == 0


WORDS = st.lists(
    st.sampled_from(["高血压", "的", "诊断", "标准", "是", "不", "10", "100", "mmHg", "首选", "治疗"]), max_size=12
)


@settings(max_examples=50, deadline=None)
@given(st.lists(WORDS.map("".join), min_size=2, max_size=12), st.integers(30, 100))
def test_a_report_has_just_the_pairs_that_comparing_all_with_all_finds(stems: list[str], least: int) -> None:
    texts = [Text(number, stem, "", OPTIONS) for number, stem in enumerate(stems, 1)]
    found = {(pair.ours.item_id, pair.theirs.item_id) for pair in Index(texts).report(least).pairs}
    wanted = {(one.item_id, two.item_id) for one, two in combinations(texts, 2) if Index([one]).near(two, least)}
    assert found == wanted


def test_a_pool_made_from_one_template_ends_and_says_that_it_was_cut() -> None:
    texts = [Text(number, f"第{number}题：下列关于高血压的说法正确的是哪一项", "", OPTIONS) for number in range(1, 300)]
    report = Index(texts).report()
    assert (report.complete, len(report.pairs)) == (False, 20_000)


def test_numbers_and_percentages_are_kept_and_punctuation_is_not() -> None:
    assert plain("ＢＭＩ ≥ 28.5 kg/m²，占 5％。") == "bmi≥28点5kgm²占5%"


def test_the_nearest_come_first() -> None:
    rng = random.Random(1)
    texts = [Text(n, STEM[: rng.randrange(20, len(STEM))], "", OPTIONS) for n in range(1, 20)]
    found = Index(texts).near(Text(0, STEM, "", OPTIONS))
    assert [each.stem_percent for each in found] == sorted((each.stem_percent for each in found), reverse=True)
