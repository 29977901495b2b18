"""Other libraries that answer a part of the same questions. None is needed: what is missing is left out and named.

    pip install automata-lib interegular greenery google-re2

automata-lib, interegular and greenery each say whether two patterns overlap, pair by pair. They take `^` and `$` for
characters or refuse them, and know no lookahead: so they get patterns of the form `^...$` without lookahead only, and
of those what stands between the anchors, which is what they mean by a match. A list of compiled `re` and the `Set` of
google-re2 say which patterns match a number; they get the whole pattern, and Set gets none with a lookahead.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from typing import Any, Final

PACKAGES: Final = ("automata-lib", "interegular", "greenery", "google-re2")
LIMIT: Final = 4.0  # seconds for a peer to read and compare one pair of patterns


@dataclass(frozen=True, slots=True)
class Peer:
    """A library that reads a pattern and says whether two that it has read share no string."""

    name: str
    read: Callable[[str], Any]
    disjoint: Callable[[Any, Any], bool]


def installed() -> dict[str, str]:
    """The version of each package that is here."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def overlap_peers() -> list[Peer]:
    """Those that are installed, ready to use."""
    found, here = [], installed()
    if "automata-lib" in here:
        from automata.fa.dfa import DFA
        from automata.fa.nfa import NFA

        characters = set("+0123456789")
        found.append(
            Peer(
                "automata-lib",
                # It knows no "(?:", and in a pattern that is only read for its strings "(" is the same.
                lambda text: DFA.from_nfa(NFA.from_regex(text.replace("(?:", "("), input_symbols=characters)),
                lambda one, two: one.isdisjoint(two),
            )
        )
    if "interegular" in here:
        import interegular

        found.append(
            Peer(
                "interegular",
                lambda text: interegular.parse_pattern(text).to_fsm(),
                lambda one, two: one.isdisjoint(two),
            )
        )
    if "greenery" in here:
        import greenery

        found.append(Peer("greenery", lambda text: greenery.parse(text).to_fsm(), lambda one, two: one.isdisjoint(two)))
    return found


def deciders(patterns: list[str]) -> dict[str, Callable[[str], list[int]]]:
    """For each decider, what gives the indexes of all patterns that match a number, in any order."""
    compiled = [re.compile(pattern, re.ASCII).search for pattern in patterns]
    found: dict[str, Callable[[str], list[int]]] = {
        "a list of compiled `re`": lambda number: [i for i, search in enumerate(compiled) if search(number)]
    }
    if "google-re2" in installed():
        import re2

        together = re2.Set.SearchSet()
        for pattern in patterns:
            together.Add(pattern)
        together.Compile()
        found["google-re2 `Set`"] = lambda number: together.Match(number) or []
    return found


def plain(patterns: list[str]) -> list[str]:
    """Those of the form `^...$` without lookahead; an anchor or a choice at the top makes it another form."""
    return [pattern for pattern in patterns if _is_plain(pattern)]


def stripped(pattern: str) -> str:
    """What stands between the anchors of a plain pattern."""
    return pattern[1:-1]


def _is_plain(pattern: str) -> bool:
    if not (pattern.startswith("^") and pattern.endswith("$") and not pattern.endswith(r"\$")):
        return False
    inside, depth = re.sub(r"\\.|\[[^]]*\]", "x", pattern[1:-1]), 0
    for character in inside:
        depth += (character == "(") - (character == ")")
        if character in "^$" or (character == "|" and depth == 0):
            return False
    return re.search(r"\(\?[^:]", inside) is None


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block after so many seconds; where there is no such alarm (Windows), never."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
