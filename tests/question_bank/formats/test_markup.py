"""XML from strangers: nodes with lines, and everything hostile refused."""

import pytest

from question_bank.formats import markup
from question_bank.formats.markup import ATTRIBUTE_COUNT_MAX, DEPTH_MAX, ELEMENT_COUNT_MAX, each_part, root_of, tree
from question_bank.formats.reading import Unreadable


def refused(data: bytes) -> str:
    with pytest.raises(Unreadable) as raised:
        tree(data, "x.xml")
    return str(raised.value)


def test_a_tree_has_names_spaces_attributes_lines_and_texts_in_order() -> None:
    root = tree(b'<r xmlns="urn:a" xml:base="items/">\n<a k="v" q:z="" xmlns:q="urn:q">x<b/>y</a>\n</r>', "x.xml")
    assert (root.name, root.space, root.get("base")) == ("r", "urn:a", "items/")
    a = next(root.nodes("a"))
    assert (a.line, a.attributes, a.text()) == (2, {"k": "v"}, "xy")
    assert [each.name for each in root.deep("b")] == ["b"]
    assert (root.text_at("a"), root.text_at("a", "none"), root.first("none")) == ("xy", "", None)


def test_parts_come_one_by_one_with_their_root() -> None:
    seen: list[tuple[str, str]] = []
    each_part(b"<r>t<a><b/></a><c/></r>", "x.xml", lambda root, part: seen.append((root.name, part.name)))
    assert seen == [("r", "a"), ("r", "c")]
    assert root_of(b"<r k='1'><not closed", "x.xml").get("k") == "1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb2312", "gb18030"])
def test_the_encodings_of_authors_are_read(encoding: str) -> None:
    named = encoding.removesuffix("-sig")
    data = f'<?xml version="1.0" encoding="{named}"?><r><a>正确</a></r>'.encode(encoding)
    assert tree(data, "x.xml").text() == "正确"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "inside",
    [
        "<!DOCTYPE r>",
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
        "<!-- c --><?p i?>\n<!DOCTYPE r []>",
    ],
)
def test_a_document_type_is_refused_before_any_entity_is_declared(inside: str, encoding: str) -> None:
    assert "document type" in refused(f"{inside}<r>&c;</r>".encode(encoding))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<r>", "not well-formed XML: no element found, line 1"),
        (b"<r>\n&nbsp;</r>", "undefined entity, line 2"),
        (b"<r>\xff</r>", "not well-formed"),
        (b"<r>\x00</r>", "not well-formed"),
        (b"<?xml version='1.0' encoding='gbk'?><r>\xff\xff</r>", "not in the encoding"),
        (b"<?xml version='1.0' encoding='nonsense'?><r/>", "encoding"),
        (b"<?xml version='1.0' encoding='shift_jis'?><r/>", "encoding"),
        (b"<r>" + b"<a>" * DEPTH_MAX + b"</a>" * DEPTH_MAX + b"</r>", "too deep"),
        (b"<r " + b" ".join(b"a%d=''" % n for n in range(ATTRIBUTE_COUNT_MAX + 1)) + b"/>", "attributes"),
        (b"<r>" + b"<a/>" * ELEMENT_COUNT_MAX + b"</r>", "too many elements"),
    ],
)
def test_what_is_broken_or_beyond_the_limits_is_refused_in_one_sentence(data: bytes, words: str) -> None:
    assert words in refused(data)


def test_the_limit_of_elements_is_for_each_part_when_parts_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "ELEMENT_COUNT_MAX", 1000)  # the real one, above, takes seconds
    part = b"<a>" + b"<b/>" * 500 + b"</a>"
    root = each_part(b"<r>" + part * 3 + b"</r>", "x.xml", lambda _, __: None)
    assert root.name == "r"
    assert "too many elements" in refused(b"<r>" + part * 3 + b"</r>")
