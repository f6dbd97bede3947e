"""XML made by a stranger, as plain nodes that know their line.

expat walks through the file in one go. A document type is refused where it begins, so that no entity is ever declared,
expanded or fetched; depth, elements and attributes are counted while they are read. What is not well-formed is refused
as a whole: half of a broken file would be a guess.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final
from xml.parsers import expat

from question_bank.formats.reading import Unreadable, check_size

DEPTH_MAX: Final = 100
ELEMENT_COUNT_MAX: Final = 500_000  # of one part: a question, an item, a manifest
ATTRIBUTE_COUNT_MAX: Final = 200  # of one element
XML_BASE: Final = "http://www.w3.org/XML/1998/namespace base"  # kept as `base`; others with a namespace are not
MULTIBYTE: Final = re.compile(rb"""^[^>]{0,100}encoding\s*=\s*["'](gb2312|gbk|gb18030)["']""", re.IGNORECASE)


class Node:
    """An element: its name and namespace, the attributes without one, its line, and what is inside in order."""

    __slots__ = ("attributes", "content", "line", "name", "space")

    def __init__(self, name: str, space: str, attributes: dict[str, str], line: int) -> None:
        self.name, self.space, self.attributes, self.line = name, space, attributes, line
        self.content: list[Node | str] = []

    def nodes(self, name: str = "") -> Iterator["Node"]:
        """The elements directly inside, all or those called `name`."""
        return (each for each in self.content if isinstance(each, Node) and name in ("", each.name))

    def first(self, name: str) -> "Node | None":
        return next(self.nodes(name), None)

    def deep(self, *names: str) -> Iterator["Node"]:
        """The elements called one of `names` at any depth, in the order of the file."""
        for each in self.nodes():
            if each.name in names:
                yield each
            yield from each.deep(*names)

    def text(self) -> str:
        """All the text inside, at any depth, as it stands."""
        return "".join(each if isinstance(each, str) else each.text() for each in self.content)

    def text_at(self, *path: str) -> str:
        """The text of the element that `path` leads to; "" when there is none."""
        node: Node | None = self
        for name in path:
            node = node.first(name) if node else None
        return node.text() if node else ""

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)


Take = Callable[[Node, Node], None]  # (the root, whose content stays empty; one element directly inside it)


def tree(data: bytes, what: str) -> Node:
    """The whole file as nodes. Raises Unreadable; `what` names the file in its sentence."""
    parts: list[Node] = []
    root = _walk(data, what, lambda _, part: parts.append(part), whole=True)
    root.content.extend(parts)
    return root


def each_part(data: bytes, what: str, take: Take) -> Node:
    """Give `take` each element directly inside the root as soon as it is read. Raises Unreadable.

    A bank of thousands of questions is never all in memory as nodes. Text directly inside the root is no part.
    """
    return _walk(data, what, take, whole=False)


def root_of(data: bytes, what: str) -> Node:
    """The root alone, without what is inside. Raises Unreadable."""
    try:
        _walk(data, what, _refuse_part, whole=True, only_root=True)
    except _Enough as enough:
        return enough.root
    raise AssertionError("a file without a root is not well-formed")


class _Enough(Exception):
    def __init__(self, root: Node) -> None:
        super().__init__()
        self.root = root


def _refuse_part(_root: Node, _part: Node) -> None:
    raise AssertionError("reading ends with the root")


def _walk(data: bytes, what: str, take: Take, *, whole: bool, only_root: bool = False) -> Node:
    check_size(data)
    builder = _Builder(what, take, whole=whole, only_root=only_root)
    text, encoding = _recoded(data, what)
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = lambda name, attributes: builder.start(name, attributes, parser.CurrentLineNumber)
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise Unreadable(
            f"{what} is not well-formed XML: {expat.ErrorString(error.code)}, line {error.lineno}."
        ) from None
    except (LookupError, ValueError):
        raise Unreadable(f"{what} is XML in an encoding that can't be read.") from None
    finally:
        # The handlers know the parser and the parser the handlers: without this the tree waits for the collector.
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    return builder.root


def _recoded(data: bytes, what: str) -> tuple[bytes, str | None]:
    """Chinese encodings of more than one byte, which expat does not know, as UTF-8; the rest as it is."""
    if not MULTIBYTE.match(data):
        return data, None
    try:
        return data.decode("gb18030").encode(), "utf-8"
    except UnicodeDecodeError:
        raise Unreadable(f"{what} is not in the encoding that it says.") from None


def _kept(attribute: str) -> bool:
    return " " not in attribute or attribute == XML_BASE


def _plain(attribute: str) -> str:
    return "base" if attribute == XML_BASE else attribute


class _Builder:
    """What expat reports, as nodes within the limits."""

    def __init__(self, what: str, take: Take, *, whole: bool, only_root: bool) -> None:
        self._what, self._take, self._whole, self._only_root = what, take, whole, only_root
        self._open: list[Node] = []
        self._count = 0
        self.root = Node("", "", {}, 0)

    def doctype(self, *_: object) -> None:
        raise Unreadable(f"{self._what} declares a document type: such XML can hold entities and is not read.")

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        self._count += 1
        if self._count > ELEMENT_COUNT_MAX or len(self._open) >= DEPTH_MAX or len(attributes) > ATTRIBUTE_COUNT_MAX:
            raise Unreadable(f"{self._what} has too many elements, too deep or with too many attributes, line {line}.")
        space, _, local = name.rpartition(" ")
        node = Node(local, space, {_plain(key): value for key, value in attributes.items() if _kept(key)}, line)
        if len(self._open) > 1:
            self._open[-1].content.append(node)
        elif not self._open:
            self.root = node
            if self._only_root:
                raise _Enough(node)
        self._open.append(node)

    def end(self, _name: str) -> None:
        node = self._open.pop()
        if len(self._open) == 1:
            self._take(self.root, node)
            if not self._whole:
                self._count = 0

    def data(self, text: str) -> None:
        if len(self._open) > 1:
            self._open[-1].content.append(text)
