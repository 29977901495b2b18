"""The nouns: trunks, voice routes, the configuration that holds them, and the resource that holds the configuration.

Field names and limits are the service's own (azure-communication-phonenumbers 1.4.0, API version 2023-03-01; preview
fields from 2024-11-15-preview). `SipConfiguration` reads and writes the JSON that the service returns. Unknown fields
are kept, and a field that is null, absent or empty stays so: load, then dump, is the identity. (`trunks` and `routes`
themselves may be absent or empty; the service never returns null there, and it is refused.)
Documented limits are checked when a value is made; what is wrong with a configuration is said with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from math import isfinite
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError
from pydantic import field_validator as checks
from pydantic import model_validator as checks_all
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from acs_telephony.errors import AcsTelephonyError, ConfigurationError, Problem

MOST_TRUNKS = MOST_ROUTES = 250

_FQDN = re.compile(r"(?=.{1,249}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))+")
FORBIDDEN_SUFFIXES = (".onmicrosoft.com", ".azure.com")


def is_fqdn(text: str) -> bool:
    """Whether this is a fully qualified domain name of at most 249 characters, and no IP address.

    >>> is_fqdn("sbc1.contoso.com"), is_fqdn("sbc1"), is_fqdn("10.0.0.1"), is_fqdn("sbc1.contoso.com:5061")
    (True, False, False, False)
    """
    return _FQDN.fullmatch(text) is not None and not text.rpartition(".")[2].isdecimal()


def is_e164(text: str) -> bool:
    """Whether this is a number in E.164: a plus and 2 to 15 digits, the first not 0.

    >>> is_e164("+14255550100"), is_e164("14255550100"), is_e164("+0425")
    (True, False, False)
    """
    return re.fullmatch(r"\+[1-9][0-9]{1,14}", text) is not None


def _wrong(problem: str, remedy: str, place: str = "") -> PydanticCustomError:
    return PydanticCustomError("acs", "{problem}. {remedy}", {"problem": problem, "remedy": remedy, "place": place})


def quoted(text: object) -> str:
    r"""A stranger's text in quotes, at most 60 characters, with '?' for what cannot be printed or would turn the line.

    >>> quoted("Zürich"), quoted("a\nb")
    ("'Zürich'", "'a?b'")
    """
    shown = "".join(character if character.isprintable() else "?" for character in str(text))
    return f"'{shown}'" if len(shown) <= 60 else f"'{shown[:57]}...'"


class _Noun(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=to_camel, populate_by_name=True)


class Trunk(_Noun):
    """One SBC as the resource knows it: its fully qualified domain name and the port where it takes SIP over TLS."""

    fqdn: Annotated[StrictStr, Field(exclude=True)]
    sip_signaling_port: StrictInt

    @checks("fqdn")
    @classmethod
    def _check_fqdn(cls, fqdn: str) -> str:
        if not is_fqdn(fqdn):
            raise _wrong(f"{quoted(fqdn)} is no fully qualified domain name", "Write a name such as sbc1.contoso.com.")
        if fqdn.lower().endswith(FORBIDDEN_SUFFIXES):
            raise _wrong(f"{quoted(fqdn)} is under a domain that the service refuses", "Use a domain of your own.")
        return fqdn

    @checks("sip_signaling_port")
    @classmethod
    def _check_port(cls, port: int) -> int:
        if not 1 <= port <= 65535:
            raise _wrong(f"the port is {port}", "Use 1 to 65535; 5061 is usual for SIP over TLS.")
        return port


class VoiceRoute(_Noun):
    """A number pattern and the trunks that take the numbers it matches, by FQDN; null trunks are kept as None."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=256)]
    number_pattern: Annotated[StrictStr, Field(min_length=1, max_length=1024)]
    description: Annotated[StrictStr, Field(max_length=1024)] | None = None
    trunks: Annotated[tuple[StrictStr, ...], Field(max_length=MOST_TRUNKS)] | None = ()
    caller_id_override: StrictStr | None = None

    @checks("trunks")
    @classmethod
    def _check_trunks(cls, trunks: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for place, fqdn in enumerate(trunks or ()):
            if fqdn.lower() in map(str.lower, (trunks or ())[:place]):
                raise _wrong(f"the trunk {quoted(fqdn)} stands twice in one route", "Remove one of the two.")
        return trunks


class SipConfiguration(_Noun):
    r"""The SIP side of a resource: its trunks, and its voice routes in the order of their priority.

    >>> text = '{"trunks": {"sbc1.contoso.com": {"sipSignalingPort": 5061}}, "routes": []}'
    >>> SipConfiguration.load(text).trunks[0].fqdn
    'sbc1.contoso.com'
    >>> SipConfiguration.load(text).dump() == json.loads(text)
    True
    >>> SipConfiguration.load('{"trunks": {"sbc1.contoso.com": {}}}')
    Traceback (most recent call last):
    acs_telephony.errors.ConfigurationError: trunks.sbc1.contoso.com.sipSignalingPort: this field is missing. Add it.
    """

    trunks: Annotated[tuple[Trunk, ...], Field(max_length=MOST_TRUNKS)] = ()
    routes: Annotated[tuple[VoiceRoute, ...], Field(max_length=MOST_ROUTES)] = ()

    @checks_all(mode="after")
    def _check_as_a_whole(self) -> Self:
        known: set[str] = set()
        for trunk in self.trunks:
            if trunk.fqdn.lower() in known:
                raise _wrong(f"the trunk {quoted(trunk.fqdn)} stands twice", "Remove one of the two.", "trunks")
            known.add(trunk.fqdn.lower())
        seen: set[tuple[str, str]] = set()
        for index, route in enumerate(self.routes):
            for fqdn in route.trunks or ():
                if fqdn.lower() not in known:
                    problem = f"route {quoted(route.name)} names the trunk {quoted(fqdn)}, which is not in 'trunks'"
                    raise _wrong(problem, "Add the trunk, or take it out of the route.", f"routes[{index}].trunks")
            if (route.name, route.number_pattern) in seen:
                problem = f"route {quoted(route.name)} stands twice with the same pattern"
                raise _wrong(problem, "Remove one, or rename one if it is meant as a standby.", f"routes[{index}]")
            seen.add((route.name, route.number_pattern))
        return self

    @classmethod
    def load(cls, source: str | bytes | Mapping[str, Any]) -> Self:
        """Read the JSON that the service returns, as text or as a mapping.

        Raises ConfigurationError, which lists every problem with its place in the JSON.
        """
        # A copy: what the caller changes later must not change a frozen value.
        wire = read_json(source) if isinstance(source, str | bytes) else deepcopy(source)
        if not isinstance(wire, Mapping):
            raise _refused("the text", "an object is needed here", 'Write {"trunks": {...}, "routes": [...]}.')
        trunks = wire.get("trunks", {})
        if not isinstance(trunks, Mapping):
            remedy = 'Write {"sbc1.contoso.com": {"sipSignalingPort": 5061}}.'
            raise _refused("trunks", "an object is needed here", remedy)
        for fqdn, row in trunks.items():
            if isinstance(row, Mapping) and "fqdn" in row:
                raise _refused(
                    f"trunks.{fqdn}.fqdn", "the FQDN of a trunk is its name in 'trunks'", "Remove this field."
                )
        rows = [{**row, "fqdn": fqdn} if isinstance(row, Mapping) else row for fqdn, row in trunks.items()]
        try:
            return cls.model_validate(
                {**wire, "trunks": rows} if "trunks" in wire else wire, by_alias=True, by_name=False
            )
        except ValidationError as error:
            problems = tuple(problem_of(details, tuple(trunks)) for details in error.errors())
            raise ConfigurationError(problems) from None

    def dump(self) -> dict[str, Any]:
        """The configuration as the service writes it: camelCase names, trunks as an object keyed by FQDN."""
        wire = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if "trunks" in wire:
            wire["trunks"] = {trunk.fqdn: row for trunk, row in zip(self.trunks, wire["trunks"], strict=True)}
        return wire


class Resource(BaseModel):
    """An ACS resource as far as its telephone calls are concerned (our model; no JSON of the service)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    configuration: SipConfiguration = SipConfiguration()
    purchased_numbers: tuple[StrictStr, ...] = ()
    voice_calling_enabled: bool = True

    @checks("purchased_numbers")
    @classmethod
    def _check_numbers(cls, numbers: tuple[str, ...]) -> tuple[str, ...]:
        for number in numbers:
            if not is_e164(number):
                raise _wrong(f"{quoted(number)} is no E.164 number", "Write it as +14255550111.")
        return numbers


def _refused(place: str, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem(place, problem, remedy),))


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text, read strictly: no name twice in an object, and no number that is none.

    Raises ConfigurationError with the place.
    """

    def keep_names_apart(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # JSON lets a name stand twice and Python keeps the last: a trunk would be lost without a word.
        row = dict(pairs)
        if len(row) < len(pairs):
            left = dict.fromkeys(row)
            twin = next(name for name, _ in pairs if left.pop(name, name) is not None)
            raise _refused(quoted(twin), "this name stands twice in one object", "Remove one of the two.")
        return row

    def refuse_constant(name: str) -> Any:
        raise _refused(name, "this is no JSON number", "Write a plain number.")

    def finite(number: str) -> float:
        return float(number) if isfinite(float(number)) else refuse_constant(number)

    try:
        return json.loads(
            text.removeprefix("\ufeff") if isinstance(text, str) else text,
            object_pairs_hook=keep_names_apart,
            parse_constant=refuse_constant,
            parse_float=finite,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refused(place, f"this is no JSON ({error.msg})", "Look for a missing comma, quote or bracket.") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise _refused("the text", "this cannot be read as JSON", "Save it as UTF-8, as the service sent it.") from None


def problem_of(details: Any, fqdns: tuple[str, ...] = ()) -> Problem:
    """One complaint of pydantic in the words of this kit, placed as in the JSON: routes[0].field."""
    kind, where, given = details["type"], details["loc"], details["input"]
    context = details.get("ctx", {})
    if where[:1] == ("trunks",) and fqdns and len(where) > 1:
        # On the wire a trunk is known by its FQDN, which is no field of its own there.
        where = ("trunks", fqdns[where[1]], *(part for part in where[2:] if part != "fqdn"))
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
    if kind == "acs":
        return Problem(context["place"] or place, context["problem"], context["remedy"])
    if kind == "value_error" and isinstance(error := context["error"], AcsTelephonyError):
        return Problem(place, f"{error.place}: {error.problem}".removeprefix(": "), error.remedy)
    if kind == "missing":
        return Problem(place, "this field is missing", "Add it.")
    if kind in ("string_too_long", "too_long"):
        unit = "characters" if kind == "string_too_long" else "items"
        limit, actual = context["max_length"], len(given)
        return Problem(place, f"{actual:,} {unit}, the limit is {limit:,}", "Shorten it.")
    if kind == "string_unicode":
        return Problem(place, f"{quoted(given)} holds half a character", "Write the whole character.")
    if kind == "string_too_short":
        return Problem(place, "this text is empty", "Write at least one character.")
    if kind == "literal_error":
        return Problem(place, f"{quoted(given)} is none of {context['expected']}", "Use one of these.")
    if kind == "extra_forbidden":
        return Problem(place, "this is not known here", "Correct its name, or remove it.")
    wanted = {
        "string_type": "a text",
        "int_type": "a whole number",
        "tuple_type": "a list",
        "bool_type": "true or false",
        "date_type": "a day such as 2027-01-31",
    }
    return Problem(place, f"{wanted.get(kind, 'an object')} is needed here, not {quoted(given)}", "Correct its type.")
