"""HTML, and the XHTML inside XML, as the plain text that an item holds; and back.

Lines stay lines, lists get their signs, ² and ₂ stay what they are, pictures become the words that stand for them.
What a text can't hold is named in `lost`, so that the author is told. The reader of tags is a pattern that looks at
each character once: the library's own takes minutes over some 50 KB made by a stranger.
"""

import html
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from question_bank.formats.markup import Node

SPACES_CLASS: Final = "exam-spaces"  # inside it every space counts
CASE_CLASS: Final = "exam-case"  # <div class="exam-case">: the case of a set, before the stem of one of its items
FRAGMENT_LENGTH_MAX: Final = 200_000  # characters with all tags; a longer one is left as it is, and refused as too long
BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "caption", "dd", "div", "dl", "dt", "fieldset", "figcaption"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol"),
        *("p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul"),
        *("choiceInteraction", "matchInteraction", "associateInteraction", "prompt"),  # of QTI
    )
)
EMPHASIS: Final = frozenset(("b", "del", "em", "i", "mark", "s", "strike", "strong", "u"))
PASSED: Final = EMPHASIS | {
    *("a", "abbr", "bdi", "bdo", "big", "body", "br", "cite", "code", "col", "colgroup", "dfn", "font", "head", "html"),
    *("kbd", "label", "picture", "q", "rp", "rt", "ruby", "samp", "small", "span", "sub", "sup", "td", "th", "title"),
    *("tt", "var"),
}
# Without these a text is not whole: pictures and the like; in QTI, what only a program would put there.
PICTURES: Final = frozenset(
    (
        *("applet", "audio", "canvas", "embed", "iframe", "img", "math", "object", "svg", "video"),
        *("include", "printedVariable", "templateBlock", "templateInline"),
    )
)
WORDS: Final = ("alt", "alttext", "aria-label")  # attributes with the words that stand for a picture or a formula
NOT_READ: Final = frozenset(("script", "style"))  # what is inside them is no text
ALONE: Final = frozenset(("br", "embed", "hr", "img"))  # that HTML does not close
RAISED: Final = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
LOWERED: Final = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*+)((?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+)>")
_ATTRIBUTE: Final = re.compile(r"""([A-Za-z][A-Za-z:-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_DATA_ADDRESS: Final = re.compile(r"data:[^\s\"'<>]{64,}+")
_STRONG_STYLE: Final = re.compile(r"underline|line-through|font-weight:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_FOLDING: Final = re.compile(r"[\t\xa0]| [ \n]|\n ")
_SPACES: Final = re.compile(r"[ \t\r\n\f\xa0]+")
_BLOCK_TAG: Final = re.compile(
    r"</?(?:p|div|br|ul|ol|li|table|tbody|thead|tr|td|th|h[1-6]|pre|hr|blockquote)\b[^<>]*+>", re.IGNORECASE
)
_LOOKS_LIKE_HTML: Final = re.compile(
    r"</?(?:p|br|div|span|b|i|u|em|strong|sub|sup|ul|ol|li|table|tr|td|th|img|a|h[1-6]|pre|code|font)\b[^<>]*>|"
    r"&(?:[a-z]{2,8}|#\d{1,7}|#x[0-9a-f]{1,6});",
    re.IGNORECASE,
)


class Plain(NamedTuple):
    """A text and the case before it, if there is one; what was lost of both: kinds of signs, each said once."""

    text: str
    case: str = ""
    lost: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()  # that have no words to stand for them


def looks_like_html(text: str) -> bool:
    """Whether a text of unknown kind has tags or entities; "K<5" has none."""
    return _LOOKS_LIKE_HTML.search(text) is not None


def plain_html(text: str) -> Plain:
    """The plain text of an HTML fragment."""
    if "<" not in text and "&" not in text:
        return Plain(_SPACES.sub(" ", text).strip())
    text = _DATA_ADDRESS.sub("data:", _without_comments(text))
    if len(text) > FRAGMENT_LENGTH_MAX:
        return Plain(text)
    flat, end = _Flat(), 0
    for tag in _TAG.finditer(text):
        flat.data(html.unescape(text[end : tag.start()]))
        end = tag.end()
        _tag(flat, tag[2].lower(), tag)
    flat.data(html.unescape(text[end:]))
    return flat.plain()


def shifted(inside: str, tag: str) -> tuple[str, str]:
    """A text inside sup or sub as signs that are raised or lowered by themselves, and what is lost of it.

    10<sup>2</sup> is 10², never 102; what has no raised or lowered sign is written ^(…) or _(…).
    """
    moved = inside.translate(RAISED if tag == "sup" else LOWERED)
    if all(sign != was or sign.isspace() for sign, was in zip(moved, inside, strict=True)):
        return moved, ""
    written = f"{'^' if tag == 'sup' else '_'}({inside})"
    return written, f"{'raised' if tag == 'sup' else 'lowered'} signs, written {written[:20]}"


def plain_auto(text: str) -> Plain:
    """The plain text of Moodle's own format: HTML where the end of a line is one, unless a block stands beside it."""
    text = text.replace("\r\n", "\n")
    pieces, tags = _BLOCK_TAG.split(text), [*_BLOCK_TAG.findall(text), ""]
    pieces[1:] = [piece.lstrip() for piece in pieces[1:]]
    pieces[:-1] = [piece.rstrip() for piece in pieces[:-1]]
    broken = (piece.replace("\n", "<br>") for piece in pieces)
    return plain_html("".join(chain.from_iterable(zip(broken, tags, strict=True))))


def plain_nodes(content: Sequence[Node | str], skip: frozenset[str] = frozenset()) -> Plain:
    """The plain text of XML content without the elements named in `skip`, which their reader looks at himself."""
    flat = _Flat()
    _walk(content, flat, skip)
    return flat.plain()


def as_html(text: str, tag: str = "p", name: str = "") -> str:
    """A text as an XHTML block, for Moodle, that `plain_html` turns into the very same text."""
    kind = f' class="{name}"' if name else ""
    if _folds(text):
        return f'<{tag}{kind} style="white-space: pre-wrap">{html.escape(text, quote=False)}</{tag}>'
    return f"<{tag}{kind}>{as_inline(text)}</{tag}>"


def as_inline(text: str) -> str:
    """A text as XHTML inside a line, for QTI, which has no styles: `plain_nodes` turns it into the very same text."""
    written = html.escape(text, quote=False)
    if _folds(text):
        return f'<span class="{SPACES_CLASS}">{written}</span>'
    return written.replace("\n", "<br />")


def _folds(text: str) -> bool:
    """Whether HTML would fold spaces of the text together."""
    return _FOLDING.search(text) is not None


def _without_comments(text: str) -> str:
    kept, end = [], 0
    while (start := text.find("<!--", end)) >= 0 and (close := text.find("-->", start + 4)) >= 0:
        kept.append(text[end:start])
        end = close + 3
    return "".join((*kept, text[end:]))


def _tag(flat: "_Flat", name: str, tag: re.Match[str]) -> None:
    if tag[1]:
        flat.end(name)
        return
    flat.start(name, _attributes(tag[3]))
    if name in ALONE or tag[3].endswith("/"):
        flat.end(name)


def _attributes(text: str) -> dict[str, str]:
    found = _ATTRIBUTE.finditer(text)
    return {each[1].lower(): html.unescape(each[2] or each[3] or each[4] or "") for each in found}


def _walk(content: Sequence[Node | str], flat: "_Flat", skip: frozenset[str]) -> None:
    for each in content:
        if isinstance(each, str):
            flat.data(each)
        elif each.name not in skip:
            flat.start(each.name, each.attributes)
            _walk(each.content, flat, skip)
            flat.end(each.name)


def _keeps_spaces(attributes: Mapping[str, str]) -> bool:
    return "pre-wrap" in attributes.get("style", "") or SPACES_CLASS in attributes.get("class", "").split()


class _Inside:
    """Whether we are inside an element of some kind; elements of its own name inside it are counted."""

    def __init__(self) -> None:
        self.tag, self.depth = "", 0

    def opens(self, tag: str, *, wanted: bool) -> None:
        if self.depth and tag == self.tag:
            self.depth += 1
        elif wanted and not self.depth:
            self.tag, self.depth = tag, 1

    def closes(self, tag: str) -> bool:
        """Count an end; True when it is the end of the element itself."""
        if not self.depth or tag != self.tag:
            return False
        self.depth -= 1
        return not self.depth


class _Flat:
    """Tags and texts one after another, made into lines."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._before: list[str] = []  # what came before the case that is open
        self._case: list[str] = []
        self._lost: dict[str, None] = {}
        self._pictures: dict[str, None] = {}
        self._silent, self._kept, self._cased = _Inside(), _Inside(), _Inside()  # no text; spaces stay; the case
        self._shifted: list[tuple[str, int]] = []  # open sub and sup: where their text begins
        self._lists: list[int] = []  # of each open list the next number; 0: it has none
        self._fresh = -1  # how long `_out` was when a sign of a list was written: no line ends right after it

    def plain(self) -> Plain:
        if self._silent.depth:
            self._lost[f"everything after an element {self._silent.tag} that does not end"] = None
        if self._cased.depth:
            self._out = [*self._before, *self._out]
        text, case = ("".join(pieces).strip() for pieces in (self._out, self._case))
        return Plain(text, case, tuple(self._lost), tuple(self._pictures))

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        silent = bool(self._silent.depth)
        self._silent.opens(tag, wanted=tag in NOT_READ or tag in PICTURES)
        if silent:
            return
        if tag in NOT_READ:
            self._lost[f"a {tag}"] = None
        elif tag in PICTURES:
            self._picture(tag, attributes)
        else:
            self._open(tag, attributes)

    def data(self, text: str) -> None:
        if self._silent.depth or not text:
            return
        if not self._kept.depth:
            text = _SPACES.sub(" ", text)
            if text.startswith(" ") and self._last() in ("", " ", "\n", "\t"):
                text = text[1:]
        if text:
            self._out.append(text)

    def end(self, tag: str) -> None:
        if self._silent.depth:
            self._silent.closes(tag)
            return
        if self._shifted and self._shifted[-1][0] == tag:
            self._shift(*self._shifted.pop())
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._kept.closes(tag)
        if tag in BLOCKS and tag != "hr":
            self._break()
        if self._cased.closes(tag):
            self._case, self._out = self._out, self._before

    def _open(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in BLOCKS:
            self._break()
        case = tag == "div" and CASE_CLASS in attributes.get("class", "").split()
        if case and not self._cased.depth:
            self._before, self._out = self._out, []
        self._cased.opens(tag, wanted=case)
        self._kept.opens(tag, wanted=tag == "pre" or _keeps_spaces(attributes))
        self._sign(tag)
        self._note(tag, attributes)

    def _last(self) -> str:
        return self._out[-1][-1] if self._out else ""

    def _trim(self) -> None:
        """No space before the end of a line."""
        if not self._kept.depth and self._last() == " ":
            self._out[-1] = self._out[-1][:-1]
            if not self._out[-1]:
                self._out.pop()

    def _break(self) -> None:
        """The next text begins a line."""
        if len(self._out) == self._fresh:
            return
        self._trim()
        if self._last() not in ("", "\n"):
            self._out.append("\n")

    def _sign(self, tag: str) -> None:
        """What a tag is in plain text."""
        if tag == "br":
            self._trim()
            self._out.append("\n")
        elif tag in ("ul", "ol"):
            self._lists.append(int(tag == "ol"))
        elif tag == "li":
            self._list_sign()
        elif tag in ("td", "th") and self._last() not in ("", "\n"):
            self._out.append("\t")
        elif tag in ("sub", "sup"):
            self._shifted.append((tag, len(self._out)))

    def _list_sign(self) -> None:
        number = self._lists[-1] if self._lists else 0
        self._out.append(f"{number}. " if number else "- ")
        self._fresh = len(self._out)
        if number:
            self._lists[-1] += 1

    def _note(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in EMPHASIS or _STRONG_STYLE.search(attributes.get("style", "")):
            self._lost["emphasis"] = None
        elif tag == "table":
            self._lost["a table (its cells are kept, line by line)"] = None
        elif tag == "a" and attributes.get("href"):
            self._lost[f"a link to {attributes['href'][:80]}"] = None
        elif tag not in PASSED and tag not in BLOCKS:
            self._lost[f"the element {tag[:40]}"] = None

    def _picture(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Words for a picture take its place; one without is named, for its item can't be asked without it."""
        named = (attributes.get("src") or attributes.get("data") or tag)[:80]
        words = _SPACES.sub(" ", next((attributes[name] for name in WORDS if attributes.get(name)), "")).strip()
        if words:
            self._out.append(f"[{words}]")
            self._lost[f"the picture {named} (its words are kept)"] = None
        else:
            self._pictures[named] = None

    def _shift(self, tag: str, place: int) -> None:
        inside, lost = shifted("".join(self._out[place:]), tag)
        if lost:
            self._lost[lost] = None
        self._out[place:] = [inside] if inside else []
