"""Real .NET as an oracle: whether its regular expressions find a pattern in a number.

The runtime comes from the packages dotnetcore2 and pythonnet, for Linux on x86-64, and lives in a process of its own,
so that nothing of it meets the tests. Run as a program, this file is that process: a line of JSON in, a line out.
.NET tries one way after another, so it gets a fifth of a second for a number; what takes longer has no answer.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PATIENCE = 200  # milliseconds
PACKAGES = ("dotnetcore2", "pythonnet")

#: For each number whether it matches, None where .NET took too long; or, in words, why the pattern is refused.
Answer = list[bool | None] | str


def is_offered() -> bool:
    """Whether the packages exist for this computer."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def missing() -> str:
    """Why there is no .NET here; empty where there is."""
    if not is_offered():
        return "the packages of .NET are for Linux on x86-64"
    absent = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


class DotNet:
    """A running .NET; leave it with `close`."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).resolve())]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, questions: Iterable[tuple[str, list[str]]]) -> list[Answer]:
        """The answer for each pattern and its numbers, in their order."""
        self.send(questions)
        return self.receive()

    def send(self, questions: Iterable[tuple[str, list[str]]]) -> None:
        """Let .NET begin; `receive` waits for its answers."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(list(questions)) + "\n")
        self._process.stdin.flush()

    def receive(self) -> list[Answer]:
        """The answers to what was sent."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f".NET ended with {self._process.wait()}"
        answers: list[Answer] = json.loads(line)
        return answers

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _start() -> Any:
    """.NET, ready for regular expressions, and without ICU, which a computer may lack: letters fold in ASCII only."""
    import dotnetcore2
    import pythonnet
    from clr_loader import get_coreclr

    framework = {"name": "Microsoft.NETCore.App", "version": "3.1.0"}
    options = {"tfm": "netcoreapp3.1", "framework": framework}
    options["configProperties"] = {"System.Globalization.Invariant": True}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "runtimeconfig.json"
        config.write_text(json.dumps({"runtimeOptions": options}), encoding="utf-8")
        root = Path(dotnetcore2.__file__).parent / "bin"
        pythonnet.set_runtime(get_coreclr(runtime_config=str(config), dotnet_root=str(root)))
        import clr

        clr.AddReference("System.Text.RegularExpressions")
    import System

    return System


def _serve() -> None:
    system = _start()
    words = system.Text.RegularExpressions
    patience = system.TimeSpan.FromMilliseconds(PATIENCE)
    no_options = getattr(words.RegexOptions, "None")

    def matches(regex: Any, number: str) -> bool | None:
        try:
            return bool(regex.IsMatch(number))
        except words.RegexMatchTimeoutException:
            return None

    def answer(pattern: str, numbers: list[str]) -> Answer:
        try:
            regex = words.Regex(pattern, no_options, patience)
        except system.ArgumentException as error:
            return str(error.Message)
        return [matches(regex, number) for number in numbers]

    for line in sys.stdin:
        print(json.dumps([answer(*question) for question in json.loads(line)]), flush=True)  # noqa: T201 (it is the answer)


if __name__ == "__main__":
    _serve()
