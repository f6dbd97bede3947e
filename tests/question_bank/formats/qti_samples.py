"""QTI items and packages written by hand, as small as they can be."""

import io
import zipfile
from collections.abc import Mapping


def item(body: str, correct: str = "B", *, kind: str = "single", more: str = "", attributes: str = "") -> str:
    """An item of QTI 2.1; `correct`: identifiers of choices, with spaces between."""
    values = "".join(f"<value>{value}</value>" for value in correct.split("|") if value)
    return (
        f'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i1" title="T" {attributes}>\n'
        f'<responseDeclaration identifier="RESPONSE" cardinality="{kind}" baseType="identifier">'
        f"<correctResponse>{values}</correctResponse></responseDeclaration>\n"
        f"{more}<itemBody>{body}</itemBody></assessmentItem>"
    )


def choice(prompt: str = "正确的是？", *, shuffle: str = "true", name: str = "RESPONSE", choices: str = "") -> str:
    pairs = zip("ABC", "甲乙丙", strict=True)
    given = choices or "".join(f'<simpleChoice identifier="{c}">{text}</simpleChoice>' for c, text in pairs)
    asked = f"<prompt>{prompt}</prompt>" if prompt else ""
    start = f'<choiceInteraction responseIdentifier="{name}" shuffle="{shuffle}" maxChoices="1">'
    return f"{start}{asked}{given}</choiceInteraction>"


def stimulus_item(prompt: str, href: str = "../s/case.xml") -> str:
    return item(choice(prompt), more=f'<assessmentStimulusRef identifier="s" href="{href}"/>')


STIMULUS = '<assessmentStimulus identifier="s"><stimulusBody><p>男，70岁。</p></stimulusBody></assessmentStimulus>'


def resource(href: str, *, kind: str = "imsqti_item_xmlv2p2", metadata: str = "") -> str:
    return f'<resource identifier="x" type="{kind}" href="{href}"><metadata>{metadata}</metadata></resource>'


def manifest(*resources: str) -> str:
    return f"<manifest><resources>{''.join(resources)}</resources></manifest>"


def package(files: Mapping[str, str | bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()
