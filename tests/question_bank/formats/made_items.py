"""Items made up by hypothesis, valid and as an import would leave them, with the signs that formats stumble over."""

from collections.abc import Sequence

from hypothesis import strategies as st
from msgspec.structs import replace

from question_bank.item import (
    CASED,
    CATEGORIES,
    LETTERS,
    LEVELS,
    SET_SIZES,
    Item,
    ItemStatus,
    ItemType,
    Option,
    Picture,
    normal,
)

POOL = "p"
ODD = (
    *(
        "=",
        "~",
        "#",
        "####",
        "{",
        "}",
        "::",
        "\\",
        "\\n",
        "//",
        "->",
        "%50%",
        "%",
        "[html]",
        "[plain]",
        "$CATEGORY: x",
        "T",
    ),
    *(
        "<b>",
        "</p>",
        "&amp;",
        "&",
        "<",
        ">",
        "]]>",
        "<!--",
        "&#10;",
        '"',
        "'",
        "A. ",
        "(B) ",
        "ANSWER: A",
        "答案：A",
        "FEEDBACK: ",
    ),
    *(
        "\n",
        "\n\n",
        "  ",
        "\t",
        "\xa0",
        "\u3000",
        "_x0041_",
        "=1+1",
        "#REF!",
        "@x",
        "null",
        "1.0",
        "exam:type=X",
    ),
    *("10²", "H₂O", "é", "\u2028", "\U0001f600", "，", "β", "[tag:x]", "]", "[id:q]", "/", "T", "FEEDBACK: ", "TRUE"),
)
WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=6)
TEXT = st.lists(st.one_of(WORDS, st.sampled_from(ODD)), min_size=1, max_size=5).map("".join).map(str.strip).filter(bool)
NAME = TEXT.filter(lambda text: len(text) <= 40)
TOPIC = st.lists(WORDS.filter(lambda word: "/" not in word), min_size=1, max_size=3).map("/".join)


@st.composite
def options(draw: st.DrawFn) -> tuple[Option, ...]:
    texts = draw(st.lists(TEXT, min_size=2, max_size=8, unique_by=normal).filter(lambda found: all(map(normal, found))))
    return tuple(Option(letter, text) for letter, text in zip(LETTERS, texts, strict=False))


@st.composite
def groups(draw: st.DrawFn, kinds: Sequence[ItemType] = tuple(ItemType)) -> list[Item]:
    """One item, or the items of one set."""
    kind = draw(st.sampled_from(kinds))
    least, most = SET_SIZES.get(kind, (1, 1))
    stems = draw(st.lists(TEXT, min_size=least, max_size=min(most, 3), unique_by=normal))
    case = draw(TEXT) if kind in CASED else ""
    set_code = draw(NAME) if kind in SET_SIZES else ""
    shared, fixed, topic = draw(options()), draw(st.booleans()), draw(TOPIC)
    made = []
    for stem in stems:
        choices = shared if kind is ItemType.B1 else draw(options())
        right = draw(
            st.sets(st.sampled_from([choice.id for choice in choices]), min_size=2 if kind is ItemType.X else 1)
        )
        key = "".join(sorted(right))
        made.append(
            Item(
                code=draw(NAME),
                pool=POOL,
                type=kind,
                topic=topic,
                difficulty=draw(st.integers(1, 3)),
                stem=stem,
                options=choices,
                key=key if kind is ItemType.X else key[0],
                explanation=draw(st.just("") | TEXT),
                fixed_order=fixed,
                set_code=set_code,
                case=case,
                status=draw(st.sampled_from(ItemStatus)),
                category=draw(st.sampled_from(("", *CATEGORIES))),
                specialties=tuple(sorted(draw(st.sets(NAME, max_size=3)))),
                level=draw(st.sampled_from(("", *LEVELS))),
                enemies=tuple(sorted(f"{code}x" for code in draw(st.sets(NAME, max_size=3)))),
                pictures=tuple(draw(st.lists(st.builds(Picture, st.just("0a" * 32), TEXT), max_size=2))),
            )
        )
    return made


@st.composite
def banks(draw: st.DrawFn, kinds: Sequence[ItemType] = tuple(ItemType)) -> list[Item]:
    """Some items and sets; a number makes each code and each set code the only one."""
    bank: list[Item] = []
    for place, group in enumerate(draw(st.lists(groups(kinds), min_size=1, max_size=3))):
        for item in group:
            set_code = f"{item.set_code}{place}" if item.set_code else ""
            bank.append(replace(item, code=f"{item.code}{len(bank)}", set_code=set_code))
    return bank
