"""What authorities write in their spreadsheets, as the codes of dictionaries.py; the codes themselves are taken too."""

from collections.abc import Iterable, Mapping
from typing import Final

from exam_engine.registration import dictionaries

SEXES: Final = {"男": "male", "女": "female", "男性": "male", "女性": "female", "m": "male", "f": "female"} | {
    sex: sex for sex in dictionaries.SEXES
}
LEVELS: Final = {
    "执业医师": "1",
    "执业助理医师": "2",
    "助理医师": "2",
    "乡村全科执业助理医师": "2",
} | {level: level for level in dictionaries.LEVELS}
CATEGORIES: Final = {
    "临床": "clinical",
    "中医": "tcm",
    "口腔": "dental",
    "公共卫生": "public_health",
    "公卫": "public_health",
    "民族医": "tcm",
    "中西医结合": "tcm",
} | {category: category for category in dictionaries.CATEGORIES}
TITLES: Final = {
    "无": "none",
    "医士": "assistant",
    "医师": "resident",
    "住院医师": "resident",
    "主治医师": "attending",
    "主管医师": "attending",
    "主治(主管)医师": "attending",
    "副主任医师": "associate_chief",
    "主任医师": "chief",
    "中医师": "resident",
    "主治中医师": "attending",
    "副主任中医师": "associate_chief",
    "主任中医师": "chief",
} | {title: title for title in dictionaries.TITLES}

_SPECIALTY_WORDS: Final = {
    "clinical": (
        ("内科", "internal"),
        ("外科", "surgery"),
        ("妇产科", "obstetrics"),
        ("儿科", "paediatrics"),
        ("眼耳鼻咽喉科", "eye_ent"),
        ("皮肤病与性病", "dermatology"),
        ("精神卫生", "psychiatry"),
        ("职业病", "occupational"),
        ("医学影像和放射治疗", "radiology"),
        ("医学检验、病理", "laboratory_pathology"),
        ("全科医学", "general_practice"),
        ("急救医学", "emergency"),
        ("康复医学", "rehabilitation"),
        ("预防保健", "preventive"),
        ("特种医学与军事医学", "special_military"),
        ("计划生育技术服务", "family_planning"),
        ("重症医学", "intensive_care"),
        ("其他", "clinical_other"),
    ),
    "dental": (("口腔", "stomatology"), ("其他", "dental_other")),
    "public_health": (("公共卫生", "public_health"), ("其他", "public_health_other")),
    "tcm": (
        ("中医", "chinese"),
        ("中西医结合", "integrated"),
        ("蒙医", "mongolian"),
        ("藏医", "tibetan"),
        ("维医", "uygur"),
        ("傣医", "dai"),
        ("朝医", "korean"),
        ("壮医", "zhuang"),
        ("哈萨克医", "kazakh"),
        ("全科医学", "tcm_general_practice"),
        ("康复医学", "tcm_rehabilitation"),
        ("其他", "tcm_other"),
    ),
}


def _with_codes(category: str, words: Iterable[tuple[str, str]]) -> dict[str, str]:
    codes = {code: code for code in dictionaries.SPECIALTIES[category]}
    return {**dict(words), **{f"{word}专业": code for word, code in words}, **codes}


SPECIALTIES: Final[Mapping[str, Mapping[str, str]]] = {
    category: _with_codes(category, words) for category, words in _SPECIALTY_WORDS.items()
}


def specialty(word: str, category: str) -> str:
    """The code of a 执业范围, "" if there is none; without a category, if the word means one thing only."""
    if category:
        return SPECIALTIES[category].get(word, "")
    found = {words[word] for words in SPECIALTIES.values() if word in words}
    return found.pop() if len(found) == 1 else ""


_PROVINCE_NAMES: Final = (
    "北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽", "福建", "江西",
    "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆", "四川", "贵州", "云南", "西藏", "陕西", "甘肃",
    "青海", "宁夏", "新疆", "新疆生产建设兵团", "台湾", "香港", "澳门",
)  # fmt: skip
_AUTONOMOUS: Final = {
    "内蒙古自治区": "15", "广西壮族自治区": "45", "西藏自治区": "54", "宁夏回族自治区": "64", "新疆维吾尔自治区": "65",
    "兵团": "66", "香港特别行政区": "81", "澳门特别行政区": "82",
}  # fmt: skip
_NAMED: Final = tuple(zip(_PROVINCE_NAMES, dictionaries.PROVINCES, strict=True))
PROVINCES: Final = (
    {name + end: code for name, code in _NAMED for end in ("", "省", "市")}
    | _AUTONOMOUS
    | {code + end: code for code in dictionaries.PROVINCES for end in ("", "0000")}
)  # fmt: skip

# Whether it is good, and of which kind; "other" where it is only said that it is good or bad.
CONDUCT: Final[Mapping[str, tuple[bool, str]]] = {
    "奖励": (True, "award"),
    "表彰": (True, "commendation"),
    "政府指令性任务": (True, "mandated_task"),
    "指令性任务": (True, "mandated_task"),
    "技术成果": (True, "achievement"),
    "行政处罚": (False, "penalty"),
    "处罚": (False, "penalty"),
    "处分": (False, "sanction"),
    "医疗事故": (False, "accident"),
    "良好": (True, "other"),
    "良好行为": (True, "other"),
    "good": (True, "other"),
    "不良": (False, "other"),
    "不良行为": (False, "other"),
    "bad": (False, "other"),
    **{kind: (True, kind) for kind in dictionaries.GOOD_KINDS},
    **{kind: (False, kind) for kind in dictionaries.BAD_KINDS},
}
