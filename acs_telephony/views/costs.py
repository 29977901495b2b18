"""What a month costs, which numbers a billing address may have, and which sources are due to be read again.

Amounts are rounded here and nowhere else: half up, to the second decimal. Each figure says whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from acs_telephony.deciding.costing import Bill, BillLine
from acs_telephony.deciding.countries import Offer, offers
from acs_telephony.deciding.timing import end_of_service
from acs_telephony.facts import Source, cite, sources, stale
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.dot import count
from acs_telephony.views.icons import Kind
from acs_telephony.views.pages import kindly
from acs_telephony.views.steps import disagreeing, money, own_use, unread

_HEADINGS = ("for", "quantity", "for each", "price", "amount", "whose figure", "source")

_READING = (
    "Quantities and shares are your own. A price runs from the cheapest to the dearest row that may hold the number. "
    "A number belongs to its longest prefix. Nothing is converted between currencies."
)

# ---------------------------------------------------------------- cost


def bill_page(bill: Bill, as_of: date | None = None) -> Shown:
    """A bill: its totals by currency, every line with its source, and why a line has no amount.

    With a day after the last one of the service it is said first that these are prices of the past.
    """
    rows = [
        (
            line.item,
            "not given" if line.quantity is None else f"{line.quantity.normalize():,f}",
            line.unit,
            _range(line.currency, line.low, line.high, money) + (", see below" if _doubted(line) else ""),
            _range(line.currency, line.amount_low, line.amount_high, _rounded),
            line.basis,
            line.source,
        )
        for line in bill.lines
    ]
    caption = f"{bill.name}: each amount is rounded half up to the second decimal, and the totals add exact amounts"
    why = (notice("Unknown", f"{line.item}: {line.note}. [{line.source}]") for line in bill.unknown)
    gone = f"The service of these prices ended on {end_of_service()}: they are prices of the past."
    return together(
        *([notice("Mind", f"{gone} [{cite('lifecycle', ['RETIRE'])}]")] if as_of and as_of > end_of_service() else []),
        notice("Answer", _totals(bill)),
        *([table(caption, _HEADINGS, rows), notice("Our model", _READING)] if rows else []),
        *why,
        *disagreeing(dict.fromkeys(line.note for line in bill.lines if _doubted(line))),
    )


def _doubted(line: BillLine) -> bool:
    """Whether another source says otherwise of the price; what a line without amount notes is why it has none."""
    return bool(line.note) and line.amount_low is not None


def _totals(bill: Bill) -> str:
    """The totals as a sentence; currencies stay apart, and what is left out is said."""
    ways = f"Priced are the two ways to the phone network, whose last day is {end_of_service()}, and what you added"
    whose = f"{ways}; nothing else of what follows them."
    if not bill.totals:
        return f"{bill.name}: no line has an amount. {whose}"
    amounts = (_range(total.currency, total.low, total.high, _rounded) for total in bill.totals)
    told = f"{bill.name} costs {' and '.join(amounts)}."
    missing = f" That is without {count(len(bill.unknown), 'line')} whose amount is unknown."
    return f"{told}{missing if bill.unknown else ''} {whose}"


def _range(currency: str, low: Decimal | None, high: Decimal | None, words: Callable[[Decimal], str]) -> str:
    if low is None:
        return "unknown"
    if high is None:
        return f"{currency} {words(low)} at least"
    return f"{currency} {words(low)}" + ("" if low == high else f" to {words(high)}")


def _rounded(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,f}"


# ---------------------------------------------------------------- countries


@kindly
def countries_table(billing: str, number: str) -> Shown:
    """What a billing address in one country may have of the numbers of another, by each source, the newest first."""
    found = offers(billing, number)
    name = found.numbers.name if found.numbers else found.number
    rows = [_offer(row) for row in found.rows]
    headings = ("type", "to be had", "calls out", "calls in", "own use only", "source, newest first")
    caption = f"Numbers of {name} for a billing address in {found.billing}, by each source"
    answer = f'Numbers of {name} ({found.number}) for a billing address in {found.billing}: "{found.bought}".'
    kind: Kind = "Unknown" if found.bought == "unknown" else "Answer"
    both = " Another source says otherwise: compare the rows and their dates." if found.disagree else ""
    if found.bought in ("yes", "preview"):
        newest = [row.numbers for row in found.rows if row.bought == found.bought]
        types = dict.fromkeys(_typed(row.number_type) for row in newest if row.source == newest[0].source)
        answer = f"{answer} Types: {', '.join(types)}."
    parts = [notice(kind, f"{answer} {_MEANING[found.bought]}{both}")]
    if found.numbers is None:
        parts.append(
            notice("Unknown", f"No source speaks of the numbers of {found.number}, which is not the same as none.")
        )
    return together(
        *parts,
        *([table(caption, headings, rows)] if rows else []),
        *disagreeing(found.conflicts),
        *(unread(found.numbers) if found.numbers else []),
    )


_MEANING = {
    "yes": "The newest source that knows has them in general availability.",
    "preview": "The newest source that knows has them in preview.",
    "not listed": "The newest source that knows lists billing addresses, and this one is not among them.",
    "no": "The newest source that knows says that such an address could have no numbers for calls.",
    "unknown": "No source tells; that is not a no.",
}


def _offer(row: Offer) -> tuple[str, ...]:
    numbers = row.numbers
    return _typed(numbers.number_type), row.bought, numbers.make, numbers.receive, own_use(numbers), numbers.source


def _typed(number_type: str) -> str:
    return number_type.replace("_", "-")


# ---------------------------------------------------------------- staleness


def stale_table(as_of: date) -> Shown:
    """The documents that were not read again within the year before a day."""
    rows, every = _by_key(stale(as_of)), _by_key(sources())
    if not rows:
        return notice("Answer", f"None of the {len(every)} documents was last read more than a year before {as_of}.")
    return _read_table(f"{len(rows)} of {len(every)} documents were not read within the year before {as_of}", rows)


def read_table() -> Shown:
    """Every document behind the facts, with the day on which it was last read."""
    return _read_table("The documents behind the facts", _by_key(sources()))


def _by_key(found: Iterable[tuple[str, Source]]) -> dict[str, tuple[Source, list[str]]]:
    """Each document once, with the facts that use it; a key means one document everywhere."""
    rows: dict[str, tuple[Source, list[str]]] = {}
    for name, said in found:
        rows.setdefault(said.key, (said, []))[1].append(name)
    return rows


def _read_table(caption: str, rows: Mapping[str, tuple[Source, list[str]]]) -> Shown:
    headings = ("key", "date", "last read", "facts", "document")
    told = [(key, said.date, said.read, ", ".join(names), said.file) for key, (said, names) in sorted(rows.items())]
    return table(caption, headings, told)
