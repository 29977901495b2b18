"""Every way to refuse what a reader gave, as values that say what is wrong, where, and what to do next.

AcsTelephonyError
├── AnswerError          an answer or a date in the decision
├── NumberError          something typed that is no dialled number
├── PatternError         a number pattern, with a caret under the place
│   └── BudgetError      a pattern or a table that would grow past a limit
└── ConfigurationError   one or more places in a configuration
"""

from __future__ import annotations

from dataclasses import dataclass


class AcsTelephonyError(ValueError):
    """Something that was given cannot be used.

    `problem` says what is wrong, `place` where it stands, `remedy` what to do next.
    Two errors of one class with the same words are equal.

    >>> print(AcsTelephonyError("the port is 0", place="trunks.sbc1.contoso.com", remedy="Use 1 to 65535."))
    trunks.sbc1.contoso.com: the port is 0. Use 1 to 65535.
    """

    def __init__(self, problem: str, *, place: str = "", remedy: str = "") -> None:
        super().__init__(problem, place, remedy)
        self.problem = problem
        self.place = place
        self.remedy = remedy

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        then = f". {self.remedy}" if self.remedy else ""
        return f"{where}{self.problem}{then}"

    def _render_traceback_(self) -> list[str]:
        """In a notebook the sentence is the help, and a page of this kit's own lines above it is not."""
        return [f"{type(self).__name__}: {self}"]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.args == getattr(other, "args", None)

    def __hash__(self) -> int:
        return hash((type(self), self.args))


class AnswerError(AcsTelephonyError):
    """An answer, an answer's name or a date that the decision cannot use."""


class NumberError(AcsTelephonyError):
    """Text that cannot be read as a dialled number."""


class PatternError(AcsTelephonyError):
    """A number pattern that cannot be read; `position` counts characters from 0.

    >>> print(PatternError("nothing to repeat", pattern="^*1", position=1, remedy="Write a digit first."))
    nothing to repeat. Write a digit first.
      ^*1
       ^
    """

    def __init__(self, problem: str, *, pattern: str, position: int = 0, remedy: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.pattern = pattern
        self.position = position
        self.args = (problem, pattern, position, remedy)

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.excerpt}"

    @property
    def excerpt(self) -> str:
        """The pattern with a caret under the place, at most 72 characters wide."""
        start = max(0, self.position - 60)
        # One cell for each character: a control character would move the caret.
        shown = "".join(c if c.isprintable() else "?" for c in self.pattern[start : start + 72])
        return f"  {shown}\n  {' ' * (self.position - start)}^"


class BudgetError(PatternError):
    """A pattern or a table that would need more memory than the limit allows."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a configuration."""

    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}. {self.remedy}"


class ConfigurationError(AcsTelephonyError):
    """A configuration with at least one problem; all of them are listed, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        super().__init__(first.problem, place=first.place, remedy=first.remedy)
        self.problems = problems
        self.args = (problems,)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = [f"{len(self.problems)} problems in this configuration:"]
        return "\n".join(lines + [f"  {problem}" for problem in self.problems])
