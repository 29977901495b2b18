"""Route tables of any size for the benchmarks: the same for the same seed and the same release of phonenumbers.

`realistic` makes what a large company may have: blocks of its own numbers, area codes, national patterns of
libphonenumber, exclusions, standbys, and last a route for the rest of a country. In `floating` some patterns may begin
anywhere in a number, as `519\\d{4}$` does. `edited` is a table after some changes. All tables are made up.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Final

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from acs_telephony.checking.route_table import RouteRow, RouteTable, TrunkRow

#: The longest pattern that the service takes; a few national patterns of libphonenumber are longer.
LONGEST: Final = 1024
#: Country code, name, digits after it, area codes that its routes speak of.
COUNTRIES: Final = (
    ("1", "us", 10, "206 425 253 212 332 646 917 213 310 312 415 512 617 702 718 805 904 972"),
    ("1", "ca", 10, "416 437 647 514 604 403 613 902"),
    ("31", "nl", 9, "10 13 15 20 24 26 30 33 35 38 40 43 45 46 50 53 55 58 70 71 73 74 76 77 78 79"),
    ("32", "be", 8, "2 3 4 9 10 11 13 15 16 50 51 55 56 81"),
    ("33", "fr", 9, "1 2 3 4 5 9"),
    ("34", "es", 9, "91 93 95 96 94 98"),
    ("39", "it", 10, "02 06 011 051 081 055"),
    ("41", "ch", 9, "21 22 31 41 43 44 52 61 71 91"),
    ("43", "at", 10, "1 316 512 662 732"),
    ("44", "gb", 10, "20 121 131 141 151 161 113 114 117 1223 1865 28 29"),
    ("45", "dk", 8, "3 4 5 6 7 8 9"),
    ("46", "se", 9, "8 31 40 18 13"),
    ("49", "de", 10, "30 40 69 89 201 211 221 228 341 351 511 711 911"),
    ("52", "mx", 10, "55 33 81 222 664"),
    ("55", "br", 10, "11 21 31 41 51 61"),
    ("61", "au", 9, "2 3 7 8"),
    ("65", "sg", 8, "3 6"),
    ("81", "jp", 9, "3 6 45 52 75"),
    ("91", "in", 10, "11 22 33 40 44 80"),
    ("971", "ae", 8, "2 3 4 6"),
)
_KINDS: Final = ("general_desc", "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip")
_BARRED: Final = ("900", "976", "90", "87", "118", "70", "809", "19", "84", "190")
_TRUNKS: Final = tuple(TrunkRow(f"sbc{i:02}.example.com") for i in range(1, 25))


def realistic(n: int, seed: int) -> RouteTable:
    """A table of `n` routes, nearly all of them `^...$`, the narrow ones first."""
    random = Random(f"realistic {n} {seed}")  # noqa: S311 (a made table is no secret)
    national = _national()
    random.shuffle(national)
    rest = [_rest(random, country) for country in random.sample(COUNTRIES, min(len(COUNTRIES), n // 20))]
    rest += [("rest of the world", r"^\+\d+$")] if n > 1 else []
    narrow: list[tuple[str, str]] = []
    while len(narrow) + len(rest) < n:
        kind = random.choices(("block", "area", "national", "excluding", "standby"), (52, 22, 10, 6, 10))[0]
        if kind == "standby" and narrow:  # the same numbers by other trunks
            name, pattern = random.choice(narrow)
            narrow.append((f"{name} standby", pattern))
        elif kind == "national" and national:
            narrow.append(national.pop())
        else:
            make = {"area": _area, "excluding": _excluding}.get(kind, _block)
            narrow.append(make(random, random.choice(COUNTRIES)))
    return _table(random, narrow + rest)


def floating(n: int, k: int, seed: int) -> RouteTable:
    """The table of `realistic`, but the patterns of `k` routes may begin anywhere in a number."""
    random = Random(f"floating {n} {k} {seed}")  # noqa: S311
    rows = list(realistic(n, seed).routes)
    for index in random.sample(range(n), k):
        digits = "".join(random.choices("123456789", k=random.randint(3, 5)))
        pattern = digits + random.choice((r"\d{4}$", r"\d{3,}", r"\d{2,6}$", r"[0-4]\d{3}$", "$", r"\d\d"))
        rows[index] = RouteRow(f"floating {index}", pattern, rows[index].trunks)
    return RouteTable(tuple(rows), _TRUNKS)


def edited(table: RouteTable, changes: int, seed: int) -> RouteTable:
    """The table after so many changes: routes that went, came, moved, or got another pattern or other trunks."""
    random = Random(f"edited {changes} {seed}")  # noqa: S311
    rows = list(table.routes)
    for count in range(changes):
        at = random.randrange(len(rows))
        row = rows.pop(at)
        match count % 5:
            case 0:  # moved
                rows.insert(random.randrange(len(rows) + 1), row)
            case 1:  # other trunks
                rows.insert(at, RouteRow(row.name, row.number_pattern, row.trunks[::-1]))
            case 2:  # one digit fewer at the end
                rows.insert(at, RouteRow(row.name, row.number_pattern.replace(r"\d{4}", r"\d{3}"), row.trunks))
            case 3:  # one more
                name, pattern = _block(random, random.choice(COUNTRIES))
                rows[at:at] = [row, RouteRow(f"new {name}", pattern, _some(random))]
    return RouteTable(tuple(rows), table.trunks)


def numbers(table: RouteTable, n: int, seed: int) -> list[str]:
    """Numbers that somebody dials, most of them of countries that the table speaks of."""
    random = Random(f"numbers {n} {seed}")  # noqa: S311
    dialled = []
    for _ in range(n):
        code, _name, length, areas = random.choice(COUNTRIES)
        start = random.choice(areas.split()) if random.random() < 0.9 else str(random.randint(1, 9))
        dialled.append(f"+{code}{start}{''.join(random.choices('0123456789', k=length - len(start)))}")
    return dialled


Country = tuple[str, str, int, str]


def _block(random: Random, country: Country) -> tuple[str, str]:
    """A block of numbers that the company has: 10 to 10,000 of them, at times a range of tens."""
    code, name, length, areas = country
    area = random.choice(areas.split())
    free = random.choice((2, 3, 3, 4)) if length - len(area) > 4 else 2
    start = area + "".join(random.choices("0123456789", k=length - len(area) - free))
    low = random.randint(0, 7)
    end = rf"\d{{{free}}}" if random.random() < 0.7 else rf"[{low}-{random.randint(low + 1, 9)}]\d{{{free - 1}}}"
    return f"{name} numbers {start}", rf"^\+{code}{start}{end}$"


def _area(random: Random, country: Country) -> tuple[str, str]:
    """One area or a few."""
    code, name, length, areas = country
    some = random.sample(areas.split(), min(len(areas.split()), random.choice((1, 1, 2, 3, 5))))
    if len({len(area) for area in some}) > 1:
        some = some[:1]
    some.sort()
    size = length - len(some[0])
    end = rf"\d{{{size}}}" if random.random() < 0.7 else rf"[2-9]\d{{{size - 2},{size}}}"
    return f"{name} area {' '.join(some)}", rf"^\+{code}({'|'.join(some)}){end}$"


def _excluding(random: Random, country: Country) -> tuple[str, str]:
    """A country or an area without what costs too much."""
    code, name, length, areas = country
    barred = "|".join(sorted(random.sample(_BARRED, random.choice((1, 2, 3)))))
    area = random.choice(("", "", *areas.split()))
    return f"{name} {area} without {barred}".replace(
        "  ", " "
    ), rf"^\+{code}{area}(?!{barred})\d{{{length - len(area)}}}$"


def _national() -> list[tuple[str, str]]:
    """The national patterns of libphonenumber that the service would take."""
    found = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        metadata = PhoneMetadata.metadata_for_region(region)
        for kind in _KINDS:
            text = getattr(getattr(metadata, kind), "national_number_pattern", None)
            pattern = rf"^\+{metadata.country_code}(?:{text})$"
            if text not in (None, "NA") and len(pattern) <= LONGEST:
                found.setdefault(pattern, f"{region.lower()} {kind}")
    return [(name, pattern) for pattern, name in found.items()]


def _rest(random: Random, country: Country) -> tuple[str, str]:
    code, name, length, _ = country
    return f"{name} rest", rf"^\+{code}" + random.choice((rf"\d{{{length}}}$", r"\d+$", r"[1-9]\d{5,}$"))


def _some(random: Random) -> tuple[str, ...]:
    return tuple(trunk.fqdn for trunk in random.sample(_TRUNKS, random.choice((1, 2, 2, 3))))


def _table(random: Random, rows: list[tuple[str, str]]) -> RouteTable:
    routes = tuple(RouteRow(f"{i:04} {name}", pattern, _some(random)) for i, (name, pattern) in enumerate(rows, 1))
    return RouteTable(routes, _TRUNKS)
