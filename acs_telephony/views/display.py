"""Tables, sentences and notices: HTML for a page, and the same content as plain text and as Markdown.

Colours come from the page, so everything reads in a light and in a dark theme; a notice says its kind in a word.
Whatever a stranger wrote is escaped here, once.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from textwrap import wrap
from typing import Final

from acs_telephony.views.dot import clean
from acs_telephony.views.icons import ICONS, Kind, icon
from acs_telephony.views.palette import CARD_BORDER, MARKS
from acs_telephony.views.pictures import Picture

_WIDEST: Final = 46
# With so many columns a table may be wider than a zoomed page: then it scrolls, and the keyboard can reach it to do so.
_WIDE: Final = 4
# Where a long name or pattern may go on in the next line: behind a dot, a slash or an underscore, before a bracket.
_LONG_WORD: Final = re.compile(r"\S{12,}")
_BREAK: Final = re.compile(r"(?<=[._/])(?=\w)|(?=[(\[{])")
# What Markdown could take for a mark: anywhere, or at the beginning of a line, where a number may begin a list as well.
_MARKDOWN: Final = re.compile(r"[\\`*_\[\]|~$#]|^[-+=]|^\d+[.)]|:(?=//)|(?<=www)\.")
# Where a long heading may: before a capital in a name such as ParticipantEndReason.
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DATED: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to look at: `html` for a page, `text` with the same content for everything else.

    `said` is the sentence that matters, for a reader who hears the page: it is spoken when a panel's answer changes.
    `markdown` is the content for a document; it links its `pictures` by their file names, with their words below.
    """

    html: str
    text: str
    said: str
    markdown: str = ""
    pictures: tuple[Picture, ...] = ()

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # Else JupyterLab takes what stands between the `$` of two patterns for mathematics.
        return {"text/html": f'<div class="mathjax_ignore">{self.html}</div>', "text/plain": self.text}


def table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Shown:
    """A table with a caption; every cell is text or a Shown, and the first cell of a row names the row.

    >>> print(table("Two", ("who", "what"), [("a", 1)]))
    Two
    who  what
    ---  ----
    a    1
    """
    caption, *titles = map(clean, (caption, *headings))
    given = [list(row) for row in rows]
    cells = [[clean(str(cell)) for cell in row] for row in given]
    edge = f"border-bottom:1px solid {CARD_BORDER};padding:4px 12px 4px 0;text-align:left;vertical-align:top"
    head = "".join(
        f'<th scope="col" style="{edge};font-weight:bold">{_HUMP.sub("<wbr>", html.escape(title))}</th>'
        for title in titles
    )
    body = "".join(f"<tr>{_row(row, edge)}</tr>" for row in given)
    page = (
        f'<table style="border-collapse:collapse;text-align:left;margin:8px 0"><caption style="text-align:left;'
        f'caption-side:top;font-weight:bold;padding:4px 0">{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    if len(titles) >= _WIDE:
        page = (
            f'<div role="group" tabindex="0" aria-label="{html.escape(caption)}" style="overflow-x:auto">{page}</div>'
        )
    lines = [map(marked, titles), ["---"] * len(titles), *(map(marked, row) for row in cells)]
    document = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return Shown(page, f"{caption}\n{_aligned([titles, *cells])}", caption, f"**{marked(caption)}**\n\n{document}")


def _row(cells: list[object], edge: str) -> str:
    first, *others = (cell.html if isinstance(cell, Shown) else _wrapping(clean(str(cell))) for cell in cells)
    named = f'<th scope="row" style="{edge};font-weight:normal">{first}</th>'
    return named + "".join(f'<td style="{edge}">{cell}</td>' for cell in others)


def _wrapping(cell: str) -> str:
    """Escaped text that goes on in the next line where it is kind: long names in parts, a date in one piece."""
    marked = _LONG_WORD.sub(lambda word: _BREAK.sub("\n", word[0]), cell)  # a cleaned cell has no line end of its own
    parted = html.escape(marked).replace("\n", "<wbr>")
    return _DATED.sub(r'<span style="white-space:nowrap">\g<0></span>', parted)


def _aligned(rows: list[list[str]]) -> str:
    """Columns of plain text; a long cell goes on below itself."""
    wrapped = [[wrap(cell, _WIDEST) or [""] for cell in row] for row in rows]
    widths = [max(len(line) for row in wrapped for line in row[column]) for column in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(wrapped):
        for i in range(max(map(len, row))):
            parts = ((cell[i] if i < len(cell) else "").ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join(parts).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    return "\n".join(lines)


def sentences(lines: Iterable[str]) -> Shown:
    """Sentences, one below the other, in the order in which things happen; the last one says how it ends."""
    cleaned = [clean(line) for line in lines]
    items = "".join(f"<li>{html.escape(line)}</li>" for line in cleaned)
    text = "\n".join(f"{i}. {s}" for i, s in enumerate(cleaned, 1))
    document = "\n".join(f"{i}. {marked(s)}" for i, s in enumerate(cleaned, 1))
    return Shown(f'<ol style="margin:8px 0">{items}</ol>', text, "".join(cleaned[-1:]), document)


def heading(words: str) -> Shown:
    """A small heading, for a part of an answer or a group of controls."""
    words = clean(words)
    style = "font-size:1em;font-weight:bold;line-height:1.5;margin:12px 0 4px"
    return Shown(f'<h3 style="{style}">{html.escape(words)}</h3>', words, words, f"#### {marked(words)}")


def notice(kind: Kind, words: str) -> Shown:
    """A sentence or two with its kind as first word; an error keeps its line breaks, so that a caret stays in place."""
    # Not `clean`: it would fold the spaces before a caret.
    words = "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in words.splitlines())
    body = html.escape(words)
    if "\n" in words:
        first, _, rest = body.partition("\n")
        body = f'{first}<pre style="margin:4px 0;background-color:transparent;color:inherit">{rest}</pre>'
    style = f"border-left:4px solid {MARKS[ICONS[kind][0]]};padding:4px 12px;margin:8px 0"
    page = f'<div style="{style}">{icon(kind)}<strong>{kind}.</strong> {body}</div>'
    document = "  \n".join(map(marked, words.split("\n")))
    return Shown(page, f"{kind}. {words}", words, f"**{kind}.** {document}")


def together(*parts: Shown | Picture) -> Shown:
    """Several things, one below the other; the first one holds the sentence that matters."""
    pages = (part.html if isinstance(part, Shown) else part._repr_html_() for part in parts)
    said = next((part.said if isinstance(part, Shown) else part.title for part in parts), "")
    pictures = [(part,) if isinstance(part, Picture) else part.pictures for part in parts]
    document = "\n\n".join(part.markdown if isinstance(part, Shown) else _drawn(part) for part in parts)
    return Shown("\n".join(pages), "\n\n".join(map(str, parts)), said, document, tuple(chain(*pictures)))


def marked(words: str) -> str:
    r"""Words for Markdown that mean themselves: no mark of Markdown, no tag and no link in them works.

    >>> print(marked(r"a|b <i> ^\d_1"))
    a\|b &lt;i&gt; ^\\d\_1
    """
    return _MARKDOWN.sub(lambda mark: f"{mark[0][:-1]}\\{mark[0][-1]}", html.escape(words, quote=False))


def _drawn(picture: Picture) -> str:
    """A picture in Markdown: its file, and its words as a list."""
    title, *lines = (marked(line.strip()) for line in str(picture).splitlines() if line.strip())
    words = "\n".join(f"- {line}" for line in lines)
    return f"![{marked(picture.alt)}]({picture.file_name})\n\n**{title}**, the same in words:\n\n{words}"
