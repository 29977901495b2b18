"""A picture as a value: DOT text with alt text and a twin in words, and how it becomes an image.

The DOT text is the artefact; a picture for which Graphviz has no layout is SVG of our own and needs no renderer.
Who draws DOT, first come first served: the `graphviz-pure` wheel beside this Python, the system's `dot`, the SVG kept
in `diagrams/` whose fingerprint is the DOT's. With none of them the twin is shown as text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

from acs_telephony.views.palette import CARD_BORDER, FONT, FONT_STACK, INK, PAPER

# Only a checkout has this folder; an installed package goes without.
KEPT: Final = Path(__file__).resolve().parents[2] / "diagrams"

_MARK: Final = "dot-sha256:"
_DRAWING: Final = Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A titled drawing: `dot` is the artefact (DOT text, or SVG of our own), `alt` one sentence for it.

    `twin` is the same content as lines of words.
    """

    title: str
    dot: str
    alt: str
    twin: str

    @property
    def sha256(self) -> str:
        """The fingerprint of the artefact, which the SVG carries too."""
        return hashlib.sha256(self.dot.encode()).hexdigest()

    @property
    def file_name(self) -> str:
        """A name for the picture's file: its title, and a part of its fingerprint."""
        return f"{re.sub('[^a-z0-9]+', '-', self.title.lower()).strip('-')[:60]}-{self.sha256[:8]}.svg"

    def svg(self) -> str | None:
        """The picture as SVG text, or None when nothing on this machine can draw it."""
        drawn = self.dot if self.dot.startswith("<svg") else draw(self.dot)
        if drawn is None:
            return _kept(self.sha256, KEPT)
        words = f"<title>{html.escape(self.title)}</title><desc>{html.escape(self.alt)}</desc>"
        mark = f"<!-- {_MARK}{self.sha256} -->"
        return re.sub(r"<svg\b[^>]*>", lambda tag: f"{mark}\n{tag[0]}\n{words}", drawn, count=1)

    @property
    def width(self) -> int | None:
        """How many CSS pixels the picture is wide, or None when nothing on this machine can draw it."""
        svg = self.svg()
        return None if svg is None else _size(svg)[0]

    def __str__(self) -> str:
        return f"{self.title}\n{self.twin}"

    def _repr_html_(self) -> str:
        svg = self.svg()
        return _card(self) if svg is None else _image(self, svg) + _words(self.twin)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}


@lru_cache(maxsize=256)
def draw(dot: str) -> str | None:
    """The SVG that the first working renderer makes of a DOT text, or None; remembered, since panels redraw."""
    try:
        import graphviz
        from graphviz.backend import dot_command
    except ImportError:
        return None

    for program in _renderers():
        # The package has no argument for the program, only this module variable.
        with _DRAWING:
            before = dot_command.DOT_BINARY
            dot_command.DOT_BINARY = program
            try:
                return _tidied(graphviz.pipe_string("dot", "svg", input_string=dot, encoding="utf-8", quiet=True))
            except (graphviz.CalledProcessError, graphviz.ExecutableNotFound, OSError):
                continue
            finally:
                dot_command.DOT_BINARY = before
    return None


def _renderers() -> Iterator[Path]:
    """The programs that draw, best first."""
    name = "graphviz-pure.exe" if sys.platform == "win32" else "graphviz-pure"
    beside = Path(sys.executable).with_name(name)
    if beside.is_file():
        yield beside
    for command in ("graphviz-pure", "dot"):
        if found := shutil.which(command):
            yield Path(found)


def _tidied(svg: str) -> str:
    """Without the renderer's version, its document type and the tooltips that repeat our ids; with a font stack."""
    svg = re.sub(r"<!DOCTYPE[^>]*>\s*|<!--.*?-->\s*|<title>.*?</title>\s*", "", svg, flags=re.DOTALL)
    return svg.replace(f'font-family="{FONT}"', f'font-family="{FONT_STACK}"')


def fingerprint(svg: str) -> str:
    """The fingerprint of the DOT text from which an SVG was drawn; empty when it carries none."""
    found = re.search(rf"{_MARK}([0-9a-f]{{64}})", svg)
    return found[1] if found else ""


def _kept(sha256: str, folder: Path) -> str | None:
    """The SVG of the folder that was drawn from this very DOT text."""
    texts = (path.read_text("utf-8") for path in sorted(folder.glob("*.svg")))
    return next((text for text in texts if fingerprint(text) == sha256), None)


def _image(picture: Picture, svg: str) -> str:
    """An `<img>` whose size is known before it is loaded; its paper is light, so it reads on a dark theme too."""
    width, height = _size(svg)
    data = base64.b64encode(svg.encode()).decode()
    style = (
        f"max-width:100%;height:auto;background-color:{PAPER};border:1px solid {CARD_BORDER};"
        "border-radius:8px;box-sizing:border-box"
    )
    return (
        f'<img alt="{html.escape(picture.alt)}" style="{style}" data-dot-sha256="{picture.sha256}" '
        f'width="{width}" height="{height}" src="data:image/svg+xml;base64,{data}">'
    )


def _size(svg: str) -> tuple[int, int]:
    """Width and height in CSS pixels."""
    width, height, *_ = (round(float(points) * 4 / 3) for points in re.findall(r'(?:width|height)="([\d.]+)pt"', svg))
    return width, height


def _words(twin: str) -> str:
    """The twin, folded away under the picture: also for a reader who hears the page, since that shows no plain text.

    In `<pre>`, since everywhere else JupyterLab takes what stands between the `$` of two patterns for mathematics.
    """
    opens = '<summary style="cursor:pointer;padding:4px 0;width:fit-content">The same in words</summary>'
    style = (
        "max-width:90ch;margin:0;padding:0 0 0 16px;white-space:pre-wrap;overflow-wrap:anywhere;font-family:inherit;"
        "line-height:1.5;background-color:transparent;color:inherit"
    )
    return f'<details style="margin:4px 0">{opens}<pre style="{style}">{html.escape(twin)}</pre></details>'


def _card(picture: Picture) -> str:
    """The twin as a card, for a machine that cannot draw."""
    style = (
        f"max-width:100%;overflow:auto;background-color:{PAPER};color:{INK};border:1px solid {CARD_BORDER};"
        "border-radius:8px;padding:12px"
    )
    remedy = (
        "The picture cannot be drawn here; its content in words follows. To see it drawn: "
        "pip install graphviz graphviz-pure, or install Graphviz so that its program dot is on the PATH, "
        "then restart the kernel."
    )
    twin = f'<pre style="white-space:pre-wrap;background-color:{PAPER};color:{INK}">{html.escape(picture.twin)}</pre>'
    return f'<div style="{style}"><strong>{html.escape(picture.title)}</strong><br>{remedy}{twin}</div>'
