import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model.docs import plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain  text\n here", "plain text here"),
        ("<p>One <code>word</code> more.</p> <p>Two.</p>", "One word more.\n\nTwo."),
        ("<ul><li><p>first</p></li><li>second <b>bold</b></li></ul>", "* first\n\n* second bold"),
        ("<p>a &lt; b &amp; c</p>", "a < b & c"),
        ('<note><p>See <a href="https://aws">the guide</a>.</p></note>after', "See the guide.\n\nafter"),
        ("<p>x<br/>y</p>", "x\n\ny"),
        ("a &amp; b", "a & b"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert plain(html) == text


@given(st.text("ab <>/p&;li\n", max_size=60))
def test_text_has_no_stray_blanks(html: str) -> None:
    text = plain(html)
    assert text == text.strip()
    assert "  " not in text
    assert "\n\n\n" not in text
