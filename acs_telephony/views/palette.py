"""One visual language: colours, lines, type and shapes for every picture, panel and table.

Meaning is never carried by colour alone: a state has a word and a line style too, a kind of thing has a shape.
Text keeps a contrast of at least 4.5:1 to what is under it and lines at least 3:1 (WCAG 2.2 AA); tests compute both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Who = Literal["you", "microsoft", "carrier", "public"]
State = Literal["plain", "good", "warn", "stop", "idle"]
Kind = Literal["application", "service", "list", "event", "equipment", "network", "phone", "end", "state", "match"]

PAPER: Final = "#ffffff"
INK: Final = "#16202b"
QUIET: Final = "#44525f"
LINE: Final = "#4d5b69"
CARD_BORDER: Final = "#8a96a3"

# The renderer measures Verdana, and DejaVu Sans has nearly the same widths: with this stack no text leaves its box.
FONT: Final = "Verdana"
FONT_STACK: Final = "Verdana,'DejaVu Sans',Geneva,sans-serif"


@dataclass(frozen=True, slots=True)
class Tint:
    """The ground and the border of the area in which one party runs things."""

    name: str
    fill: str
    line: str


@dataclass(frozen=True, slots=True)
class Tone:
    """How a state looks: ground, outline colour, Graphviz line style and outline width in points."""

    fill: str
    line: str
    style: str
    width: float


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of thing is drawn: a Graphviz shape, further styles, room inside (inches), number of frames."""

    shape: str
    styles: tuple[str, ...] = ()
    margin: str = ""
    frames: int = 1


TINTS: Final[dict[Who, Tint]] = {
    "you": Tint("You", "#eef6ec", "#437236"),
    "microsoft": Tint("Microsoft", "#eaf2fb", "#35699f"),
    "carrier": Tint("Carrier", "#fdf4e3", "#8f6410"),
    "public": Tint("Public telephone network", "#f2f2f5", "#575d66"),
}

TONES: Final[dict[State, Tone]] = {
    "plain": Tone("#ffffff", LINE, "solid", 1.2),
    "good": Tone("#e3f4e7", "#176b38", "solid", 2.4),
    "warn": Tone("#fff3d6", "#875600", "dashed", 1.6),
    "stop": Tone("#fde9e8", "#a1202b", "solid", 3.2),
    "idle": Tone("#f5f6f7", "#5f6a75", "dotted", 1.4),
}

# For marks that stand on the page itself, light or dark: at least 4:1 on white and on JupyterLab's dark #111111.
MARKS: Final[dict[State, str]] = {
    "plain": "#327dc8",
    "good": "#148a4f",
    "warn": "#aa6909",
    "stop": "#d44955",
    "idle": "#6e7a87",
}

# One form for each kind of thing.
FORMS: Final[dict[Kind, Form]] = {
    "application": Form("component"),
    "service": Form("box", styles=("rounded",)),
    "list": Form("note"),
    "event": Form("cds", margin="0.2,0.1"),
    "equipment": Form("box3d", margin="0.13,0.11"),
    "network": Form("box", frames=2),
    "phone": Form("ellipse", margin="0.04,0.04"),
    "end": Form("octagon", margin="0.04,0.04"),
    # These two stand with an "end" in pictures of a machine, and with no other kind.
    "state": Form("ellipse", margin="0.02,0.02"),
    "match": Form("box", styles=("rounded",), margin="0.12,0.08", frames=2),
}


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, from 0 (black) to 1 (white), as WCAG 2.2 defines it."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
