"""HTML to text and back: what it says stays, what it loses is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.formats.markup import tree
from question_bank.formats.plain import CASE_CLASS, as_html, as_inline, looks_like_html, plain_html, plain_nodes


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>一</p><p>二</p>", "一\n二"),
        ("a<br>b<br/><br />c", "a\nb\n\nc"),
        (" a \n b&nbsp;c&#160;d ", "a b c d"),
        ("K<5, a < b &lt;c&gt; &amp;amp;", "K<5, a < b <c> &amp;"),
        ("10<sup>9</sup>/L, H<sub>2</sub>O, Ca<sup>2+</sup>", "10⁹/L, H₂O, Ca²⁺"),
        ("<ul><li><p>甲</p></li><li>乙</ul><ol><li>一<li>二</ol>后", "- 甲\n- 乙\n1. 一\n2. 二\n后"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1\t2\n3"),
        ("a<!-- b -->c<!-- <p> -->", "ac"),
        ("a<!-- b", "a<!-- b"),
        ("<pre>a  b\n c</pre>", "a  b\n c"),
        ("<video><source src='x'>old</video>rest", "rest"),
        ("<div>a<div>b</div></div>c", "a\nb\nc"),
    ],
)
def test_html_reads_as_a_person_sees_it(html: str, text: str) -> None:
    assert plain_html(html).text == text


@pytest.mark.parametrize(
    ("html", "lost"),
    [
        ("<p>a</p><span>b</span>", ()),
        ("<b>不</b>", ("emphasis",)),
        ("<a href='http://x'>y</a>", ("a link to http://x",)),
        ("<script>x</script>", ("a script",)),
        ("x<sup>ab</sup>", ("raised signs, written ^(ab)",)),
        ("<table><tr><td>1</table>", ("a table (its cells are kept, line by line)",)),
        ("<marquee>x</marquee>", ("the element marquee",)),
        ("<img src='a.png' alt=' a  cat '>", ("the picture a.png (its words are kept)",)),
        (
            "<svg aria-label='x'>rest",
            ("the picture svg (its words are kept)", "everything after an element svg that does not end"),
        ),
    ],
)
def test_what_a_text_can_not_hold_is_named(html: str, lost: tuple[str, ...]) -> None:
    assert plain_html(html).lost == lost


def test_pictures_formulas_and_recordings_without_words_are_named_apart() -> None:
    html = f"<img src='data:image/png;base64,{'A' * 5000}'><math><mn>2</mn></math><audio src='x.mp3'></audio>text"
    found = plain_html(html)
    assert (found.text, found.pictures) == ("text", ("data:", "math", "x.mp3"))


def test_the_case_of_a_set_is_kept_apart() -> None:
    found = plain_html(f'<div class="{CASE_CLASS}">男，<div>70岁</div></div><div>诊断？</div>')
    assert (found.case, found.text) == ("男，\n70岁", "诊断？")
    assert plain_html(f'<div class="{CASE_CLASS}">never closed').text == "never closed"


def test_html_is_told_from_text_with_such_signs() -> None:
    assert all(map(looks_like_html, ("<p>x", "a<br/>b", "&nbsp;", "&#10;", "x</SPAN>")))
    assert not any(map(looks_like_html, ("K<5", "a<b", "a < p and q > r", "A&B", "<5>", "R&D; x")))


SIGNS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t <>&\"'\xa0"), max_size=40)


@given(SIGNS.map(str.strip))
def test_a_text_comes_back_from_html_as_it_was(text: str) -> None:
    assert plain_html(as_html(text)) == (text, "", (), ())
    assert plain_html(as_html("case", "div", CASE_CLASS) + as_html(text, "div"))[:2] == (text, "case")


@given(SIGNS.map(str.strip).filter(lambda text: not {"\ufffe", "\uffff"} & set(text)))
def test_a_text_comes_back_from_xml_as_it_was(text: str) -> None:
    root = tree(f"<r><a>{as_inline(text)}</a></r>".encode(), "x.xml")
    assert plain_nodes(next(root.nodes("a")).content).text == text


@given(st.text(st.sampled_from("<>/&;!-='\" abp#x[]"), max_size=60))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    assert isinstance(plain_html(text).text, str)


@pytest.mark.parametrize(
    "hostile",
    ["<", "<a", "<!--", "<![CDATA[", "<?", "</", '<a "', '<a b="c', "&#", "<sup>", "<li>", "<div>", "<a b='\"", "<!-"],
)
def test_reading_hostile_html_takes_time_in_proportion(hostile: str) -> None:
    text = hostile * (190_000 // len(hostile))
    assert plain_html(text).text is not None  # a quadratic reader would need minutes, and the limit of a test ends it
