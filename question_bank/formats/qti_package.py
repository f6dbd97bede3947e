"""QTI packages: a ZIP archive with `imsmanifest.xml`, its items and the texts they share.

The manifest says which files are items, in which order, and in its LOM metadata their tags (keywords), difficulty and
topic (classification). Items with the same stimulus are a case set: A3 up to three, A4 above; one alone has it before
its stem. Files that are not read are named, and so is every item that is missing, broken or of another kind.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from question_bank.formats.archive import Archive, folder_of, joined
from question_bank.formats.cells import made_code
from question_bank.formats.markup import Node, tree
from question_bank.formats.plain import Plain, plain_nodes
from question_bank.formats.qti import A3_COUNT_MAX, Known, item_in, rows_of
from question_bank.formats.qti3 import as_qti2, is_qti3
from question_bank.formats.question import refused
from question_bank.formats.reading import ROW_COUNT_MAX, Reading, Row, Unreadable
from question_bank.formats.rows import collect_questions
from question_bank.item import ItemType

MANIFEST: Final = "imsmanifest.xml"
OLD: Final = re.compile(r"imsqti_xmlv1|.*/imsqti_xmlv1", re.IGNORECASE)  # QTI 1.2, another format altogether


class Resource(NamedTuple):
    """An item that the manifest names: its number among them, its file and what the manifest says of it."""

    number: int
    kind: str
    file: str
    tags: tuple[str, ...]
    topic: str


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The items of the package in the order of its manifest. Raises Unreadable."""
    if mapping:
        raise Unreadable("QTI has no columns: --map is for tables.")
    return _Package(Archive(data)).reading(pool)


def is_package(names: Sequence[str]) -> bool:
    """Whether an archive with these files is a package."""
    return _manifest(names) is not None


def _manifest(names: Sequence[str]) -> str | None:
    """The manifest: at the top, or in the one folder that was packed instead of its content."""
    if MANIFEST in names:
        return MANIFEST
    found = [name for name in names if name.endswith(f"/{MANIFEST}") and name.count("/") == 1]
    return found[0] if len(found) == 1 else None


class _Package:
    """A package being read."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._ignored: list[str] = []
        self._used: set[str] = set()
        self._stimuli: dict[str, Plain] = {}

    def reading(self, pool: str) -> Reading:
        resources = self._resources()
        if len(resources) > ROW_COUNT_MAX:
            raise Unreadable(f"The package has more than {ROW_COUNT_MAX} items.")
        shared = [self._stimuli_of(each) for each in resources]
        counts = Counter(shared)
        rows: list[Row] = []
        for each, stimuli in zip(resources, shared, strict=True):
            rows.extend(self._rows(each, stimuli, counts[stimuli] if stimuli else 0))
        rows = _with_set_codes(rows, {" ".join(stimuli) for stimuli in shared if stimuli})
        if not rows:
            raise Unreadable("The package has no items.")
        self._ignored.extend(f"file {name[:120]}" for name in self._archive.names if name not in self._used)
        return collect_questions(rows, pool, self._ignored)

    def _resources(self) -> list[Resource]:
        """The items in the manifest."""
        name = _manifest(self._archive.names)
        if name is None:
            raise Unreadable(f"The archive is no QTI package: it has no {MANIFEST}.")
        self._used.add(name)
        root = tree(self._archive.read(name), name)
        found: list[Resource] = []
        for resources in root.nodes("resources"):
            base = joined(folder_of(name), root.get("base")) if root.get("base") else folder_of(name)
            base = joined(base, resources.get("base")) if resources.get("base") else base
            for node in resources.nodes("resource"):
                if _is_item(node):
                    found.append(self._resource(node, base, len(found) + 1))
        return found

    def _resource(self, node: Node, base: str, number: int) -> Resource:
        if node.get("base"):
            base = joined(base, node.get("base"))
        href = node.get("href") or next((file.get("href") for file in node.nodes("file")), "")
        metadata = node.first("metadata")
        tags = _tags(metadata) if metadata else ()
        return Resource(number, node.get("type"), self._inside(base, href), tags, _topic(metadata) if metadata else "")

    def _inside(self, base: str, href: str) -> str:
        """The file that is meant. Raises Unreadable when it would lie outside: the package was made to do harm."""
        name = joined(base, unquote(href).partition("#")[0])
        if not name:
            raise Unreadable(f"The package names a file outside of itself: {href[:80]!r}.")
        return name

    def _stimuli_of(self, resource: Resource) -> tuple[str, ...]:
        """The files of the texts that an item shares with others; only items that speak of one are parsed for it."""
        if resource.file not in self._archive or OLD.match(resource.kind):
            return ()
        try:
            data = self._archive.read(resource.file)
            item = item_in(data, resource.file) if b"timulus" in data else None
        except Unreadable:
            return ()  # said when its rows are read
        refs = item.nodes("assessmentStimulusRef") if item else iter(())
        return tuple(self._inside(folder_of(resource.file), ref.get("href")) for ref in refs)

    def _rows(self, resource: Resource, stimuli: tuple[str, ...], members: int) -> list[Row]:
        """The rows of one item, which has its stimuli in common with `members` items."""
        self._used.add(resource.file)
        values: dict[str, Any] = {"topic": resource.topic} if resource.topic else {}
        if members > 1:
            kind = ItemType.A3 if members <= A3_COUNT_MAX else ItemType.A4
            values.update(type=kind.value, set=" ".join(stimuli))
        try:
            stimulus = self._stimulus(stimuli) if stimuli else None
            item = self._item(resource)
        except Unreadable as error:
            code = "file_missing" if resource.file not in self._archive else "file_broken"
            return [refused(resource.number, resource.file, code, str(error), values.get("set", ""))]
        known = Known(resource.number, resource.file, resource.tags, values, stimulus)
        return rows_of(item, known, self._ignored)

    def _item(self, resource: Resource) -> Node:
        """Raises Unreadable."""
        if OLD.match(resource.kind):
            raise Unreadable("QTI 1.2 is another format, which is not read.")
        if resource.file not in self._archive:
            raise Unreadable("The manifest names it, but it is not in the package.")
        item = item_in(self._archive.read(resource.file), resource.file)
        if item is None:
            raise Unreadable("It is no assessmentItem.")
        return item

    def _stimulus(self, names: Sequence[str]) -> Plain:
        """The texts of stimuli as one. Raises Unreadable."""
        for name in names:
            if name not in self._stimuli:
                self._stimuli[name] = self._stimulus_in(name)
        texts = [self._stimuli[name] for name in names]
        lost = tuple(each for text in texts for each in text.lost)
        return Plain(
            "\n".join(text.text for text in texts), "", lost, tuple(p for text in texts for p in text.pictures)
        )

    def _stimulus_in(self, name: str) -> Plain:
        if name not in self._archive:
            raise Unreadable(f"Its shared text {name} is not in the package.")
        self._used.add(name)
        root = tree(self._archive.read(name), name)
        root = as_qti2(root) if is_qti3(root) else root
        body = root.first("stimulusBody")
        if root.name != "assessmentStimulus" or body is None:
            raise Unreadable(f"Its shared text {name} is no assessmentStimulus.")
        return plain_nodes(body.content)


def _with_set_codes(rows: Sequence[Row], stimuli: Collection[str]) -> list[Row]:
    """The rows with codes of sets made from what the sets ask: names of files say the same in every package."""
    asked: dict[str, list[str]] = {}
    for row in rows:
        if (name := row.values.get("set", "")) in stimuli:
            asked.setdefault(name, []).extend((row.values.get("case", ""), row.values.get("stem", "")))
    made = {name: made_code("set", texts) for name, texts in asked.items()}
    return [_with_set(row, made[row.values["set"]]) if row.values.get("set", "") in made else row for row in rows]


def _with_set(row: Row, set_code: str) -> Row:
    return row._replace(values={**row.values, "set": set_code})


def _is_item(node: Node) -> bool:
    kind = node.get("type").lower()
    return kind.startswith("imsqti_item") or OLD.match(kind) is not None


def _tags(metadata: Node) -> tuple[str, ...]:
    """The keywords of the LOM metadata, and its difficulty as a tag."""
    words = [string.text() for keyword in metadata.deep("keyword") for string in keyword.deep("string", "langstring")]
    hard = [value.text().strip() for node in metadata.deep("difficulty") for value in node.deep("value")]
    return (*(f"difficulty:{value}" for value in hard), *words)


def _topic(metadata: Node) -> str:
    """The path of taxons of the first classification."""
    path = next(metadata.deep("taxonPath", "taxonpath"), None)
    taxons = path.deep("taxon") if path else iter(())
    entries = (next(taxon.nodes("entry"), None) for taxon in taxons)
    names = (entry.text().strip().replace("/", "／") for entry in entries if entry)
    return "/".join(filter(None, names))
