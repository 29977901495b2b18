"""What is shown, as Markdown: read back by another reader it says the same, and no stranger's mark works."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from acs_telephony.views.architecture import architecture
from acs_telephony.views.display import heading, notice, sentences, table, together

READER = MarkdownIt("gfm-like", {"linkify": False})
HOSTILE = [
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](y)",
    "`code` **bold** _it_ ~~gone~~ # no heading",
    r"^\+1(206|425)\d{7}$",
    "a | b || c",
    "- no list",
    "12. no list",
    "+ no list",
    "see http://evil.example/x and www.evil.example",
    "&lt; &amp; &copy;",
    "&",
]
ANY_WORDS = st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), min_size=1).map(
    lambda words: " ".join(words.split())
)


def tokens(document: str) -> list[Token]:
    return [one for token in READER.parse(document) for one in (token, *(token.children or ()))]


def texts(document: str, around: str) -> list[str]:
    """The words of every part of this kind, as the reader of Markdown gives them."""
    parsed = READER.parse(document)
    return [
        "".join(child.content for child in parsed[i + 1].children or ())
        for i, token in enumerate(parsed)
        if token.type == around
    ]


def marks(document: str) -> set[str]:
    return {token.type for token in tokens(document)}


@pytest.mark.parametrize("words", HOSTILE)
def test_a_strangers_marks_are_words_in_a_cell_a_sentence_a_heading_and_a_notice(words: str) -> None:
    assert texts(table(words, ("a", "b"), [(words, words)]).markdown, "td_open") == [words, words]
    assert texts(sentences([words, words]).markdown, "paragraph_open") == [words, words]
    assert texts(heading(words).markdown, "heading_open") == [words]
    assert texts(notice("Mind", words).markdown, "paragraph_open") == [f"Mind. {words}"]


@given(ANY_WORDS)
def test_whatever_the_words_a_cell_holds_them_and_nothing_else(words: str) -> None:
    document = table("A table", ("a",), [(words,)]).markdown

    assert texts(document, "td_open") == [words]
    assert marks(document).isdisjoint(
        {"html_inline", "html_block", "link_open", "image", "code_inline", "em_open", "s_open"}
    )


def test_an_address_is_no_link() -> None:
    """GitHub makes links of bare addresses, unless their colon or dot is escaped."""
    document = notice("Mind", "see https://evil.example/x and www.evil.example").markdown

    assert "https://" not in document
    assert "www." not in document


def test_a_table_has_its_rows_and_columns() -> None:
    found = tokens(table("Caption", ("a", "b"), [("1", "2"), ("3", "4"), ("5", "")]).markdown)

    assert [token.type for token in found].count("tr_open") == 4
    assert [token.type for token in found].count("th_open") == 2
    assert [token.type for token in found].count("td_open") == 6


def test_a_picture_is_an_image_with_its_file_and_its_words() -> None:
    picture = architecture("sip")
    shown = together(heading("One"), picture)
    images = [token for token in tokens(shown.markdown) if token.type == "image"]

    assert shown.pictures == (picture,)
    assert [(image.attrs["src"], image.content) for image in images] == [(picture.file_name, picture.alt)]
    assert picture.file_name.endswith(f"-{picture.sha256[:8]}.svg")
    assert texts(shown.markdown, "paragraph_open")[-1] == picture.twin.splitlines()[-1].strip()
