"""Our own icons for the kinds of notice: a shape and a mid-tone that reads on light and on dark paper.

An icon repeats the word that follows it, so it has no alternative text of its own.
"""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import quote

from acs_telephony.views.palette import MARKS, State

Kind = Literal["Documented", "Our model", "Unknown", "Answer", "Error", "Mind"]

#: Of each kind the state whose mark it takes, and its outline on a square of 16 by 16, drawn with a round pen.
ICONS: Final[dict[Kind, tuple[State, str]]] = {
    "Documented": ("plain", "M4 1.5h5.5l3 3v10H4zM9.5 1.5v3h3M6 8h4.5M6 11h4.5"),  # a sheet with lines
    "Our model": ("warn", "M2 13.5 13.5 2v11.5zM7.5 11h3.5V7.5z"),  # a set square
    "Unknown": ("idle", "M5 5.5a3 3 0 1 1 4.4 2.7C8.4 8.8 8 9.3 8 10.5M8 13.6v.4"),  # a question mark
    "Answer": ("good", "M2 8.5l4 4.5 8-10"),  # a tick
    "Error": ("stop", "M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2zM5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6"),
    "Mind": ("warn", "M8 2 15 14H1zM8 6.5v3.5M8 12v.2"),  # a triangle with an exclamation mark
}


def icon(kind: Kind) -> str:
    """The icon as HTML: an image with its text in the page, so that it is seen wherever the page is."""
    state, outline = ICONS[kind]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="{outline}" fill="none" '
        f'stroke="{MARKS[state]}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    style = "display:inline-block;width:16px;height:16px;margin:0 4px 0 0;vertical-align:-3px"
    return f'<img alt="" width="16" height="16" style="{style}" src="data:image/svg+xml,{quote(svg)}">'
