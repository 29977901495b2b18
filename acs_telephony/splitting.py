"""A domain split by the languages that its strings are in: how many there are of each kind, and examples.

What may follow a beginning depends on two things only: what is left of each language, and what is left of the domain.
So strings are split by their first character, and what follows it is split in the same way, once for all beginnings
that leave the same. Three things make this small:

- Nobody asks on the way whose the languages are. A kind of strings is a number with one bit for each place in a tuple
  of languages; whoever asks about what is left of them knows at which places they stood before.
- The domain says how many characters can still follow. Parts of a language that need more are dropped, so a pattern
  that may begin anywhere is soon left with the few beginnings that it has time to finish.
- A language that holds every string, or none, is decided: nothing below has to know of it.
"""

from __future__ import annotations

from collections.abc import Callable

from acs_telephony.languages import ALL, EMPTY, Languages, Move

#: The strings of one kind: how many, the shortest, then smallest, of them, and the longest, then smallest.
Part = tuple[int, str, str]


class Split:
    """The strings of domains by the languages that they are in; each domain has a longest string.

    `moves` gives the symbols that may begin a string of a domain, in their order; `check` is told on the way
    how many kinds were found so far, and may refuse to go on.
    """

    def __init__(self, languages: Languages, moves: Callable[[int], list[Move]], check: Callable[[int], None]) -> None:
        self.languages, self.moves, self.check = languages, moves, check
        self.known: dict[tuple[tuple[int, ...], int], dict[int, Part]] = {}
        self.known_lengths: dict[int, int] = {}
        self.made = 0

    def parts(self, alive: tuple[int, ...], inside: int) -> dict[int, Part]:
        """The kinds of strings of the domain `inside`: one bit for each of the languages `alive` that they are in."""
        if (found := self.known.get((alive, inside))) is None:
            found = self.known[alive, inside] = self.split(alive, inside)
            self.made += len(found)
        return found

    def split(self, alive: tuple[int, ...], inside: int) -> dict[int, Part]:
        """The same, made anew: the empty string, then what begins with each character, the smallest first."""
        its = self.languages
        found: dict[int, Part] = {}
        if its.nullable[inside]:
            found[sum([1 << place for place, language in enumerate(alive) if its.nullable[language]])] = 1, "", ""
        for (left, still), (size, character) in self.steps(alive, inside).items():
            places: dict[int, int] = {}
            for place, language in enumerate(left):
                places[language] = places.get(language, 0) | 1 << place
            always, _never = places.pop(ALL, 0), places.pop(EMPTY, 0)
            later = tuple(sorted(places))
            bits, below = [places[language] for language in later], self.parts(later, still)
            self.check(self.made + len(found))
            its.exert(len(below))
            for kind, (count, shortest, longest) in below.items():
                here, below_only = (kind, 0) if later == left else (always, kind)
                while below_only:
                    lowest = below_only & -below_only
                    here |= bits[lowest.bit_length() - 1]
                    below_only ^= lowest
                # Two kinds below are two kinds here, so what is known already came by a smaller character.
                shortest, longest = character + shortest, character + longest
                so_far, first, last = found.get(here, (0, shortest, longest))
                shortest = first if len(first) <= len(shortest) else shortest
                longest = last if len(last) >= len(longest) else longest
                found[here] = so_far + count * size, shortest, longest
        return found

    def steps(self, alive: tuple[int, ...], inside: int) -> dict[tuple[tuple[int, ...], int], tuple[int, str]]:
        """What may be left of the languages and the domain, and how many characters leave it, with the smallest."""
        self.languages.exert(20 + len(alive))
        moves, rows = self.moves(inside), self.languages.rows.setdefault(inside, {})
        for language in alive:
            if language not in rows:
                rows[language] = self.row(language, inside)
        columns = zip(*map(rows.__getitem__, alive), strict=True) if alive else [()] * len(moves)
        steps: dict[tuple[tuple[int, ...], int], tuple[int, str]] = {}
        for (_, size, character, still), left in zip(moves, columns, strict=True):
            so_far, first = steps.get((left, still), (0, character))
            steps[left, still] = so_far + size, first
        return steps

    def row(self, language: int, inside: int) -> tuple[int, ...]:
        """What is left of a language after each symbol of the domain, without what needs too many characters."""
        codes = tuple([ord(character) for _, _, character, _ in self.moves(inside)])
        after, most = self.languages.after_each(language, codes), self.longest(inside) - 1
        left = {each: self.languages.trimmed(each, most) for each in set(after)}
        return tuple([left[each] for each in after])

    def longest(self, inside: int) -> int:
        """The length of the longest string of a domain."""
        if inside not in self.known_lengths:
            self.known_lengths[inside] = max((1 + self.longest(still) for *_, still in self.moves(inside)), default=0)
        return self.known_lengths[inside]
