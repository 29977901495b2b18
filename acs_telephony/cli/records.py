"""The command that puts a case on record, as Markdown or as one HTML page."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from acs_telephony.cli.given import File, Unusable, contents, write
from acs_telephony.cli.reports import harmless
from acs_telephony.models import quoted

if TYPE_CHECKING:
    from acs_telephony.views.record import Record, Routing

_WRITTEN = (".html", ".md")


@click.command()
@click.argument("answers", required=False)
@click.option("--example", is_flag=True, help="Print the answers of a made company instead, to begin with.")
@click.option("--rates", callback=contents, metavar="FILE", help="Microsoft's list of rates by prefix, as CSV.")
@click.option("--output", "outputs", multiple=True, metavar="FILE", help="Write .html or .md; may be given twice.")
@click.pass_context
def record(
    ctx: click.Context, answers: str | None, example: bool, rates: File | None, outputs: tuple[str, ...]
) -> None:
    """Write the decision record of the case in ANSWERS (TOML): its options, outcome, routing, costs, dates, unknowns.

    The table that ANSWERS names is read from beside it. Without --output the record is printed as Markdown; a .md file
    has its pictures beside it, a .html file has everything inside. The same input gives the same bytes.
    """
    from acs_telephony.deciding.answering import read_case
    from acs_telephony.deciding.rates import read_rate_list
    from acs_telephony.guide.made_case import CONTOSO_ANSWERS
    from acs_telephony.views.record import record as recorded

    if example:
        write(CONTOSO_ANSWERS.rstrip("\n"))
        return
    if answers is None:
        raise click.UsageError("No ANSWERS are given. Begin with --example.")
    for name in outputs:
        if not name.endswith(_WRITTEN):
            raise click.BadParameter(f"{harmless(name)}: name a file that ends with {' or '.join(_WRITTEN)}.")
    read = contents(ctx, ctx.command.params[0], answers)
    case = read_case(read[1] if read else b"")
    listed = read_rate_list(rates[1], rates[0]) if rates else None
    folder = Path() if answers == "-" else Path(answers).parent
    made = recorded(case, _table(ctx, folder, case.table) if case.table else None, listed)
    for name in outputs:
        _save(made, Path(name))
    if not outputs:
        write(harmless(made.markdown).rstrip("\n"))


def _table(ctx: click.Context, folder: Path, name: str) -> Routing:
    """The table of a case, from its own folder: who wrote the answers must not choose other files of this computer.

    A table that the service would refuse is audited as it is; only one that it would take can be moved.
    """
    from acs_telephony.checking.documents import decoded, read_table
    from acs_telephony.errors import ConfigurationError
    from acs_telephony.models import SipConfiguration

    if PurePath(name).name != name or name in ("", "-", ".."):
        raise Unusable(f"table: {quoted(name)} is no plain name. Put the table beside the answers.")
    if not (folder / name).exists():
        problem = f"table: {quoted(name)} is not beside the answers. Put it there, or leave it out. To try it:"
        raise Unusable(f"{problem} acs-telephony example > {harmless(name)}")
    read = contents(ctx, ctx.command.params[0], str(folder / name))
    text = read[1] if read else b""
    table = read_table(text)
    try:
        return SipConfiguration.load(decoded(text)) if table.service == "acs" else table
    except ConfigurationError:
        return table


def _save(made: Record, path: Path) -> None:
    write((made.html if path.suffix == ".html" else made.markdown).rstrip("\n"), str(path))
    for picture in made.pictures if path.suffix == ".md" else ():
        if drawn := picture.svg():
            write(drawn.rstrip("\n"), str(path.parent / picture.file_name))
