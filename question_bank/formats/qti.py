"""QTI items (assessmentItem of 2.0, 2.1 and 2.2; of 3.0 by `qti3`): one file, one item, or one set.

choiceInteraction is A1 or X; several of them in one body, after a common text, are a case set; matchInteraction and
associateInteraction are a B1 set where each stem has one partner. What is right comes from correctResponse, else from
the mapping. Every other interaction is refused by its name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from question_bank.formats.cells import made_code
from question_bank.formats.markup import Node, root_of, tree
from question_bank.formats.plain import Plain, plain_nodes
from question_bank.formats.qti3 import as_qti2, is_qti3
from question_bank.formats.question import (
    ALL,
    LOST_SHOWN_MAX,
    Choice,
    Note,
    Question,
    losses,
    refused,
    row_of,
    unsupported,
)
from question_bank.formats.reading import Reading, Row, Unreadable
from question_bank.formats.rows import collect_questions
from question_bank.formats.tags import read_tags
from question_bank.item import OPTION_COUNT_MAX, SET_SIZES, ItemType

ROOT: Final = "assessmentItem"
A3_COUNT_MAX: Final = SET_SIZES[ItemType.A3][1]  # a case with more questions unfolds: A4
FEEDBACK: Final = frozenset(("feedbackInline", "feedbackBlock"))
ASIDE: Final = frozenset((*FEEDBACK, "rubricBlock", "prompt", "stylesheet", "companionMaterialsInfo", "catalogInfo"))
READ: Final = frozenset(
    (
        *("itemBody", "responseDeclaration", "outcomeDeclaration", "responseProcessing", "modalFeedback"),
        *("assessmentStimulusRef", "contextDeclaration"),
    )
)
TEMPLATES: Final = ("match_correct", "map_response")  # response processing that correctResponse and mapping say


class Known(NamedTuple):
    """What the package says of an item: its place in it, its tags, and fields such as a set.

    `stimulus`: the text that its stimuli hold; for an item of a set it is the case, else it comes before the stem.
    """

    number: int = 0  # 0: there is no package, lines are numbers enough
    file: str = ""
    tags: Sequence[str] = ()
    values: Mapping[str, Any] = {}
    stimulus: Plain | None = None


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The item of a single file as items. Raises Unreadable."""
    if mapping:
        raise Unreadable("QTI has no columns: --map is for tables.")
    item = item_in(data, "The file")
    if item is None:
        raise Unreadable(f"The file is no QTI item: its root is {root_of(data, 'The file').name}.")
    ignored: list[str] = []
    return collect_questions(rows_of(item, Known(), ignored), pool, ignored)


def item_in(data: bytes, what: str) -> Node | None:
    """The item in a file, in the words of QTI 2; None when it is something else. Raises Unreadable."""
    root = tree(data, what)
    root = as_qti2(root) if is_qti3(root) else root
    return root if root.name == ROOT else None


def rows_of(item: Node, known: Known, ignored: list[str]) -> list[Row]:
    """The rows of one item; what is passed over is added to `ignored`."""
    title = item.get("title") or item.get("identifier")
    place = (known.file or f"line {item.line}") + (f" ({title[:60]})" if title else "")
    body = item.first("itemBody")
    source = _Source(item, body or item, place, known)
    if body is None:
        return [source.refuse(item, "no_body", "It has no itemBody.")]
    if item.first("assessmentStimulusRef") and known.stimulus is None:
        return [source.refuse(item, "stimulus_missing", "It needs a shared text (stimulus) that is not there.")]
    ignored.extend(_passed(item, known))
    return list(_rows(source, [each for each in _every(body) if each.name.endswith("Interaction")]))


class _Source(NamedTuple):
    """An item being read."""

    item: Node
    body: Node
    place: str
    known: Known

    def at(self, node: Node) -> str:
        """The place of an element for its author."""
        return f"{self.place}, {node.name} in line {node.line}"

    def number(self, node: Node) -> int:
        return self.known.number or node.line

    def refuse(self, node: Node, code: str, reason: str) -> Row:
        return refused(self.number(node), self.at(node), code, reason, self.set_code)

    @property
    def set_code(self) -> str:
        return str(self.known.values.get("set", ""))


def _rows(source: _Source, interactions: Sequence[Node]) -> Iterator[Row]:
    kinds = list(dict.fromkeys(each.name for each in interactions))
    if source.item.get("adaptive") == "true":
        yield source.refuse(source.item, "unsupported", "An adaptive item is not supported: it is not taken.")
    elif not interactions:
        yield source.refuse(source.item, "unsupported", "It asks nothing: it has no interaction.")
    elif kinds == ["choiceInteraction"] and len(interactions) == 1:
        yield _checked(source, interactions[0], _choice(source, interactions[0], _stem(source)))
    elif kinds == ["choiceInteraction"]:
        yield from _case_set(source, interactions)
    elif len(interactions) == 1 and kinds[0] in ("matchInteraction", "associateInteraction"):
        yield from _shared_options(source, interactions[0])
    else:
        for each in interactions:
            kind = each.name if len(kinds) == 1 else f"{each.name} (together with {' and '.join(kinds)})"
            row = unsupported(source.number(each), source.at(each), kind)
            yield row._replace(values={"set": source.set_code})


def _checked(source: _Source, interaction: Node, question: Question) -> Row:
    """The row of a question, unless its choices and its answers do not fit together."""
    names = [each.get("identifier") for each in interaction.nodes("simpleChoice")]
    if twice := next((name for name in names if names.count(name) > 1), None):
        return source.refuse(interaction, "choice_twice", f"Two choices have the identifier {twice[:40]!r}.")
    if unknown := [name for name in _correct(_declaration(source.item, interaction)) if name not in names]:
        said = ", ".join(unknown)[:80]
        return source.refuse(interaction, "key_unknown", f"Its answers name choices that are not there: {said}.")
    return row_of(question)


def _choice(source: _Source, interaction: Node, stem: Plain, **values: Any) -> Question:
    declared = _declaration(source.item, interaction)
    simple = list(interaction.nodes("simpleChoice"))
    single = declared.get("cardinality", "single") == "single" if declared else interaction.get("maxChoices") == "1"
    weights, notes = _weights(declared, single=single)
    choices = [Choice(_inside(each), weights.get(each.get("identifier"), 0.0), _feedback(each)) for each in simple]
    movable = interaction.get("shuffle") == "true" and not any(each.get("fixed") == "true" for each in simple)
    return Question(
        number=source.number(source.item),
        place=source.place,
        stem=stem,
        choices=choices,
        single=single,
        explanation=_explanation(source.item),
        tags=source.known.tags,
        values={"fixed_order": "" if movable else "yes", **source.known.values, **values},
        notes=(*notes, *_processing(source.item)),
    )


def _case_set(source: _Source, interactions: Sequence[Node]) -> Iterator[Row]:
    """Several choices in one body: what comes before the first is the case, the prompt of each its stem."""
    prompts = [_prompt(each) for each in interactions]
    if not all(prompt.text for prompt in prompts) or source.set_code or source.known.stimulus:
        reason = "Several interactions in one item are a case set when each has a prompt; here one has none."
        yield source.refuse(source.item, "several_interactions", reason)
        return
    case = plain_nodes(source.body.content, ASIDE | {"choiceInteraction"})
    kind = ItemType.A3 if len(interactions) <= A3_COUNT_MAX else ItemType.A4
    set_code = made_code("set", [case.text, *(prompt.text for prompt in prompts)])
    fields = {"type": kind.value, "set": set_code, "case": case.text}
    for interaction, prompt in zip(interactions, prompts, strict=True):
        stem = prompt._replace(lost=(*prompt.lost, *case.lost), pictures=(*prompt.pictures, *case.pictures))
        question = _choice(source, interaction, stem, **fields)
        yield _checked(
            source,
            interaction,
            question._replace(number=source.number(interaction), place=source.at(interaction)),
        )


def _shared_options(source: _Source, interaction: Node) -> Iterator[Row]:
    """A match or an association as a B1 set, if each stem has one partner."""
    pairs = [tuple(value.split()) for value in _correct(_declaration(source.item, interaction))]
    found = _stems_and_options(interaction, [(pair[0], pair[1]) for pair in pairs if len(pair) == 2])
    least, most = SET_SIZES[ItemType.B1]
    if found is None or not least <= len(found[0]) <= most or len(found[1]) > OPTION_COUNT_MAX:
        reason = (
            f"{interaction.name} is taken as a B1 set of {least} to {most} stems with one partner each; this is none."
        )
        yield source.refuse(interaction, "unsupported", reason)
        return
    stems, options, right = found
    texts = {each.get("identifier"): _inside(each) for each in (*stems, *options)}
    set_code = made_code("set", [texts[each.get("identifier")].text for each in (*stems, *options)])
    words = plain_nodes(source.body.content, ASIDE - {"prompt"} | {"simpleMatchSet", "simpleAssociableChoice"})
    notes: list[Note] = [("matching", f"{interaction.name} is taken as a B1 set, each stem with its own point.")]
    if words.text:
        notes.append(("html", f"Not kept: the words above the set, {words.text[:LOST_SHOWN_MAX]!r}."))
    for stem in stems:
        name = stem.get("identifier")
        choices = [
            Choice(texts[each.get("identifier")], ALL * (each.get("identifier") == right[name])) for each in options
        ]
        fields = {"fixed_order": "" if interaction.get("shuffle") == "true" else "yes", **source.known.values}
        yield row_of(
            Question(
                number=source.number(stem),
                place=f"{source.at(interaction)}, {name[:40]}",
                stem=texts[name]._replace(pictures=(*texts[name].pictures, *words.pictures)),
                choices=choices,
                single=True,
                explanation=_explanation(source.item),
                tags=source.known.tags,
                values={**fields, "type": "B1", "set": set_code, "code": ""},
                notes=(*notes, *losses(words)),
            )
        )


def _stems_and_options(
    interaction: Node, pairs: Sequence[tuple[str, str]]
) -> tuple[list[Node], list[Node], dict[str, str]] | None:
    """Which choices are stems, which are options, and each stem's right option; None when it can't be told."""
    sets = [list(each.nodes("simpleAssociableChoice")) for each in interaction.nodes("simpleMatchSet")]
    if not sets:  # an association: the first of each pair is a stem, all the others are options
        choices, firsts = list(interaction.nodes("simpleAssociableChoice")), {first for first, _ in pairs}
        sets = [[each for each in choices if (each.get("identifier") in firsts) is wanted] for wanted in (True, False)]
    if len(sets) != 2:
        return None
    for stems, options, right in ((sets[0], sets[1], pairs), (sets[1], sets[0], [(b, a) for a, b in pairs])):
        names = sorted(each.get("identifier") for each in stems)
        known = {each.get("identifier") for each in options}
        if sorted(stem for stem, _ in right) == names and all(option in known for _, option in right):
            return stems, options, dict(right)
    return None


def _stem(source: _Source) -> Plain:
    """The stem of a single choice: the text of the body with the prompt at its place, after or under the stimulus."""
    stem = plain_nodes(source.body.content, ASIDE - {"prompt"} | {"simpleChoice"})
    shared = source.known.stimulus
    if shared is None:
        return stem
    lost, pictures = (*stem.lost, *shared.lost), (*stem.pictures, *shared.pictures)
    if source.set_code:
        return Plain(stem.text, shared.text, lost, pictures)
    return Plain(f"{shared.text}\n{stem.text}", "", lost, pictures)


def _inside(node: Node) -> Plain:
    return plain_nodes(node.content, ASIDE)


def _prompt(interaction: Node) -> Plain:
    prompt = interaction.first("prompt")
    return _inside(prompt) if prompt else Plain("")


def _feedback(choice: Node) -> Plain:
    return _together([plain_nodes(each.content) for each in choice.deep(*FEEDBACK)])


def _explanation(item: Node) -> Plain:
    """All feedback of the item that is not about one of its choices."""
    body = item.first("itemBody")
    inside = [each for each in _every(body) if each.name in FEEDBACK] if body else []
    return _together([plain_nodes(each.content) for each in (*inside, *item.nodes("modalFeedback"))])


def _together(parts: Sequence[Plain]) -> Plain:
    texts = dict.fromkeys(part.text for part in parts if part.text)
    lost = tuple(dict.fromkeys(each for part in parts for each in part.lost))
    return Plain("\n".join(texts), "", lost, tuple(each for part in parts for each in part.pictures))


def _every(node: Node) -> Iterator[Node]:
    """Every element inside but what is inside a choice."""
    for each in node.nodes():
        if each.name != "simpleChoice":
            yield each
            yield from _every(each)


def _declaration(item: Node, interaction: Node) -> Node | None:
    name = interaction.get("responseIdentifier")
    return next((each for each in item.nodes("responseDeclaration") if each.get("identifier") == name), None)


def _correct(declared: Node | None) -> list[str]:
    correct = declared.first("correctResponse") if declared else None
    return [value.text().strip() for value in correct.nodes("value")] if correct else []


def _weights(declared: Node | None, *, single: bool) -> tuple[dict[str, float], list[Note]]:
    """The weight of each choice in percent, by its identifier, and what its author is told."""
    mapping = declared.first("mapping") if declared else None
    mapped = (
        {entry.get("mapKey"): _number(entry.get("mappedValue")) for entry in mapping.nodes("mapEntry")}
        if mapping
        else {}
    )
    correct = _correct(declared)
    if correct:
        notes = _mapping_notes(mapped, correct, single=single)
        return dict.fromkeys(correct, ALL if single else ALL / len(correct)), notes
    most = max(mapped.values(), default=0)
    if most <= 0:
        return {}, []
    scale = ALL / most if single else ALL / sum(value for value in mapped.values() if value > 0)
    return {name: value * scale for name, value in mapped.items() if value}, []


def _mapping_notes(mapped: Mapping[str, float], correct: Sequence[str], *, single: bool) -> list[Note]:
    notes: list[Note] = []
    if any(value > 0 for name, value in mapped.items() if name not in correct):
        notes.append(("partial_credit", "Partial credit for other options is not kept: only the right ones count."))
    if not single and len({mapped[name] for name in correct if name in mapped}) > 1:
        notes.append(("partial_credit", "The right options had different weights: here they count alike."))
    if any(value < 0 for value in mapped.values()):
        notes.append(("penalty", "Points taken off for wrong options are not kept."))
    return notes


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _processing(item: Node) -> Iterator[Note]:
    """Rules of marking of its own, which are not read."""
    processing = item.first("responseProcessing")
    if processing is None:
        return
    template = processing.get("template")
    if (template or processing.content) and not any(name in template for name in TEMPLATES):
        yield "processing", "Its own rules of marking are not kept: what is right comes from its correct response."


def _passed(item: Node, known: Known) -> Iterator[str]:
    """What of the item is not read although it says something."""
    if item.get("identifier") and not known.values.get("code") and not read_tags(known.tags).values.get("code"):
        yield "the identifiers and titles of items"
    yield from (f"element {each.name[:40]}" for each in item.nodes() if each.name not in READ)
    yield from (f"element {each.name}" for each in item.deep("rubricBlock", "stylesheet"))
    yield from (f"tag {tag[:80]}" for tag in read_tags(known.tags).others)
