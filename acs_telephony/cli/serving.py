"""A local resource for programs in other terminals, until Ctrl-C."""

from __future__ import annotations

import errno
import json
import shlex
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING

import click

from acs_telephony.cli.given import OUTPUT, File, Unusable, contents, write
from acs_telephony.models import Resource, SipConfiguration, is_e164, quoted

if TYPE_CHECKING:
    from acs_telephony.live.resource import LocalResource


@click.command()
@click.argument("table", callback=contents)
@click.option("--number", "numbers", multiple=True, metavar="NUMBER", help="A number that was bought; may be repeated.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="a free one")
@click.option("--bind", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="An address of loopback.")
@OUTPUT
def serve(table: File, numbers: tuple[str, ...], port: int, bind: str, output: str | None) -> None:
    """Serve a local ACS resource with this TABLE over HTTPS, to Microsoft's SDKs on this machine.

    It prints the environment that a client needs. With --output the table as it is at the end goes to a file.
    """
    from acs_telephony.live.resource import LocalResource

    for number in numbers:
        if not is_e164(number):
            problem = f"{quoted(number)} is no E.164 number. Write it as +14255550111."
            raise click.BadParameter(problem, param_hint="--number")
    resource = LocalResource(Resource(configuration=SipConfiguration.load(table[1]), purchased_numbers=numbers))
    if output:  # at once, so that a file that cannot be written is told before there is anything to lose
        write(json.dumps(resource.table, indent=2), output)
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, end)
    try:
        _serve(resource, ended, port, bind)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        problem = f"port {port} on {bind}: {error.strerror}. Leave --port out to take a free one."
        raise Unusable(problem) from None
    if output:
        write(json.dumps(resource.table, indent=2), output)


def _serve(resource: LocalResource, ended: threading.Event, port: int, bind: str) -> None:
    from acs_telephony.live.serving import serving

    with serving(resource, port=port, bind=bind) as served:
        for name, value in served.environment.items():
            click.echo(f"{name}={shlex.quote(value)}")
        click.echo(f"Serving {resource!r} at {served.endpoint} until Ctrl-C.", err=True)
        click.echo("Copy the lines above into another terminal, each behind 'export'.", err=True)
        while not ended.wait(0.5):  # in steps: on Windows nothing else lets Ctrl-C through
            pass
    click.echo("Stopped.", err=True)
