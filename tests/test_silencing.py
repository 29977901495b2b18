"""Findings that were accepted: for a reason, until a day, and not a day longer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from acs_telephony.checking.findings import Finding
from acs_telephony.checking.route_table import RouteRow, RouteTable
from acs_telephony.checking.silencing import Silence, apply, read_silences
from acs_telephony.errors import ConfigurationError

DAY = date(2027, 1, 31)
TABLE = RouteTable((RouteRow("a", "1"), RouteRow("b", "2")))
OVERLAP = Finding("overlap", "warning", "b overlaps with a.", "Part them.", routes=(1,))
LOST = Finding("lost", "error", "Numbers of a and b are lost.", "Add an SBC.", routes=(0, 1))
NEVER = Finding("never", "error", "b never rings.", "Remove it.", routes=(1,))
TEXT = """
[[silence]]
rule = "overlap"
route = "b"
reason = "b is the standby of a"
until = 2027-01-31
"""


def test_a_file_is_read_as_people_write_it() -> None:
    assert read_silences(TEXT) == (Silence(rule="overlap", route="b", reason="b is the standby of a", until=DAY),)
    assert read_silences(TEXT.replace("\n", "\r\n").encode("utf-8-sig")) == read_silences(TEXT)
    assert read_silences("") == ()


@pytest.mark.parametrize(
    ("slip", "place", "says"),
    [
        (('reason = "b is the standby of a"', 'reason = " "'), "silence[0].reason", "this text is empty"),
        (('reason = "b is the standby of a"\n', ""), "silence[0].reason", "this field is missing"),
        (("until = 2027-01-31", 'until = "soon"'), "silence[0].until", "a day such as 2027-01-31 is needed here"),
        (("until = 2027-01-31", "until = 2027-01-31T12:00:00"), "silence[0].until", "a day such as"),
        (("until = 2027-01-31", ""), "silence[0].until", "this field is missing"),
        (("rule", "rules"), "silence[0].rule", "this field is missing"),
        (("route =", "rout ="), "silence[0].rout", "this is not known here"),
        (("[[silence]]", "[silence]"), "silence", "a list is needed here"),
        (("[[silence]]", "[[silences]]"), "silences", "this is not known here"),
        (("[[silence]]", "[[silence]"), "the silences", "at line 2, column"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(slip: tuple[str, str], place: str, says: str) -> None:
    assert slip[0] in TEXT
    with pytest.raises(ConfigurationError) as caught:
        read_silences(TEXT.replace(*slip))

    assert caught.value.problems[0].place == place
    assert says in str(caught.value)


def test_a_silence_holds_to_the_end_of_its_day() -> None:
    silences = read_silences(TEXT)

    assert apply((NEVER, OVERLAP), TABLE, silences, DAY) == ((NEVER,), (OVERLAP,), ())
    kept, silenced, stale = apply((NEVER, OVERLAP), TABLE, silences, DAY + timedelta(days=1))
    assert (kept, silenced) == ((NEVER, OVERLAP), ())
    assert [(one.rule, one.severity, one.sentence) for one in stale] == [
        ("stale-silence", "warning", "The silence of 'overlap' for route 'b' ended on 2027-01-31.")
    ]


def test_a_silence_means_its_rule_and_its_route_alone() -> None:
    other_route, other_rule, every = (
        Silence(rule="overlap", route="c", reason="r", until=DAY),
        Silence(rule="gap", reason="r", until=DAY),
        Silence(rule="overlap", reason="r", until=DAY),
    )

    for silence in other_route, other_rule:
        kept, silenced, stale = apply((OVERLAP,), TABLE, (silence,), DAY)
        assert (kept, silenced, [one.severity for one in stale]) == ((OVERLAP,), (), ["warning"])
        assert "silences nothing" in stale[0].sentence
    assert "There is no such rule" not in stale[0].sentence
    unknown = Silence(rule="no-such-rule", reason="r", until=DAY)
    assert "There is no such rule." in apply((), TABLE, (unknown,), DAY)[2][0].sentence
    assert apply((OVERLAP, NEVER), TABLE, (every, other_rule), DAY)[:2] == ((NEVER,), (OVERLAP,))


def test_a_silence_for_one_route_does_not_hide_what_others_have_in_a_finding() -> None:
    a, b = (Silence(rule="lost", route=route, reason="r", until=DAY) for route in "ab")

    assert apply((LOST,), TABLE, (a,), DAY)[:2] == ((LOST,), ())
    assert apply((LOST,), TABLE, (a, b), DAY)[:2] == ((), (LOST,))
