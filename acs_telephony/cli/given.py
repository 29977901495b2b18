"""What every command takes and writes: files by name or from standard input, and text to a file or to the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path, PurePath
from typing import Any, TypeVar

import click

from acs_telephony.cli.reports import harmless

#: The name of a file as reports tell it, and its bytes.
File = tuple[str, bytes]
Command = TypeVar("Command", bound=Callable[..., Any])


class Unusable(click.ClickException):
    """What was given cannot be used: the command ends with 2."""

    exit_code = 2


def contents(_: click.Context, parameter: click.Parameter, name: str | None) -> File | None:
    """The bytes of a file, with its name from here, with slashes; of a file elsewhere its name alone."""
    if name is None:
        return None
    try:
        if name == "-":
            return "stdin", sys.stdin.buffer.read()
        data, path = Path(name).read_bytes(), PurePath(name)
    except (AttributeError, OSError, ValueError) as error:
        # Python has no standard input at all where the shell closed it.
        why = error.strerror if isinstance(error, OSError) else "it is closed" if name == "-" else error
        problem = f"{harmless(name)}: {why}. Name a file that can be read, or - for standard input."
        raise click.BadParameter(problem, param=parameter) from None
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return (path.name if path.is_absolute() or os.pardir in path.parts else path.as_posix()), data


def combined(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one."""
    return lambda command: reduce(lambda made, option: option(made), reversed(options), command)


OUTPUT = click.option("--output", metavar="FILE", help="Write to this file.")


def write(text: str, output: str | None = None) -> None:
    """Write text to a file, or to the terminal where none is named."""
    if output is None:
        return click.echo(text)
    try:
        Path(output).write_text(text + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise Unusable(f"{harmless(output)}: {error.strerror}. Name a file that can be written.") from None
