"""QTI packages: manifest, metadata, shared texts, and archives made to do harm."""

import io
import stat
import zipfile

import pytest

from question_bank.formats import Reading, Unreadable, qti_package, read
from question_bank.formats.archive import FILE_COUNT_MAX, Archive, joined
from question_bank.item import ItemType
from tests.question_bank.formats.qti_samples import STIMULUS, choice, item, manifest, package, resource, stimulus_item

LOM = (
    "<lom><general><keyword><string>exam:difficulty=1</string></keyword><keyword><string>rare</string></keyword></general>"
    "<educational><difficulty><value>difficult</value></difficulty></educational>"
    "<classification><taxonPath><taxon><entry><string>专业</string></entry></taxon>"
    "<taxon><entry><string>内科</string></entry></taxon></taxonPath></classification></lom>"
)


def reading(files: dict[str, str]) -> Reading:
    return qti_package.read(package(files), {}, "p")


def refusals(found: Reading) -> list[tuple[int, str, str]]:
    return [(each.row, each.code, each.place.partition(" ")[0]) for each in found.refused]


def test_items_come_in_the_order_of_the_manifest_with_its_metadata() -> None:
    found = reading(
        {
            "imsmanifest.xml": manifest(resource("items/b%20b.xml", metadata=LOM), resource("./items/a.xml")),
            "items/a.xml": item(choice("甲？")),
            "items/b b.xml": item(choice("乙？")),
            "images/x.png": "",
        }
    )
    assert [(each.stem, each.topic, each.difficulty) for each in found.items] == [
        ("乙？", "专业/内科", 1),
        ("甲？", "未分类", 2),
    ]
    assert found.ignored == ("the identifiers and titles of items", "tag rare", "file images/x.png")


def test_items_with_the_same_stimulus_are_a_case_set_and_one_alone_has_it_before_its_stem() -> None:
    files = {f"items/{n}.xml": stimulus_item(f"{n}？") for n in "abc"}
    files["items/d.xml"] = stimulus_item("d？", "../s/other.xml")
    files["s/case.xml"], files["s/other.xml"] = STIMULUS, STIMULUS.replace("男", "女")
    files["imsmanifest.xml"] = manifest(*(resource(f"items/{n}.xml") for n in "abcd"))
    found = reading(files)
    assert [(each.type, each.case, each.stem) for each in found.items] == [
        *((ItemType.A3, "男，70岁。", f"{n}？") for n in "abc"),
        (ItemType.A1, "", "女，70岁。\nd？"),
    ]
    assert len({each.set_code for each in found.items}) == 2
    assert "xml" not in found.items[0].set_code


def test_four_items_with_the_same_stimulus_are_an_a4_set_also_in_qti_3() -> None:
    def as_qti3(text: str) -> str:
        for name in ("assessmentItem", "assessmentStimulusRef", "assessmentStimulus", "stimulusBody", "itemBody"):
            kebab = "".join(f"-{sign.lower()}" if sign.isupper() else sign for sign in name)
            text = text.replace(f"<{name} ", f"<qti-{kebab} ").replace(f"{name}>", f"qti-{kebab}>")
        for name in ("responseDeclaration", "correctResponse", "value", "prompt", "simpleChoice", "choiceInteraction"):
            kebab = "".join(f"-{sign.lower()}" if sign.isupper() else sign for sign in name)
            text = text.replace(f"<{name}", f"<qti-{kebab}").replace(f"</{name}", f"</qti-{kebab}")
        return text.replace("responseIdentifier", "response-identifier")

    files = {f"items/{n}.xml": as_qti3(stimulus_item(f"{n}？")) for n in "abcd"}
    files["s/case.xml"] = as_qti3(STIMULUS)
    files["imsmanifest.xml"] = manifest(*(resource(f"items/{n}.xml", kind="imsqti_item_xmlv3p0") for n in "abcd"))
    assert [(each.type, each.key) for each in reading(files).items] == [(ItemType.A4, "b")] * 4


def test_an_item_that_can_not_be_taken_takes_its_set_with_it() -> None:
    files = {
        "imsmanifest.xml": manifest(resource("items/a.xml"), resource("items/b.xml"), resource("items/c.xml")),
        "items/a.xml": stimulus_item("a？"),
        "items/b.xml": stimulus_item("b？").replace("choiceInteraction", "orderInteraction"),
        "items/c.xml": item(choice()),
        "s/case.xml": STIMULUS,
    }
    found = reading(files)
    assert refusals(found) == [(1, "set_incomplete", "items/a.xml"), (2, "unsupported", "items/b.xml")]
    assert len(found.items) == 1


def test_what_is_missing_broken_or_something_else_is_refused_by_its_file() -> None:
    files = {
        "imsmanifest.xml": manifest(
            resource("none.xml"),
            resource("broken.xml"),
            resource("hostile.xml"),
            resource("other.xml"),
            resource("old.xml", kind="imsqti_xmlv1p2"),
            resource("items/alone.xml"),
            resource("good.xml"),
            resource("test.xml", kind="imsqti_test_xmlv2p2"),
        ),
        "broken.xml": "<assessmentItem>",
        "hostile.xml": "<!DOCTYPE x []><assessmentItem/>",
        "other.xml": "<html/>",
        "old.xml": "<questestinterop/>",
        "items/alone.xml": stimulus_item("?"),
        "good.xml": item(choice()),
        "test.xml": "<assessmentTest/>",
    }
    found = reading(files)
    assert refusals(found) == [
        (1, "file_missing", "none.xml"),
        (2, "file_broken", "broken.xml"),
        (3, "file_broken", "hostile.xml"),
        (4, "file_broken", "other.xml"),
        (5, "file_broken", "old.xml"),
        (6, "file_broken", "items/alone.xml"),
    ]
    assert (len(found.items), found.ignored[-1]) == (1, "file test.xml")


def test_a_package_is_told_by_its_manifest_whatever_its_name_and_may_lie_in_a_folder() -> None:
    data = package({"my/imsmanifest.xml": manifest(resource("a.xml")), "my/a.xml": item(choice())})
    assert len(read("bank", data, {}, "p").items) == len(read("bank.zip", data, {}, "p").items) == 1


@pytest.mark.parametrize(
    "href", ["../a.xml", "/a.xml", "items/../../a.xml", "..%2Fa.xml", "C:\\a.xml", "file:///a.xml"]
)
def test_a_manifest_that_leads_out_of_the_package_is_refused(href: str) -> None:
    with pytest.raises(Unreadable, match="outside of itself"):
        reading({"imsmanifest.xml": manifest(resource(href))})


@pytest.mark.parametrize("name", ["../a.xml", "/etc/passwd", "a/../../b", "a\\b.xml", "C:/a.xml", "a/./b", "x" * 401])
def test_an_archive_with_names_that_lead_out_of_it_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="leads out of it or is none"):
        reading({"imsmanifest.xml": manifest(), name: ""})


def test_links_and_encrypted_files_are_refused() -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    locked = io.BytesIO()
    with zipfile.ZipFile(locked, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Unreadable, match="link"):
        Archive(locked.getvalue())
    data = bytearray(package({"a.xml": "x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Unreadable, match="encrypted"):
        Archive(bytes(data))


def test_bombs_of_size_number_and_double_names_are_refused() -> None:
    with pytest.raises(Unreadable, match="200 times its size"):
        Archive(package({"a.xml": bytes(4 * 2**20)}))
    with pytest.raises(Unreadable, match=f"more than {FILE_COUNT_MAX} files"):
        Archive(package({f"{n}": "" for n in range(FILE_COUNT_MAX + 1)}))
    twice = package({"aa.xml": "1", "ab.xml": "2"}).replace(b"ab.xml", b"aa.xml")
    with pytest.raises(Unreadable, match="two files of the same name"):
        Archive(twice)


def test_a_file_that_lies_about_its_size_is_not_unpacked_further() -> None:
    data = bytearray(package({"a.xml": b"x" * 1000}))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = (10).to_bytes(4, "little")
    with pytest.raises(Unreadable, match="can't be unpacked"):
        Archive(bytes(data)).read("a.xml")


def test_paths_are_joined_within_the_archive() -> None:
    assert joined("items", "../s/a.xml") == "s/a.xml"
    assert joined("", "./a//b.xml") == "a/b.xml"
    assert [joined("x", path) for path in ("../../a", "/a", "a\\b", "http://a/b")] == [""] * 4


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (package({"a.xml": ""}), "no imsmanifest.xml"),
        (package({"imsmanifest.xml": manifest()}), "no items"),
        (package({"imsmanifest.xml": "<!DOCTYPE m []><manifest/>"}), "document type"),
        (package({"imsmanifest.xml": "<manifest>"}), "not well-formed"),
        (b"PK\x03\x04 and nothing", "not a ZIP archive"),
        (package({"imsmanifest.xml": manifest()})[:-30], "not a ZIP archive"),
    ],
)
def test_what_is_no_package_is_unreadable(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        qti_package.read(data, {}, "p")
    with pytest.raises(Unreadable, match="--map"):
        qti_package.read(data, {"a": "stem"}, "p")
