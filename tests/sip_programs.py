"""SIP peers that this project did not write, on loopback: Kamailio as an SBC, SIPp as SBC, carrier or caller, tshark.

Each runs in a process group of its own, on ports that were free, with all its files in a folder of the test, and is
ended by that group's id. Nothing listens outside 127.0.0.1. What a peer saw is read from its own log.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template

#: Debian's packages that hold each program.
PACKAGES = {"kamailio": "kamailio kamailio-tls-modules", "sipp": "sip-tester", "tshark": "tshark"}
HERE = "127.0.0.1"
SCRIPTS = Path(__file__).parent / "peers"
#: Seconds after which a peer that does not start, or a program that does not end, is given up.
PATIENCE = 20.0


def found(program: str) -> str | None:
    """The path of a program; Debian keeps Kamailio where only root's PATH looks."""
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin")


def is_offered() -> bool:
    """Whether this computer's package manager could bring the programs."""
    return sys.platform == "linux" and shutil.which("apt-get") is not None


#: Below the ports that systems give away by themselves, and not where another run of the tests begins.
_BASES = itertools.count(20_000 + os.getpid() % 1_000 * 8, 8)


def free_ports() -> int:
    """The first of eight ports of loopback that are free for UDP and TCP, and that no other peer here was given."""
    for base in _BASES:
        with ExitStack() as leaving, suppress(OSError):
            for port in range(base, base + 8):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    leaving.enter_context(socket.socket(type=kind)).bind((HERE, port))
            return base
    raise AssertionError("no port is free")


def listening() -> dict[str, set[tuple[str, int]]]:
    """The addresses and ports of this computer where somebody waits, by "udp" and "tcp", as Linux tells them."""
    waiting: dict[str, set[tuple[str, int]]] = {}
    for name, state in (("udp", "07"), ("tcp", "0A")):
        rows = [line.split() for line in Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]]
        heard = [row[1].split(":") for row in rows if row[3] == state]
        waiting[name] = {(socket.inet_ntoa(bytes.fromhex(host)[::-1]), int(port, 16)) for host, port in heard}
    return waiting


@contextmanager
def running(command: Sequence[str], folder: Path, is_up: Callable[[], bool]) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a process group of its own, from the moment that it is up; what it prints goes to a file."""
    with (folder / "printed.txt").open("wb") as printed:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed, start_new_session=True
        )
    try:
        until = time.monotonic() + PATIENCE
        while not is_up():
            said = (folder / "printed.txt").read_text(errors="replace")[-2000:]
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}: {said}"
            assert time.monotonic() < until, f"{command[0]} does not start: {said}"
            time.sleep(0.01)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, then end whatever is left of its group."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.5)  # a Kamailio that has just begun would wait much longer for its children
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)


# --- SIPp


@dataclass(frozen=True)
class Seen:
    """A message in the log of a peer: when (seconds of the day), whether it came in, and its text."""

    at: float
    came_in: bool
    text: str

    @property
    def first(self) -> str:
        """Its first line."""
        return self.text.split("\n", 1)[0].strip()

    def header(self, name: str) -> str:
        """The first header of this name."""
        line = re.search(rf"^{re.escape(name)}\s*:\s*(.*?)\s*$", self.text, re.IGNORECASE | re.MULTILINE)
        return line[1] if line else ""


@dataclass(frozen=True)
class Sipp:
    """A SIPp that runs: its port, its folder, and its process."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def seen(self) -> list[Seen]:
        """Every message of its log, in order."""
        log = self.folder / "messages.log"
        return read_messages(log.read_text(encoding="utf-8", errors="replace")) if log.exists() else []

    def ended(self, seconds: float = PATIENCE) -> int:
        """Its exit code, once its calls are over: 0 when each went as the script has it."""
        return self.process.wait(seconds)


_MESSAGE = re.compile(
    r"^-{40,} \d{4}-\d\d-\d\d[ \t](\d\d):(\d\d):(\d\d\.\d+).*\n(?:UDP|TCP|TLS) message (received|sent)[^\n]*:?\n\n",
    re.MULTILINE,
)


def read_messages(log: str) -> list[Seen]:
    """The messages of a log that SIPp wrote with -trace_msg."""
    marks = [*_MESSAGE.finditer(log)]
    ends = [*(mark.start() for mark in marks[1:]), len(log)][: len(marks)]
    return [
        Seen(int(m[1]) * 3600 + int(m[2]) * 60 + float(m[3]), m[4] == "received", log[m.end() : stop].strip())
        for m, stop in zip(marks, ends, strict=True)
    ]


@contextmanager
def sipp_runs(
    program: str,
    script: str,
    folder: Path,
    *,
    target: int | None = None,
    calls: int | None = None,
    words: Mapping[str, str] | None = None,
) -> Iterator[Sipp]:
    """SIPp with one of the scripts of tests/peers: it waits for calls, or calls `target`, on UDP.

    `words` fills the script's $names. Its control socket, which it opens by itself on every address, is bound here.
    """
    folder.mkdir(parents=True)
    port = free_ports()
    scenario = folder / script
    scenario.write_text(Template((SCRIPTS / script).read_text(encoding="utf-8")).substitute(words or {}), "utf-8")
    command = [program, "-sf", str(scenario), "-i", HERE, "-p", str(port), "-ci", HERE, "-cp", str(port + 1)]
    command += ["-trace_msg", "-message_file", str(folder / "messages.log"), "-trace_err", "-nostdin"]
    command += ["-mi", HERE, "-mp", str(port + 2), "-error_file", str(folder / "errors.log"), "-timer_resol", "1"]
    command += ["-timeout", "170s"] + (["-m", str(calls)] if calls else [])
    command += [f"{HERE}:{target}"] if target else []
    starts = (lambda: True) if target else (lambda: (HERE, port) in listening()["udp"])
    with running(command, folder, starts) as process:
        yield Sipp(port, folder, process)


# --- Kamailio


@dataclass(frozen=True)
class Kamailio:
    """A Kamailio that runs: its TLS port, its UDP port, and its folder."""

    port: int
    udp: int
    folder: Path

    def saw(self) -> list[str]:
        """What it noted of each request and of its carrier's failures, in order."""
        return re.findall(r"(?:SAW|CARRIER) .*", (self.folder / "printed.txt").read_text(errors="replace"))


@contextmanager
def kamailio_runs(
    program: str,
    folder: Path,
    *,
    fqdn: str,
    certificate: Mapping[str, bytes],
    carrier: int,
    says_503: bool,
    port: int = 5061,
    fr_ms: int = 2000,
) -> Iterator[Kamailio]:
    """Kamailio as the SBC `fqdn`, with TLS and certificates on both sides, in front of a carrier on UDP.

    `certificate`: the files key.pem, certificate.pem and ca.pem. `port`: where the service thinks it is. `says_503`:
    whether it passes its carrier's 503 on, and says 504 for silence; else it does what RFC 3261 16.7 has a proxy do.
    """
    folder.mkdir(parents=True)
    for name, text in certificate.items():
        (folder / name).write_bytes(text)
    udp = free_ports()
    tls = udp + 1
    words = {"fqdn": fqdn, "port": port, "udp": udp, "tls": tls, "carrier": carrier, "folder": folder, "fr_ms": fr_ms}
    words["on_failure"] = 't_on_failure("SAYS_SO");' if says_503 else ""
    for name in ("kamailio.cfg", "tls.cfg"):
        (folder / name).write_text(Template((SCRIPTS / name).read_text(encoding="utf-8")).substitute(words), "utf-8")
    command = [program, "-DD", "-E", "-m", "16", "-M", "4", "-f", str(folder / "kamailio.cfg"), "-w", str(folder)]
    command += ["-Y", str(folder), "-P", str(folder / "pid")]
    with running(command, folder, lambda: (HERE, udp) in (now := listening())["udp"] and (HERE, tls) in now["tcp"]):
        yield Kamailio(tls, udp, folder)
