r"""Expectations of a route table: where numbers should come to, and why; what they touch, and which edits they notice.

A file of them is TOML: tables `[[expect]]` with `number`, `because` and one of `route`, `chain`, `trunks`, `nobody`.
Our model: an expectation holds where it holds under both readings of patterns; routes without trunks pass a call on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, StrictBool, StrictStr, StringConstraints
from pydantic import model_validator as checks_all

from acs_telephony.automaton import Matches
from acs_telephony.checking.comparing import DOMAINS, Hop, hop_of
from acs_telephony.checking.documents import read_toml
from acs_telephony.checking.findings import Certainty, Finding, listed, rules
from acs_telephony.checking.route_table import RouteRow, RouteTable, in_order
from acs_telephony.checking.surveying import Survey
from acs_telephony.domains import ANY_STRING, E164, Domain
from acs_telephony.errors import AnswerError
from acs_telephony.languages import READINGS, Reading
from acs_telephony.models import quoted
from acs_telephony.numbers import normalise


def _dialled(text: str) -> str:
    """The number that meets the patterns. Bare digits stay as they are, or no extension could be expected."""
    return text if re.fullmatch(r"\+?[0-9]{1,15}|[*#][*#0-9]{1,14}", text) else normalise(text).number


def _filled(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise AnswerError("this list is empty", remedy="Write at least one thing in it.")
    return values


_ONE_OR_MORE = BeforeValidator(lambda value: value if isinstance(value, list | tuple) else [value])
_Texts = Annotated[tuple[StrictStr, ...], _ONE_OR_MORE, AfterValidator(_filled)]
_Numbers = Annotated[tuple[Annotated[StrictStr, AfterValidator(_dialled)], ...], _ONE_OR_MORE, AfterValidator(_filled)]


class Expectation(BaseModel, frozen=True, extra="forbid"):
    """Where numbers should come to, and why.

    Exactly one of: `route`, the name of the first choice; `chain`, the names of all routes that a call can come to, in
    their order; `trunks`, the FQDNs of the first route that has any, in no order; `nobody`, no route at all.
    """

    number: _Numbers
    because: Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1)]
    route: StrictStr | None = None
    chain: _Texts | None = None
    trunks: _Texts | None = None
    nobody: StrictBool = False

    @checks_all(mode="after")
    def _one_outcome(self) -> Expectation:
        given = [name for name in ("route", "chain", "trunks", "nobody") if getattr(self, name)]
        if len(given) != 1:
            remedy = "Give exactly one of route, chain, trunks and nobody."
            raise AnswerError(f"{listed(given) or 'nothing'} is expected", remedy=remedy)
        return self

    def holds(self, rows: Sequence[RouteRow]) -> bool:
        """Whether a call that can come to these routes, in this order, goes where it should."""
        if self.trunks:
            first = next((row.trunks for row in rows if row.trunks), ())
            return set(map(str.lower, first)) == set(map(str.lower, self.trunks))
        names = tuple(row.name for row in rows)
        return names == (self.chain or ()) if self.chain or self.nobody else names[:1] == (self.route,)

    def told(self, table: RouteTable) -> str:
        """What is expected, in words, and which of its names the table does not have."""
        if self.nobody:
            return "nobody"
        there = {name.lower() for row in table.routes for name in (row.name, *row.trunks)}
        there.update(trunk.fqdn.lower() for trunk in table.trunks)
        names = self.trunks or self.chain or (self.route or "",)
        missing = listed([quoted(name) for name in names if name.lower() not in there])
        words = (
            f"{', then '.join(map(quoted, names))} alone" if self.chain else f"{listed([*map(quoted, names)])} first"
        )
        return f"{words} (there is no {missing})" if missing else words


class _File(BaseModel, extra="forbid"):
    expect: Annotated[tuple[Expectation, ...], AfterValidator(_filled)]


def read_expectations(text: str | bytes) -> tuple[Expectation, ...]:
    """The expectations of a TOML text, at least one. Raises ConfigurationError with every problem and its place."""
    return read_toml(text, _File, "the expectations").expect


def meet(table: RouteTable, expectations: Iterable[Expectation]) -> tuple[Finding, ...]:
    """A finding for each number that goes elsewhere than expected, and one for all that is not proven.

    Raises AnswerError for a table whose order is not known.

    >>> from acs_telephony.checking.route_table import table_of
    >>> from acs_telephony.tables import contoso
    >>> hawaii = Expectation(number="+1 808 234 5678", trunks="iad1.contoso.com", because="Hawaii is in the plan")
    >>> print(meet(table_of(contoso()), [hawaii])[0].sentence)
    +18082345678 comes to nobody. Expected: 'iad1.contoso.com' first, because Hawaii is in the plan.
    """
    survey = _surveyed(table)
    unread, found, unproven = survey.unread, [], []
    for one, number in _each(expectations):
        matches = [survey.match(number, reading) for reading in READINGS]
        failing = [its for its in matches if not one.holds(_rows(table, its))]
        # One unread route more is enough to try for a first choice; of a chain, several could be the missing ones.
        might = (tuple(sorted((*its, route))) for its in matches for route in unread)
        doubt = any(one.holds(_rows(table, more)) is bool(failing) for more in might)
        doubt |= any(table.routes[route].name in (one.chain or ()) for route in unread)
        if failing:
            came, routes = _rows(table, failing[0]), table.chain(failing[0])[:1]
            words = {"came": _way(came), "expected": one.told(table), "because": one.because.rstrip(".")}
            found.append(_said("expectation", routes, len(failing) == len(matches), doubt, number=number, **words))
        elif doubt:
            unproven.append(number)
    if unproven:
        subject = f"that {unproven[0]} comes where it should ({len(unproven):,} such in all)"
        problem = f"{listed(_names(table, unread))} cannot be read"
        finding = _said("undecided", tuple(unread), subject=subject, problem=problem)
        found.append(replace(finding, remedy="Correct the pattern, or write it in another way."))
    return tuple(found)


def _surveyed(table: RouteTable) -> Survey:
    return Survey([row.number_pattern for row in in_order(table).routes])


def _each(expectations: Iterable[Expectation]) -> list[tuple[Expectation, str]]:
    return [(one, number) for one in expectations for number in one.number]


def _rows(table: RouteTable, matches: Matches) -> list[RouteRow]:
    """The routes that a call can come to when these match, in the order in which they are tried."""
    return [table.routes[route] for route in table.chain(matches)]


def _names(table: RouteTable, routes: Iterable[int]) -> list[str]:
    return [quoted(table.routes[route].name) for route in routes]


def _way(rows: Sequence[RouteRow]) -> str:
    return ", then ".join(f"{quoted(row.name)} ({listed(row.trunks) or 'no trunk'})" for row in rows) or "nobody"


def _said(rule: str, routes: Matches, agreed: bool = True, unread: bool = False, **words: Any) -> Finding:
    """A finding of a rule; `words` fill its sentence, and of them `number` and `count` its fields."""
    its, number = rules()[rule], words.get("number")
    sure: Certainty = "not proven" if unread else "certain" if agreed else "depends on how the service matches"
    sentence, domain, count = its.sentence.format_map(words), _domain_of(number or "").name, words.get("count")
    return Finding(rule, its.severity, sentence, its.remedy, routes, (), number, domain * bool(number), count, sure)


def _domain_of(number: str) -> Domain:
    """The first domain in which a number lies, else that of all texts."""
    return next((domain for domain in DOMAINS if re.match(domain.pattern, number)), ANY_STRING)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Outcome classes: the numbers that come to the same chain of routes under both readings, in the table's order.

    E.164 numbers have a class for each chain; short and service codes have one where no E.164 number has it. `classes`
    counts them, `untouched` has a finding for each in which no expected number lies, and `proposal` is TOML that
    expects one number of each of these, as it is. `unclear` counts the E.164 numbers whose chain depends on the
    reading: they are in no class.
    """

    classes: int
    untouched: tuple[Finding, ...]
    proposal: str
    unclear: int


def cover(table: RouteTable, expectations: Iterable[Expectation] = ()) -> Coverage:
    """Which outcome classes no expectation touches, and what would.

    Raises AnswerError for a table whose order is not known, and BudgetError where the table needs too many states.

    >>> from acs_telephony.checking.route_table import table_of
    >>> from acs_telephony.tables import microsoft_three_routes
    >>> [(one.witness, one.count) for one in cover(table_of(microsoft_three_routes())).untouched]
    [('+12060000000', 20000000), ('+10000000000', 9980000000), ('+10', 999989999999990)]
    """
    survey, unclear = _surveyed(table), 0
    proposal = "# Where numbers come today. Say of each why it should, or correct it.\n"
    classes: dict[Matches, tuple[Domain, str, int]] = {}
    for domain in DOMAINS:
        for ground in survey.grounds(domain):
            chain, other = (table.chain(ground.matches(reading)) for reading in READINGS)
            its, number, count = classes.get(chain, (domain, ground.witness, 0))
            if chain != other:
                unclear += (ground.count or 0) * (domain is E164)
            elif its is domain:
                classes[chain] = domain, number, count + (ground.count or 0)
    touched, untouched = set(), []
    for _, number in _each(expectations):
        chain, other = (table.chain(survey.match(number, reading)) for reading in READINGS)
        touched |= {(chain, _domain_of(number))} if chain == other else set()
    for chain in sorted(classes, key=lambda its: (not its, its)):  # nobody comes last
        domain, number, count = classes[chain]
        if (chain, domain) not in touched:
            words = {"number": number, "count": count, "came": _way(_rows(table, chain))}
            untouched.append(_said("untouched", chain, True, bool(survey.unread), **words))
            names = ", ".join(_toml(row.name) for row in _rows(table, chain))
            outcome = f"chain = [{names}]" if chain else "nobody = true"
            proposal += f'\n[[expect]]\nnumber = "{number}"\n{outcome}\nbecause = "as it is today"\n'
    return Coverage(len(classes), tuple(untouched), proposal, unclear)


def _toml(text: str) -> str:
    """A text as TOML writes it; nothing that a terminal or a log obeys is left in it."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\[' else f"\\U{ord(c):08X}" for c in text) + '"'


_EDITS = {"dropped": "{} were dropped", "swapped": "{} and {} changed places", "longer": "{} took one digit more"}


def unnoticed(table: RouteTable, expectations: Iterable[Expectation]) -> tuple[Finding, ...]:
    """A finding for each careless edit that moves a number while every expectation that holds today would still hold.

    Three edits of each route are tried: it is dropped; it changes places with the next route (in Teams, of its usage)
    that takes some of its numbers; it takes one digit more after what it takes, tried on the shortest and the longest
    numbers of each class. A number moves where its trunks do, as `compare` judges.
    Raises AnswerError for a table whose order is not known, and BudgetError where the table needs too many states.

    >>> from acs_telephony.checking.route_table import table_of
    >>> from acs_telephony.tables import microsoft_three_routes
    >>> home = Expectation(number="+14255550100", chain=["Redmond 1", "Redmond 2", "Other +1"], because="it is home")
    >>> [(one.routes, one.witness) for one in unnoticed(table_of(microsoft_three_routes()), [home])]
    [((0,), '+120600000000'), ((1,), '+120600000000'), ((2,), '+100000000000')]
    """
    survey, found = _surveyed(table), []

    def after(kind: str, routes: Matches, number: str) -> list[list[RouteRow]]:
        return [_rows(table, _edited(survey, kind, routes, number, reading)) for reading in READINGS]

    held = [(one, number) for one, number in _each(expectations) if all(map(one.holds, after("", (), number)))]
    for kind, routes, numbers in _edits(table, survey):
        if not all(one.holds(rows) for one, number in held for rows in after(kind, routes, number)):
            continue
        moved = []
        for number in numbers:
            old, new = after("", (), number), after(kind, routes, number)
            differ = [after for before, after in zip(old, new, strict=True) if _hops(before) != _hops(after)]
            # Only of a number that comes to the same routes under both readings can something be expected.
            if differ and old[0] == old[1]:
                rank = DOMAINS.index(_domain_of(number)), len(number)
                moved.append((len(differ) < len(old), *rank, number, _way(differ[0])))
        for unclear, _, _, number, came in sorted(moved)[:1]:
            words = {"number": number, "came": came, "edit": _EDITS[kind].format(*_names(table, routes))}
            found.append(_said("unnoticed", routes, not unclear, bool(survey.unread), **words))
    return tuple(found)


def _edits(table: RouteTable, survey: Survey) -> Iterator[tuple[str, Matches, list[str]]]:
    """Each kind of edit of each route, with numbers that may move."""
    everything = [one for domain in DOMAINS for one in survey.grounds(domain)]
    for route, row in enumerate(table.routes):
        grounds = [one for one in everything if route in one.search + one.whole]
        yield "dropped", (route,), [one.witness for one in grounds]
        later = {other for one in grounds for other in one.search + one.whole if other > route}
        for other in sorted(other for other in later if table.routes[other].usage == row.usage)[:1]:
            yield "swapped", (route, other), [one.witness for one in grounds]
        more = [text + "0" for one in grounds for text in (one.witness, one.longest)]
        yield "longer", (route,), [text for text in more if _domain_of(text) is not ANY_STRING]


def _edited(survey: Survey, kind: str, routes: Matches, number: str, reading: Reading) -> Matches:
    """The routes that match a number after an edit, in the order in which they are then tried."""
    its = survey.match(number, reading)
    if kind == "longer" and number[-1].isdigit() and routes[0] in survey.match(number[:-1], reading):
        return tuple(sorted({*its, *routes}))
    if kind == "swapped":
        return tuple(sorted(its, key=lambda route: sum(routes) - route if route in routes else route))
    return tuple(route for route in its if kind != "dropped" or route not in routes)


def _hops(rows: Sequence[RouteRow]) -> list[Hop]:
    return [hop_of(row) for row in rows if row.trunks]
