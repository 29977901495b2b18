"""No fact without a source, no source without a file and a date.

What a fact is: a table outside `source` that holds at least one value of its own (not only further tables). It carries
`source`, a list of keys that the same file declares. A plain table inside a sourced table belongs to that fact and may
go without; an item of an array is a fact of its own and may not. Every declared source is used.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from acs_telephony import facts
from acs_telephony.errors import AcsTelephonyError
from acs_telephony.facts import cite, load, source

FILES = sorted(Path(facts.__file__).parent.glob("*.toml"))
NAMES = [
    "availability",
    "contradictions",
    "emergency",
    "endpoints",
    "findings",
    "glossary",
    "lifecycle",
    "options",
    "pricing",
    "routing",
    "sbc_vendors",
    "sip_api",
    "sip_responses",
    "sip_steps",
    "teams",
]


# ---------------------------------------------------------------- the law


def defects(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with a file of facts: sourceless facts, unknown, unused and incomplete sources; [] is lawful."""
    declared, used = document.get("source", {}), set()
    found = [problem for key, table in declared.items() for problem in incomplete(key, table)]
    for place, table, may_inherit in tables({k: v for k, v in document.items() if k not in ("source", "meta")}):
        keys = table.get("source")
        if keys is None:
            has_value = any(not is_table(value) for value in table.values())
            found += [f"{place}: no source"] if has_value and not may_inherit else []
        elif not keys:
            found.append(f"{place}: an empty source")
        else:
            found += [f"{place}: unknown source {key}" for key in keys if key not in declared]
            used.update(keys)
    return found + [f"source.{key}: not used" for key in declared if key not in used]


def incomplete(key: str, table: Mapping[str, Any]) -> Iterator[str]:
    for field in ("file", "title", "repo"):
        if not table.get(field):
            yield f"source.{key}: no {field}"
    if ("date" in table) == ("date_note" in table):
        yield f"source.{key}: needs a date or a date_note"
    elif "date" in table and not is_date(table["date"]):
        yield f"source.{key}: the date is not ISO"


def tables(table: Mapping[str, Any], place: str = "", sourced: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Every table with its place, and whether it lies in a sourced one that it belongs to; the root comes first."""
    yield place or "(top)", table, sourced
    sourced = sourced or bool(table.get("source"))
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from tables(value, f"{place}.{key}".lstrip("."), sourced)
        elif is_table(value):
            for number, item in enumerate(value):
                yield from tables(item, f"{place}.{key}[{number}]".lstrip("."), sourced=False)


def is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, Mapping) for item in value)
    )


def is_date(text: Any) -> bool:
    try:
        return isinstance(text, str) and len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def test_the_kit_has_exactly_these_files_of_facts() -> None:
    assert [path.stem for path in FILES] == list(facts.names()) == NAMES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_fact_has_a_source_with_a_file_and_a_date(path: Path) -> None:
    assert defects(tomllib.loads(path.read_text(encoding="utf-8"))) == []


SOURCE = '[source.A]\nfile = "a.md"\ntitle = "A"\nrepo = "r"\ndate = "2023-06-22"\n'
USED = 'source = ["A"]\n'
PLANTED = {
    "a lawful file": (SOURCE + "[t]\nx = 1\n" + USED, []),
    "a part of a sourced fact": (SOURCE + "[t]\nx = 1\n" + USED + "[t.part]\ny = 2\n", []),
    "a group of facts": (SOURCE + "[group.t]\nx = 1\n" + USED, []),
    "a table without a source": (SOURCE + "[s]\nx = 1\n" + USED + "[t]\nx = 1\n", ["t: no source"]),
    "an item without a source": (SOURCE + "[[t]]\nx = 1\n" + USED + "[[t]]\nx = 2\n", ["t[1]: no source"]),
    "an item cannot lean on its table": (SOURCE + "[t]\n" + USED + "[[t.i]]\nx = 1\n", ["t.i[0]: no source"]),
    "a value outside every table": ("x = 1\n" + SOURCE + "[t]\nx = 1\n" + USED, ["(top): no source"]),
    "an empty list of sources": (SOURCE + "[s]\n" + USED + "[t]\nsource = []\n", ["t: an empty source"]),
    "an unknown source": (SOURCE + '[t]\nx = 1\nsource = ["A", "B"]\n', ["t: unknown source B"]),
    "a source nobody uses": (SOURCE, ["source.A: not used"]),
    "a source without a file": (
        SOURCE.replace('file = "a.md"\n', "") + "[t]\n" + USED,
        ["source.A: no file"],
    ),
    "a source without a date": (
        SOURCE.replace('date = "2023-06-22"\n', "") + "[t]\n" + USED,
        ["source.A: needs a date or a date_note"],
    ),
    "a date as the pages write it": (
        SOURCE.replace("2023-06-22", "06/22/2023") + "[t]\n" + USED,
        ["source.A: the date is not ISO"],
    ),
    "words where a source has no date": (SOURCE.replace("date =", "date_note =") + "[t]\n" + USED, []),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_the_law_itself_finds_what_is_planted(planted: tuple[str, list[str]]) -> None:
    text, expected = planted
    assert defects(tomllib.loads(text)) == expected


def test_a_key_means_the_same_document_in_every_file() -> None:
    meant: dict[str, tuple[str, str, str]] = {}
    for name in NAMES:
        for key in load(name)["source"]:
            this = source(name, key)
            assert meant.setdefault(key, (this.file, this.date, this.title)) == (this.file, this.date, this.title)
    assert len(meant) > 40


def test_a_document_was_read_on_one_day_wherever_it_is_named() -> None:
    days: dict[str, date] = {}
    for _, said in facts.sources():
        assert days.setdefault(said.key, said.read) == said.read
    assert min(days.values()) >= date(2026, 11, 22)
    assert "KIT" not in days


@pytest.mark.parametrize(
    ("read", "as_of", "expected"),
    [
        ("2026-11-22", "2026-11-22", False),
        ("2026-11-22", "2027-11-22", False),
        ("2026-11-22", "2027-11-23", True),
        ("2027-02-28", "2028-02-29", False),
        ("2027-02-27", "2028-02-29", True),
        ("2026-11-22", "2021-02-09", False),
        ("2026-11-22", "0001-01-01", False),
    ],
)
def test_a_source_is_stale_when_its_last_reading_is_more_than_a_year_ago(read: str, as_of: str, expected: bool) -> None:
    said = facts.Source("A", "a.md", "2023-06-22", "A", date.fromisoformat(read))
    assert facts.is_stale(said, date.fromisoformat(as_of)) is expected


def test_a_stale_source_says_so_where_a_day_is_given() -> None:
    fresh = cite("options", ["TC23"], date(2026, 11, 22))
    assert fresh == cite("options", ["TC23"]) == "telephony-concept.md, 2023-06-22 (TC23)"
    late = source("options", "TC23").read.replace(year=9999)
    assert cite("options", ["TC23"], late) == f"{fresh}, not read since {source('options', 'TC23').read}"
    assert facts.stale(late) == facts.sources()


def test_a_source_that_was_read_again_has_a_day_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    again = {"A": {"file": "a.md", "title": "A", "date": "2023-06-22", "read": "2027-06-01"}}
    again["B"] = {k: v for k, v in again["A"].items() if k != "read"}
    made = {"meta": {"read": "2026-11-22"}, "source": again}
    monkeypatch.setattr(facts, "load", lambda name: made)
    monkeypatch.setattr(facts, "names", lambda: ("made",))
    assert [(said.key, str(said.read)) for _, said in facts.sources()] == [("A", "2027-06-01"), ("B", "2026-11-22")]
    assert [said.key for _, said in facts.stale(date(2027, 12, 1))] == ["B"]
    assert cite("made", ["A", "B"], date(2027, 12, 1)).endswith("(A); a.md, 2023-06-22 (B), not read since 2026-11-22")


def test_other_letters_than_ascii_stand_only_in_dutch_words() -> None:
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert line.isascii() or line.startswith(("nl = ", "meant_nl = ", "seed = ", "warning_nl = ")), line


# ---------------------------------------------------------------- load, source, cite


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    for name in ("option", "../errors", ""):
        with pytest.raises(AcsTelephonyError) as caught:
            load(name)
        assert all(known in caught.value.remedy for known in NAMES)


def test_an_unknown_source_is_refused_with_the_keys_there_are() -> None:
    with pytest.raises(AcsTelephonyError, match="Use one of: SEED, TC21, TC23"):
        source("options", "TC24")


def test_what_is_loaded_cannot_be_changed() -> None:
    loaded = load("options")
    with pytest.raises(TypeError):
        loaded["page"] = None  # type: ignore[index]
    with pytest.raises(TypeError):
        loaded["options"][0]["criteria"][0]["en"] = "changed"
    assert isinstance(loaded["options"], tuple)
    assert isinstance(loaded["options"][0]["source"], tuple)


def test_loading_one_file_reads_no_other() -> None:
    load.cache_clear()
    load("options")
    load("options")
    assert (load.cache_info().misses, load.cache_info().hits) == (1, 1)


def test_a_source_reads_as_file_date_and_key() -> None:
    assert str(source("options", "TC23")) == "telephony-concept.md, 2023-06-22 (TC23)"
    assert str(source("availability", "PORTAL")) == "phone-numbers-portal-new.md, undated (PORTAL)"
    assert cite("options", []) == ""


# ---------------------------------------------------------------- the page's clauses

CLAUSES = [
    f"{group}.{name}"
    for group, names in {
        "page": ("purpose", "pstn", "resource-capability", "mixed-technology", "two-ways"),
        "page.next": ("number-types", "plan-sip", "pricing", "get-number", "call-phone"),
        "cloud.criterion": ("region-available", "no-carrier-retention", "microsoft-managed"),
        "cloud.benefit": ("numbers-from-microsoft", "call-worldwide", "no-on-premises"),
        "cloud.note": ("sbc-interop", "billing-per-minute"),
        "cloud.requirement": ("acs-connection",),
        "sip.criterion": ("acs-with-pstn", "retain-carrier", "mixed-routing", "equipment-interop"),
        "sip.benefit": (
            *("works-without-cloud-option", "own-sbc", "any-carrier"),
            *("self-or-partner-managed", "equipment-interop"),
        ),
        "sip.requirement": ("azure-connection", "supported-sbc", "carrier-contract"),
        "sip.exception": ("equipment-link-only",),
    }.items()
    for name in names
]


def clauses() -> dict[str, Mapping[str, Any]]:
    """Every table of options.toml that has an id with a dot in it: the clauses, but not the options themselves."""
    found = [table for _, table, _ in tables(load("options")) if "." in table.get("id", "")]
    assert len(found) == len({table["id"] for table in found})
    return {table["id"]: table for table in found}


def test_every_clause_of_the_page_is_there_once_in_both_languages() -> None:
    assert sorted(clauses()) == sorted(CLAUSES)
    assert [id_ for id_, clause in clauses().items() if not (clause["en"] and clause["nl"])] == []


def test_one_option_asks_for_all_its_criteria_and_the_other_for_any() -> None:
    assert {o["id"]: o["decision"]["logic"] for o in load("options")["options"]} == {"cloud": "all", "sip": "any"}


def test_a_negation_points_both_ways() -> None:
    pairs = {id_: clause["negation_of"] for id_, clause in clauses().items() if "negation_of" in clause}
    assert pairs == {
        "cloud.criterion.no-carrier-retention": "sip.criterion.retain-carrier",
        "sip.criterion.retain-carrier": "cloud.criterion.no-carrier-retention",
    }


def test_the_marks_on_clauses_are_where_they_belong() -> None:
    marked = {
        mark: [id_ for id_, clause in clauses().items() if mark in clause]
        for mark in ("discriminating", "uses_both_options", "waived_if", "added")
    }
    assert marked == {
        "discriminating": ["sip.criterion.acs-with-pstn"],
        "uses_both_options": ["sip.criterion.mixed-routing"],
        "waived_if": ["sip.requirement.carrier-contract"],
        "added": ["cloud.note.billing-per-minute"],
    }


def test_every_mistranslation_belongs_to_a_clause_or_to_the_page() -> None:
    wrong = load("options")["seed_mistranslations"]
    assert len(wrong) == 11
    assert {entry["clause"] for entry in wrong} <= {*CLAUSES, "page"}
    (turned,) = [entry for entry in wrong if entry.get("reversed")]
    assert turned["clause"] == "cloud.benefit.no-on-premises"
    assert ("niet" in turned["seed"], "niet" in turned["meant_nl"]) == (True, False)
    airline = [entry["clause"] for entry in wrong if "luchtvaart" in entry["seed"]]
    assert airline == ["sip.requirement.carrier-contract"]


# ---------------------------------------------------------------- the other files


def test_events_are_in_order_and_as_precise_as_they_say() -> None:
    events = load("lifecycle")["events"]
    assert [(event["date"], event["precision"], event["status"]) for event in events] == [
        ("2021-02-09", "known_by", "private_preview"),
        ("2021-06-30", "known_by", "public_preview"),
        ("2023-06-22", "known_by", "general"),
        ("2026-09", "in_month", "retirement_announced"),
        ("2026-10-23", "exact", "closed_to_new_customers"),
        ("2028-09-30", "exact", "retired"),
    ]
    assert all(event["options"] == ("cloud", "sip") for event in events)
    assert set(load("lifecycle")["status_words"]) == {event["status"] for event in events}


def test_rules_and_successors_serve_known_options() -> None:
    lifecycle = load("lifecycle")
    assert {rule["option"] for rule in lifecycle["rules"]} == {"cloud", "sip"}
    assert {rule["from"] for rule in lifecycle["rules"]} == {"2026-10-23"}
    assert {option for successor in lifecycle["successors"] for option in successor["best_for"]} == {"cloud", "sip"}
    assert len(lifecycle["successors"]) == 5


def test_glossary_terms_are_unique_and_one_sentence_each() -> None:
    terms = load("glossary")["terms"]
    names = [name.lower() for term in terms for name in (term["term"], *term.get("also", ()))]
    assert sorted(names) == sorted(set(names))
    assert [t["term"] for t in terms if not t["text"].endswith(".") or ". " in t["text"]] == []


def test_the_kits_own_words_are_marked_and_only_they() -> None:
    own = {term["term"] for term in load("glossary")["terms"] if term["ours"]}
    assert own >= {"first choice", "standby", "never", "gap", "witness", "journey", "outcome", "finding"}
    assert own == {term["term"] for term in load("glossary")["terms"] if term["source"] == ("KIT",)}


def test_both_options_have_their_names_with_dates() -> None:
    history = {t["term"]: [(h["name"], h["date"]) for h in t.get("history", ())] for t in load("glossary")["terms"]}
    assert history["Azure Cloud Calling"] == [
        ("Azure Cloud Calling", "2021-02-09"),
        ("Voice Calling (PSTN)", "2021-06-30"),
    ]
    assert history["SIP interface"] == [("SIP interface", "2021-02-09"), ("Azure direct routing", "2021-06-30")]


def money() -> list[str]:
    """Every amount in pricing.toml, as it is written there."""
    pricing = load("pricing")
    parts = {key: value for key, value in pricing.items() if key not in ("source", "rate_summary")}
    keys = ("usd", "lease", "make_from", "receive", "published", "CA", "GB", "DE", "FR")
    found = [table[key] for _, table, _ in tables(parts) for key in keys if isinstance(table.get(key), str)]
    found += [leg[2] for example in pricing["worked_examples"] for leg in example["legs"]]
    kinds = (kinds for code, kinds in pricing["rate_summary"].items() if code != "source")
    return found + [end for kind in kinds for ends in kind.values() for end in ends[:2]]


def test_money_is_text_that_is_an_exact_decimal() -> None:
    amounts = money()
    assert len(amounts) > 700
    assert [amount for amount in amounts if not 0 <= Decimal(amount) < 100] == []


def test_no_file_holds_a_binary_fraction() -> None:
    for path in FILES:
        floats: list[str] = []
        tomllib.loads(path.read_text(encoding="utf-8"), parse_float=floats.append)
        assert floats == [], path.name


def test_every_price_for_calls_out_is_the_lowest_rate_to_that_country_except_spain() -> None:
    """Source: pstn-pricing.md, 2022-01-28, against the rate list of 2025-10-15; Spain is off by ten."""
    pricing = load("pricing")
    offers = {code: offer for code, offer in pricing["number_offers"].items() if code != "source"}
    make = {code: Decimal(o["local"]["make"]["usd"]) for code, o in offers.items() if "make" in o.get("local", {})}
    lowest = {code: min(Decimal(ends[0]) for ends in pricing["rate_summary"][code].values()) for code in make}
    assert len(make) == 19
    assert {code for code in make if make[code] != lowest[code]} == {"ES"}
    assert make["ES"] == 10 * lowest["ES"]


def test_a_contradiction_has_two_sources_or_is_a_defect_of_one_document() -> None:
    entries = load("contradictions")["contradictions"]
    assert len(entries) == 20
    for entry in entries:
        per_claim = [set(claim["source"]) for claim in entry["claims"]]
        assert set(entry["source"]) == set().union(*per_claim)
        if entry["kind"] == "between":
            assert len(per_claim) >= 2
            assert not set.intersection(*per_claim)
        else:
            assert entry["kind"] in ("within", "misprint")
            assert set.intersection(*per_claim)


def test_the_order_inside_a_route_is_left_open_between_its_sources() -> None:
    claims = {claim["order"]: claim["source"] for claim in load("routing")["in_route_order"]}
    assert claims == {"random": ("PROV", "VRP", "MON"), "list": ("SDK",)}


def test_only_the_failover_codes_send_a_call_on() -> None:
    codes = load("sip_responses")["final_codes"]
    assert tuple(code["code"] for code in codes if code["failover"]) == load("routing")["failover"]["codes"]
    assert load("routing")["failover"]["codes"] == (408, 503, 504)


def test_every_country_page_is_listed_and_most_are_not_read() -> None:
    countries = load("availability")["countries"]
    assert len(countries) == 46
    read = {code for code, country in countries.items() if country["page_read"] == "in full"}
    assert read == {"NL", "US", "GB", "BE", "DE", "FR", "AU", "JP", "BR", "CA"}
    assert {code for code, country in countries.items() if country["page_read"] == "in part"} == {"CH", "SE", "ES"}


def test_both_sides_of_the_billing_table_agree() -> None:
    """The same page gives, for numbers, their billing addresses, and for billing addresses, their numbers."""
    facts_ = load("availability")
    by_number = {
        (billing, number)
        for number, country in facts_["countries"].items()
        for billing in country.get("sub22", {}).get("billing", ())
    }
    by_billing = {
        (billing, number)
        for billing, numbers in facts_["billing_to_numbers"].items()
        if billing != "source"
        for number in numbers
    }
    assert by_number
    assert by_number == by_billing
