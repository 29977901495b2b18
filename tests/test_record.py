"""Decision records: MADR's headings, all of a case in both forms, nothing of a stranger's at work, the same bytes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from acs_telephony import SipConfiguration, Trunk, contoso
from acs_telephony.checking.route_table import RouteRow, RouteTable
from acs_telephony.cli.commands import main
from acs_telephony.deciding.answering import Case, read_case
from acs_telephony.deciding.choosing import QUESTIONS, Answers
from acs_telephony.deciding.successors import FURTHER, Situation, follow
from acs_telephony.errors import AnswerError
from acs_telephony.facts import sources
from acs_telephony.guide.editing import change_route
from acs_telephony.guide.exercises import NL_PREMIUM
from acs_telephony.guide.made_case import CONTOSO_ANSWERS, contoso_case
from acs_telephony.guide.made_month import contoso_month
from acs_telephony.views.panels import record_panel
from acs_telephony.views.record import Record, record
from tests.conftest import ROOT, cases

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.lab import Reader

ANSWERS = ROOT / "notebooks" / "answers.toml"
DAY = read_case(ANSWERS.read_bytes()).as_of
#: The headings of MADR's template, version 4, in its order; the last three are ours, under its "More Information".
HEADINGS = [
    (2, "Context and Problem Statement"),
    (2, "Decision Drivers"),
    (2, "Considered Options"),
    (2, "Decision Outcome"),
    (3, "Consequences"),
    (3, "Confirmation"),
    (2, "Pros and Cons of the Options"),
    (2, "More Information"),
    (3, "Dates"),
    (3, "Open unknowns"),
    (3, "Sources"),
]
HOSTILE = "<script>alert(1)</script> [a](javascript:b) | `c` # ' \" \x1b[31m\u202e"


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page.replace("<wbr>", ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.words.append(data)

    def values(self, attribute: str) -> list[str]:
        """What this attribute is, in every tag that has it."""
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]

    @property
    def text(self) -> str:
        """All words of the page, with single spaces."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def shipped() -> Record:
    """The record of the answers that ship in notebooks/."""
    return record(read_case(ANSWERS.read_bytes()), contoso())


# --- the example


def test_the_answers_that_ship_speak_of_the_made_company() -> None:
    case = read_case(ANSWERS.read_bytes())

    text = ANSWERS.read_text("utf-8")
    assert (case, text) == (contoso_case(), CONTOSO_ANSWERS)
    assert run("--example").stdout == text
    assert case.table == "table.json"
    assert json.loads((ANSWERS.parent / "table.json").read_text("utf-8")) == contoso().configuration.dump()
    assert case.profile == contoso_month()
    assert [question.id for question in (*QUESTIONS, *FURTHER) if f"\n{question.id} = " not in text] == []


# --- both forms


def test_the_headings_are_those_of_madr_in_both_forms(shipped: Record) -> None:
    found = re.findall(r"^(##|###) (.+)$", shipped.markdown, re.MULTILINE)
    page = re.findall(r'<h([23]) id="part-\d+">([^<]*)</h', shipped.html)

    assert [one for marks, words in found if (one := (len(marks), words)) in HEADINGS] == HEADINGS
    assert [(int(level), words) for level, words in page] == HEADINGS
    assert shipped.markdown.startswith('---\nstatus: "proposed"\ndate: "2026-11-22"\n')
    assert shipped.markdown.count("\n# ") == 1


def test_both_forms_hold_the_whole_case(shipped: Record) -> None:
    case = shipped.case
    read = MarkdownIt("gfm-like", {"linkify": False}).render(shipped.markdown.split("---\n", 2)[2])
    texts = Page(shipped.html).text, Page(read).text
    wanted = [
        case.title,
        *(question.text for question in (*QUESTIONS, *FURTHER)),
        *(route.name for route in contoso().configuration.routes),
        *(route.number_pattern for route in contoso().configuration.routes),
        *case.lead_times[0].step.split("\n"),
        "2028-09-30",
        "Microsoft Teams Direct Routing",
        "Teams Phone extensibility (TPE)",
        "Does an operator certified for Operator Connect serve you, your own if it has to stay? Not answered.",
        *{said.key for _, said in sources()},
    ]

    for text in texts:
        assert [words for words in wanted if " ".join(words.split()) not in text] == []


def test_a_page_needs_nothing_else(shipped: Record) -> None:
    page = Page(shipped.html)

    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "form"})
    assert [value for value in page.values("src") if not value.startswith("data:image/svg+xml")] == []
    assert [value for value in page.values("href") if not value.startswith("#part-")] == []
    assert any("default-src 'none'" in value for value in page.values("content"))
    assert all(attrs.get("alt") is not None for tag, attrs in page.tags if tag == "img")


def test_the_pictures_of_markdown_are_linked_by_the_names_that_they_are_saved_under(shipped: Record) -> None:
    linked = re.findall(r"\]\(([^)]*\.svg)\)", shipped.markdown)

    assert len(shipped.pictures) >= 3
    assert sorted(set(linked)) == sorted(picture.file_name for picture in shipped.pictures)


def test_nothing_of_a_stranger_works() -> None:
    table = RouteTable((RouteRow(HOSTILE, f"({HOSTILE}", (HOSTILE,), HOSTILE),))
    made = record(Case(title=HOSTILE, as_of=DAY, deciders=(HOSTILE,)), table)
    page, tokens = Page(made.html), MarkdownIt("gfm-like", {"linkify": False}).parse(made.markdown.split("---\n", 2)[2])

    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count("<script>alert(1)</script>") >= 4
    inside = [child for token in tokens for child in token.children or ()]
    assert {"html_inline", "html_block", "link_open"}.isdisjoint(token.type for token in [*tokens, *inside])
    assert "\x1b" not in made.html + made.markdown
    assert "\u202e" not in made.html + made.markdown


def test_what_leaving_takes_is_told_for_what_a_tenant_has_and_for_nothing_else(shipped: Record) -> None:
    """By the rules of lifecycle.toml: release numbers before deleting a resource; the last day for direct routing."""
    release, last = "numbers left without a resource may go on costing money", "Has to be gone by 2028-09-30"

    assert (release in Page(shipped.html).text, last in Page(shipped.html).text) == (True, True)
    only = Situation(answers=Answers(cloud_state="without_numbers", sip_state="configured"))
    told = Page(record(Case(title="x", as_of=DAY, situation=only)).html).text
    assert (release in told, last in told) == (False, True)
    assert "What to mind when leaving" not in Page(record(Case(title="x", as_of=DAY)).html).text


def test_a_move_to_teams_is_proven_where_teams_direct_routing_is_named(shipped: Record) -> None:
    confirmed = {title: part for _, title, part in shipped.sections}["Confirmation"].text

    assert "Proven: no number changes its first choice" in " ".join(confirmed.split())
    outside = record(Case(title="x", as_of=DAY, situation=Situation(outside_teams="yes")), contoso())
    assert "teams-direct-routing" not in {one.id for one in follow(outside.case.situation, as_of=DAY).named}
    assert "Proven" not in outside.markdown


def test_a_table_that_cannot_be_moved_says_why(shipped: Record) -> None:
    """An FQDN of 64 characters: ACS takes 249, Teams 63 (New-CsOnlinePSTNGateway.md, date not given)."""
    long = Trunk(fqdn=f"{'a' * 52}.contoso.com", sip_signaling_port=5061)
    made = record(shipped.case, SipConfiguration(trunks=(long,)))

    assert len(long.fqdn) == 64
    assert "64 characters, and Teams takes 63" in Page(made.html).text


# --- what is open


def test_a_case_of_which_little_is_said_says_what_is_not_known() -> None:
    made = record(Case(title="Little", as_of=DAY))
    unknowns = next(part for _, title, part in made.sections if title == "Open unknowns").text

    assert [question.text for question in FURTHER if " ".join(question.text.split()[:4]) not in unknowns] == []
    for words in ("No billing country", "No profile of a month", "No routing configuration"):
        assert words in " ".join(unknowns.split())


def test_what_is_answered_is_no_longer_unknown() -> None:
    answered: dict[str, Any] = {question.id: "yes" for question in FURTHER}
    case = Case(title="All", as_of=DAY, situation=Situation(answers=Answers(), **answered), billing_country="NL")
    unknowns = next(part for _, title, part in record(case).sections if title == "Open unknowns").text

    assert "Not answered" not in unknowns
    assert "No billing country" not in unknowns


def test_a_route_that_cannot_be_read_is_told_as_unknown() -> None:
    table = RouteTable((RouteRow("broken", "(", ()),))
    unknowns = next(
        part for _, title, part in record(Case(title="x", as_of=DAY), table).sections if title == "Open unknowns"
    )

    assert "'broken'" in unknowns.text
    assert "not read" in unknowns.text


# --- the command


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["record", *arguments])


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two computers' worth of difference: another folder, another seed of hashes, another time zone."""
    written = []
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland")):
        folder = tmp_path / seed
        folder.mkdir()
        names = [str(folder / "record.html"), str(folder / "record.md")]
        code = "import sys; from acs_telephony.cli.commands import main; main(sys.argv[1:])"
        arguments = ["record", str(ANSWERS), "--output", names[0], "--output", names[1]]
        surroundings = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code, *arguments], env=surroundings, check=True)
        written.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})

    assert written[0] == written[1]
    assert len(written[0]) >= 5  # the page, the Markdown, and its pictures
    assert all(b"\r" not in data for data in written[0].values())


def test_without_a_file_it_is_printed_as_markdown(shipped: Record) -> None:
    result = run(str(ANSWERS))

    assert result.exit_code == 0
    assert result.stdout == shipped.markdown


def test_another_kind_of_file_is_refused_before_any_work() -> None:
    result = run(str(ANSWERS), "--output", "record.pdf")

    assert result.exit_code == 2
    assert "name a file that ends with .html or .md" in result.stderr


@pytest.mark.parametrize("case", cases("records.toml", "refused"))
def test_what_cannot_be_used_is_refused_with_its_place(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("answers.toml").write_text(case["given"], encoding="utf-8")
    result = run("answers.toml", "--output", "record.html")

    assert result.exit_code == 2
    assert [words for words in case["says"] if words not in " ".join(result.stderr.split())] == []
    assert [path.name for path in tmp_path.iterdir()] == ["answers.toml"]


# --- the panel


def test_the_panel_offers_both_files_of_the_record_that_it_shows(shipped: Record) -> None:
    panel = record_panel(shipped.case, contoso())
    panel.controls["status"].value = "accepted"
    assert "<a " not in panel.answer.value  # nothing is written before the button is pressed
    panel.controls["write"].click()
    links = [attrs for tag, attrs in Page(panel.answer.value).tags if tag == "a"]
    accepted = record(replace(shipped.case, status="accepted"), contoso())

    assert [attrs["download"] for attrs in links] == ["record.html", "record.md"]
    assert [saved(attrs["href"] or "") for attrs in links] == [accepted.html, accepted.markdown]
    panel.controls["title"].value = " "
    assert "a record needs a title" in panel.error.value
    assert "accepted" in panel.answer.value
    panel.controls["title"].value = "Another title"
    assert "<a " not in panel.answer.value  # they would save what the panel no longer shows


def saved(link: str) -> str:
    import base64

    return base64.b64decode(link.partition(";base64,")[2]).decode()


def test_a_title_that_is_none_is_refused() -> None:
    with pytest.raises(AnswerError, match="a record needs a title"):
        Case(title="", as_of=DAY)


# --- in a browser


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 640)])
def test_axe_finds_nothing_and_all_can_be_reached(
    browser: Browser, shipped: Record, tmp_path: Path, scheme: Any, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    from tests.test_no_barrier import RULES

    path = tmp_path / "record.html"
    path.write_text(shipped.html, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 720}, color_scheme=scheme)
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("request", lambda asked: trouble.append(asked.url))
    page.goto(path.as_uri())
    page.locator("details").evaluate_all("all => all.forEach(words => (words.open = true))")
    found = Axe().run(page, options={"runOnly": RULES}).response
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    undrawn = page.evaluate("() => [...document.images].filter((one) => !one.complete || !one.naturalWidth).length")

    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found["violations"]] == []
    assert any(rule["id"] == "color-contrast" for rule in found["passes"])
    assert (wide <= 0, undrawn) == (True, 0)
    assert [one for one in trouble if not one.startswith(("file:", "data:"))] == []
    page.close()


def test_it_fits_on_paper(browser: Browser, shipped: Record, tmp_path: Path) -> None:
    from tests.lab import ARTEFACTS
    from tests.test_paper import A4

    path = tmp_path / "record.html"
    path.write_text(shipped.html, encoding="utf-8")
    page = browser.new_page(viewport={"width": A4["width"], "height": A4["height"]})
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    wide = page.evaluate(
        "() => [...document.querySelectorAll('table, img, p')]"
        ".filter((part) => part.getBoundingClientRect().right > innerWidth + 1)"
        ".map((part) => part.outerHTML.slice(0, 99))"
    )
    ARTEFACTS.mkdir(exist_ok=True)
    pdf = page.pdf(path=ARTEFACTS / "record.pdf", prefer_css_page_size=True)

    assert wide == []
    assert pdf.startswith(b"%PDF-")
    page.close()


def test_a_record_is_written_and_saved_from_the_notebook_with_keys_alone(reader: Reader, tmp_path: Path) -> None:
    reader.open("notebooks/11_after_2028.ipynb")
    reader.run_all()
    panel = reader.panel("Record")
    panel.get_by_role("button", name="Write the record").focus()
    reader.page.keyboard.press("Enter")
    link = panel.get_by_role("link", name="Save the record as a page")
    link.focus()
    with reader.page.expect_download() as coming:
        reader.page.keyboard.press("Enter")
    coming.value.save_as(tmp_path / "record.html")
    case, ours = contoso_case(), change_route(contoso().configuration, 9, pattern=NL_PREMIUM)

    assert coming.value.suggested_filename == "record.html"
    assert (tmp_path / "record.html").read_text(encoding="utf-8") == record(case, ours).html
