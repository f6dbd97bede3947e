"""From the rows of any file to items: the part that all formats share.

A format turns its file into `Row`s and gives them to `collect`. Every row becomes an item or a `Refused`; nothing is
dropped in silence. What makes an item valid is said in `question_bank.item`; here are the rules between rows: no code
twice, and a set comes whole or not at all. A question that an earlier row asks already is taken, and doubted: real
banks hold such pairs, and which of the two shall go is for their author to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from msgspec.structs import replace

from question_bank.formats.cells import NoItem, item_of, text_of, true_false_note, unknown_words
from question_bank.formats.columns import Columns, columns_of
from question_bank.formats.reading import FIELDS, ROW_COUNT_MAX, Doubt, Reading, Refused, Row, Unreadable
from question_bank.item import Item, Problem, doubts, normal, problems, set_problems

QUESTIONS: Final[Columns] = {field: field for field in FIELDS}  # the columns of formats that have none


class _Judged(NamedTuple):
    """A row with its item, or with the reasons why there is none; the set it says it belongs to."""

    row: int
    item: Item | None
    found: Sequence[Problem]
    set_code: str
    named: bool = False  # the author gave it a code
    doubted: Sequence[Problem] = ()
    place: str = ""

    @property
    def where(self) -> str:
        """How a person finds it."""
        return self.place or f"row {self.row}"


def collect(rows: Sequence[Row], mapping: Mapping[str, str], pool: str) -> Reading:
    """The items of `rows` for `pool`. Raises Unreadable for a bad mapping, and when there are no rows or too many."""
    _check_count(rows)
    names = dict.fromkeys(chain.from_iterable(row.values for row in rows))
    columns = columns_of(names, mapping)
    return _reading(rows, columns, pool, tuple(name for name in names if name not in columns))


def collect_questions(rows: Sequence[Row], pool: str, ignored: Iterable[str] = ()) -> Reading:
    """The items of `rows` whose values are by field (FIELDS). `ignored` names what the format passed over.

    Raises Unreadable as `collect` does. A file whose rows are all refused is readable: each says why.
    """
    _check_count(rows)
    return _reading(rows, QUESTIONS, pool, tuple(dict.fromkeys(ignored)))


def _check_count(rows: Sequence[Row]) -> None:
    if not rows:
        raise Unreadable("The file has no rows.")
    if len(rows) > ROW_COUNT_MAX:
        raise Unreadable(f"The file has more than {ROW_COUNT_MAX} rows.")


def _reading(rows: Sequence[Row], columns: Columns, pool: str, ignored: tuple[str, ...]) -> Reading:
    judged = _whole_sets(_no_twins([_judge(row, columns, pool) for row in rows]))
    items = tuple(each.item for each in judged if each.item)
    refused = tuple(_refused(each) for each in judged if not each.item)
    doubted = tuple(
        Doubt(each.row, doubt.code, doubt.text, each.place) for each in judged if each.item for doubt in each.doubted
    )
    return Reading(items, refused, ignored, doubted)


def _refused(judged: _Judged) -> Refused:
    reason = " ".join(problem.text for problem in judged.found)
    return Refused(judged.row, judged.found[0].code, reason, judged.place)


def _judge(row: Row, columns: Columns, pool: str) -> _Judged:
    set_code = _text(row, columns, "set")
    if row.trouble:
        return _Judged(row.number, None, [Problem(*row.trouble)], set_code, place=row.place)
    try:
        item = item_of(row.values, columns, pool)
    except NoItem as error:
        return _Judged(row.number, None, [Problem(error.code, str(error))], set_code, place=row.place)
    found = problems(item)
    named = bool(_text(row, columns, "code"))
    notes = (*row.notes, *unknown_words(row.values, columns), *true_false_note(row.values, columns))
    doubted = [*(Problem(*note) for note in notes), *doubts(item)]
    return _Judged(row.number, None if found else item, found, set_code, named, doubted, row.place)


def _text(row: Row, columns: Columns, wanted: str) -> str:
    """One field of a row, also of a bad one: the rest of a set must not be taken without it."""
    column = next((column for column, field in columns.items() if field == wanted), "")
    try:
        return text_of(row.values.get(column), wanted)
    except NoItem:
        return ""


def _no_twins(rows: Iterable[_Judged]) -> list[_Judged]:
    """Refuse a code that an earlier row has; doubt a question that an earlier row asks."""
    contents: dict[tuple[str, ...], list[str]] = {}
    codes: dict[str, _Judged] = {}
    kept = []
    for judged in rows:
        item, found = judged.item, list[Problem]()
        if item:
            options = sorted(normal(option.text) for option in item.options)
            alike = contents.setdefault((normal(item.stem), normal(item.case), *options), [])
            same = [Problem("duplicate", f"The same question is in {alike[0]}.")] if alike else []
            alike.append(judged.where)
            if same and not judged.named:  # codes made from the content would be the same
                item = replace(item, code=f"{item.code}-{len(alike)}")
            if (namesake := codes.setdefault(item.code, judged)) is not judged:
                found.append(Problem("code_twice", f"The code {item.code} is already that of {namesake.where}."))
            judged = judged._replace(item=item, doubted=[*judged.doubted, *same])  # noqa: PLW2901  the row, judged on
        kept.append(_with(judged, found))
    return kept


def _whole_sets(rows: Sequence[_Judged]) -> list[_Judged]:
    """Refuse every row of a set that is not valid, or of which a row was refused."""
    sets: dict[str, list[_Judged]] = {}
    for judged in rows:
        if judged.set_code:
            sets.setdefault(judged.set_code, []).append(judged)
    found = {set_code: _set_trouble(members) for set_code, members in sets.items()}
    return [_with(judged, found.get(judged.set_code, ())) for judged in rows]


def _set_trouble(members: Sequence[_Judged]) -> Sequence[Problem]:
    if bad := [judged for judged in members if not judged.item]:
        return [Problem("set_incomplete", f"Of its set {members[0].set_code}, {bad[0].where} was refused.")]
    return set_problems([judged.item for judged in members if judged.item])


def _with(judged: _Judged, found: Sequence[Problem]) -> _Judged:
    """The row with further reasons against it; one that is already refused keeps its own."""
    return judged._replace(item=None, found=found) if found and judged.item else judged
