"""A page in Markdown, walked: its commands typed, its files written, its edits made, in one new folder.

What a page may hold, and what each becomes, is the notation that PIPELINE.md explains to its readers:

    ```sh               typed at the top of the repository; `# exits with 1` on its last line, else it ends with 0
    ```bash             the same in a clone of the present branch, with TARGET=main: what a CI would do
    ```text             what the block before it prints; a line `...` stands for one line or more
    ```toml name.toml   a file to write; `>> name.toml`: lines to add at its end
    ```diff             an edit, for `git apply`
    | step of the workflow | ends with |    what the `run:` steps of the workflow end with, for a pull request of the
                                            present branch
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT

DAY = "2026-12-01"  # of the walk: silences end
FENCE = re.compile(r"```(\w+)(?: (>> )?(\S+))?")
TABLE = "| step of the workflow | ends with |"
WORKFLOW = ".github/workflows/routes.yml"

# The program of this checkout, with its clock held.
PROGRAM = f"""
import datetime, sys
from acs_telephony.cli import commands

class Day(datetime.date):
    @classmethod
    def today(cls):
        return cls.fromisoformat("{DAY}")

commands.date = Day
sys.argv[0] = "acs-telephony"
commands.main()
"""


@dataclass(frozen=True)
class Block:
    """Something of a page that is done: its kind, where it stands, and what the page says of it."""

    kind: str
    line: int
    text: str
    name: str = ""
    shown: str = ""

    @property
    def code(self) -> int:
        """The exit code that the page tells."""
        told = re.search(r"# exits with (\d+)$", self.text.rstrip())
        return int(told[1]) if told else 0


@dataclass(frozen=True)
class Outcome:
    """What a block did: how it ended and what it printed; of a table, how each step ended."""

    code: int = 0
    printed: str = ""
    steps: Mapping[str, str] = field(default_factory=dict)


def blocks(page: str) -> list[Block]:
    """What a page asks its reader to do, in order. Raises ValueError for a block that nobody would run."""
    found: list[Block] = []
    lines = page.splitlines()
    at = 0
    while at < len(lines):
        start, fence = at, FENCE.fullmatch(lines[at])
        at += 1
        if lines[start] == TABLE:
            at = _after(lines, at, lambda line: not line.startswith("|"))
            found.append(Block("table", start + 1, "\n".join(lines[start + 2 : at])))
        if fence is None:
            continue
        kind, more, name = fence.groups()
        at = _after(lines, at, lambda line: line == "```")
        text = "\n".join(lines[start + 1 : at]) + "\n"
        at += 1
        if kind == "text" and found and found[-1].kind in ("sh", "bash") and not found[-1].shown:
            found[-1] = Block(found[-1].kind, found[-1].line, found[-1].text, shown=text)
        elif name:
            if f"`{name}`" not in "\n".join(lines[max(0, start - 4) : start]):
                raise ValueError(f"line {start + 1}: the reader is not told that this is {name}")
            found.append(Block("more" if more else "file", start + 1, text, name))
        elif kind in ("sh", "bash", "diff"):
            if "# exits with" in text.rstrip().rpartition("\n")[0]:
                raise ValueError(f"line {start + 1}: only the last command may end otherwise than with 0")
            found.append(Block(kind, start + 1, text))
        else:
            raise ValueError(f"line {start + 1}: nobody runs a block of {kind}")
    return found


def _after(lines: Sequence[str], at: int, ends: Callable[[str], bool]) -> int:
    return next((later for later in range(at, len(lines)) if ends(lines[later])), len(lines))


def slips(page: Sequence[Block], outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Where a page says something else than what happens, or happened; no further than it is asked."""
    for block, outcome in zip(page, outcomes, strict=True):
        yield from _slips(block, outcome)


def _slips(block: Block, outcome: Outcome) -> Iterator[str]:
    if outcome.code != block.code:
        yield f"line {block.line}: ends with {outcome.code}, not {block.code}: {outcome.printed}"
    if not fits(block.shown, outcome.printed):
        yield f"line {block.line}: prints something else:\n{outcome.printed}"
    if block.kind == "table":
        told = [tuple(cell.strip(" `") for cell in row.strip("|").split("|")) for row in block.text.splitlines()]
        done = list(outcome.steps.items())
        same = [step.startswith(name) and end == ended for (name, end), (step, ended) in zip(told, done, strict=False)]
        if len(told) != len(done) or not all(same):
            yield f"line {block.line}: the steps end otherwise: {done}"


def fits(shown: str, printed: str) -> bool:
    """Whether a text is what is shown; a line `...` of what is shown stands for one line or more."""
    lines = shown.rstrip().splitlines()
    wanted = "".join(r"(?:.*\n)+" if line == "..." else re.escape(line) + r"\n" for line in lines)
    return re.fullmatch(wanted or r"\n", printed.rstrip() + "\n") is not None


class Walk:
    """A new repository in a folder, on a computer without a network or a git configuration, on a day of its own."""

    def __init__(self, folder: Path, program: str = "") -> None:
        self.folder, self.here = folder, folder / "routes"
        for made in (self.here, folder / "bin", folder / "tmp"):
            made.mkdir()
        script = folder / "bin" / "acs-telephony"
        source = folder / "program.py"
        source.write_text(PROGRAM, encoding="utf-8")
        started = f'exec {shlex.quote(sys.executable)} {shlex.quote(str(source))} "$@"\n'
        script.write_text("#!/bin/sh\n" + (program or started), encoding="utf-8", newline="\n")
        script.chmod(0o755)
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
        someone = {
            f"GIT_{who}_{what}": "reader@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        self.environment = {
            **kept,
            **someone,
            "PATH": os.pathsep.join([str(script.parent), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ALLOW_PROTOCOL": "file",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def run(self, script: str, *, cwd: Path | None = None, options: str = "-euo pipefail", **env: str) -> Outcome:
        """What a script does under bash."""
        done = subprocess.run(
            ["bash", *options.split(), "-c", script],
            cwd=cwd or self.here,
            env=self.environment | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        return Outcome(done.returncode, done.stdout)

    def did(self, script: str, **more: Any) -> str:
        """The words of a script that has to work."""
        outcome = self.run(script, **more)
        assert outcome.code == 0, outcome.printed
        return outcome.printed.strip()

    def do(self, page: Sequence[Block]) -> Iterator[Outcome]:
        """What every block of a page does, in order; no further than it is asked."""
        return map(self._do, page)

    def _do(self, block: Block) -> Outcome:
        if block.kind == "sh":
            return self.run(block.text)
        if block.kind == "bash":
            return self.run(block.text, cwd=self.clone(), TARGET="main")
        if block.kind == "diff":
            return self.run(f"git apply - <<'END'\n{block.text}END")
        if block.kind == "table":
            return Outcome(steps=self.workflow(self.pull_request()))
        target = self.here / block.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a" if block.kind == "more" else "w", encoding="utf-8", newline="\n") as file:
            file.write(block.text)
        return Outcome()

    def _new(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=name, dir=self.folder))

    def _server(self) -> str:
        server = self._new("server")
        self.did(f"git clone -q --bare . {shlex.quote(str(server))}")
        return server.as_uri()

    def clone(self) -> Path:
        """What a CI makes: the present branch, and no other."""
        made, branch = self._new("clone"), self.did("git branch --show-current")
        self.did(f"git clone -q --single-branch --branch {branch} {self._server()} .", cwd=made)
        return made

    def pull_request(self, depth: int | None = None) -> Path:
        """What actions/checkout makes of a pull request of the present branch: its merge with main, as deep as told.

        With a depth of 0 every branch is fetched, otherwise the merge alone.
        """
        merging, made, server = self._new("merging"), self._new("checkout"), self._server()
        branch = self.did("git branch --show-current")
        self.did(f"git clone -q --branch main {server} .", cwd=merging)
        self.did(f"git merge -q --no-ff -m 'Merge {branch} into main' origin/{branch}", cwd=merging)
        self.did("git push -q origin HEAD:refs/pull/1/merge", cwd=merging)
        if depth is None:
            workflow = yaml.safe_load((merging / WORKFLOW).read_text(encoding="utf-8"))
            (options,) = (
                step["with"] for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")
            )
            depth = options.get("fetch-depth", 1)
        refs = "+refs/pull/1/merge:refs/remotes/pull/1/merge"
        refs = f"--depth {depth} origin {refs}" if depth else f"origin +refs/heads/*:refs/remotes/origin/* {refs}"
        self.did(f"git init -q; git remote add origin {server}; git fetch -q {refs}", cwd=made)
        self.did("git checkout -q --detach refs/remotes/pull/1/merge", cwd=made)
        return made

    def workflow(self, checkout: Path) -> dict[str, str]:
        """How the `run:` steps of the workflow end; `pip install` is not run, and said to be so."""
        workflow = yaml.safe_load((checkout / WORKFLOW).read_text(encoding="utf-8"))
        ends: dict[str, str] = {}
        for step in steps(workflow):
            script, condition = step.get("run"), step.get("if")
            assert condition in (None, "${{ !cancelled() }}"), condition
            if script is None:
                continue
            if script.startswith("pip install "):
                ends[script] = "not run"
            elif condition is None and {"1", "2"} & set(ends.values()):
                ends[script] = "skipped"
            else:
                given = self.github() | workflow.get("env", {}) | step.get("env", {})
                ends[script] = str(self.run(script, cwd=checkout, options="-e", **given).code)
        return ends

    def github(self) -> dict[str, str]:
        """The variables of a pull request that matter here."""
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_BASE_REF": "main",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_HEAD_REF": self.did("git branch --show-current"),
            "GITHUB_REF": "refs/pull/1/merge",
        }


def steps(workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps of a workflow of one job."""
    (job,) = workflow["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found
