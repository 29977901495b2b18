"""Pictures: what they must show, that words from strangers stay words, and that they are shown on any machine.

Laws: every part and every SBC is drawn or counted; the alt text and the twin say what the drawing says; the DOT text is
ASCII and well formed whatever a name holds; text has a contrast of 4.5:1 and lines 3:1 (WCAG 2.2 AA, 1.4.3 and 1.4.11),
and no state is told by colour alone; the SVG files of `diagrams/` belong to their DOT text (seen without a renderer).
"""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Collection, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest

from acs_telephony.models import Resource, SipConfiguration, Trunk, VoiceRoute
from acs_telephony.receiving import Arrival, ToApplication, receive
from acs_telephony.routing import Journey, SbcState, dial
from acs_telephony.tables import contoso, microsoft_three_routes
from acs_telephony.views import display, dot, palette, pictures
from acs_telephony.views.architecture import LINKS, PARTS, Setup, architecture
from acs_telephony.views.arrivals import arrival_path
from acs_telephony.views.diagrams import kept_pictures, path, write_diagrams
from acs_telephony.views.pictures import KEPT, Picture, fingerprint

SETUPS: tuple[Setup, ...] = ("cloud", "sip", "both", "equipment")
NUMBER = "+1 425 555 0100"
REAL_EXECUTABLE = sys.executable

HOSTILE = {
    "quotes and backslashes": 'a"b\\',
    "Graphviz escapes": r"\N \G \E \T \H \L",
    "the end of a table": "</TABLE>>]; evil [label=<",
    "a script": "<script>alert(1)</script>",
    "a line break": "first\nsecond\r\nthird",
    "an arrow": "a -> b; c",
    "very long": "x" * 256,
    "a NUL": "a\x00b",
    "an escape character": "\x1b[31mred",
    "a right-to-left override": "a\u202egnp.exe",
    "an entity": "&amp;&#x3C;&bogus;",
    "other scripts": "Zürich 電話",
}


@pytest.fixture
def nothing_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine without any renderer."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    pictures.draw.cache_clear()
    yield
    pictures.draw.cache_clear()


def table_of(names: Mapping[str, int], *, hosts: int = 0) -> Resource:
    """Routes by name, each with so many trunks; all match every number."""
    fqdns = [f"sbc{i}.contoso.com" for i in range(max(hosts, *names.values()))]
    routes = (VoiceRoute(name=n, number_pattern=r"^\+\d+$", trunks=tuple(fqdns[:k])) for n, k in names.items())
    trunks = tuple(Trunk(fqdn=fqdn, sip_signaling_port=5061) for fqdn in fqdns)
    return Resource(configuration=SipConfiguration(trunks=trunks, routes=tuple(routes)))


def three_routes(**states: SbcState) -> Journey:
    return dial(microsoft_three_routes(), NUMBER, sbcs={f"{k}.contoso.biz": state for k, state in states.items()})


def nodes(dot: str) -> dict[str, str]:
    """The label of each node, without markup, by its id."""
    found = re.findall(r"^ +(\w+) \[label=<(.*)>, shape=", dot, flags=re.MULTILINE)
    return {name: html.unescape(re.sub(r"<[^>]*>", " ", label)) for name, label in found}


def edges(dot: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^ +(\w+) -> (\w+) \[", dot, flags=re.MULTILINE))


# --- the architecture -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setup", SETUPS)
def test_every_part_and_every_link_of_a_setup_is_drawn_and_said(setup: Setup) -> None:
    picture = architecture(setup)
    parts = [part for part in PARTS if setup in part.setups]
    assert set(nodes(picture.dot)) == {part.name for part in parts}
    assert edges(picture.dot) == {(link.tail, link.head) for link in LINKS if setup in link.setups}
    assert all(part.words in picture.twin for part in parts)


@pytest.mark.parametrize(
    ("setup", "words", "others"),
    [
        ("cloud", ["Voice Calling (PSTN)", "Event Grid"], ["SBC", "Carrier trunk", "SIP proxy", "PBX"]),
        ("sip", ["SIP proxy", "SBC", "Carrier trunk", "5061", "pstnhub.microsoft.com"], ["Voice Calling"]),
        ("both", ["Voice Calling (PSTN)", "SBC", "Carrier trunk"], []),
        ("equipment", ["Voice Calling (PSTN)", "SBC", "PBX", "Analog devices", "Overhead pagers"], ["Carrier trunk"]),
    ],
)
def test_a_setup_shows_what_the_options_need_and_nothing_else(
    setup: Setup, words: list[str], others: list[str]
) -> None:
    """Telephony concept page: direct routing needs an SBC, and a carrier unless it only links equipment."""
    twin = architecture(setup).twin
    assert [word for word in words if word not in twin] == []
    assert [word for word in others if word in twin] == []


@pytest.mark.parametrize("setup", SETUPS)
def test_who_runs_what_is_written_on_the_picture(setup: Setup) -> None:
    dot = architecture(setup).dot
    owners = re.findall(r"<B>([^<]*)</B><BR ALIGN", dot)
    assert {"You", "Microsoft", "Public", "telephone", "network"} <= set(owners)
    assert ("Carrier" in owners) == (setup in ("sip", "both"))


def test_voice_and_signalling_differ_in_the_line_and_not_only_in_colour() -> None:
    for line in re.findall(r"^ +\w+ -> .*$", architecture("both").dot, flags=re.MULTILINE):
        # A list of three colours is a double line.
        assert ('dir="none"' in line) == bool(re.search(r'color="#\w+:#\w+:#\w+"', line))


# --- the path of a call -----------------------------------------------------------------------------------------------


def test_an_sbc_that_fails_over_leads_nowhere_and_the_one_that_answers_leads_to_the_phone() -> None:
    dot = path(three_routes(sbc1=503)).dot
    drawn = nodes(dot)
    failing = next(name for name, label in drawn.items() if "sbc1" in label)
    taking = next(name for name, label in drawn.items() if "sbc2" in label)
    assert "503: fails over" in drawn[failing]
    assert {head for tail, head in edges(dot) if tail == failing} == set()
    assert (taking, "trunk") in edges(dot)
    assert ("trunk", "phone") in edges(dot)


def test_routes_that_are_not_reached_say_so_and_draw_no_sbc() -> None:
    labels = list(nodes(path(three_routes()).dot).values())
    assert [label for label in labels if "Redmond 2" in label and "not reached" in label]
    assert not [label for label in labels if "sbc3" in label]


def test_the_only_outcome_is_solid_and_one_of_several_is_dashed() -> None:
    only, several = path(three_routes(sbc1=503)).dot, path(three_routes(sbc1=486)).dot
    to_phone = re.compile(r'-> phone \[.*style="(\w+)"')
    assert to_phone.findall(only) == ["solid"]
    assert to_phone.findall(several) == ["dashed"]
    assert "2 possible outcomes" in several


@pytest.mark.parametrize(
    ("journey", "end", "words"),
    [
        (three_routes(), "phone", "takes the call"),
        (three_routes(sbc1=486, sbc2=486), "end486", "486"),
        (three_routes(**{f"sbc{i}": 503 for i in range(1, 6)}), "dropped", "dropped"),
        (dial(contoso(), "+1 999 555 0100", alternate_caller_id="+14255550111"), "direct", "Voice Calling (PSTN)"),
        (dial(microsoft_three_routes(), "+31 20 555 0100"), "dropped", "dropped"),
    ],
    ids=["answered", "ended", "all SBCs fail", "Microsoft carries it", "no route and no number"],
)
def test_every_kind_of_outcome_is_drawn_and_in_the_alt_text(journey: Journey, end: str, words: str) -> None:
    picture = path(journey)
    assert end in nodes(picture.dot)
    assert end in {head for _, head in edges(picture.dot)}
    assert words in picture.alt
    assert words in picture.twin


@pytest.mark.parametrize("state", [503, 486, "silent", "refused", "demoted", "answers"])
def test_the_state_of_an_sbc_is_written_on_it(state: SbcState) -> None:
    label = next(label for label in nodes(path(three_routes(sbc1=state)).dot).values() if "sbc1" in label)
    assert str(state) in label


@pytest.mark.parametrize("count", [1, 6, 7, 250])
@pytest.mark.parametrize("routes", [1, 2, 5, 250])
def test_every_route_and_every_sbc_is_drawn_or_counted(routes: int, count: int) -> None:
    resource = table_of({f"route {i}": count for i in range(routes)})
    states: dict[str, SbcState] = {trunk.fqdn: 503 for trunk in resource.configuration.trunks}
    drawn = nodes(path(dial(resource, NUMBER, sbcs=states)).dot)
    rows = [label for label in drawn.values() if re.search(r"\brow \d", label)]
    more = {name: int(found[1]) for name, label in drawn.items() if (found := re.search(r"and (\d+) more", label))}
    assert len(rows) + more.pop("rmore", 0) == routes
    assert (
        len([label for label in drawn.values() if "503: fails over" in label]) + sum(more.values()) == len(rows) * count
    )
    assert len(drawn) <= 28


def test_an_sbc_that_is_not_tried_hangs_on_a_dotted_line() -> None:
    lines = re.findall(r'-> r0s\d \[.*style="(\w+)"', path(three_routes(sbc1="demoted")).dot)
    assert lines == ["dotted", "solid"]


def test_a_folded_route_still_shows_the_one_sbc_that_answers() -> None:
    resource = table_of({"big": 250})
    states: dict[str, SbcState] = {trunk.fqdn: 503 for trunk in resource.configuration.trunks}
    states["sbc249.contoso.com"] = "answers"
    labels = nodes(path(dial(resource, NUMBER, sbcs=states)).dot).values()
    assert [label for label in labels if "sbc249.contoso.com" in label and "answers" in label]


def test_a_route_whose_pattern_cannot_be_read_makes_the_picture_say_not_proven() -> None:
    configuration = SipConfiguration(routes=(VoiceRoute(name="broken", number_pattern=r"^\+(1"),))
    picture = path(dial(Resource(configuration=configuration), NUMBER))
    assert "Not proven" in picture.dot
    assert "Not proven" in picture.twin


# --- steps ------------------------------------------------------------------------------------------------------------


ARRIVALS = {
    "an application": receive(contoso(), "+1 425 555 0111"),
    "a drop": receive(
        contoso(), "+31 20 123 4567", contact="ams1.contoso.com", certificate_names=("*.contoso.com",), event_grid=False
    ),
    "a refusal": receive(contoso(), "+31 20 123 4567", contact="192.0.2.1"),
    "a tenant": receive(
        contoso(),
        "+31 20 123 4567",
        contact="sbc9.contoso.com",
        certificate_names=("*.contoso.com",),
        microsoft365_domains=("contoso.com",),
    ),
    "Omnichannel": receive(contoso(), "+1 425 555 0111", omnichannel_numbers=("+14255550111",)),
    "the unknown": receive(contoso(), "+1 425 555 0111", event_grid=False),
}


@pytest.mark.parametrize("arrival", ARRIVALS.values(), ids=ARRIVALS.keys())
def test_a_call_in_is_drawn_from_the_caller_to_its_end(arrival: Arrival) -> None:
    picture = arrival_path(arrival)

    drawn = nodes(picture.dot)
    assert {"caller", "asks", "end"} <= set(drawn)
    assert ("sbc" in drawn) == (arrival.contact is not None)
    assert ("event" in drawn) == isinstance(arrival.ending, ToApplication)
    assert picture.twin.count(": yes") + picture.twin.count(": no") >= len(arrival.steps)
    assert picture.twin.splitlines()[-1] in picture.alt
    assert picture.svg() is not None


# --- words from strangers ---------------------------------------------------------------------------------------------


def plain_picture(title: str, *texts: str) -> Picture:
    """A picture with one thing for each text."""
    body = [dot.node(f"n{i}", (text,), "service") for i, text in enumerate(texts or (title,))]
    return Picture(
        dot.clean(title), dot.graph(title, body), dot.clean(title), "\n".join(map(dot.clean, texts or (title,)))
    )


def drawings(name: str) -> Iterator[Picture]:
    yield path(dial(table_of({name: 2, "next": 1}), NUMBER, sbcs={"sbc0.contoso.com": 503}))
    yield plain_picture(name)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_name_changes_words_and_nothing_else(name: str) -> None:
    for hostile, plain in zip(drawings(name), drawings("plain"), strict=True):
        assert hostile.dot.isascii()
        assert hostile.dot.replace("\n", "").isprintable()
        assert set(nodes(hostile.dot)) == set(nodes(plain.dot))
        assert edges(hostile.dot) == edges(plain.dot)
        for words in (hostile.title, hostile.alt, hostile.twin.replace("\n", " ")):
            assert words.isprintable()
        svg = hostile.svg()
        assert svg is not None
        tags = [element.tag for element in ElementTree.fromstring(svg).iter()]  # noqa: S314 (our own drawing)
        assert tags.count(f"{SVG}g") == len(re.findall(r"<g ", plain.svg() or ""))
        assert f"{SVG}script" not in tags


def test_a_graphviz_escape_in_a_name_is_drawn_as_written() -> None:
    svg = plain_picture("escapes", r"\N and \G").svg() or ""
    assert r"\N and \G" in "".join(ElementTree.fromstring(svg).itertext())  # noqa: S314 (our own drawing)


def test_a_text_of_5000_characters_leaves_a_small_picture() -> None:
    picture = plain_picture("t" * 5000, "word " * 1000, "x" * 5000)
    assert len(picture.dot) < 5000
    assert "x" * 5000 in picture.twin
    assert picture.svg() is not None


def test_a_long_name_is_shortened_in_the_drawing_and_whole_in_the_twin() -> None:
    name = "n" * 256
    picture = path(dial(table_of({name: 1}), NUMBER))
    assert name not in picture.dot
    assert "nnn..." in picture.dot
    assert name in picture.twin


# --- how it is shown --------------------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


class Tags(HTMLParser):
    """The start tags of an HTML text with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one start tag."""
        self.found.append((tag, dict(attrs)))


def test_a_notebook_gets_one_image_with_alt_text_size_and_fingerprint() -> None:
    picture = architecture("both")
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == f"{picture.title}\n{picture.twin}"
    (tag, attributes), *_ = found = Tags(bundle["text/html"]).found
    assert [tag for tag, _ in found].count("img") == 1
    assert tag == "img"
    assert attributes["alt"] == picture.alt
    assert attributes["data-dot-sha256"] == hashlib.sha256(picture.dot.encode()).hexdigest()
    assert int(attributes["width"] or 0) > int(attributes["height"] or 0) > 100
    assert "max-width:100%" in (attributes["style"] or "")
    kind, _, data = (attributes["src"] or "").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == picture.svg()


def under(picture: Picture) -> tuple[str, str]:
    """What stands under a picture's image: the words that open the rest, and that rest, as a reader sees them."""
    found = re.fullmatch(
        r"<img [^>]*><details[^>]*><summary[^>]*>([^<]*)</summary><pre[^>]*>([^<]*)</pre></details>",
        picture._repr_html_(),
    )
    assert found is not None
    return html.unescape(found[1]), html.unescape(found[2])


def test_every_reader_can_open_the_words_under_a_picture() -> None:
    picture = path(three_routes(sbc1=503))
    assert picture.twin.count("\n") > 3
    assert under(picture) == ("The same in words", picture.twin)
    assert "<details open" not in picture._repr_html_()
    together = display.together(display.heading("A call"), picture)
    assert picture._repr_html_() in together.html
    assert together.text.count(picture.twin) == 1


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_name_stays_words_under_its_picture(name: str) -> None:
    for picture in drawings(name):
        assert under(picture)[1] == picture.twin
        assert {tag for tag, _ in Tags(picture._repr_html_()).found} == {"img", "details", "summary", "pre"}


def test_an_svg_names_itself_and_holds_no_version_tooltip_or_outside_address() -> None:
    picture = architecture("sip")
    svg = picture.svg() or ""
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)
    assert [element.text for element in root.iter(f"{SVG}title")] == [picture.title]
    assert [element.text for element in root.iter(f"{SVG}desc")] == [picture.alt]
    assert "Generated by" not in svg
    assert "DOCTYPE" not in svg
    assert "DejaVu Sans" in svg
    assert set(re.findall(r"https?://[^\"]+", svg)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.skipif(sys.platform == "win32", reason="makes its programs as links and shell scripts")
@pytest.mark.usefixtures("nothing_draws")
def test_the_dot_of_the_system_draws_where_the_wheel_is_absent_or_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert list(pictures._renderers()) == []
    real = Path(REAL_EXECUTABLE).with_name("graphviz-pure")
    if not real.is_file():
        pytest.skip("the wheel graphviz-pure is not installed")
    broken = tmp_path / "graphviz-pure"
    broken.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    broken.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dot").symlink_to(real)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    picture = plain_picture("drawn by the second", "a")
    assert [program.name for program in pictures._renderers()] == ["graphviz-pure", "dot"]
    assert fingerprint(picture.svg() or "") == picture.sha256


@pytest.mark.usefixtures("nothing_draws")
def test_where_nothing_draws_the_kept_svg_is_shown() -> None:
    picture = architecture("cloud")
    assert picture.svg() == (KEPT / "architecture-cloud.svg").read_text("utf-8")
    assert picture._repr_html_().startswith("<img ")


@pytest.mark.usefixtures("nothing_draws")
@pytest.mark.parametrize("name", ["plain", *HOSTILE.values()])
def test_where_nothing_is_kept_the_words_are_shown_with_what_to_install(name: str) -> None:
    picture = plain_picture(name, name)
    assert picture.svg() is None
    page = picture._repr_html_()
    assert {tag for tag, _ in Tags(page).found} == {"div", "strong", "br", "pre"}
    assert html.escape(picture.twin) in page
    assert "pip install" in page


@pytest.mark.usefixtures("nothing_draws")
def test_nothing_is_written_where_nothing_draws(tmp_path: Path) -> None:
    unseen = {"unseen": plain_picture("unseen", "a")}
    with pytest.raises(RuntimeError, match="install graphviz"):
        write_diagrams(tmp_path, unseen)
    assert list(tmp_path.iterdir()) == []


def test_an_installed_package_without_the_folder_goes_without_kept_pictures(tmp_path: Path) -> None:
    assert pictures._kept("0" * 64, tmp_path / "absent") is None


def test_graphviz_is_imported_only_to_draw() -> None:
    code = "import sys, acs_telephony.views.diagrams; print('graphviz' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- the folder of kept pictures --------------------------------------------------------------------------------------


def test_the_folder_holds_each_kept_picture_and_no_other() -> None:
    names = sorted(file.name for file in KEPT.glob("*.*"))
    assert names
    assert names == sorted(f"{name}.{suffix}" for name in kept_pictures() for suffix in ("dot", "svg"))


@pytest.mark.parametrize("name", kept_pictures())
def test_a_kept_picture_is_current(name: str) -> None:
    """No renderer is needed for this: the SVG carries the fingerprint of its DOT text, and the words."""
    picture = kept_pictures()[name]
    svg = (KEPT / f"{name}.svg").read_text("utf-8")
    assert (KEPT / f"{name}.dot").read_text("utf-8") == picture.dot
    assert fingerprint(svg) == picture.sha256
    assert f"<title>{html.escape(picture.title)}</title><desc>{html.escape(picture.alt)}</desc>" in svg


def test_writing_the_folder_twice_changes_nothing_and_removes_orphans(tmp_path: Path) -> None:
    one = {"one": plain_picture("one", "a")}
    (tmp_path / "orphan.svg").write_text("old", "utf-8")
    assert write_diagrams(tmp_path, one) == ("one.dot", "one.svg", "orphan.svg")
    assert write_diagrams(tmp_path, one) == ()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.dot", "one.svg"]


# --- the palette ------------------------------------------------------------------------------------------------------

GROUNDS = {
    "paper": palette.PAPER,
    **{f"area of {who}": tint.fill for who, tint in palette.TINTS.items()},
    **{f"state {state}": tone.fill for state, tone in palette.TONES.items()},
}


@pytest.mark.parametrize("ground", GROUNDS.values(), ids=GROUNDS.keys())
def test_text_has_contrast_on_every_ground(ground: str) -> None:
    assert palette.contrast(palette.INK, ground) >= 4.5
    assert palette.contrast(palette.QUIET, ground) >= 4.5


@pytest.mark.parametrize("tint", palette.TINTS.values(), ids=palette.TINTS.keys())
def test_the_name_of_an_area_has_contrast_and_its_border_too(tint: palette.Tint) -> None:
    assert palette.contrast(tint.line, tint.fill) >= 4.5
    assert palette.contrast(tint.line, palette.PAPER) >= 3


@pytest.mark.parametrize(
    ("line", "ground"),
    list(itertools.product([palette.LINE, *(tone.line for tone in palette.TONES.values())], GROUNDS.values())),
)
def test_lines_have_contrast_on_every_ground(line: str, ground: str) -> None:
    assert palette.contrast(line, ground) >= 3


def test_the_border_of_a_card_is_seen_on_a_light_and_on_a_dark_page() -> None:
    assert min(palette.contrast(palette.CARD_BORDER, page) for page in ("#ffffff", "#111111")) >= 3


def by_line(name: object) -> tuple[object, ...]:
    tone = palette.TONES[name]  # type: ignore[index]
    return tone.style, tone.width


def by_shape(kind: object) -> tuple[object, ...]:
    form = palette.FORMS[kind]  # type: ignore[index]
    return form.shape, form.frames


MACHINE = {"state", "match", "end"}


@pytest.mark.parametrize(
    ("things", "look"),
    [
        (palette.TONES, by_line),
        ({*palette.FORMS} - MACHINE | {"end"}, by_shape),
        (MACHINE, by_shape),
    ],
    ids=["states by line", "kinds by shape", "kinds of a machine by shape"],
)
def test_nothing_is_told_by_colour_alone(things: Collection[str], look: Callable[[object], object]) -> None:
    assert len({look(name) for name in things}) == len(things)
