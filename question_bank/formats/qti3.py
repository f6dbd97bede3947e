"""QTI 3.0 in the words of QTI 2: `<qti-choice-interaction max-choices="1">` is `<choiceInteraction maxChoices="1">`.

The two hold the same items under other names, so one reader serves both. HTML inside keeps its names.
"""

import re
from typing import Final

from question_bank.formats.markup import Node

PREFIX: Final = "qti-"
_HYPHEN: Final = re.compile(r"-([a-z])")


def is_qti3(node: Node) -> bool:
    """Whether an element is named as in QTI 3."""
    return node.name.startswith(PREFIX)


def as_qti2(node: Node) -> Node:
    """The element and all inside it under the names of QTI 2."""
    attributes = node.attributes
    if is_qti3(node):
        attributes = {_camel(name): value for name, value in attributes.items()}
    made = Node(
        _camel(node.name.removeprefix(PREFIX)) if is_qti3(node) else node.name, node.space, attributes, node.line
    )
    made.content = [as_qti2(each) if isinstance(each, Node) else each for each in node.content]
    return made


def _camel(name: str) -> str:
    """max-choices -> maxChoices; data-… and aria-… are no names of QTI."""
    return name if name.startswith(("data-", "aria-")) else _HYPHEN.sub(lambda found: found[1].upper(), name)
