#!/usr/bin/env python3
"""Set this project up and use it, on a computer with nothing but Python 3.11 or later.

usage: python kit.py COMMAND [ARGUMENTS]

  open     JupyterLab on notebooks/00_start_here.ipynb; arguments go on to it (--no-browser, --port=8899)
  test     all tests, in as many processes as there are cores, 4 at most; --full: the long tier;
           any other argument goes on to pytest, which then runs in one process (-k WORD, --full -x)
  refresh  run the notebooks again and write their outputs down; arguments go on to tests/refresh.py
  doctor   say what is here, what is missing and what to do; changes nothing
  reset    bring the notebooks back as they were shipped; yours are kept aside (--yes: without asking)

The first three make .venv in this folder when it is missing or out of date. Outside this folder only pip's cache grows.
"""

import sys

# Old Pythons must be able to read this file (no syntax newer than 3.6) and leave it before they import what they lack.
if sys.version_info < (3, 11):
    sys.exit(
        "kit.py: this is Python {}.{} ({}), and 3.11 or later is needed\n"
        "  Install a newer Python from python.org or your system's packages, then name it:\n"
        "  python3.12 kit.py ...  (on Windows: py -3.12 kit.py ...)".format(*sys.version_info[:2], sys.executable)
    )

import hashlib
import importlib.metadata
import importlib.util
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
NOTEBOOKS = ROOT / "notebooks"
KEPT = ROOT / "notebooks-kept"
SHIPPED = ROOT / ".shipped.zip"
CONSTRAINTS = ROOT / "tests" / "constraints.txt"
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
SUFFIX = ".exe" if os.name == "nt" else ""
PYTHON = BIN / f"python{SUFFIX}"
STAMP = VENV / "kit.txt"

# What the browser tests drive, first come first served; the variable CHROMIUM goes before them.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# How all tests run: a process for each core, each with its own JupyterLab and browser, where it needs them. One file
# stays in one process, as a notebook needs one kernel; which files come first is said in tests/conftest.py.
SIDE_BY_SIDE = ["-n", "logical", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]

# Defaults of JupyterLab in this .venv: no question about news; what controls ask is done in the main thread of the
# kernel, where Interrupt Kernel can stop it.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"},
}
COUNT_UNTRUSTED = """
import sys, nbformat, nbformat.sign
notary = nbformat.sign.NotebookNotary()
print(sum(not notary.check_signature(nbformat.read(path, as_version=4)) for path in sys.argv[1:]))
"""


def fail(problem: str, *remedies: str) -> SystemExit:
    """The end of this program in words: what is wrong, then what to do, a line each."""
    return SystemExit("\n  ".join([f"kit.py: {problem}", *remedies]))


# --- .venv: one for all commands ---


def environment() -> dict[str, str]:
    """The environment for programs of .venv, where other Pythons and the person's own Jupyter have no say."""
    foreign = {"PYTHONHOME", "PYTHONPATH", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH"}
    own = {"PYTHONNOUSERSITE": "1", "JUPYTER_PREFER_ENV_PATH": "1", "VIRTUAL_ENV": str(VENV)}
    own["PATH"] = str(BIN) + os.pathsep + os.environ.get("PATH", os.defpath)
    for name in "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR":
        own[name] = str(VENV / "jupyter" / name.lower())
    return {**{name: value for name, value in os.environ.items() if name not in foreign}, **own}


def quietly(*command: str) -> subprocess.CompletedProcess[bytes]:
    """A program that has ended, and what it wrote to its standard output."""
    none = subprocess.DEVNULL
    return subprocess.run(command, cwd=ROOT, env=environment(), stdin=none, stdout=subprocess.PIPE, stderr=none)


def wanted(extra: str) -> list[str]:
    """The stamp of a .venv that is up to date: what it is made with and where, then what is installed in it."""
    inputs = (ROOT / "pyproject.toml").read_bytes() + b"\0" + CONSTRAINTS.read_bytes()
    return [str(sys.implementation.cache_tag), str(ROOT), hashlib.sha256(inputs).hexdigest(), extra]


def stamped() -> list[str]:
    """The stamp of .venv; empty when .venv is missing or not finished, or its Python is gone."""
    try:
        return STAMP.read_text(encoding="utf-8").splitlines() if quietly(str(PYTHON), "-c", "").returncode == 0 else []
    except OSError:
        return []


def is_current(extra: str) -> bool:
    """Whether .venv needs nothing; the tests' packages include the notebooks'."""
    return stamped() in (wanted(extra), wanted("test"))


def set_up(extra: str) -> None:
    """Make .venv hold this project with `extra`."""
    keep_shipped()
    if is_current(extra):
        return
    if stamped()[:2] != wanted(extra)[:2]:
        make_venv()
    STAMP.unlink(missing_ok=True)
    install(extra)
    STAMP.write_text("\n".join(wanted(extra)), encoding="utf-8")  # last: an interrupted set-up is done again


def make_venv() -> None:
    """Make an empty .venv in the place of what is there."""
    if importlib.util.find_spec("ensurepip") is None:
        raise fail(
            "this Python cannot make a .venv: its ensurepip is missing (Debian and Ubuntu pack it apart)",
            "Either: sudo apt install python3-venv, then the same command again.",
            "Or, where uv is installed: uv run --extra notebooks jupyter lab notebooks/00_start_here.ipynb",
        )
    print(f".venv: making it with Python {sys.version.split()[0]}", flush=True)
    try:
        venv.create(VENV, clear=True, symlinks=os.name != "nt", with_pip=True)
        (VENV / "jupyter").mkdir()  # IPython warns when the folder above its own is not there
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise fail(
            f".venv could not be made: {error}",
            "Is this folder writable, is the disk not full, does no program of .venv run? Then again.",
        ) from None


def install(extra: str) -> None:
    """Let pip install this project and all that it needs into .venv."""
    print("packages: fetching and installing, about half a minute ", end="", flush=True)
    options = ["--disable-pip-version-check", "--no-input", "--no-compile", "-c", "tests/constraints.txt"]
    said = []
    with subprocess.Popen(
        [str(PYTHON), "-m", "pip", "install", *options, "-e", f".[{extra}]"],
        cwd=ROOT,
        env={**environment(), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as pip:
        for line in pip.stdout or ():
            said.append(line.strip())
            print("." * line.startswith(("Collecting ", "Installing ")), end="", flush=True)
    print()
    if pip.returncode:
        raise fail(*pip_failure(said))


def pip_failure(said: list[str]) -> list[str]:
    """What to tell when pip gave up after saying this."""
    signs = r"from versions: none|connection|timed out|name resolution|unreachable|proxyerror|certificate"
    offline = re.search(signs, "\n".join(said), re.IGNORECASE)
    errors = [line for line in said if line.startswith("ERROR")] or said
    return [
        "the network or the package registry was not reached" if offline else "pip could not install the packages",
        "Nothing is lost: your notebooks are as they were, and the same command begins again.",
        "Connect first; behind a proxy or a registry of your own, tell pip of it (pip config).",
        *(f"pip's last words: {line}" for line in errors[-2:]),
    ]


def run(*arguments: str) -> int:
    """Become Python of .venv with these arguments, so that signals and the exit code are its own."""
    command = [str(PYTHON), *arguments]
    sys.stdout.flush()
    os.chdir(ROOT)
    if os.name != "nt":
        os.execve(command[0], command, environment())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows this program waits, and Ctrl-C is for the other
    return subprocess.call(command, env=environment())


def open_notebooks(arguments: list[str]) -> int:
    """Open JupyterLab, with the outputs of the shipped notebooks trusted: untrusted pictures are not shown."""
    set_up("notebooks")
    notebooks = [str(path) for path in sorted(shipped()) if path.suffix == ".ipynb" and path.exists()]
    settings = VENV / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    if notebooks and quietly(str(PYTHON), "-m", "nbformat.sign", *notebooks).returncode:
        print("notebooks: at least one cannot be read, so not all are trusted. Next: python kit.py doctor")
    print("JupyterLab opens; Ctrl-C here ends it", flush=True)
    return run("-m", "jupyterlab", f"--config={ROOT / 'lab' / 'config.py'}", *arguments)


# --- the shipped notebooks ---


def from_git() -> bytes:
    """notebooks/ as shipped, in a zip; empty where git does not know.

    Shipped is what came from upstream: the last commit shared with it. So what a trainee committed does not count, and
    what they pulled does. Without an upstream there is nobody else to ask, and HEAD counts.
    """
    if shutil.which("git") is None:
        return b""
    base = quietly("git", "merge-base", "HEAD", "@{upstream}").stdout.decode().strip() or "HEAD"
    return quietly("git", "archive", "--format=zip", base, NOTEBOOKS.name).stdout


def keep_shipped() -> None:
    """Where git does not know (a download), keep the notebooks as they came, before anybody changes them.

    Not in .venv: deleting that is a common cure and must not lose them.
    """
    if SHIPPED.exists() or not NOTEBOOKS.is_dir() or from_git():
        return
    unfinished = SHIPPED.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(NOTEBOOKS.rglob("*")):
            if path.is_file() and ".ipynb_checkpoints" not in path.parts:
                archive.write(path, path.relative_to(ROOT).as_posix())
    unfinished.replace(SHIPPED)


def shipped() -> dict[Path, bytes]:
    """The content of every file below notebooks/ as shipped; empty when nobody knows."""
    content = from_git() or (SHIPPED.read_bytes() if SHIPPED.exists() else b"")
    if not content:
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {ROOT / name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def differing(originals: dict[Path, bytes]) -> dict[Path, str]:
    """Which of these files are "missing", "changed", or only "run again" now."""
    found = {path: path.read_bytes() if path.exists() else None for path in originals}
    return {
        path: "missing" if now is None else "run again" if written(now) == written(originals[path]) else "changed"
        for path, now in found.items()
        if now != originals[path]
    }


def written(content: bytes) -> object:
    """What a person writes: of a notebook its cells, without outputs and without what JupyterLab fills in by itself."""
    try:
        return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(content)["cells"]]
    except (ValueError, LookupError, TypeError):
        return content


def reset(arguments: list[str]) -> int:
    """Write the shipped notebooks again, after keeping aside what differs and asking."""
    originals = shipped()
    if not originals:
        raise fail("how the notebooks were shipped is not known here", "Download the project again, beside this one.")
    differ = differing(originals)
    if not differ:
        print("notebooks: as shipped, nothing to do")
        return 0
    last = max((int(path.name) for path in KEPT.glob("*") if path.name.isdigit()), default=0)
    kept = KEPT / f"{last + 1:03}"
    for path, word in differ.items():
        print(f"  {word}: {path.relative_to(ROOT).as_posix()}")
    print(f"What you changed goes to {kept.relative_to(ROOT).as_posix()}/, and what you added stays where it is.")
    if "--yes" not in arguments and not agrees("Bring the shipped ones back? [y/N] "):
        print("notebooks: nothing was changed")
        return 1
    for path in (path for path, word in differ.items() if word == "changed"):  # all, before one is written over
        aside = kept / path.relative_to(NOTEBOOKS)
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, aside)
    for path in differ:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(originals[path])
    print("notebooks: as shipped; in a JupyterLab that is open, File > Reload Notebook from Disk")
    return 0


def agrees(question: str) -> bool:
    """Whether somebody is there and says yes."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


# --- doctor: each check gives a mark and a sentence; "fix" needs doing, "note" is good to know ---


def check_python() -> Iterator[tuple[str, str]]:
    """This Python, and .venv."""
    yield "ok", f"Python {sys.version.split()[0]} ({sys.executable})"
    if is_current("notebooks"):
        yield "ok", f".venv is up to date for {'open, test and refresh' if is_current('test') else 'open'}"
    elif stamped():
        yield "fix", ".venv is not of this Python, folder, pyproject.toml and constraints. Next: python kit.py open"
    else:
        yield "fix", ".venv is missing, not finished, or its Python is gone. Next: python kit.py open"
        if importlib.util.find_spec("ensurepip") is None:
            yield "fix", "ensurepip is missing, and .venv needs it. Next: sudo apt install python3-venv"


def check_packages() -> Iterator[tuple[str, str]]:
    """The packages that pyproject.toml names, at the versions of the constraints."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = ("notebooks", "test") if is_current("test") else ("notebooks",)
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    # What is for some computers only, after a ';', is not missed.
    named = {re.split(r"[^\w-]", line)[0] for line in lines if ";" not in line}
    pins = dict(re.findall(r"^([\w-]+)==(\S+)", CONSTRAINTS.read_text(encoding="utf-8"), re.MULTILINE))
    sites = [str(path) for place in ("lib/python*", "Lib") for path in VENV.glob(f"{place}/site-packages")]
    have = {str(found.name).lower(): found.version for found in importlib.metadata.distributions(path=sites)}
    remedy = "delete the folder .venv, then python kit.py open" if is_current("notebooks") else "python kit.py open"
    for name in sorted(named & pins.keys()):
        if have.get(name) == pins[name]:
            yield "ok", f"package {name} {pins[name]}"
        else:
            yield "fix", f"package {name} {pins[name]}: {have.get(name, 'not')} installed. Next: {remedy}"


def browser() -> str | None:
    """The Chromium or Chrome that the browser tests drive, if there is one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def check_programs_and_port() -> Iterator[tuple[str, str]]:
    """Who draws, in the order in which the project asks; what the browser tests drive; where JupyterLab will listen."""
    drawn = len(list((ROOT / "diagrams").glob("*.svg")))
    if (BIN / f"graphviz-pure{SUFFIX}").exists():
        yield "ok", "pictures are drawn by graphviz-pure of .venv"
    elif shutil.which("dot"):
        yield "ok", f"pictures are drawn by {shutil.which('dot')}"
    else:
        yield "note", f"nothing here draws pictures; the {drawn} drawn ones in diagrams/ are shown"
    if browser():
        yield "ok", f"browser tests drive {browser()}"
    else:
        yield "note", "no Chromium or Chrome on the PATH: tests in a browser are skipped"
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = probe.connect_ex(("127.0.0.1", 8888)) == 0
    yield ("note", "port 8888 is taken; JupyterLab takes the next one") if taken else ("ok", "port 8888 is free")


def check_notebooks() -> Iterator[tuple[str, str]]:
    """The notebooks against how they were shipped, and whether JupyterLab will show their outputs."""
    originals = shipped()
    if not originals:
        yield "note", "how the notebooks were shipped is written down by the first open or test"
    differ = differing(originals)
    for path, word in differ.items():
        name = path.relative_to(ROOT).as_posix()
        if word != "run again":
            yield "fix" if word == "missing" else "note", f"{name} is {word}. For the shipped one: python kit.py reset"
    if originals and set(differ.values()) <= {"run again"}:
        yield "ok", "the notebooks are as shipped"
    notebooks = [str(path) for path in originals if path.suffix == ".ipynb" and path.exists()]
    if notebooks and stamped():
        count = quietly(str(PYTHON), "-c", COUNT_UNTRUSTED, *notebooks).stdout.decode().strip()
        yield "ok" if count == "0" else "note", f"notebooks whose outputs are not trusted yet: {count or 'unknown'}"


def doctor() -> int:
    """Print what every check says; 0 when nothing needs doing."""
    marks = []
    for check in check_python, check_packages, check_programs_and_port, check_notebooks:
        for mark, sentence in check():
            marks.append(mark)
            print(f"{mark:5} {sentence}")
    return int("fix" in marks)


def main(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    command, rest = (arguments or [""])[0], arguments[1:]
    if command == "open":
        return open_notebooks(rest)
    if command in ("test", "refresh"):
        set_up("test")
        # Part of the tests, or pytest's debugger, is quicker or only possible in one process.
        pytest = ["-m", "pytest", *(SIDE_BY_SIDE if rest in ([], ["--full"]) else [])]
        return run(*(pytest if command == "test" else ["tests/refresh.py"]), *rest)
    if command == "doctor" and not rest:
        return doctor()
    if command == "reset" and rest in ([], ["--yes"]):
        return reset(rest)
    asked = command in ("-h", "--help", "help")
    if arguments and not asked:
        print(f"kit.py: no such command: {' '.join(arguments)}\n")
    print(__doc__)
    return 0 if asked else 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
