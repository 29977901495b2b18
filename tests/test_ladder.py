"""The ladder of a live call: every message an arrow, every event a mark, and the same in words for every reader.

The calls are written by hand in `tests/live_calls.py`; what is expected is read from them, not from the drawing.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from acs_telephony.live.sip.explaining import explain
from acs_telephony.live.sip.values import LiveArrival, LiveCall
from acs_telephony.routing import Ended
from acs_telephony.views import palette
from acs_telephony.views.ladder import arrival_page, call_page, ladder, ladder_so_far, steps_table, terms_of
from tests.live_calls import ARRIVAL, CALLS, FAILOVER, GIVEN_UP, LOST, NOT_REACHED, ONE, SILENT, THREE, TWO

LIVE = {**CALLS, "a call in": ARRIVAL}
HOSTILE = '<img src=x onerror="alert(1)">&\u202e'
each = pytest.mark.parametrize("call", LIVE.values(), ids=LIVE.keys())
SVG = "{http://www.w3.org/2000/svg}"


def parsed(call: LiveCall | LiveArrival) -> ElementTree.Element:
    return ElementTree.fromstring(ladder(call).svg() or "")  # noqa: S314  # our own


def written(call: LiveCall | LiveArrival) -> str:
    """All words of the drawing."""
    return " ".join(part.text or "" for part in parsed(call).iter(f"{SVG}text"))


def level_lines(call: LiveCall | LiveArrival) -> list[tuple[float, float]]:
    """Where level lines begin and end, from top to bottom, without those of the legend."""
    found = re.findall(r'd="M([\d.]+) ([\d.]+)H([\d.]+)"', ladder(call).dot)
    foot = max(float(y) for y in re.findall(r"V([\d.]+)", ladder(call).dot))
    return [(float(x), float(to)) for x, y, to in found if float(y) < foot]


@each
def test_every_message_is_an_arrow_between_its_two_roles(call: LiveCall | LiveArrival) -> None:
    names = re.findall(r'<text x="([\d.]+)"[^>]*font-size="12"[^>]*text-anchor="middle"[^>]*>([^<]*)', ladder(call).dot)
    place = {name: float(x) for x, name in names}
    arrows = [one for one in call.events if one.kind != "event" or one.rule in ("demoted", "refused", "certificate")]

    assert set(place) == set(call.roles)
    assert sorted(place, key=place.__getitem__) == list(call.roles)
    lines = level_lines(call)
    assert len(lines) == len(arrows) > 0
    for one, (start, end) in zip(arrows, lines, strict=True):
        assert start == place[one.sender]
        assert abs(end - place[one.receiver]) <= 8  # the head of an arrow takes the rest


@each
def test_every_step_stands_in_the_drawing_and_in_its_twin_by_its_number(call: LiveCall | LiveArrival) -> None:
    words, twin = written(call), ladder(call).twin.splitlines()
    for number, one in enumerate(call.events, 1):
        assert f" {number} " in words
        assert all(word in words for word in one.first.split())
        (line,) = (line for line in twin if line.startswith(f"{number}. "))
        assert one.first in line
        assert one.sender in line
        assert one.receiver in line
        assert ("sent again" in line) is one.repeat


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_every_attempt_is_named_with_its_route_and_what_came_of_it(call: LiveCall) -> None:
    for number, one in enumerate(call.attempts, 1):
        words = f"Attempt {number}: {one.trunk} (route {one.route}): {one.code}, {one.effect}"
        assert words in written(call).replace(". ", ".")
        assert words in ladder(call).twin


def test_a_step_stands_in_the_attempt_that_it_belongs_to() -> None:
    lines = ladder(FAILOVER).twin.splitlines()
    second = lines.index("Attempt 2: sbc2.contoso.biz (route Redmond 1): 200, answers")
    assert lines[second - 1] == "4. ACS to sbc1.contoso.biz: ACK"
    assert lines[second + 1] == "5. ACS to sbc2.contoso.biz: INVITE"
    lines = ladder(NOT_REACHED).twin.splitlines()
    assert [line.partition(":")[0] for line in lines if not line.startswith(("The", "Real"))] == [
        "1. ACS", "Attempt 1", "2. ACS", "Attempt 2", "3. ACS", "4. ACS",
    ]  # fmt: skip


@each
def test_what_is_model_and_what_is_scaled_stands_by_each_ladder(call: LiveCall | LiveArrival) -> None:
    for words in (written(call), ladder(call).twin.replace("\n", " ")):
        for part in ("ACS side is our model", "is no SIP", "No media", "over TLS", "lasts 0.1 s"):
            assert part in words
    assert "not scaled" in terms_of("udp", 1.0)
    assert "UDP" in terms_of("udp", 1.0)


@each
def test_a_ladder_has_a_short_alternative_text_that_says_the_end(call: LiveCall | LiveArrival) -> None:
    picture = ladder(call)
    ending = call.outcome if isinstance(call, LiveCall) else call.ending
    assert str(ending) in picture.alt
    assert 8 <= len(picture.alt.split()) <= 60
    assert f'alt="{html.escape(picture.alt)}"' in picture._repr_html_()


def test_without_colours_every_outcome_still_looks_different() -> None:
    """The same INVITE with each kind of answer: taken, failed over, ended, on its way."""

    def grey(first: str) -> str:
        code = int(first[:3])
        event = replace(LOST.events[2], first="x", code=code)
        effect = {200: "answers", 503: "fails over"}.get(code, "ends the call")
        attempt = replace(LOST.attempts[0], code=code, effect=effect)  # type: ignore[arg-type]
        drawn = ladder(replace(LOST, events=(LOST.events[0], event), attempts=(attempt,))).dot
        return re.sub(r"#[0-9a-f]{6}|<text.*?</text>", "", drawn)

    assert len({grey(first) for first in ("183", "200", "503", "500")}) == 4
    assert len({re.sub(r"#[0-9a-f]{6}", "", ladder(one).dot) for one in (SILENT, replace(SILENT, events=tuple(
        replace(event, repeat=False) for event in SILENT.events
    )))}) == 2  # fmt: skip
    assert "stroke-dasharray" in ladder(SILENT).dot
    assert "stroke-dasharray" not in ladder(FAILOVER).dot


@each
def test_only_colours_of_the_palette_are_used(call: LiveCall | LiveArrival) -> None:
    known = {palette.PAPER, palette.INK, palette.QUIET, palette.LINE}
    known |= {colour for tone in palette.TONES.values() for colour in (tone.fill, tone.line)}
    known |= {colour for tint in palette.TINTS.values() for colour in (tint.fill, tint.line)}
    assert set(re.findall(r"#[0-9a-fA-F]{6}", ladder(call).dot)) <= known


@each
def test_no_word_leaves_the_paper(call: LiveCall | LiveArrival) -> None:
    root = parsed(call)
    width = float(root.attrib["viewBox"].split()[2])
    for part in root.iter(f"{SVG}text"):
        # As wide as DejaVu Sans, the widest of the fonts, is for such words.
        each = 0.7 if "font-weight" in part.attrib else 0.61
        size = float(part.attrib["font-size"]) * len(part.text or "") * each
        left = float(part.attrib["x"]) - (size / 2 if part.attrib.get("text-anchor") == "middle" else 0)
        assert left >= 0
        assert left + size <= width


def test_long_names_stay_whole_and_different() -> None:
    long = [f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{end}.example" for end in ("one", "two")]
    events = tuple(
        replace(one, **{side: {ONE: long[0], TWO: long[1]}.get(getattr(one, side), getattr(one, side))
        for side in ("sender", "receiver")}) for one in FAILOVER.events
    )  # fmt: skip
    attempts = tuple(replace(one, trunk=name) for one, name in zip(FAILOVER.attempts, long, strict=True))
    call = replace(FAILOVER, events=events, attempts=attempts, roles=("ACS", *long, "carrier"))
    boxed = re.sub(r"\s", "", written(call))
    assert all(name in boxed for name in long)


def test_words_from_strangers_stay_words() -> None:
    events = tuple(
        replace(one, receiver=HOSTILE if one.receiver == ONE else one.receiver,
                sender=HOSTILE if one.sender == ONE else one.sender, raw=f"INVITE\r\n{HOSTILE}\r\n")
        for one in LOST.events
    )  # fmt: skip
    attempts = (replace(LOST.attempts[0], trunk=HOSTILE, route=HOSTILE),)
    outcome = Ended(HOSTILE, HOSTILE, 500, (HOSTILE,))
    call = replace(LOST, events=events, attempts=attempts, roles=("ACS", HOSTILE), outcome=outcome)
    page = call_page(call)
    for text in (ladder(call).dot, page.html):
        assert "<img src=x" not in text
        assert "\u202e" not in text
    assert "&lt;img" in page.html
    assert not re.search(r"(?<!\\)<img", page.markdown)
    ElementTree.fromstring(ladder(call).svg() or "")  # noqa: S314


def test_times_are_shown_only_to_who_asks() -> None:
    assert "0.25 s" not in ladder(FAILOVER).dot + call_page(FAILOVER).text
    assert "0.25 s" in ladder(FAILOVER, times=True).dot
    assert "at 0.25 s" in ladder(FAILOVER, times=True).twin
    assert "0.25" in steps_table(FAILOVER, times=True).text


@each
def test_the_table_explains_each_step_and_holds_each_message(call: LiveCall | LiveArrival) -> None:
    shown = steps_table(call)
    rows = shown.html.split("<tbody>")[1].split("</tr>")[:-1]
    for one, row in zip(call.events, rows, strict=True):
        rule = explain(one.rule)
        words = html.unescape(re.sub(r"<[^>]*>", "", row))
        assert rule.title in words
        assert rule.kind in words
        assert rule.source in words
        assert ("<details>" in row) is bool(one.raw)
        assert one.raw.replace("\r\n", "\n").strip() in words
    assert "Call-ID" not in shown.text + shown.markdown
    assert steps_table(call, raw=True).text.count("Call-ID") == len([one for one in call.events if one.raw])


def test_a_page_says_the_end_first_then_draws_then_tells() -> None:
    page = call_page(LOST)
    assert (
        page.said == "+14255550100: sbc1.contoso.biz ends the call with 500 (route Redmond 1); 500 does not fail over."
    )
    assert page.pictures == (ladder(LOST),)
    order = ["Error. ", "A call to +14255550100", "in the order of trying", "560500", "the rule behind each"]
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)
    assert call_page(FAILOVER).text.startswith("Answer. +14255550100: sbc2.contoso.biz takes the call")


def test_a_call_that_its_caller_gave_up_was_ended_by_no_sbc() -> None:
    page = call_page(GIVEN_UP)
    assert page.said == "+14255550100: The caller hung up before an answer came."
    (picture,) = page.pictures
    assert picture.twin.startswith("The caller hung up before an answer came.")
    assert "Attempt 1: sbc1.contoso.biz (route Redmond 1): 487, the caller hung up" in picture.twin
    assert "The caller hung up before an answer came." in picture.alt
    for words in ("ends the call", "does not fail over", "TLS fails"):
        assert words not in page.text + page.html + picture.dot
    assert "no answer: counts as 487" in page.text


def test_a_call_in_says_what_its_carrier_got() -> None:
    page = arrival_page(ARRIVAL)
    assert page.said == "The SBC is refused with 403: the host in Contact is an IP address. The carrier got 403."
    assert "1. carrier to sbc1.contoso.biz: INVITE" in page.text
    assert "the rule behind each" not in arrival_page(replace(ARRIVAL, events=(), roles=("carrier",))).text


def test_a_call_that_runs_is_drawn_as_far_as_it_came() -> None:
    so_far = ladder_so_far("+14255550100", FAILOVER.events[:6], terms_of("tls", 0.1))
    assert "The call runs." in so_far.twin
    assert "6. sbc2.contoso.biz to carrier: INVITE" in so_far.twin
    assert "7. " not in so_far.twin
    names = re.findall(r'font-size="12"[^>]*text-anchor="middle"[^>]*>([^<]*)', so_far.dot)
    assert names == ["ACS", ONE, TWO, "carrier"]
    assert palette.TONES["warn"].line in so_far.dot  # 503 will fail over, and is drawn so before it does
    assert palette.TONES["stop"].line not in so_far.dot
    assert ladder_so_far("+1", (), "x").svg()


def test_the_same_call_is_the_same_picture() -> None:
    assert ladder(FAILOVER).file_name == ladder(replace(FAILOVER)).file_name
    assert ladder(FAILOVER).sha256 != ladder(SILENT).sha256
    assert "graphviz" not in ladder(FAILOVER)._repr_html_()
    assert THREE in ladder(NOT_REACHED).alt
