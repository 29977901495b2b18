"""Which connection? Answers and a date in; what fits, what of that can be had, and the clauses that decided, out.

`CLAUSES` has one predicate for each clause of the page, by its id in `facts/options.toml`. Two lenses read the table:

* `"page_2021"` applies the page as it is written, with its flaw: everyone who wants PSTN calls says yes to the first
  criterion of the SIP interface, so that option is always right. Whether it can be had is not judged.
* `"advice"` lets only the clauses that tell the options apart decide (our reading; `_rules` says how), and then asks
  `lifecycle.py` what this tenant can have on that day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import combinations, product
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast, get_args

from acs_telephony.deciding import lifecycle
from acs_telephony.deciding.lifecycle import TENANTS, Availability, CloudState, Option, SipState, Word
from acs_telephony.errors import AnswerError
from acs_telephony.facts import load

Lens = Literal["page_2021", "advice"]
Outcome = Literal[
    "cloud", "sip", "both", "only cloud of both", "only sip of both",  # what to use
    "by invitation", "not available to you", "gone", "uncertain",  # something fits, and nothing can be counted on
    "no connection needed", "neither",  # nothing fits: in the advice, on the page
]  # fmt: skip
Kind = Literal["choice", "means", "place", "past"]  # yours; to be bought or built; where you are; what a tenant had


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the name of its answer, plain words, the clauses it speaks for, and what changing it would take."""

    id: str
    text: str
    clauses: tuple[str, ...]
    kind: Kind = "choice"
    allowed: tuple[bool, ...] | tuple[str, ...] = (False, True)


PSTN, REGION = "sip.criterion.acs-with-pstn", "cloud.criterion.region-available"
KEEP, FREE = "sip.criterion.retain-carrier", "cloud.criterion.no-carrier-retention"
MANAGED, MIXED = "cloud.criterion.microsoft-managed", "sip.criterion.mixed-routing"
EQUIPMENT, FALLBACK = "sip.criterion.equipment-interop", "sip.benefit.works-without-cloud-option"
ACS, AZURE = "cloud.requirement.acs-connection", "sip.requirement.azure-connection"
SBC, CONTRACT = "sip.requirement.supported-sbc", "sip.requirement.carrier-contract"
LINK_ONLY, NOTE = "sip.exception.equipment-link-only", "cloud.note.sbc-interop"
CLOUD_RULES = ("cloud.existing-tenant-with-numbers", "cloud.tenant-without-numbers")
SIP_RULES = ("sip.existing-tenant", "sip.new-tenant")

QUESTIONS = (
    Question("wants_pstn", "Do you want calls with ordinary phone numbers, over the PSTN?", (PSTN,)),
    Question("region_available", "Is Azure Cloud Calling on offer where you are?", (REGION,), "place"),
    Question("retain_carrier", "Do you have to keep the carrier that you have now?", (KEEP, FREE)),
    Question("microsoft_managed", "Do you want Microsoft to manage your access to the PSTN?", (MANAGED,)),
    Question("mixed_routing", "Do you want some calls by Azure Cloud Calling and others by your carrier?", (MIXED,)),
    Question("equipment_interop", "Do you have to work with a PBX, pagers or analog devices?", (EQUIPMENT, NOTE)),
    Question("has_connection", "Is your connection to Azure and its services uninterrupted?", (ACS, AZURE), "means"),
    Question("has_supported_sbc", "Do you have a supported SBC?", (SBC,), "means"),
    Question("has_carrier_contract", "Do you have a contract with a carrier?", (CONTRACT,), "means"),
    Question("cloud_state", "Has your tenant a resource, with numbers?", CLOUD_RULES, "past", get_args(CloudState)),
    Question("sip_state", "Has your tenant a resource, with direct routing?", SIP_RULES, "past", get_args(SipState)),
)
_BY_ID = {question.id: question for question in QUESTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One answer to every question in `QUESTIONS`; the defaults are a newcomer who leaves everything to Microsoft.

    Unknown names, other values, and a tenant that has a resource for one option only are refused with an AnswerError.
    """

    wants_pstn: bool = True
    region_available: bool = True
    retain_carrier: bool = False
    microsoft_managed: bool = True
    mixed_routing: bool = False
    equipment_interop: bool = False
    has_connection: bool = True
    has_supported_sbc: bool = False
    has_carrier_contract: bool = False
    cloud_state: CloudState = "no_resource"
    sip_state: SipState = "no_resource"

    def __new__(cls, **given: object) -> Answers:
        """Refuse unknown names before `__init__` would, so that the error names the questions there are."""
        for name in (name for name in given if name not in _BY_ID):
            remedy = f"The questions are: {', '.join(_BY_ID)}."
            raise AnswerError(f"there is no such question, to answer {given[name]!r}", place=name, remedy=remedy)
        return object.__new__(cls)

    def __post_init__(self) -> None:
        for q in QUESTIONS:
            value = getattr(self, q.id)
            if type(value) is not type(q.allowed[0]) or value not in q.allowed:
                allowed = " or ".join(map(repr, q.allowed))
                raise AnswerError(f"{value!r} is not allowed", place=q.id, remedy=f"Use {allowed}.")
        if (self.cloud_state, self.sip_state) not in TENANTS:
            problem = f"{self.cloud_state!r} and {self.sip_state!r} contradict each other: the resource is one"
            remedy = "Use 'no_resource' for both or for neither."
            raise AnswerError(problem, place="cloud_state and sip_state", remedy=remedy)


Truths: TypeAlias = Mapping[str, bool]
Clause: TypeAlias = Callable[[Answers, Truths], bool]
Rule: TypeAlias = tuple[str, tuple[str, ...]]  # "all" or "any", and of which clauses

# Evaluated from top to bottom; a row may look at the rows above it.
CLAUSES: Mapping[str, Clause] = MappingProxyType({
    REGION: lambda a, _: a.region_available,
    FREE: lambda a, _: not a.retain_carrier,
    MANAGED: lambda a, _: a.microsoft_managed,
    PSTN: lambda a, _: a.wants_pstn,
    KEEP: lambda a, _: a.retain_carrier,
    MIXED: lambda a, _: a.mixed_routing,
    EQUIPMENT: lambda a, _: a.equipment_interop,
    # PSTN calls have nowhere else to go: the cloud option does not fit, and no criterion sends them here already.
    FALLBACK: lambda _, t: t[PSTN] and not (t[REGION] and t[FREE] and t[MANAGED]) and not (t[KEEP] or t[MIXED]),
    ACS: lambda a, _: a.has_connection,
    AZURE: lambda a, _: a.has_connection,
    SBC: lambda a, _: a.has_supported_sbc,
    CONTRACT: lambda a, _: a.has_carrier_contract,
    LINK_ONLY: lambda _, t: t[EQUIPMENT] and not (t[PSTN] and (t[KEEP] or t[MIXED] or t[FALLBACK])),
    NOTE: lambda _, t: t[EQUIPMENT],
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deciding:
    """A clause that decided, and whether it holds; one that does not discriminate holds for everyone who wants PSTN."""

    clause: str
    holds: bool
    discriminating: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """One option: whether it fits, what decided that, and what this tenant can have of it on that day."""

    option: Option
    fits: bool
    deciding: tuple[Deciding, ...]
    availability: Availability

    @property
    def word(self) -> Word:
        """What the tenant can have, in one word."""
        return self.availability.word


@dataclass(frozen=True, slots=True)
class Advice:
    """What to use, and why.

    `options` never holds one that cannot be had (the page's lens does not judge that). `unmet` are the requirements
    still to be met for what is in reach, `waiver` is the exception that takes one away. What can follow an option that
    is ending, `successors.py` tells.
    """

    lens: Lens
    as_of: date
    outcome: Outcome
    options: tuple[Option, ...]
    cloud: Verdict
    sip: Verdict
    unmet: tuple[str, ...]
    waiver: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Answers that would give another outcome, each as (question, now, then), and whether all of it is up to you."""

    changes: tuple[tuple[str, bool | str, bool | str], ...]
    outcome: Outcome
    in_your_hands: bool


def choose(answers: Answers, *, lens: Lens = "advice", as_of: date, clauses: Mapping[str, Clause] = CLAUSES) -> Advice:
    """Advise on the connection, by one lens, on one day; `clauses` lets a test turn a clause round.

    Anything but `Answers`, a lens and a plain date is refused with an AnswerError.

    >>> advice = choose(Answers(region_available=False), as_of=date(2024, 3, 1))
    >>> advice.outcome, advice.cloud.deciding[0].clause, advice.unmet
    ('sip', 'cloud.criterion.region-available', ('sip.requirement.supported-sbc', 'sip.requirement.carrier-contract'))
    >>> choose(Answers(), as_of=date(2026, 11, 22)).outcome
    'not available to you'
    """
    _check(answers, lens, as_of)
    truths = read_clauses(answers, clauses)
    judged = lens == "advice"
    cloud_rule, sip_rule = _rules(judged, truths)
    judge = lifecycle.judge if judged else lifecycle.leave_unjudged
    cloud = _verdict("cloud", cloud_rule, truths, judge("cloud", answers.cloud_state, as_of))
    sip = _verdict("sip", sip_rule, truths, judge("sip", answers.sip_state, as_of))
    fitting = tuple(verdict for verdict in (cloud, sip) if verdict.fits)
    options = tuple(verdict.option for verdict in fitting if verdict.availability.certain or not judged)
    reach = tuple(verdict.option for verdict in fitting if verdict.word not in ("not available to you", "gone"))
    waived = truths[LINK_ONLY] and "sip" in reach and ("cloud" in reach or not truths[PSTN])
    both_wanted = len(fitting) == 2 or (judged and truths[PSTN] and truths[MIXED])
    return Advice(
        lens, as_of, _outcome(judged, fitting, options, both_wanted), options, cloud, sip,
        unmet=tuple(
            requirement for option in reach for requirement, exception in _requirements(option)
            if not truths[requirement] and not (waived and exception == LINK_ONLY)
        ),
        waiver=LINK_ONLY if waived else None, notes=(NOTE,) if truths[NOTE] and len(reach) == 2 else (),
    )  # fmt: skip


def read_clauses(answers: Answers, clauses: Mapping[str, Clause] = CLAUSES) -> Truths:
    """Whether each clause holds for these answers, by its id."""
    truths: dict[str, bool] = {}
    for clause, holds in clauses.items():
        truths[clause] = holds(answers, truths)
    return truths


def smallest_changes(answers: Answers, *, lens: Lens = "advice", as_of: date) -> tuple[Change, ...]:
    """All changes of the fewest answers that give another outcome, in the order of the questions.

    The tenant's two states count as one answer, for they share a resource. No answer is left out: nobody can move a
    country or wish for numbers in the past, yet what the outcome hangs on is worth knowing, so `in_your_hands` tells.

    >>> [change.changes for change in smallest_changes(Answers(retain_carrier=True), as_of=date(2024, 3, 1))]
    [(('wants_pstn', True, False),), (('retain_carrier', True, False),), (('mixed_routing', False, True),)]
    """
    now = choose(answers, lens=lens, as_of=as_of).outcome
    single: list[list[dict[str, Any]]] = [[{q.id: not getattr(answers, q.id)}] for q in QUESTIONS if q.kind != "past"]
    single.append([{"cloud_state": cloud, "sip_state": sip} for cloud, sip in TENANTS])

    def changes(size: int) -> Iterator[Change]:
        for parts in (part for chosen in combinations(single, size) for part in product(*chosen)):
            given = {name: value for part in parts for name, value in part.items() if getattr(answers, name) != value}
            outcome = choose(replace(answers, **given), lens=lens, as_of=as_of).outcome
            if outcome != now:
                mine = all(_BY_ID[name].kind in ("choice", "means") for name in given)
                yield Change(tuple((name, getattr(answers, name), then) for name, then in given.items()), outcome, mine)

    # Every lens has two outcomes or more on every day, so one size gives some.
    return next(found for size in range(1, len(single) + 1) if (found := tuple(changes(size))))


def _check(answers: object, lens: object, as_of: object) -> None:
    if not isinstance(answers, Answers):
        raise AnswerError(f"{answers!r} is not an Answers", place="answers", remedy="Use Answers(...).")
    if lens not in get_args(Lens):
        raise AnswerError(f"{lens!r} is not a lens", place="lens", remedy=f"Use one of: {', '.join(get_args(Lens))}.")
    if type(as_of) is not date:
        raise AnswerError(f"{as_of!r} is not a date", place="as_of", remedy="Use datetime.date(year, month, day).")


def _rules(judged: bool, truths: Truths) -> tuple[Rule, Rule]:
    """What decides for cloud and for sip: the page's own rules, or the advice's reading of them."""
    cloud, sip = _page_rules()
    if not judged:
        return cloud, sip
    if not truths[PSTN]:  # how PSTN calls would travel is then beside the point
        return ("all", (PSTN,)), ("any", (PSTN, EQUIPMENT))
    # Mixed routing asks for both options by itself; the region is then the only thing a wish cannot overrule.
    return ("all", (MIXED, REGION)) if truths[MIXED] else cloud, ("any", (KEEP, MIXED, EQUIPMENT, FALLBACK))


@cache
def _page_rules() -> tuple[Rule, Rule]:
    options = load("options")["options"]
    cloud, sip = ((option["decision"]["logic"], tuple(c["id"] for c in option["criteria"])) for option in options)
    return cloud, sip


@cache
def _deciding(clause: str, holds: bool) -> Deciding:
    criteria = (c for option in load("options")["options"] for c in option["criteria"])
    return Deciding(clause, holds, next((c.get("discriminating", True) for c in criteria if c["id"] == clause), True))


def _verdict(option: Option, rule: Rule, truths: Truths, had: Availability) -> Verdict:
    logic, clauses = rule
    fits = all(truths[c] for c in clauses) if logic == "all" else any(truths[c] for c in clauses)
    # The clauses that agree with the result are those that made it: of "all" the noes, of "any" the yeses.
    return Verdict(option, fits, tuple(_deciding(c, fits) for c in clauses if truths[c] is fits), had)


def _outcome(judged: bool, fitting: tuple[Verdict, ...], options: tuple[Option, ...], both_wanted: bool) -> Outcome:
    if not fitting:
        return "no connection needed" if judged else "neither"
    if len(options) == 1:
        return cast(Outcome, f"only {options[0]} of both" if both_wanted else options[0])
    if options:
        return "both"
    words = [verdict.word for verdict in fitting]
    return "uncertain" if "uncertain" in words else cast(Outcome, words[0])


@cache
def _requirements(option: Option) -> tuple[tuple[str, str | None], ...]:
    items = (o["requirements"]["items"] for o in load("options")["options"] if o["id"] == option)
    return tuple((item["id"], item.get("waived_if", {}).get("id")) for item in next(items))
