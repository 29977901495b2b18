"""The words of this subject and of this kit: one sentence each, and what they were called before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from acs_telephony.errors import AnswerError
from acs_telephony.facts import cite, load


@dataclass(frozen=True, slots=True)
class Naming:
    """A name, and the earliest document known to use it, with its day; since when it was used is unknown."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word and its meaning; `ours` marks the kit's own words, `names` goes from the oldest name to the newest."""

    term: str
    also: tuple[str, ...]
    text: str
    ours: bool
    names: tuple[Naming, ...]
    on_the_page: bool
    source: str


def glossary(word: str = "") -> tuple[Term, ...]:
    """The terms that have this name, now or then; else those that begin with it; without a word, those of the page.

    "The page" is the one of February 2021 that this kit begins with. Raises AnswerError when nothing is found.

    >>> [term.term for term in glossary("direct routing")], len(glossary("s")) > 4
    (['SIP interface'], True)
    """
    wanted = str(word).strip().casefold()
    if not wanted:
        return tuple(term for term in _terms() if term.on_the_page)
    found = tuple(term for term in _terms() if wanted in _names(term))
    found = found or tuple(term for term in _terms() if any(name.startswith(wanted) for name in _names(term)))
    if not found:
        problem = f"the glossary of {len(_terms())} words has none that begins with {word.strip()[:40]!r}"
        raise AnswerError(problem, remedy="Give a word such as 'SBC', or a letter such as 'S'.")
    return found


def renamed() -> tuple[Term, ...]:
    """The terms that have had more than one name."""
    return tuple(term for term in _terms() if len(term.names) > 1)


@cache
def _terms() -> tuple[Term, ...]:
    return tuple(
        Term(
            entry["term"],
            entry.get("also", ()),
            entry["text"],
            entry["ours"],
            tuple(Naming(h["name"], cite("glossary", h["source"])) for h in entry.get("history", ())),
            "SEED" in entry["source"],
            cite("glossary", entry["source"]),
        )
        for entry in load("glossary")["terms"]
    )


def _names(term: Term) -> list[str]:
    return [name.casefold() for name in (term.term, *term.also, *(naming.name for naming in term.names))]
