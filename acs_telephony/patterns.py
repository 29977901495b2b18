"""A number pattern as a value: the .NET regular expressions that a voice route may hold.

Documented: `numberPattern` is a .NET regular expression of at most 1,024 characters
(azure-communication-phonenumbers 1.4.0; voice-routing-sdk-portal.md, 2023-06-01).
Our model: the dialect below, read as .NET reads it where Python's `re` differs, over printable ASCII.
A number with a newline or any other character is refused before it meets a pattern.

Read: literals, `.`, `\\d \\D \\w \\W \\s \\S`, classes with ranges, negation and subtraction, groups (capturing,
named, non-capturing), alternation, all quantifiers and their lazy forms, the anchors `^ $ \\A \\z \\Z`,
lookahead and negative lookahead. Anchors and lookahead stand outside repeats, but an anchor itself may be
quantified: `^+1` is legal .NET, means `^1`, and stands in published examples.
Refused, with a caret: back-references, lookbehind, `\\b`, atomic groups, conditionals, inline options.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from acs_telephony.errors import BudgetError, PatternError
from acs_telephony.trees import NOTHING, Anchor, Character, Choice, Lookahead, Node, Repeat, Sequence, holds_condition

MOST_CHARACTERS = 1024
MOST_REPEATS = 250
MOST_NESTED = 40

#: Printable ASCII, the characters a dialled number may hold; a set of characters is an int with bit ord(c) set.
ALPHABET = "".join(chr(code) for code in range(32, 127))


def charset(characters: str) -> int:
    """The set of these characters that are in the alphabet, as an int with one bit for each.

    >>> charset("01") == 1 << ord("0") | 1 << ord("1"), charset("é\\n")
    (True, 0)
    """
    mask = 0
    for character in characters:
        if " " <= character <= "~":
            mask |= 1 << ord(character)
    return mask


ANY_CHARACTER = charset(ALPHABET)
DIGITS = charset("0123456789")
WORD = charset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_SHORTHANDS = {"d": DIGITS, "w": WORD, "s": charset(" ")}
_SHORTHANDS |= {letter.upper(): ANY_CHARACTER & ~mask for letter, mask in _SHORTHANDS.items()}
_SPELLED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_NOT_READ = {"b": "a word boundary", "B": "a word boundary", "k": "a back-reference"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A number pattern that was read: its text, its tree, and every set of characters that it tells apart."""

    text: str
    node: Node
    masks: frozenset[int]


def parse(text: str) -> Pattern:
    r"""Read a number pattern; raise PatternError with a caret where it is no .NET pattern or not supported.

    >>> parse(r"^\+1\d{10}$").text
    '^\\+1\\d{10}$'
    >>> parse(r"^\+1(\d{10}$")
    Traceback (most recent call last):
    acs_telephony.errors.PatternError: this group is never closed. Add a ')', or write '\(' for a parenthesis.
      ^\+1(\d{10}$
          ^
    """
    if not isinstance(text, str):
        raise PatternError(
            "a pattern is given as text", pattern=ascii(text)[:60], remedy="Write it in quotes, as r'...'."
        )
    parser = _Parser(text)
    node = parser.choice()
    if parser.at < len(text):
        parser.refuse("this ')' closes no group", "Remove it, or write '\\)' for a parenthesis.")
    return Pattern(text, node, frozenset(parser.masks))


class _Parser:
    """Recursive descent over one text; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.masks: set[int] = set()
        if len(text) > MOST_CHARACTERS:
            problem = f"the pattern has {len(text):,} characters, the service takes {MOST_CHARACTERS:,}"
            raise PatternError(problem, pattern=text, position=MOST_CHARACTERS, remedy="Split it over several routes.")

    def refuse(self, problem: str, remedy: str, at: int | None = None) -> NoReturn:
        position = self.at if at is None else at
        raise PatternError(problem, pattern=self.text, position=position, remedy=remedy)

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def take(self, wanted: str) -> bool:
        if self.text.startswith(wanted, self.at):
            self.at += len(wanted)
            return True
        return False

    def character(self, mask: int) -> Character:
        self.masks.add(mask)
        return Character(mask)

    def choice(self) -> Node:
        parts = [self.sequence()]
        while self.take("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.peek() and self.peek() not in "|)":
            parts.append(self.quantified())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def quantified(self) -> Node:
        begin = self.at
        if self.quantifier() is not None:
            self.refuse("nothing stands before this quantifier", "Put what it repeats before it, or a '\\'.", begin)
        part = self.atom()
        after = self.at
        bounds = self.quantifier()
        if bounds is None:
            return part
        self.take("?")  # a lazy quantifier finds the same numbers
        low, high = bounds
        nested = self.at
        if self.quantifier() is not None:
            self.refuse("a quantifier on a quantifier", "Remove one, or put the first in a group.", nested)
        if isinstance(part, Anchor):
            # .NET: a repeated anchor is that anchor, and one that may be absent says nothing.
            return part if low else NOTHING
        if holds_condition(part):
            self.refuse("an anchor or a lookahead inside a repeat is not supported", "Move it out of the group.", begin)
        if max(low, high or 0) > MOST_REPEATS:
            problem = f"more than {MOST_REPEATS} repeats"
            raise BudgetError(problem, pattern=self.text, position=after, remedy="No number is that long: lower it.")
        return Repeat(part, low, high)

    def quantifier(self) -> tuple[int, int | None] | None:
        """Bounds of the quantifier that stands here, or None; a '{' that begins no quantifier is a literal."""
        for sign, bounds in {"*": (0, None), "+": (1, None), "?": (0, 1)}.items():
            if self.take(sign):
                return bounds
        closed = self.text.find("}", self.at)
        if self.peek() != "{" or closed < 0:
            return None
        low, comma, high = self.text[self.at + 1 : closed].partition(",")
        if not _is_count(low) or not (high == "" or _is_count(high)):
            return None
        least, most = int(low), int(high) if high else (None if comma else int(low))
        if most is not None and most < least:
            self.refuse("the second count is lower than the first", f"Write {{{most},{least}}}.")
        self.at = closed + 1
        return least, most

    def atom(self) -> Node:
        character = self.peek()
        if character == "(":
            return self.group()
        if character == "[":
            self.at += 1
            return self.character(self.bracket(self.at - 1))
        if character == "\\":
            return self.escape()
        self.at += 1
        if character in "^$":
            return Anchor(at_end=character == "$")
        return self.character(ANY_CHARACTER if character == "." else charset(character))

    def group(self) -> Node:
        begin = self.at
        self.at += 1
        self.depth += 1
        if self.depth > MOST_NESTED:
            problem = f"more than {MOST_NESTED} groups inside one another"
            raise BudgetError(problem, pattern=self.text, position=begin, remedy="Remove groups that do nothing.")
        lookahead = self.group_kind(begin)
        node = self.choice()
        if not self.take(")"):
            self.refuse("this group is never closed", "Add a ')', or write '\\(' for a parenthesis.", begin)
        self.depth -= 1
        return node if lookahead is None else Lookahead(node, negative=lookahead == "!")

    def group_kind(self, begin: int) -> str | None:  # noqa: RET503 (refuse() does not return)
        """Read what follows '('; answer '=' or '!' for a lookahead, None for a group."""
        if not self.take("?"):
            return None
        for sign in "=!":
            if self.take(sign):
                return sign
        if self.take(":"):
            return None
        if self.peek(2) in ("<=", "<!"):
            self.refuse("lookbehind is not supported", "Say it with '^' and what comes first.", begin)
        for opening, closing in {"<": ">", "'": "'"}.items():
            if self.take(opening):
                name, found, _ = self.text[self.at :].partition(closing)
                if not found or not re.fullmatch(r"[A-Za-z_]\w*|[1-9][0-9]*", name, re.ASCII):
                    self.refuse(
                        "this group's name is not a word", "Use letters and digits, or a plain group (...).", begin
                    )
                self.at += len(name) + 1
                return None
        kinds = {">": "an atomic group", "(": "a conditional", "#": "a comment", "P": "'(?P' (Python, not .NET)"}
        kind = kinds.get(self.peek(), "an inline option")
        self.refuse(f"{kind} is not supported", "Use a plain group (...).", begin)

    def escape(self) -> Node:
        begin = self.at
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in ("A", "z", "Z"):
            self.at += 2
            # \Z also stands before a final newline, which no number may hold.
            return Anchor(at_end=letter != "A")
        mask = self.escaped_set()
        if mask is None:
            what = _NOT_READ.get(letter, f"'\\{letter}'") if not letter.isdigit() else "a back-reference"
            self.refuse(f"{what} is not supported", "Write the characters themselves.", begin)
        return self.character(mask)

    def escaped_set(self) -> int | None:
        """The characters meant by the escape that stands here, which is read; None where it is no set."""
        letter = self.text[self.at + 1 : self.at + 2]
        if not letter:
            self.refuse("a '\\' at the end escapes nothing", "Remove it, or write '\\\\' for a backslash.")
        mask = _SHORTHANDS.get(letter)
        if mask is None and letter in _SPELLED:
            mask = charset(_SPELLED[letter])
        elif mask is None and not (letter.isalnum() or letter == "_"):
            mask = charset(letter)
        if mask is not None:
            self.at += 2
        return mask

    def bracket(self, begin: int) -> int:
        """The set of a class whose '[' was read; a ']' right at the start is a literal, as in .NET."""
        negative = self.take("^")
        mask, first = 0, True
        while first or not self.take("]"):
            if not self.peek():
                self.refuse("this '[' is never closed", "Add a ']', or write '\\[' for a bracket.", begin)
            if not first and self.take("-["):
                # .NET subtracts after it negates: [^1-[2]] is neither 1 nor 2.
                without = self.subtracted()
                return (ANY_CHARACTER & ~mask if negative else mask) & ~without
            mask |= self.member()
            first = False
        return ANY_CHARACTER & ~mask if negative else mask

    def member(self) -> int:
        """One character, shorthand or range inside a class."""
        at = self.at
        low = self.one_of_class()
        if not isinstance(low, str) or self.peek() != "-" or self.peek(2) in ("-", "-]", "-["):
            return charset(low) if isinstance(low, str) else low
        self.at += 1
        if "\\-" in (self.text[at : at + 2], self.peek(2)):
            # .NET reads such a bound in its own way, and not every version in the same.
            self.refuse("a range cannot begin or end in '\\-'", "Put the hyphen last in the class, by itself.", at)
        high = self.one_of_class()
        if not isinstance(high, str):
            self.refuse("a range cannot end in a class", "Write two plain characters, such as 0-9.", at)
        if high < low:
            self.refuse(f"the range {low}-{high} runs backwards", f"Write {high}-{low}.", at)
        return charset("".join(c for c in ALPHABET if low <= c <= high))

    def one_of_class(self) -> str | int:
        """The character that stands here inside a class, or the set where a shorthand stands."""
        if self.peek() != "\\":
            self.at += 1
            return self.text[self.at - 1 : self.at]
        letter = self.text[self.at + 1 : self.at + 2]
        mask = self.escaped_set()
        if mask is None:
            self.refuse(f"'\\{letter}' in a class is not supported", "Write the characters themselves.")
        return mask if letter in _SHORTHANDS else _SPELLED.get(letter, letter)

    def subtracted(self) -> int:
        mask = self.bracket(self.at - 1)
        if not self.take("]"):
            self.refuse("a subtraction must come last in its class", "Put '-[...]' just before the ']'.")
        return mask


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()
