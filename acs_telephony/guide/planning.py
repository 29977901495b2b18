"""Getting a number and calling a phone, from a value to frozen rows; every row names its source and date.

The page's other next steps: numbers in `deciding/countries`, prices in `deciding/prices`, the SBC in `checklist`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from acs_telephony.errors import AnswerError, NumberError
from acs_telephony.facts import cite, load
from acs_telephony.models import is_e164


@dataclass(frozen=True, slots=True)
class Instruction:
    """A thing to do or to know, in its order."""

    order: int
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class CallRequest:
    """The request that places a call; `body` is JSON. Signing it is the sender's part: no secret is in it."""

    method: str
    path: str
    body: str
    source: str


def steps_to_a_number() -> tuple[Instruction, ...]:
    """How to get a number from Microsoft, with the limits; then what changes, from the day on that each row names."""
    facts, lifecycle = load("availability"), load("lifecycle")
    figures = {**facts["limits"], **facts["cart"]}
    rows = [(step["text"].format_map(figures), cite("availability", step["source"])) for step in facts["get_number"]]
    for rule in lifecycle["rules"]:
        if rule["option"] == "cloud":
            words = (f"From {rule['from']}, {rule['who']}:", rule["text"], rule.get("doubt", ""))
            rows.append((" ".join(filter(None, words)), cite("lifecycle", rule["source"])))
    return tuple(Instruction(order, text, said) for order, (text, said) in enumerate(rows, start=1))


def steps_to_a_call() -> tuple[Instruction, ...]:
    """How an application calls a phone: startCall with alternateCallerId in the Calling SDK, or Call Automation."""
    steps = load("routing")["call_a_phone"]
    return tuple(Instruction(step["order"], step["text"], cite("routing", step["source"])) for step in steps)


def create_call_request(target: str, caller_id: str, callback_uri: str) -> CallRequest:
    """The request with which Call Automation calls a phone, from `caller_id`, reporting to `callback_uri`.

    Both numbers are E.164. Unless direct routing carries the call, the caller ID must be a number the resource owns.
    Raises NumberError for a number, AnswerError for a callback that is not https or that carries a password.

    >>> create_call_request("+14255550100", "+14255550001", "https://contoso.com/calls").path
    '/calling/callConnections'
    """
    facts = load("routing")["create_call"]
    number = _e164(target, "target")
    body = {
        "targets": [{"rawId": facts["raw_id_prefix"] + number, "phoneNumber": {"value": number}}],
        "sourceCallerIdNumber": {"value": _e164(caller_id, "caller_id")},
        "callbackUri": _callback(callback_uri),
    }
    return CallRequest(facts["method"], facts["path"], json.dumps(body), cite("routing", facts["source"]))


def _e164(number: str, place: str) -> str:
    if not isinstance(number, str) or not is_e164(number):
        remedy = "Write a plus, the country code and the number, digits only, 2 to 15 of them, such as +31201234567."
        raise NumberError(f"{ascii(number)[:40]} is not in E.164", place=place, remedy=remedy)
    return number


def _callback(uri: str) -> str:
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]+)?([/?#]\S*)?", uri) or not uri.isprintable():
        # The address is not repeated in the message: it may carry the password it is refused for.
        remedy = "Give an https address of your application, without a user name or password."
        raise AnswerError("this address cannot take the events of a call", place="callback_uri", remedy=remedy)
    return uri
