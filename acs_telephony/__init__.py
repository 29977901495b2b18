"""Two ways from an Azure Communication Services application to the phone network, as values you can question.

    choose(Answers(...), as_of=date)     which connection, why, and whether it is still to be had
    dial(resource, "+1 425 555 0100")    every outcome that a call out can have
    receive(resource, "+14255550111")    where a call in ends
    compile_table(patterns)              one machine for a whole route table: matches, witnesses, counts
    audit(resource)                      what is wrong with a route table, each with a number that shows it
    compare(old, new)                    every number that a change of the table moves, or a proof that there is none

Results are frozen values. What these functions cannot use raises an `AcsTelephonyError`, which says what, where and
what to do next; a value made with a wrong field (`Trunk(...)`) raises pydantic's `ValidationError`.
"""

from acs_telephony.automaton import compile_table
from acs_telephony.checking.auditing import audit
from acs_telephony.checking.comparing import compare
from acs_telephony.deciding.choosing import Answers, choose, smallest_changes
from acs_telephony.domains import ANY_STRING, E164
from acs_telephony.errors import AcsTelephonyError, ConfigurationError
from acs_telephony.models import Resource, SipConfiguration, Trunk, VoiceRoute
from acs_telephony.numbers import normalise
from acs_telephony.receiving import receive
from acs_telephony.routing import dial
from acs_telephony.tables import contoso, generated, microsoft_three_routes

__all__ = [
    "ANY_STRING",
    "E164",
    "AcsTelephonyError",
    "Answers",
    "ConfigurationError",
    "Resource",
    "SipConfiguration",
    "Trunk",
    "VoiceRoute",
    "audit",
    "choose",
    "compare",
    "compile_table",
    "contoso",
    "dial",
    "generated",
    "microsoft_three_routes",
    "normalise",
    "receive",
    "smallest_changes",
]
