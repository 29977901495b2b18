"""Print what the kit costs on this computer: python benchmarks/measure.py [--setup]

Every figure is the median of several runs, with the smallest and the largest. Nothing is asserted: compare runs on one
computer, and ratios between computers. `--setup` also times `kit.py` from bare Python in a copy of the project, until
JupyterLab answers; that installs packages and takes about half a minute.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from acs_telephony import Resource, SipConfiguration, Trunk, VoiceRoute, compile_table, contoso, dial, generated  # noqa: E402
from acs_telephony.views.diagrams import path  # noqa: E402
from acs_telephony.views.panels import choose_panel, dial_panel  # noqa: E402
from acs_telephony.views.pictures import draw  # noqa: E402


def measure(what: str, action: Callable[[], object], *, runs: int = 7, times: int = 1) -> None:
    """Print milliseconds for one action, which is done `times` times in each run."""
    action()
    walls = []
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(times):
            action()
        walls.append((time.perf_counter() - start) / times * 1000)
    print(f"{what:58} {statistics.median(walls):10.3f} ms  ({min(walls):.3f} to {max(walls):.3f})", flush=True)


def started(code: str) -> None:
    """A fresh Python that runs this code."""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def wide() -> Resource:
    """One route with 250 SBCs."""
    trunks = tuple(Trunk(fqdn=f"sbc{i}.example.com", sip_signaling_port=5061) for i in range(250))
    route = VoiceRoute(name="wide", number_pattern=r"^\+\d+$", trunks=tuple(trunk.fqdn for trunk in trunks))
    return Resource(configuration=SipConfiguration(trunks=trunks, routes=(route,)))


def drawn() -> None:
    """One path, drawn anew."""
    draw.cache_clear()
    path(dial(contoso(), "+31 20 123 4567")).svg()


def pressed() -> None:
    """A new dial panel, and one control of it."""
    panel = dial_panel()
    panel.controls["sbc1.contoso.biz"].value = 486


def chosen() -> None:
    """A new choose panel."""
    choose_panel()


def notebooks() -> None:
    """Every notebook, compared by nbval."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "notebooks"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def fresh_setup() -> None:
    """From bare Python to a JupyterLab that answers, in a copy without .venv."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "kit"
        leave_out = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, copy, ignore=leave_out)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "kit.py", "open", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"]
        start = time.perf_counter()
        server = subprocess.Popen(command, cwd=copy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while server.poll() is None and not answers(port) and time.perf_counter() - start < 300:
                time.sleep(0.1)
            print(f"{'kit.py open, bare Python to an answer':58} {time.perf_counter() - start:10.1f} s")
        finally:
            server.terminate()
            server.wait(30)


def answers(port: int) -> bool:
    """Whether a server answers on this computer."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=1).read()
    except (urllib.error.URLError, OSError):
        return False
    return True


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description="print what the kit costs on this computer")
    parser.add_argument("--setup", action="store_true", help="also time a set-up from bare Python")
    options = parser.parse_args()
    patterns = {n: [r.number_pattern for r in generated(n, seed=1).configuration.routes] for n in (50, 250)}
    sixty = [route.number_pattern for route in contoso().configuration.routes]
    company, wide_resource = contoso(), wide()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    measure("start Python", lambda: started("pass"))
    measure("start Python and import acs_telephony", lambda: started("import acs_telephony"))
    measure("dial, 60 routes", lambda: dial(company, "+31 20 123 4567"), times=1000)
    measure("dial, one route with 250 SBCs", lambda: dial(wide_resource, "+14255550100"), times=200)
    measure("compile 60 routes and read one number", lambda: compile_table(sixty).match("+31201234567"))
    measure("split E.164 by 60 routes (regions, witnesses, counts)", lambda: compile_table(sixty).regions())
    measure("split E.164 by 50 generated routes", lambda: compile_table(patterns[50]).regions())
    measure("split E.164 by 250 generated routes", lambda: compile_table(patterns[250]).regions(), runs=3)
    measure("draw a path, nothing remembered", drawn)
    measure("open the dial panel and change one control", pressed)
    measure("open the choose panel", chosen)
    measure("run the notebooks with nbval", notebooks, runs=3)
    if options.setup:
        fresh_setup()


if __name__ == "__main__":
    main()
