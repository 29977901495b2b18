"""What a person dials, as the number that meets the patterns.

Documented: the number in a call is E.164 with a plus (pstn-call-js.md, 2023-06-21). Emergency and short codes are
dialled as they are; in which form they meet the patterns no source says. Reading what people type (national
prefixes, `00`, spaces, brackets, vanity letters) is `phonenumbers`, Google's library for the world's number plans.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from unicodedata import category, decimal, normalize

from acs_telephony.errors import NumberError
from acs_telephony.models import is_e164

Kind = Literal["e164", "short", "service"]

_LONGEST_INPUT = 60
_SEPARATORS = re.compile(r"[\s().\-/]")


@dataclass(frozen=True, slots=True)
class Dialled:
    """A dialled number: the text as typed, the number that meets the patterns, and what kind it is.

    `country` is the ISO code of the number's country where it is known; `doubt` says why the number may not exist.
    """

    text: str
    number: str
    kind: Kind
    country: str | None = None
    doubt: str = ""


def normalise(text: str, country: str | None = None) -> Dialled:
    """Read what a person typed, in the number plan of a country (ISO code) where it has no country code.

    >>> normalise("020 123 4567", "NL").number
    '+31201234567'
    >>> normalise("+1 (425) 555-0100").number, normalise("0031 20 123 4567").number, normalise("112").kind
    ('+14255550100', '+31201234567', 'short')
    >>> normalise("020 123 4567")
    Traceback (most recent call last):
    acs_telephony.errors.NumberError: '020 123 4567': there is no country code. Choose a country, or begin with '+'.

    A number with a plus and 2 to 15 digits is always taken; `doubt` says where no number plan knows it.
    Raises NumberError for text that is no number, needs a country, or has a wrong count of digits for it.
    """
    import phonenumbers

    if not isinstance(text, str):
        raise NumberError("a number is given as text", place=ascii(text)[:60], remedy="Write it in quotes.")
    shown = ascii(text if len(text) <= _LONGEST_INPUT else text[:_LONGEST_INPUT] + "...")
    typed = _plain(text)
    bare = _SEPARATORS.sub("", typed)
    if not typed:
        raise NumberError("no number was given", place=shown, remedy="Type one, such as +1 425 555 0100.")
    if not any(character.isdigit() or character in "*#" for character in typed):
        raise NumberError("this is no number", place=shown, remedy=_REMEDY)
    if len(typed) > _LONGEST_INPUT:
        raise NumberError(f"{len(text):,} characters", place=shown, remedy="A number has at most 15 digits.")
    region = _region(country)
    if re.fullmatch(r"[*#0-9+]*[*#][*#0-9+]*", bare):
        return Dialled(text, bare, "service", region)
    if _is_short(bare, region):
        return Dialled(text, bare, "short", region)
    # 00 is the international prefix that the ITU recommends; a country with another one, such as 011, says so itself.
    if typed.startswith("00") and (region is None or _uses_00(region)):
        typed = "+" + typed[2:]
    if region is None and not _SEPARATORS.sub("", typed).startswith("+"):
        raise NumberError("there is no country code", place=shown, remedy="Choose a country, or begin with '+'.")
    try:
        parsed = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        return _as_typed(text, typed, _WHY.get(error.error_type, "this is no number"))
    if parsed.extension:
        problem = f"the extension {parsed.extension} cannot be dialled with the number"
        raise NumberError(problem, place=shown, remedy="Leave it out.")
    length = _LENGTHS.get(phonenumbers.is_possible_number_with_reason(parsed))
    if length:
        return _as_typed(text, typed, f"{length} digits for its country")
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    doubt = "" if phonenumbers.is_valid_number(parsed) else "no such number is assigned in its country's number plan"
    return Dialled(text, number, "e164", phonenumbers.region_code_for_number(parsed), doubt)


def _plain(text: str) -> str:
    """The text as a keyboard for English would have typed it: no invisible characters, ASCII digits, single spaces."""
    seen = (c for c in normalize("NFKC", text) if category(c) != "Cf")
    digits = "".join(str(decimal(c, c)) for c in seen)
    return " ".join(re.sub(r"^\s*tel:", "", digits, flags=re.IGNORECASE).split())


def _as_typed(text: str, typed: str, doubt: str) -> Dialled:
    """A number with a plus that no number plan knows: it can be dialled, so it is kept, with the doubt."""
    digits = _SEPARATORS.sub("", typed)
    if not is_e164(digits):
        raise NumberError(doubt, place=ascii(text), remedy=_REMEDY)
    return Dialled(text, digits, "e164", None, doubt)


_REMEDY = "Check its digits; with a country code it begins with '+'."
# phonenumbers' reasons, by their numbers: NumberParseException.error_type and ValidationResult.
_WHY = {0: "there is no such country code", 1: "this is no number", 2: "too few digits", 3: "too few digits"}
_WHY[4] = "more than 15 digits"
_LENGTHS = {2: "too few", 3: "too many", 4: "too few", 5: "a wrong count of"}


def _region(country: str | None) -> str | None:
    import phonenumbers

    if not country:
        return None
    region = str(country).strip().upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise NumberError(
            f"no number plan for {str(country)[:20]!a}", place="country", remedy="Write an ISO code: NL, US."
        )
    return region


def _is_short(typed: str, region: str | None) -> bool:
    """Whether this is a short or emergency code; without a country, two or three digits are taken for one."""
    import phonenumbers

    if re.fullmatch(r"\+?[1-9][0-9]{1,2}", typed):
        return True
    if region is None or not re.fullmatch(r"[0-9]{4,6}", typed):
        return False
    return phonenumbers.is_valid_short_number_for_region(phonenumbers.parse(typed, region), region)


def _uses_00(region: str) -> bool:
    import phonenumbers

    plan = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    return plan is not None and re.match(plan.international_prefix or "", "00") is not None


# Types of number as libphonenumber names them, in the words of this kit.
_TYPES = {
    "fixed_line": "fixed-line",
    "mobile": "mobile",
    "toll_free": "toll-free",
    "premium_rate": "premium-rate",
    "shared_cost": "shared-cost",
    "voip": "VoIP",
    "personal_number": "personal",
    "uan": "company-wide",
    "pager": "pager",
    "voicemail": "voicemail",
}
# Codes that belong to no country (ITU-T, list of assigned country codes, 2016-12-15); the others here are networks.
_ALL_COUNTRIES = {979: "international premium-rate", 808: "international shared-cost"}


@dataclass(frozen=True, slots=True)
class NumberType:
    """The valid numbers of one type in one country, as a pattern for the whole number in E.164.

    `country` is an ISO code, or the country code of a service of all countries, such as +881.
    """

    name: str
    country: str
    pattern: str


def countries() -> tuple[str, ...]:
    """The ISO codes of all countries with a number plan, in alphabetical order."""
    import phonenumbers

    return tuple(sorted(phonenumbers.SUPPORTED_REGIONS))


def number_types(country: str) -> tuple[NumberType, ...]:
    r"""The types of number in the plan of a country (ISO code); types that share all their numbers are one.

    Source: libphonenumber, as in the installed `phonenumbers`. Raises NumberError for a country without a plan.

    >>> [one.name for one in number_types("US")][:2]
    ['fixed-line or mobile', 'toll-free']
    """
    import phonenumbers

    region = _region(country)
    if region is None:
        raise NumberError("no country was given", place="country", remedy="Write an ISO code: NL, US.")
    return _types(phonenumbers.PhoneMetadata.metadata_for_region(region, None), region)


def _types(plan: Any, country: str) -> tuple[NumberType, ...]:
    names: dict[str, str] = {}
    for field, name in _TYPES.items():
        pattern = getattr(getattr(plan, field), "national_number_pattern", None)
        if pattern:
            names[pattern] = f"{names[pattern]} or {name}" if pattern in names else name
    return tuple(NumberType(name, country, rf"^\+{plan.country_code}(?:{text})$") for text, name in names.items())


@cache
def costly_numbers() -> tuple[NumberType, ...]:
    """Premium-rate and shared-cost numbers of every country, and what belongs to none: satellites, +979, +808.

    Sources: libphonenumber's plans; for what belongs to no country, ITU-T's list of assigned codes (2016-12-15).
    """
    import phonenumbers

    costly = [one for code in countries() for one in number_types(code) if one.name in ("premium-rate", "shared-cost")]
    for code in (979, 808, 870, 881, 882, 883):
        plan: Any = phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code, None)
        whole = rf"^\+{code}(?:{plan.general_desc.national_number_pattern})$"
        costly.append(NumberType(_ALL_COUNTRIES.get(code, "satellite and other network"), f"+{code}", whole))
    return tuple(costly)


def emergency_numbers(country: str) -> tuple[str, ...]:
    """The emergency numbers of a country (ISO code), in ascending order. Source: libphonenumber's short numbers.

    >>> emergency_numbers("BR")
    ('112', '128', '190', '192', '193', '911')
    """
    import phonenumbers

    region = _region(country)
    plan = phonenumbers.PhoneMetadata.short_metadata_for_region(region, None) if region else None
    if plan is None or plan.emergency is None or not plan.emergency.national_number_pattern:
        return ()
    known = re.compile(plan.emergency.national_number_pattern)
    lengths = [length for length in plan.emergency.possible_length if length > 0]
    texts = (f"{number:0{length}}" for length in lengths for number in range(10**length))
    return tuple(text for text in texts if known.fullmatch(text))
