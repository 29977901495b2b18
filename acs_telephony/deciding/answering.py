"""One case to decide, as its owner wrote it down: answers, lead times, a month's traffic, and the table it is about.

Everything in it is the reader's own word. The text is TOML; what cannot be used is refused with its place. `table` is
the name of a file: reading it is left to whoever may read files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Strict, StrictInt, StrictStr

from acs_telephony.checking.documents import read_toml
from acs_telephony.deciding.choosing import QUESTIONS, Answers
from acs_telephony.deciding.costing import Profile, read_profile
from acs_telephony.deciding.successors import FURTHER, Situation
from acs_telephony.deciding.timing import LeadTime
from acs_telephony.errors import AnswerError
from acs_telephony.models import quoted

Status = Literal["proposed", "accepted", "rejected", "deprecated"]

_LONGEST: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case to decide on the day `as_of`; without a table or a profile, routing and costs stay unknown."""

    title: str
    as_of: date
    situation: Situation = field(default_factory=lambda: Situation(answers=Answers()))
    status: Status = "proposed"
    deciders: tuple[str, ...] = ()
    billing_country: str | None = None
    number_countries: tuple[str, ...] = ()
    lead_times: tuple[LeadTime, ...] = ()
    profile: Profile | None = None
    table: str | None = None

    def __post_init__(self) -> None:
        if not self.title.strip() or len(self.title) > _LONGEST:
            problem = "a record needs a title" if not self.title.strip() else f"{len(self.title)} characters"
            raise AnswerError(problem, place="title", remedy=f"Write 1 to {_LONGEST} characters.")
        if self.status not in get_args(Status):
            remedy = f"Use one of: {', '.join(get_args(Status))}."
            raise AnswerError(f"{quoted(self.status)} is no status", place="status", remedy=remedy)
        billing = () if self.billing_country is None else (self.billing_country,)
        for place, codes in (("billing_country", billing), ("number_countries", self.number_countries)):
            if wrong := [code for code in codes if not re.fullmatch("[A-Z]{2}", code)]:
                raise AnswerError(f"{quoted(wrong[0])} is no code of a country", place=place, remedy="Write NL, or GB.")
        if self.number_countries and not billing:
            problem, remedy = "which numbers there are hangs on the billing address", "Give billing_country as well."
            raise AnswerError(problem, place="number_countries", remedy=remedy)


def read_case(text: str | bytes) -> Case:
    """The case in a TOML text. Raises ConfigurationError or AnswerError, with the place of what cannot be used.

    `[answers]` holds the answers to `QUESTIONS` and to `FURTHER` by their names; what is left out keeps its default.

    >>> case = read_case('title = "A bank"\\nas_of = 2026-11-22\\n[answers]\\nretain_carrier = true\\nruns_sbcs = true')
    >>> case.situation.answers.retain_carrier, case.situation.runs_sbcs, case.status
    (True, 'yes', 'proposed')
    """
    read = read_toml(text, _File, "the answers")
    answers = dict(_answers(read.answers))
    later = {question.id: answers.pop(question.id) for question in FURTHER if question.id in answers}
    return Case(
        situation=Situation(answers=Answers(**answers), **later),
        lead_times=tuple(map(LeadTime, read.lead_times, read.lead_times.values())),
        profile=read_profile(read.costs) if read.costs else None,
        **read.model_dump(exclude={"answers", "lead_times", "costs"}),
    )


def _answers(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The answers as the questions take them: yes and no may be written as words or as TOML's true and false."""
    questions = {question.id: question for question in (*QUESTIONS, *FURTHER)}
    for name, value in given.items():
        if name not in questions:
            near = [f"Did you mean {one}?" for one in get_close_matches(name, questions, 1)]
            remedy = " ".join([*near, f"The questions are: {', '.join(questions)}."])
            raise AnswerError("there is no such question", place=f"answers.{name}", remedy=remedy)
        allowed = questions[name].allowed
        words: dict[Any, Any] = {"yes": True, "no": False} if True in allowed else {True: "yes", False: "no"}
        answer = words.get(value, value) if isinstance(value, str | bool) else value
        if answer not in allowed or type(answer) is not type(allowed[0]):
            remedy = f"Use {'true or false' if True in allowed else ' or '.join(map(repr, allowed))}."
            raise AnswerError(f"{quoted(value)} is not allowed", place=f"answers.{name}", remedy=remedy)
        yield name, answer


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: StrictStr
    as_of: Annotated[date, Strict()]
    status: StrictStr = "proposed"
    deciders: tuple[StrictStr, ...] = ()
    billing_country: StrictStr | None = None
    number_countries: tuple[StrictStr, ...] = ()
    table: StrictStr | None = None
    answers: dict[StrictStr, Any] = {}
    lead_times: dict[StrictStr, StrictInt] = {}
    costs: dict[StrictStr, Any] | None = None
