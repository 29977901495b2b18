"""Building blocks of SVG that we draw ourselves, in CSS pixels: escaped words, lines with heads, boxes and marks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final, Literal

from acs_telephony.views.dot import clean
from acs_telephony.views.icons import ICONS, Kind
from acs_telephony.views.palette import FONT_STACK, INK, PAPER, TONES, State

Style = Literal["solid", "dashed", "dotted"]

SIZE: Final = 11.0
#: As wide as a character of this font becomes, on average, in font sizes; in bold a tenth more.
WIDE: Final = 0.62
_DASHES: Final[dict[Style, str]] = {
    "solid": "",
    "dashed": ' stroke-dasharray="7 4"',
    "dotted": ' stroke-dasharray="2 3"',
}
_SHAPES: Final[dict[State, Kind]] = {"good": "Answer", "warn": "Mind", "stop": "Error"}
# A word with the space after it, or a part of a name up to its dot.
_PARTS: Final = re.compile(r"\S*?\.(?=[A-Za-z])|\S+\s*")
# Of an SBC that is not tried: a circle with a bar.
_NOT_TRIED: Final = "M8 2a6 6 0 1 0 .01 0zM5 8h6"


def words(
    x: float,
    y: float,
    text: str,
    size: float = SIZE,
    *,
    ink: str = INK,
    middle: bool = False,
    bold: bool = False,
    ground: str = "",
) -> str:
    """One line of words with its base line at `y`; on a `ground` no line behind it disturbs the words."""
    more = ' font-weight="bold"' if bold else ""
    more += ' text-anchor="middle"' if middle else ""
    more += f' stroke="{ground}" stroke-width="5" stroke-linejoin="round" paint-order="stroke"' if ground else ""
    shown = html.escape(clean(text))
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{ink}"{more}>{shown}</text>'


def folded(text: str, width: float, size: float = SIZE) -> list[str]:
    """The lines into which words fall in so many pixels; a name goes on in the next line behind a dot, if it can."""
    most = max(4, int(width / size / WIDE))
    parts = (part for word in _PARTS.findall(clean(text)) for part in _cut(word, most))
    lines = [""]
    for part in parts:
        if lines[-1] and len((lines[-1] + part).rstrip()) > most:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def _cut(word: str, most: int) -> list[str]:
    return [word[i : i + most] for i in range(0, len(word), most)]


def line(x1: float, x2: float, y: float, colour: str, width: float, style: Style) -> str:
    """A level line."""
    return f'<path d="M{x1:g} {y:g}H{x2:g}" stroke="{colour}" stroke-width="{width:g}"{_DASHES[style]}/>'


def head(x: float, y: float, colour: str, right: bool, filled: bool) -> str:
    """The head of an arrow with its tip at `x`: filled, or open for what is no final answer."""
    back = x - 9 if right else x + 9
    shape = f"M{back:g} {y - 5:g}L{x:g} {y:g}L{back:g} {y + 5:g}"
    look = f'fill="{colour}"' if filled else f'fill="none" stroke="{colour}" stroke-width="1.6"'
    return f'<path d="{shape}{"z" if filled else ""}" {look}/>'


def box(x: float, y: float, width: float, height: float, fill: str, edge: str = "none", *, corner: float = 6) -> str:
    """A box with round corners."""
    size = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect {size} rx="{corner:g}" fill="{fill}" stroke="{edge}" stroke-width="1.2"/>'


def mark(x: float, y: float, state: State) -> str:
    """The shape of a state around a point: a tick, a triangle, an octagon, a barred circle; a dot for a plain one."""
    tone = TONES[state]
    if state == "plain":
        return f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{tone.line}"/>'
    outline = ICONS[_SHAPES[state]][1] if state in _SHAPES else _NOT_TRIED
    round_it = f'<circle cx="{x:g}" cy="{y:g}" r="11" fill="{PAPER}" stroke="{tone.line}" stroke-width="1"/>'
    pen = f'fill="none" stroke="{tone.line}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
    return f'{round_it}<path transform="translate({x - 6.4:g} {y - 6.8:g}) scale(.8)" d="{outline}" {pen}/>'


def svg(width: float, height: float, parts: Iterable[str]) -> str:
    """The whole drawing on its paper."""
    size = f'width="{width * 0.75:g}pt" height="{height * 0.75:g}pt" viewBox="0 0 {width:g} {height:g}"'
    paper = f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>'
    body = "\n".join((paper, *parts))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT_STACK}">\n{body}\n</svg>\n'
