"""What a lab is given, checked before anything is sent; each check raises AnswerError with its place and a remedy."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from acs_telephony.errors import AnswerError
from acs_telephony.live.sip.values import Transport
from acs_telephony.models import quoted
from acs_telephony.receiving import is_address

HOST_NAME: Final = "Use a host name of letters, digits, hyphens and dots, or an address such as 192.0.2.1."
CARRIER_NAME: Final = "Use letters, digits, hyphens and dots, and no name of the ACS side or of an SBC."
#: Labels of letters, digits and inner hyphens, with dots between; a certificate may have a star too (RFC 1123 2.1).
_HOST: Final = re.compile(r"(?=.{1,249}$)(?:(?!-|..--)[A-Za-z0-9*-]{1,63}(?<!-)(?:\.(?=.)|$))+")


def usable(good: bool, place: str, value: object, remedy: str) -> None:
    """Refuse a value that is not good."""
    if not good:
        raise AnswerError(f"{quoted(value)} cannot be used", place=place, remedy=remedy)


def one_of(place: str, value: object, words: tuple[str, ...]) -> None:
    """Refuse what is none of these words."""
    near = get_close_matches(str(value), words, n=1)
    remedy = f"Did you mean {near[0]!r}?" if near else f"Use one of: {', '.join(words)}."
    if value not in words:
        raise AnswerError(f"{quoted(value)} is not known here", place=place, remedy=remedy)


def between(place: str, value: float, least: float, most: float, *, whole: bool = False) -> None:
    """Refuse what is no number, or too small, or too large."""
    number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    usable(number and least <= value <= most, place, value, f"Use {least:g} to {most:g}.")


def texts(place: str, several: Collection[str]) -> Collection[str]:
    """Several texts, as they were given; one text by itself is not several."""
    listed = isinstance(several, Collection) and not isinstance(several, str | bytes)
    usable(listed and all(isinstance(text, str) for text in several), place, several, 'Write a list: ["..."].')
    return several


def is_host(name: object) -> bool:
    """Whether this may be a host, or the name of one in a certificate."""
    return isinstance(name, str) and _HOST.fullmatch(name) is not None


def is_contact(host: object) -> bool:
    """Whether a URI can have this host: a name, or an address, that of IPv6 in brackets (RFC 3261 25.1)."""
    if isinstance(host, str) and re.fullmatch(r"\[[0-9A-Fa-f:.]+\]", host):
        return is_address(host)
    return is_host(host) and "*" not in str(host)


def certificate_names(names: Collection[str], transport: Transport) -> Collection[str]:
    """The names, if a certificate can be made for each; without TLS none is made, and a star may be anywhere."""
    remedy = 'Use a host name, with TLS at most a star for its whole first label ("*.contoso.com").'
    for name in texts("certificate_names", names):
        usable(
            is_host(name) and (transport != "tls" or "*" not in name.removeprefix("*.")),
            "certificate_names",
            name,
            remedy,
        )
    return names
