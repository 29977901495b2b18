"""A number pattern as a value: the .NET regular expressions that a voice route may hold.

Documented: `numberPattern` is a .NET regular expression of at most 1,024 characters
(azure-communication-phonenumbers 1.4.0; voice-routing-sdk-portal.md, 2023-06-01).
Our model: the dialect below, read as .NET reads it where Python's `re` differs, over printable ASCII.
A number with a newline or any other character is refused before it meets a pattern; so `\\d` is 0 to 9, `$` and `\\Z`
are the very end, and the options m, n and s change nothing.

Read: literals, `.`, `\\d \\D \\w \\W \\s \\S`, characters by code (`\\x2B`, `\\u002B`) and by category (`\\p{Nd}`),
classes with ranges, negation and subtraction, groups (capturing, named, non-capturing), alternation, all quantifiers
and their lazy forms, the anchors `^ $ \\A \\z \\Z`, lookahead and negative lookahead, the inline options i, m, n
and s, comments. Anchors and lookahead stand outside repeats, but an anchor itself may be quantified: `^+1` is legal
.NET, means `^1`, and stands in published examples.
Refused, with a caret: back-references, lookbehind, `\\b`, atomic groups, conditionals, the inline option x.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn
from unicodedata import category

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
_UPPER, _LOWER = (charset("".join(c for c in ALPHABET if category(c) == kind)) for kind in ("Lu", "Ll"))
_SHORTHANDS = {"d": DIGITS, "w": WORD, "s": charset(" ")}
_SHORTHANDS |= {letter.upper(): ANY_CHARACTER & ~mask for letter, mask in _SHORTHANDS.items()}
_SPELLED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_NOT_READ = {"b": "a word boundary", "B": "a word boundary", "k": "a back-reference", "0": "an octal code"}
_CODE = re.compile(r"x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}")
_CATEGORY = re.compile("([pP])\\{(C[cfnos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)\\}")
_OPTIONS = re.compile(r"\(\?(?!\))([imnsx]*)(?:-([imnsx]*))?([:)])", re.IGNORECASE | re.ASCII)

Dialect = Literal[".NET", "Python"]
TrapKind = Literal["quantified anchor", "count in a class", "literal brace", "bar in a class", "blank"]

# A class that spells 1 to 15, the most digits of E.164, and stands where a count would: right after a part that takes
# one character and takes every digit: `\d[10]`, `(\d)[7]`; not `\+1[425]`, `[2-9][15]` or `\d[02]`, which are common.
_COUNT = re.compile(r"\[(?:[1-9]|1[0-5])\]")


@dataclass(frozen=True, slots=True)
class Trap:
    """A place in a pattern, counted from 0, that is legal and seldom means what its author meant."""

    kind: TrapKind
    position: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A number pattern that was read: its text, its tree, every set of characters that it tells apart, its traps."""

    text: str
    node: Node
    masks: frozenset[int]
    traps: tuple[Trap, ...] = ()


def parse(text: str, dialect: Dialect = ".NET", *, longest: int | None = MOST_CHARACTERS) -> Pattern:
    r"""Read a number pattern; raise PatternError with a caret where it is no .NET pattern or not supported.

    With "Python", what both languages take is given the meaning that it has in Python's `re`. The service takes at
    most `longest` characters; patterns that never go there, such as those of number plans, may be longer (None).

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
    if longest is not None and len(text) > longest:
        problem = f"the pattern has {len(text):,} characters, the service takes {longest:,}"
        raise PatternError(problem, pattern=text, position=longest, remedy="Split it over several routes.")
    parser = _Parser(text, dialect)
    node = parser.choice()
    if parser.at < len(text):
        parser.refuse("this ')' closes no group", "Remove it, or write '\\)' for a parenthesis.")
    return Pattern(text, node, frozenset(parser.masks), tuple(parser.traps))


class _Parser:
    """Recursive descent over one text; `at` is the next character."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self.python = dialect == "Python"
        self.no_range = ("-", "-]") if self.python else ("-", "-]", "-[")
        self.any_case = False
        self.traps: list[Trap] = []
        self.at = 0
        self.depth = 0
        self.masks: set[int] = set()

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
        self.masks.add(mask := self.folded(mask))
        return Character(mask)

    def folded(self, mask: int) -> int:
        """Under (?i) a letter stands for both its cases, which are 32 codes apart."""
        return mask | (mask & _UPPER) << 32 | (mask & _LOWER) >> 32 if self.any_case else mask

    def comments(self) -> bool:
        """Read comments; whether one stands here."""
        at = self.at
        while self.take("(?#"):
            begin, closed = self.at - 3, self.text.find(")", self.at)
            if closed < 0:
                self.refuse("this comment is never closed", "Add a ')'.", begin)
            self.at = closed + 1
        return self.at > at

    def options(self, closing: str) -> bool:
        """Read options such as '(?i)', or '(?i:' with ':' for `closing`; whether they stand here."""
        found = _OPTIONS.match(self.text, self.at)
        if not found or found[3] != closing:
            return False
        on, off = found[1].lower(), (found[2] or "").lower()
        if "x" in on:
            self.refuse("the option x is not supported", "Remove it, and the blanks and comments it hides.")
        self.any_case = (self.any_case or "i" in on) and "i" not in off
        self.at = found.end()
        return True

    def choice(self) -> Node:
        parts = [self.sequence()]
        while self.take("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.peek() and self.peek() not in "|)":
            # .NET: neither is a part, and a quantifier after them has nothing to repeat.
            if self.peek(2) == "(?" and (self.comments() or self.options(")")):
                continue
            if self.peek() == "[" and _COUNT.match(self.text, self.at):
                match parts:
                    case [*_, Character(mask)] if not DIGITS & ~mask:
                        self.traps.append(Trap("count in a class", self.at))
            parts.append(self.quantified())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def quantified(self) -> Node:
        begin = self.at
        if self.quantifier() is not None:
            self.refuse("nothing stands before this quantifier", "Put what it repeats before it, or a '\\'.", begin)
        part = self.atom()
        self.comments()
        after = self.at
        bounds = self.quantifier()
        if bounds is None:
            return part
        self.comments()
        self.take("?")  # a lazy quantifier finds the same numbers
        self.comments()
        low, high = bounds
        nested = self.at
        if self.quantifier() is not None:
            self.refuse("a quantifier on a quantifier", "Remove one, or put the first in a group.", nested)
        if isinstance(part, Anchor):
            self.traps.append(Trap("quantified anchor", after))
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
        # {,3} is a quantifier to Python only.
        if not (_is_count(low) or (self.python and comma and not low)) or not (high == "" or _is_count(high)):
            return None
        least, most = int(low or 0), int(high) if high else (None if comma else int(low))
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
        if character == "{" or character.isspace():
            self.traps.append(Trap("literal brace" if character == "{" else "blank", self.at))
        self.at += 1
        if character in "^$":
            return Anchor(at_end=character == "$")
        return self.character(ANY_CHARACTER if character == "." else charset(character))

    def group(self) -> Node:
        begin, any_case = self.at, self.any_case
        self.deeper(begin)
        lookahead = None if self.options(":") else self.group_kind(begin)
        node = self.choice()
        if not self.take(")"):
            self.refuse("this group is never closed", "Add a ')', or write '\\(' for a parenthesis.", begin)
        self.depth -= 1
        self.any_case = any_case
        return node if lookahead is None else Lookahead(node, negative=lookahead == "!")

    def deeper(self, begin: int) -> None:
        self.depth += 1
        if self.depth > MOST_NESTED:
            problem = f"more than {MOST_NESTED} groups and classes inside one another"
            raise BudgetError(problem, pattern=self.text, position=begin, remedy="Remove those that do nothing.")

    def group_kind(self, begin: int) -> str | None:  # noqa: RET503 (refuse() does not return)
        """Read '(' and what follows it; answer '=' or '!' for a lookahead, None for a group."""
        self.at += 1
        if not self.take("?"):
            return None
        for sign in "=!":
            if self.take(sign):
                return sign
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
        kinds = {">": "an atomic group", "(": "a conditional", "P": "'(?P' (Python, not .NET)"}
        kind = kinds.get(self.peek(), f"'(?{self.peek()}'")
        self.refuse(f"{kind} is not supported", "Use a plain group (...).", begin)

    def escape(self) -> Node:
        begin = self.at
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in ("A", "z", "Z"):
            self.at += 2
            # \Z also stands before a final newline, which no number may hold.
            return Anchor(at_end=letter != "A")
        meant = self.escaped()
        if meant is None:
            what = _NOT_READ.get(letter, "a back-reference" if letter.isdigit() else f"'\\{letter}'")
            self.refuse(f"{what} is not supported", "Write the characters themselves.", begin)
        return self.character(charset(meant) if isinstance(meant, str) else meant)

    def escaped(self) -> str | int | None:
        """What the escape that stands here means, a character or a set, which is read; None where it is neither."""
        letter = self.text[self.at + 1 : self.at + 2]
        if not letter:
            self.refuse("a '\\' at the end escapes nothing", "Remove it, or write '\\\\' for a backslash.")
        if letter in "xu" and (code := _CODE.match(self.text, self.at + 1)):
            self.at = code.end()
            return chr(int(code[0][1:], 16))
        if letter in "pP" and (kind := _CATEGORY.match(self.text, self.at + 1)):
            self.at = kind.end()
            # .NET folds before it negates: (?i)\P{Lu} holds no letter.
            mask = self.folded(charset("".join(c for c in ALPHABET if category(c).startswith(kind[2]))))
            return mask if kind[1] == "p" else ANY_CHARACTER & ~mask
        meant = _SHORTHANDS.get(letter, _SPELLED.get(letter))
        if meant is None and not (letter.isalnum() or letter == "_"):
            meant = letter
        if meant is not None:
            self.at += 2
        return meant

    def bracket(self, begin: int) -> int:
        """The set of a class whose '[' was read; a ']' right at the start is a literal, as in .NET."""
        self.deeper(begin)
        negative = self.take("^")
        mask, without, first, bar = 0, 0, True, False
        while first or not self.take("]"):
            if not self.peek():
                self.refuse("this '[' is never closed", "Add a ']', or write '\\[' for a bracket.", begin)
            if first and self.peek(2) == "-[":
                # .NET takes this '-' as a character, but in some classes refuses it.
                self.refuse("nothing stands before this subtraction", "Write '\\[' for a bracket.")
            if self.peek() == "|" and not bar:
                bar = True
                self.traps.append(Trap("bar in a class", self.at))
            if not first and not self.python and self.take("-["):
                without = self.bracket(self.at - 1)
                if self.peek() != "]":
                    self.refuse("a subtraction must come last in its class", "Put '-[...]' just before the ']'.")
            else:
                mask |= self.member()
            first = False
        self.depth -= 1
        mask = self.folded(mask)
        # .NET subtracts after it negates: [^1-[2]] is neither 1 nor 2.
        return (ANY_CHARACTER & ~mask if negative else mask) & ~without

    def member(self) -> int:
        """One character, shorthand or range inside a class."""
        at = self.at
        low = self.one_of_class()
        if not isinstance(low, str) or self.peek() != "-" or self.peek(2) in self.no_range:
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
        return ANY_CHARACTER & (1 << ord(high) + 1) - (1 << ord(low))

    def one_of_class(self) -> str | int:
        """The character that stands here inside a class, or the set where a shorthand stands."""
        if self.peek() != "\\":
            self.at += 1
            return self.text[self.at - 1 : self.at]
        begin, letter = self.at, self.peek(2)[1:]
        meant = self.escaped()
        if meant is None and letter == "b":
            self.at += 2
            return "\b"
        if meant is None:
            self.refuse(f"'\\{letter}' in a class is not supported", "Write the characters themselves.", begin)
        return meant


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()
