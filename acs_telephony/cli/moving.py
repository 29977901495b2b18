"""The command that writes a move to Teams, or proves one that was made: `acs-telephony move`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from acs_telephony.checking.documents import decoded, read_table
from acs_telephony.checking.moving import prove, read_script
from acs_telephony.cli.given import File, contents, write
from acs_telephony.exporting import plan_move
from acs_telephony.models import SipConfiguration, quoted
from acs_telephony.views.display import together
from acs_telephony.views.moving import checklist_table, proof_page

_Pair = tuple[str, str]
_FOLDER = click.Path(file_okay=False, path_type=Path)


def _pairs(_: click.Context, parameter: click.Parameter, given: Sequence[str]) -> tuple[_Pair, ...]:
    """Each NAME=VALUE as two; a name may hold an equals sign, a value may not."""
    parted = [text.rpartition("=") for text in given]
    if wrong := [text for text, (name, _, value) in zip(given, parted, strict=True) if not (name and value)]:
        raise click.BadParameter(f"{quoted(wrong[0])} is no {parameter.metavar}.", param=parameter)
    return tuple((name, value) for name, _, value in parted)


@click.command()
@click.argument("table", callback=contents)
@click.option("--output", metavar="DIR", type=_FOLDER, help="Write move.ps1 and undo.ps1 there, where it is proven.")
@click.option("--force", is_flag=True, help="Write over files that are there, and write even without proof.")
@click.option("--usage", metavar="NAME", default="Moved from ACS", show_default=True, help="The one PSTN usage.")
@click.option("--policy", metavar="NAME", default="Moved from ACS", show_default=True, help="The voice routing policy.")
@click.option("--alias", "aliases", multiple=True, metavar="OLD=NEW", callback=_pairs, help="An SBC's name in Teams.")
@click.option(
    "--wave", "waves", multiple=True, metavar="NAME=RANGE", callback=_pairs, help="Numbers that move together."
)
@click.option("--against", metavar="ROUTES", callback=contents, help="Prove what Teams has (JSON), or a .ps1.")
@click.option("--policies", metavar="FILE", callback=contents, help="With --against: the policies, as JSON.")
@click.option("--gateways", metavar="FILE", callback=contents, help="With --against: the PSTN gateways, as JSON.")
def move(
    table: File,
    output: Path | None,
    force: bool,
    usage: str,
    policy: str,
    aliases: tuple[_Pair, ...],
    waves: tuple[_Pair, ...],
    against: File | None,
    policies: File | None,
    gateways: File | None,
) -> None:
    """Move a TABLE of ACS to Teams: write the scripts, prove where calls go, and say who has to do what.

    The scripts change nothing without -Apply. Ends with 1 where the move is not proven, and then writes nothing.
    """
    if '"NumberPattern"' in decoded(table[1]):
        raise click.UsageError("TABLE is a table of Teams; give that of ACS, and this one with --against.")
    if len({old.lower() for old, _ in aliases}) < len(aliases):
        raise click.UsageError("An SBC has two --alias. Give each one.")
    configuration = SipConfiguration.load(decoded(table[1]))
    ranges: Mapping[str, list[str]] = {name: [text for other, text in waves if other == name] for name, _ in waves}
    planned = plan_move(configuration, usage=usage, policy=policy, aliases=dict(aliases), waves=ranges)
    if against and output:
        raise click.UsageError("--output writes new scripts, which --against does not prove. Leave out one of them.")
    if against is None or against[0].lower().endswith(".ps1"):
        if policies or gateways:
            raise click.UsageError("--policies and --gateways belong to --against with routes as JSON.")
        new = read_script(against[1] if against else planned.script, policy=policy)
    else:
        its, sbcs = (more and more[1] for more in (policies, gateways))
        new = read_table(against[1], policies=its, gateways=sbcs, policy=policy)
    proof = prove(configuration, new, aliases=planned.aliases)
    if output is not None and (proof.proven or force):
        _save(output, {"undo.ps1": planned.undo, "move.ps1": f"# {proof.sentence}\n{planned.script}"}, force=force)
    click.echo(str(together(proof_page(proof), checklist_table(planned))))
    if not proof.proven:
        if output and not force:
            click.echo("Nothing was written, for want of a proof. With --force it is.", err=True)
        raise SystemExit(1)


def _save(folder: Path, texts: Mapping[str, str], *, force: bool) -> None:
    """The way back first, each with the mark that Windows PowerShell needs to read other letters than ASCII."""
    if (there := [name for name in texts if (folder / name).exists()]) and not force:
        raise click.UsageError(f"{' and '.join(there)} would be written over. Take another --output, or --force.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write("\ufeff" + text.removesuffix("\n"), str(folder / name))
