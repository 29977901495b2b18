"""Where one stands: what a month costs, and which documents the facts come from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from acs_telephony.cli.given import OUTPUT, File, contents, write
from acs_telephony.cli.reports import harmless

_DAY: dict[str, Any] = {"type": click.DateTime(["%Y-%m-%d"]), "metavar": "DATE"}


@click.command()
@click.argument("profile", callback=contents, required=False)
@click.option("--rates", callback=contents, metavar="FILE", help="Microsoft's list of rates by prefix, as CSV.")
@click.option("--example", is_flag=True, help="Write a profile of a made company instead, to begin with.")
@click.option("--as-of", **_DAY, help="The day of the bill, else today.")
@OUTPUT
def cost(profile: File | None, rates: File | None, example: bool, as_of: datetime | None, output: str | None) -> None:
    """Price a month of calls: PROFILE (TOML) holds minutes, numbers, and your own prices."""
    from acs_telephony.deciding.costing import price, read_profile
    from acs_telephony.deciding.rates import read_rate_list
    from acs_telephony.guide.made_month import CONTOSO_MONTH
    from acs_telephony.views.costs import bill_page

    if example:
        return write(CONTOSO_MONTH.rstrip("\n"), output)
    if profile is None:
        raise click.UsageError("No PROFILE is given. Begin with --example.")
    listed = read_rate_list(rates[1], rates[0]) if rates else None
    bill = price(read_profile(profile[1]), listed)
    return write(harmless(str(bill_page(bill, as_of.date() if as_of else date.today()))), output)


@click.command()
@click.option("--stale", "only_stale", is_flag=True, help="Only what was not read again within a year.")
@click.option("--as-of", **_DAY, help="The day for --stale, else today.")
def facts(only_stale: bool, as_of: datetime | None) -> None:
    """List the documents behind the facts, with the day on which each was last read."""
    from acs_telephony.views.costs import read_table, stale_table

    if as_of and not only_stale:
        raise click.UsageError("A day is for --stale alone. Add it, or leave --as-of out.")
    write(str(stale_table(as_of.date() if as_of else date.today()) if only_stale else read_table()))
