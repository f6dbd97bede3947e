"""Items as a QTI 2.1 package.

Each is one choiceInteraction in a file of its own: those of a set one after another in the manifest, with the set in a
keyword and a case before the interaction. Keywords of the manifest's LOM metadata hold what QTI has no field for; the
explanation is modal feedback. Written with the same bytes whenever the same items are.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from question_bank.formats.plain import CASE_CLASS, as_inline
from question_bank.formats.qti_package import MANIFEST
from question_bank.formats.tags import tags_of
from question_bank.item import Item

ITEM_SPACE: Final = "http://www.imsglobal.org/xsd/imsqti_v2p1"
MANIFEST_SPACE: Final = "http://www.imsglobal.org/xsd/imscp_v1p1"
LOM_SPACE: Final = "http://ltsc.ieee.org/xsd/LOM"
ITEM_KIND: Final = "imsqti_item_xmlv2p1"
MATCH: Final = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write(items: Sequence[Item]) -> bytes:
    """The ZIP archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        _add(archive, MANIFEST, "".join(_manifest(items)))
        for number, item in enumerate(items, 1):
            _add(archive, _file(number), _item(number, item))
    return written.getvalue()


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    """A file of the archive; its date is the first that ZIP knows, for a date would make two exports differ."""
    archive.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED)


def _file(number: int) -> str:
    return f"items/item-{number:06}.xml"


def _manifest(items: Sequence[Item]) -> Iterator[str]:
    yield f'{HEAD}<manifest xmlns="{MANIFEST_SPACE}" identifier="bank">\n'
    yield "<metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion></metadata>\n"
    yield "<organizations/>\n<resources>\n"
    for number, item in enumerate(items, 1):
        tags = tags_of(item, besides=("code", "topic"))
        words = "".join(f"<keyword><string>{escape(tag, quote=False)}</string></keyword>" for tag in tags)
        yield f'<resource identifier="item-{number:06}" type="{ITEM_KIND}" href="{_file(number)}"><metadata>'
        yield f'<lom xmlns="{LOM_SPACE}"><general>{words}</general></lom></metadata>'
        yield f'<file href="{_file(number)}"/></resource>\n'
    yield "</resources>\n</manifest>\n"


def _item(number: int, item: Item) -> str:
    kind, most = ("single", 1) if len(item.key) == 1 else ("multiple", 0)
    right = "".join(f"<value>{option}</value>" for option in item.key)
    choices = "".join(
        f'<simpleChoice identifier="{option.id}">{as_inline(option.text)}</simpleChoice>\n' for option in item.options
    )
    case = f'<div class="{CASE_CLASS}">{as_inline(item.case)}</div>\n' if item.case else ""
    return (
        f'{HEAD}<assessmentItem xmlns="{ITEM_SPACE}" identifier="item-{number:06}" title="{escape(item.code)}"'
        ' adaptive="false" timeDependent="false">\n'
        f'<responseDeclaration identifier="RESPONSE" cardinality="{kind}" baseType="identifier">'
        f"<correctResponse>{right}</correctResponse></responseDeclaration>\n"
        '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>\n'
        '<outcomeDeclaration identifier="FEEDBACK" cardinality="single" baseType="identifier"/>\n'
        f'<itemBody>\n{case}<choiceInteraction responseIdentifier="RESPONSE"'
        f' shuffle="{str(not item.fixed_order).lower()}" maxChoices="{most}">\n'
        f"<prompt>{as_inline(item.stem)}</prompt>\n{choices}</choiceInteraction>\n</itemBody>\n"
        f'<responseProcessing template="{MATCH}"/>\n{_explanation(item)}</assessmentItem>\n'
    )


def _explanation(item: Item) -> str:
    if not item.explanation:
        return ""
    said = as_inline(item.explanation)
    return f'<modalFeedback outcomeIdentifier="FEEDBACK" identifier="why" showHide="show">{said}</modalFeedback>\n'
