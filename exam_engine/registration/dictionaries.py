"""Closed lists of the field (domain.md §2.3), by code; their words are the browser's (`reg.option.<list>.<code>`)."""

from typing import Final

LEVELS: Final = ("1", "2")  # 执业医师, 执业助理医师
CATEGORIES: Final = ("clinical", "tcm", "dental", "public_health")
SEXES: Final = ("male", "female")

SPECIALTIES: Final[dict[str, tuple[str, ...]]] = {
    "clinical": (
        "internal", "surgery", "obstetrics", "paediatrics", "eye_ent", "dermatology", "psychiatry", "occupational",
        "radiology", "laboratory_pathology", "general_practice", "emergency", "rehabilitation", "preventive",
        "special_military", "family_planning", "intensive_care", "clinical_other",
    ),
    "dental": ("stomatology", "dental_other"),
    "public_health": ("public_health", "public_health_other"),
    "tcm": (
        "chinese", "integrated", "mongolian", "tibetan", "uygur", "dai", "korean", "zhuang", "kazakh",
        "tcm_general_practice", "tcm_rehabilitation", "tcm_other",
    ),
}  # fmt: skip
ALL_SPECIALTIES: Final = tuple(code for codes in SPECIALTIES.values() for code in codes)
TITLES: Final = ("none", "assistant", "resident", "attending", "associate_chief", "chief")
EDUCATION: Final = ("secondary", "college", "bachelor", "master", "doctor")
DEGREES: Final = ("none", "bachelor", "master", "doctor")
ID_TYPES: Final = (
    "id_card", "hk_macao_permit", "taiwan_permit", "passport", "foreign_permanent", "officer",
)  # fmt: skip
# GB/T 3304: 01 汉族 … 56 基诺族, 97 其他.
ETHNICITIES: Final = (*(f"{number:02d}" for number in range(1, 57)), "97")
# GB/T 2260, first two digits; 66 stands for 新疆生产建设兵团, which health administration treats as a province.
PROVINCES: Final = (
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "66", "71", "81", "82",
)  # fmt: skip
ON_POST: Final = ("in_post", "rehired", "other")
LAST_RESULTS: Final = ("qualified", "unqualified", "absent", "first")
GOOD_KINDS: Final = ("award", "commendation", "mandated_task", "achievement")
BAD_KINDS: Final = ("penalty", "sanction", "accident")
RECORD_LEVELS: Final = ("county", "city", "province", "nation")
ETHICS_GRADES: Final = ("excellent", "good", "fair", "poor")
RATINGS: Final = ("qualified", "unqualified")
MOVES_OF_PRACTICE: Final = ("place", "scope", "multi_site")
EXEMPTION_REASONS: Final = ("residency", "promotion", "provincial")
DEFERRAL_REASONS: Final = ("illness", "maternity", "abroad", "secondment", "other")
# Reasons for 不合格 in the cycle (domain.md R-602).
UNQUALIFIED_REASONS: Final = tuple(f"U{number:02d}" for number in range(1, 15))
