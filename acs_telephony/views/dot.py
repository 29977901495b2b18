"""Building blocks of DOT text: pure functions from words to Graphviz statements, safe for words from strangers.

Node ids are made by our own code; everything a stranger may have typed goes through `quote` or `label`.
Labels are ASCII only: the renderer's font tables know nothing else, and a wrong width lets text leave its box.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable
from textwrap import wrap

from acs_telephony.views.palette import FONT, FORMS, INK, LINE, PAPER, QUIET, TINTS, TONES, Kind, State, Who

HEAD_SIZE, BODY_SIZE, TITLE_SIZE = 11, 9.5, 14


def clean(text: str) -> str:
    r"""One printable line: control, bidirectional and other invisible characters become `?`, runs of space one space.

    >>> clean("a\x00b\u202ec\n d")
    'a?b?c d'
    """
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def ascii_only(text: str) -> str:
    """The text without accents, `?` for what has no ASCII form.

    >>> ascii_only("Zürich 電話")
    'Zurich ??'
    """
    letters = unicodedata.normalize("NFKD", clean(text))
    return "".join(c if c.isascii() else "?" for c in letters if not unicodedata.combining(c))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the last three `...` when something was cut.

    >>> shorten("sbc-amsterdam.contoso.com", 16)
    'sbc-amsterdam...'
    """
    return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "route"), count(2, "route")
    ('1 route', '2 routes')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def quote(text: str) -> str:
    r"""A DOT string in double quotes.

    >>> print(quote('say "hi" \\N'))
    "say \"hi\" \\N"
    """
    return '"' + ascii_only(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def fold(text: str, width: int) -> tuple[str, ...]:
    """A name on one line, or on two when it is long; what is longer still is shortened.

    >>> fold("sbc-amsterdam.contoso.com", 14)
    ('sbc-amsterdam.', 'contoso.com')
    """
    shown = ascii_only(text)
    if len(shown) <= width:
        return (shown,)
    cut = max(shown.rfind(separator, 0, width) for separator in ".- ") + 1
    cut = cut if cut > width // 2 else width
    return shown[:cut].rstrip(), shorten(shown[cut:], width)


def _shown(text: str, limit: int) -> str:
    # Graphviz expands \\N and the like in HTML-like labels too, and there as well a doubled backslash is a backslash.
    return html.escape(shorten(ascii_only(text), limit)).replace("\\", "\\\\")


def label(*lines: str, limit: int = 30, bold: int = 1, size: float = BODY_SIZE, lift: bool = False) -> str:
    """An HTML-like label: the first `bold` lines bold, the others smaller; empty lines are left out.

    `lift` adds a little room below, so that the words beside a line do not touch it.

    >>> label("A & B", "x -> y")
    '<<FONT POINT-SIZE="11"><B>A &amp; B</B></FONT><BR/><FONT POINT-SIZE="9.5">x -&gt; y</FONT>>'
    """
    shown = [_shown(line, limit) for line in lines if line.strip()]
    parts = [f'<FONT POINT-SIZE="{HEAD_SIZE}"><B>{line}</B></FONT>' for line in shown[:bold]]
    parts += [f'<FONT POINT-SIZE="{size:g}">{line}</FONT>' for line in shown[bold:]]
    if lift:
        parts.append('<FONT POINT-SIZE="4"> </FONT>')
    return f"<{'<BR/>'.join(parts)}>"


def attributes(**pairs: str | float) -> str:
    """Attributes in brackets; a value that starts with `<` is an HTML-like label, any other is quoted.

    >>> attributes(shape="box", label="<b>", penwidth=2)
    '[shape="box", label=<b>, penwidth=2]'
    """
    written = (f"{k}={v if not isinstance(v, str) or v.startswith('<') else quote(v)}" for k, v in pairs.items())
    return f"[{', '.join(written)}]"


def node(name: str, lines: Iterable[str], kind: Kind, state: State = "plain", *, limit: int = 30, bold: int = 1) -> str:
    """One thing: its kind is its shape, its state its outline."""
    tone, form = TONES[state], FORMS[kind]
    look: dict[str, str | float] = {
        "label": label(*lines, limit=limit, bold=bold),
        "shape": form.shape,
        "style": ",".join(("filled", *form.styles, *([] if tone.style == "solid" else [tone.style]))),
        "color": tone.line,
        "fillcolor": tone.fill,
        "penwidth": tone.width,
        "peripheries": form.frames,
    }
    return f"{name} {attributes(**look, **({'margin': form.margin} if form.margin else {}))}"


def edge(tail: str, head: str, text: str = "", state: State = "plain", **more: str | float) -> str:
    """An arrow; `more` are further Graphviz attributes and win over the state's look."""
    tone = TONES[state]
    look: dict[str, str | float] = {"color": tone.line, "style": tone.style, "penwidth": tone.width}
    if text:
        look["label"] = label(*text.split("\n"), bold=0, size=9, lift=True)
    return f"{tail} -> {head} {attributes(**(look | more))}"


def across(tail: str, head: str, text: str = "", state: State = "plain", **more: str | float) -> str:
    """An arrow from the right side of one thing to the left side of another."""
    return edge(tail, head, text, state, tailport="e", headport="w", **more)


def voice(tail: str, head: str, text: str = "", **more: str | float) -> str:
    """The voice itself, a double line without arrow heads: signalling is a single line with them."""
    return edge(tail, head, text, "plain", color=f"{LINE}:{PAPER}:{LINE}", penwidth=1.6, dir="none", **more)


def column(*names: str) -> str:
    """Things that stand one above the other."""
    return f"{{ rank=same; {'; '.join(names)} }}"


def cluster(who: Who, body: Iterable[str], *, name: str) -> str:
    """The area of one party, with its name; `name` tells two areas of the same party apart."""
    tint = TINTS[who]
    bold = "".join(f'<B>{line}</B><BR ALIGN="LEFT"/>' for line in wrap(tint.name, 10))
    title = f'<<FONT POINT-SIZE="{HEAD_SIZE}" COLOR="{tint.line}">{bold}</FONT>>'
    look = f'label={title}; style="filled,rounded"; fillcolor="{tint.fill}"; color="{tint.line}"; margin=8'
    return f"subgraph cluster_{name} {{\n    {look}\n" + "".join(f"    {line}\n" for line in body) + "  }"


def graph(title: str, body: Iterable[str], *, remarks: Iterable[str] = (), direction: str = "LR") -> str:
    """A whole DOT text under a title and small remarks, for the `dot` engine, drawn in one direction (`LR` or `TB`)."""
    lines = [f'<FONT POINT-SIZE="{TITLE_SIZE}"><B>{_shown(title, 80)}</B></FONT>']
    lines += [f'<FONT POINT-SIZE="{BODY_SIZE}" COLOR="{QUIET}">{_shown(remark, 110)}</FONT>' for remark in remarks]
    lines.insert(1, '<FONT POINT-SIZE="4"> </FONT>')
    heading = "".join(f'{line}<BR ALIGN="LEFT"/>' for line in lines)
    font = f'fontname="{FONT}"'
    head = [
        # ordering=out: what leaves a thing is drawn from top to bottom in the order of the text.
        f'graph [rankdir={direction}, ordering=out, bgcolor="{PAPER}", pad=0.2, nodesep=0.25, ranksep=0.3,'
        f' {font}, fontcolor="{INK}", label=<{heading}>, labelloc=t, labeljust=l]',
        f'node [{font}, fontsize={BODY_SIZE}, fontcolor="{INK}", margin="0.08,0.07", height=0.4]',
        f'edge [{font}, fontsize=9, fontcolor="{QUIET}", arrowsize=0.7]',
    ]
    return "digraph {\n" + "".join(f"  {line}\n" for line in (*head, *body)) + "}\n"
