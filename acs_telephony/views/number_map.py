"""The number space as a picture, and tables of what stands on it: outcome classes, gaps, emergency and costly numbers.

What is counted is counted in `guide/mapping.py`; here it is only shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Final

from acs_telephony.checking.findings import listed
from acs_telephony.checking.route_table import RouteTable
from acs_telephony.domains import E164
from acs_telephony.errors import AnswerError, NumberError
from acs_telephony.facts import cite, load
from acs_telephony.guide.mapping import (
    Chain,
    NumberMap,
    OutcomeClass,
    Part,
    Source,
    map_numbers,
    map_types,
    takers,
    valid_numbers,
)
from acs_telephony.languages import Reading
from acs_telephony.models import quoted
from acs_telephony.numbers import NumberType, costly_numbers, number_types
from acs_telephony.views import dot
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.pages import kindly
from acs_telephony.views.palette import TONES, State
from acs_telephony.views.pictures import Picture

_BAR: Final = 60  # points for all of a cell's numbers
_READINGS: Final[dict[Reading, str]] = {
    "search": "Patterns match anywhere in a number.",
    "whole": "Patterns match the whole number.",
}
_MEANING: Final[dict[State, str]] = {
    "good": "all: each number comes to a route",
    "warn": "a share: so many come to a route",
    "idle": "nobody: no number comes to a route",
}
_Way = tuple[str, tuple[str, ...]]  # a type of number, and the SBCs that it reaches
_ONLY_PLANS: Final = "Which numbers are valid is libphonenumber's word, as in the installed package phonenumbers."


def percent(part: int, of: int) -> str:
    """A share in words: what is something is never rounded to nothing, nor what is not all to all.

    >>> percent(0, 9), percent(1, 10**9), percent(1, 8), percent(9, 9)
    ('nobody', 'under 0.01 %', '12.50 %', 'all')
    """
    if part in (0, of):
        return "all" if part else "nobody"
    hundredths = (20_000 * part + of) // (2 * of)
    if hundredths in (0, 10_000):
        return "over 99.99 %" if hundredths else "under 0.01 %"
    return f"{hundredths // 100}.{hundredths % 100:02} %"


# ---------------------------------------------------------------- the picture


def map_page(source: Source, country: str = "", digits: str = "") -> Shown:
    """The map of all numbers, or of the valid ones of a country (ISO code), that go on with some digits; its classes.

    The digits may be written with the country's code in front, as in +316. Raises AnswerError where there is no such
    number, and NumberError for a country that has no number plan.
    """
    import phonenumbers

    domain = valid_numbers(country) if country else E164
    code = phonenumbers.country_code_for_region(country.strip().upper()) if country else ""
    begins = "".join(digits.split())
    if begins.startswith("+"):
        if not begins.startswith(f"+{code}"):
            remedy = f"Write only the digits behind +{code}, or all of it, as in +{code}{begins[1:2]}."
            raise AnswerError(f"{quoted(digits)} does not begin with +{code}", place="digits", remedy=remedy)
        digits = begins.removeprefix(f"+{code}")
    found = map_numbers(source, f"+{code}{digits}", domain=domain)
    if not any(part.numbers for part in found.parts[:-1]):
        remedy = "Take fewer digits behind it, or none."
        raise AnswerError(f"there are no {found.what}", place=f"+{code} {digits}"[:60], remedy=remedy)
    return replace(together(number_map(found), classes_table(found)), said=_remarks(found)[0])


def number_map(found: NumberMap) -> Picture:
    """A map as a grid: a cell for each of the next digits, with the share of its numbers that come to a route."""
    cells = found.parts[:-1]
    rows = [cells[i : i + 10] for i in range(0, len(cells), 10)]
    drawn = [[_cell(part, found) for part in row] for row in rows if any(part.numbers for part in row)]
    states = {_state(cell) for cell in cells if cell.numbers}
    legend = [f"<TD {_look(state)}>{_text(_MEANING[state])}</TD>" for state in _MEANING if state in states]
    grid, key = _table(drawn, 3), _table([legend], 3)
    whole = _table([[f'<TD BORDER="0">{grid}</TD>'], [f'<TD BORDER="0" ALIGN="LEFT">{key}</TD>']], 0)
    title, remarks = f"Who answers {found.what}?", _remarks(found)
    picture = dot.graph(title, [f"map {dot.attributes(label=f'<{whole}>', shape='plain')}"], remarks=remarks)
    return Picture(dot.clean(title), picture, dot.clean(_alt(found)), _twin(found, remarks))


def _state(part: Part) -> State:
    return "warn" if part.taken and part.nobody else "good" if part.taken else "idle"


def _cell(part: Part, found: NumberMap) -> str:
    """The digits, the share in words, and the share as a bar."""
    if not part.numbers:
        return f'<TD BORDER="0" WIDTH="{_BAR + 6}" HEIGHT="34"></TD>'
    words = percent(part.taken, part.numbers).replace("under ", "&lt;").replace("over ", "&gt;")
    digits, mark = part.name.removeprefix(found.prefix), "*" if part.unsure else ""
    country = f'<FONT POINT-SIZE="9"> {its}</FONT>' if (its := _country(part.name)) else ""
    state = _state(part)
    length = max(1, round(part.share * _BAR)) if part.taken else 0
    bar = [_blank(length, TONES[state].line)] * (length > 0) + [_blank(_BAR - length)] * (length < _BAR)
    lines = [f'<FONT POINT-SIZE="11"><B>{digits}</B></FONT>{country}', _text(words + mark), _table([bar], 0)]
    inside = _table([[f'<TD BORDER="0">{line}</TD>'] for line in lines], 0)
    return f"<TD {_look(state)}>{inside}</TD>"


def _country(code: str) -> str:
    """The ISO code of the country with this code of two digits; the first, where several share it; else nothing."""
    import phonenumbers

    return next(iter(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())), "") if len(code) == 3 else ""


def _named(part: Part) -> str:
    return f"{part.name} {_country(part.name)}".strip()


def _blank(width: int, colour: str = "") -> str:
    ground = f' BGCOLOR="{colour}"' if colour else ""
    return f'<TD BORDER="0" WIDTH="{width}" HEIGHT="3"{ground}></TD>'


def _look(state: State) -> str:
    tone = TONES[state]
    return f'BGCOLOR="{tone.fill}" COLOR="{tone.line}" STYLE="{tone.style}" BORDER="1" CELLPADDING="3"'


def _text(words: str) -> str:
    return f'<FONT POINT-SIZE="9">{words}</FONT>'


def _table(rows: Iterable[Iterable[str]], space: int) -> str:
    body = "".join(f"<TR>{''.join(row)}</TR>" for row in rows)
    return f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="{space}" CELLPADDING="0">{body}</TABLE>'


def _remarks(found: NumberMap) -> list[str]:
    whole = found.whole
    remarks = [f"Of {whole.numbers:,} numbers {whole.taken:,} come to a route and {whole.nobody:,} to nobody."]
    if whole.unsure:
        words = f"{whole.unsure:,} numbers come elsewhere, or to nobody, under the other reading."
        remarks += [_READINGS[found.reading], f"* {words}"]
    else:
        remarks.append("The same comes out whether patterns match anywhere in a number or the whole number.")
    if found.parts[-1].numbers:
        remarks.append(f"{found.parts[-1].numbers:,} of them end too early to stand in a cell.")
    return remarks + _unproven(found)


def _unproven(found: NumberMap) -> list[str]:
    if not found.unread:
        return []
    return [f"Not proven: {listed(list(map(quoted, found.unread)))} cannot be read, so what they take is not known."]


def _alt(found: NumberMap) -> str:
    cells = [part for part in found.parts[:-1] if part.numbers]
    counts = [sum(_state(cell) == state for cell in cells) for state in _MEANING]
    shares = "{} answered in full, {} in part and {} by nobody".format(*counts)
    return f"A grid of {len(cells)} cells for {found.what}: {shares}. {' '.join(_unproven(found))}".strip()


def _twin(found: NumberMap, remarks: Iterable[str]) -> str:
    """Cells with the same share in one line, neighbours as a range; the largest shares come first."""
    cells = sorted((cell for cell in found.parts[:-1] if cell.numbers), key=lambda cell: (-cell.share, cell.name))
    lines = []
    for share, its in groupby(cells, key=lambda cell: percent(cell.taken, cell.numbers)):
        group = sorted(its, key=lambda cell: cell.name)
        runs = [list(run) for _, run in groupby(enumerate(group), key=lambda at: int(at[1].name[1:]) - at[0])]
        ranges = [" to ".join(dict.fromkeys((_named(run[0][1]), _named(run[-1][1])))) for run in runs]
        lines.append(f"{share}: {', '.join(ranges)}.")
    return "\n".join(map(dot.clean, (*remarks, *lines)))


# ---------------------------------------------------------------- tables


def classes_table(found: NumberMap, part: str = "", most: int = 10) -> Shown:
    """The outcome classes of a map, or of one of its parts: the routes in order, how many numbers, and the sum."""
    its = found.part(part) if part else found.whole
    rows: list[tuple[object, ...]] = [
        (_names(found.table, one.chain), f"{one.count:,}", percent(one.count, its.numbers), one.witness)
        for one in its.classes[:most]
    ]
    if rest := its.classes[most:]:
        count = sum(one.count for one in rest)
        rows.append((f"{len(rest)} more classes", f"{count:,}", percent(count, its.numbers), ""))
    rows.append(("all together", f"{its.numbers:,}", "all" if its.numbers else "", ""))
    headings = ("comes to", "numbers", "share", "the shortest")
    where = f"{found.what}, part {part}" if part else found.what
    return together(table(f"Outcome classes: {where}", headings, rows), *_warnings(found))


@kindly
def gaps_table(source: Source, *countries: str, reading: Reading = "search") -> Shown:
    """For each type of number of these countries: how many are valid, and how many of them nobody takes."""
    if not countries:
        remedy = "Name one or more, as in gaps_table(contoso(), 'NL')."
        raise AnswerError("no country is given", place="countries", remedy=remedy)
    types = [one for country in countries for one in number_types(country)]
    found = map_types(source, _alone(types), reading)
    rows = [
        (one.country, one.name, f"{part.numbers:,}", f"{part.nobody:,}", part.gap or "none", f"{part.unsure:,}")
        for one, part in zip(types, found.parts, strict=True)
    ]
    headings = ("country", "type", "valid numbers", "nobody takes", "the shortest", "hangs on the reading")
    return together(table("Valid numbers that nobody takes", headings, rows), *_warnings(found), _plans())


@kindly
def costly_table(source: Source, *countries: str, reading: Reading = "search") -> Shown:
    """Through which SBCs a caller reaches premium-rate, shared-cost and satellite numbers, of some countries or all."""
    wanted = [country.strip().upper() for country in countries]
    types = [one for one in costly_numbers() if not wanted or one.country in wanted]
    # Countries share numbers, as all of +1 do, and each number counts once: so a part for each type of all countries.
    kinds = {kind: [one for one in types if one.name == kind] for kind in dict.fromkeys(one.name for one in types)}
    found, alone = map_types(source, kinds, reading), map_types(source, _alone(types), reading)
    where: dict[_Way, set[str]] = {}
    for one, part in zip(types, alone.parts, strict=True):
        for its in part.classes:
            where.setdefault((one.name, _sbcs(found.table, its.chain)), set()).add(one.country)
    ways: dict[_Way, list[OutcomeClass]] = {}
    for part in found.parts:
        for its in part.classes:
            if sbcs := _sbcs(found.table, its.chain):
                ways.setdefault((part.name, sbcs), []).append(its)
    counts = {way: sum(one.count for one in classes) for way, classes in ways.items()}
    rows = []
    for (kind, sbcs), classes in sorted(ways.items(), key=lambda item: -counts[item[0]]):
        shortest = min((one.witness for one in classes), key=lambda number: (len(number), number))
        first = [found.table.routes[route].name for route in sorted({one.chain[0] for one in classes})]
        countries_with_it = listed(sorted(where[kind, sbcs]), 6)
        rows.append((kind, countries_with_it, f"{counts[kind, sbcs]:,}", shortest, listed(first), listed(sbcs)))
    headings = ("type", "of", "numbers", "the shortest", "first choice", "SBCs")
    caption = "Costly numbers that a caller can reach" if rows else "Costly numbers: no route takes any"
    return together(table(caption, headings, rows), *_warnings(found), _plans())


@kindly
def emergency_table(source: Source, *numbers: str) -> Shown:
    """Who takes emergency numbers, as dialled and with a plus; without any, those of the countries of Voice Calling."""
    facts = load("emergency")
    listed_there = sorted({number for row in facts["countries"].values() for number in row["numbers"]})
    known = list(dict.fromkeys(map(_short, numbers))) or listed_there
    chains = takers(source, [form for number in known for form in (number, f"+{number}")])
    found = map_types(source, {})
    rows = [(number, *(_either(found.table, *chains[form]) for form in (number, f"+{number}"))) for number in known]
    unknown = f"{facts['dialled_form']['text']} [{cite('emergency', facts['dialled_form']['source'])}]"
    headings = ("number", "as dialled", "with a plus")
    return together(table("Who takes emergency numbers", headings, rows), *_warnings(found), notice("Unknown", unknown))


def _short(number: str) -> str:
    """An emergency number without spaces and plus. Raises NumberError for what nobody can dial."""
    short = "".join(number.split()).removeprefix("+")
    if not (short.isdecimal() and short.isascii()):
        remedy = "Write its digits, such as '112'."
        raise NumberError(f"{quoted(number)} cannot be dialled", place="number", remedy=remedy)
    return short


def _alone(types: Iterable[NumberType]) -> dict[str, list[NumberType]]:
    return {f"{one.name} numbers of {one.country}": [one] for one in types}


def _sbcs(its: RouteTable, chain: Chain) -> tuple[str, ...]:
    return tuple(sorted({fqdn for route in chain for fqdn in its.routes[route].trunks}))


def _either(its: RouteTable, search: Chain, whole: Chain) -> str:
    words = _names(its, search)
    return words if search == whole else f"{words}; if the whole number must match: {_names(its, whole)}"


def _names(its: RouteTable, chain: Chain) -> str:
    return ", then ".join(its.routes[route].name for route in chain) or "nobody"


def _warnings(found: NumberMap) -> list[Shown]:
    return [notice("Error", words) for words in _unproven(found)]


def _plans() -> Shown:
    return notice("Our model", _ONLY_PLANS)
