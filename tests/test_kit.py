"""The laws of kit.py.

It turns an unfit Python away in words. It installs exactly when something it was made from has changed, and an
interrupted set-up counts as none. Whatever goes wrong or is brought back, no notebook of the person's is lost.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import LONGEST_FIRST

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
OFFLINE = {  # pip with nobody to ask, and without what it remembers
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_RETRIES": "0",
}
with_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A download of the project: what kit.py reads, two notebooks, and no git."""
    root = tmp_path / "a download"
    (root / "tests").mkdir(parents=True)
    (root / "notebooks").mkdir()
    for name in "kit.py", "pyproject.toml", "tests/constraints.txt":
        shutil.copy(ROOT / name, root / name)
    for name in "00_start_here", "01_next":
        (root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    return root


def load(project: Path) -> ModuleType:
    """kit.py of this project as a module."""
    spec = importlib.util.spec_from_file_location("kit_under_test", project / "kit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command(project: Path, *arguments: str, before: str = "pass", answer: str = "", **env: str) -> tuple[int, str]:
    """The exit code and the words of `kit.py arguments`; `before` is Python that makes the computer different."""
    run = f"import runpy, sys; {before}; sys.argv = ['kit.py', *{arguments!r}]"
    program = f"{run}; runpy.run_path('kit.py', None, '__main__')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(project.parent), **env},
        input=answer,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its content."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- who may run it ---


def test_an_old_python_can_read_it_and_is_turned_away_in_words(project: Path) -> None:
    ast.parse((project / "kit.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    code, words = command(project, "open", before="sys.version_info = (3, 9, 2)")
    assert code == 1
    assert "this is Python 3.9" in words
    assert "3.11 or later is needed" in words
    assert "python3.12 kit.py" in words
    assert not (project / ".venv").exists()


def test_an_old_python_is_turned_away_before_anything_else_is_imported() -> None:
    body = ast.parse((ROOT / "kit.py").read_text(encoding="utf-8")).body
    refusal = next(place for place, node in enumerate(body) if isinstance(node, ast.If))
    assert [ast.unparse(node) for node in body[1:refusal]] == ["import sys"]


def test_it_imports_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "kit.py").read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {"sys", "venv"} <= imported <= sys.stdlib_module_names


def test_a_python_without_ensurepip_is_told_of_both_ways_out(project: Path) -> None:
    code, words = command(project, "open", before="sys.modules['ensurepip'] = None")
    assert code == 1
    assert "apt install python3-venv" in words
    assert "uv run --extra notebooks jupyter lab" in words
    assert not (project / ".venv").exists()


@pytest.mark.parametrize("arguments", [(), ("opne",), ("doctor", "now"), ("reset", "--everything")], ids=" ".join)
def test_what_it_does_not_know_it_answers_with_the_usage(project: Path, arguments: tuple[str, ...]) -> None:
    before = files(project)
    code, words = command(project, *arguments)
    assert code == 2
    assert "usage: python kit.py COMMAND" in words
    assert files(project) == before


def test_every_command_stands_in_the_usage(project: Path) -> None:
    code, words = command(project, "--help")
    assert code == 0
    assert re.findall(r"^  (\w+)  ", words, re.MULTILINE) == ["open", "test", "refresh", "doctor", "reset"]


# --- setting up ---


@pytest.fixture
def steps(project: Path) -> Callable[[str], list[str]]:
    """What `set_up` decides to do, with an empty .venv and nothing installed: the decision is what is tested."""

    def decide(extra: str, place: Path = project) -> list[str]:
        taken: list[str] = []
        kit = load(place)

        def make_venv() -> None:
            taken.append("make .venv")
            venv.create(kit.VENV, clear=True, symlinks=os.name != "nt", with_pip=False)

        kit.make_venv = make_venv
        kit.install = lambda extra: taken.append(f"install {extra}")
        kit.set_up(extra)
        return taken

    return decide


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def make_for_another_python(project: Path) -> None:
    stamp = project / ".venv" / "kit.txt"
    stamp.write_text(
        stamp.read_text(encoding="utf-8").replace(sys.implementation.cache_tag, "cpython-27"), encoding="utf-8"
    )


def remove_the_python(project: Path) -> None:
    for path in load(project).BIN.glob("python*"):
        path.unlink()


CHANGES = {
    "nothing": (lambda project: None, []),
    "a notebook": (lambda project: append(project / "notebooks" / "01_next.ipynb", " "), []),
    "pyproject.toml": (lambda project: append(project / "pyproject.toml", "# moved on\n"), ["install notebooks"]),
    "the constraints": (lambda project: append(project / "tests/constraints.txt", "# new\n"), ["install notebooks"]),
    "the Python that runs it": (make_for_another_python, ["make .venv", "install notebooks"]),
    "the Python of .venv, which is gone": (remove_the_python, ["make .venv", "install notebooks"]),
    "the stamp, which was never written": (
        lambda project: (project / ".venv" / "kit.txt").unlink(),
        ["make .venv", "install notebooks"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_it_installs_again_exactly_when_something_it_needs_has_changed(
    project: Path, steps: Callable[[str], list[str]], change: Callable[[Path], None], expected: list[str]
) -> None:
    assert steps("notebooks") == ["make .venv", "install notebooks"]
    change(project)
    assert steps("notebooks") == expected
    assert steps("notebooks") == []


def test_the_tests_packages_include_those_of_the_notebooks_and_not_the_other_way(
    steps: Callable[[str], list[str]],
) -> None:
    assert steps("notebooks") == ["make .venv", "install notebooks"]
    assert steps("test") == ["install test"]
    assert steps("notebooks") == []


def test_a_folder_that_moved_gets_a_new_venv(project: Path, steps: Callable[..., list[str]]) -> None:
    steps("notebooks")
    moved = project.rename(project.with_name("moved"))
    assert steps("notebooks", moved) == ["make .venv", "install notebooks"]


def test_an_interrupted_install_is_done_again_from_the_start(project: Path, steps: Callable[[str], list[str]]) -> None:
    steps("notebooks")
    append(project / "pyproject.toml", "# moved on\n")
    kit = load(project)

    def interrupted(extra: str) -> None:
        raise KeyboardInterrupt

    kit.install = interrupted
    with pytest.raises(KeyboardInterrupt):
        kit.set_up("notebooks")
    assert steps("notebooks") == ["make .venv", "install notebooks"]


def test_without_a_network_it_says_so_and_nothing_counts_as_installed(project: Path) -> None:
    notebooks = files(project / "notebooks")
    code, words = command(project, "open", "--no-browser", **OFFLINE)
    assert code == 1
    assert "the network or the package registry was not reached" in words
    assert "Nothing is lost" in words
    assert "pip's last words: ERROR" in words
    assert not (project / ".venv" / "kit.txt").exists()
    assert files(project / "notebooks") == notebooks


SAYINGS = {
    "WARNING: Retrying after connection broken by 'NewConnectionError'": True,
    "WARNING: Retrying after connection broken by 'ReadTimeoutError(Read timed out.)'": True,
    "ERROR: Could not find a version that satisfies the requirement pydantic (from versions: none)": True,
    "ERROR: Could not find a version that satisfies the requirement six==9 (from versions: 1.16, 1.17)": False,
    "ERROR: ResolutionImpossible: for help visit the documentation": False,
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": False,
}


@pytest.mark.parametrize(("saying", "offline"), SAYINGS.items(), ids=SAYINGS.keys())
def test_the_network_is_named_only_when_pip_speaks_of_it(project: Path, saying: str, offline: bool) -> None:
    words = load(project).pip_failure([saying])
    assert ("network" in words[0]) is offline
    assert words[-1].endswith(saying)


def test_programs_of_venv_see_neither_other_pythons_nor_the_persons_own_jupyter(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", "/elsewhere")
    kit = load(project)
    env = kit.environment()
    assert "PYTHONPATH" not in env
    assert env["PYTHONNOUSERSITE"] == "1"
    assert env["PATH"].split(os.pathsep)[0] == str(kit.BIN)
    places = [value for name, value in env.items() if name in ("IPYTHONDIR", *re.findall(r"JUPYTER_\w+_DIR", name))]
    assert len(places) == 4
    assert all(Path(place).is_relative_to(kit.VENV) for place in places)


# --- test ---


@pytest.mark.parametrize(
    ("arguments", "side_by_side"),
    [("", True), ("--full", True), ("-k dial", False), ("tests/test_kit.py", False), ("--full -n 3", False)],
    ids=lambda value: value or "nothing" if isinstance(value, str) else "",
)
def test_all_tests_run_side_by_side_and_further_arguments_are_pytests_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, side_by_side: bool
) -> None:
    kit = load(project)
    monkeypatch.setattr(kit, "set_up", lambda extra: None)
    monkeypatch.setattr(kit, "run", lambda *command: list(command))
    several = ["-n", "logical", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]

    command = kit.main(["test", *arguments.split()])

    assert command == ["-m", "pytest", *(several if side_by_side else []), *arguments.split()]


def test_the_files_that_go_first_are_there() -> None:
    assert LONGEST_FIRST
    assert [name for name in LONGEST_FIRST if not (ROOT / "tests" / name).exists()] == []


# --- reset ---


def use(project: Path) -> dict[str, bytes]:
    """Use the notebooks as a trainee does: change one, delete one, add one; the notebooks as they are then."""
    (project / "notebooks" / "00_start_here.ipynb").write_text("my answers", encoding="utf-8")
    (project / "notebooks" / "01_next.ipynb").unlink()
    (project / "notebooks" / "mine.ipynb").write_text("my own", encoding="utf-8")
    return files(project / "notebooks")


def test_reset_brings_the_shipped_notebooks_back_and_loses_nothing(project: Path) -> None:
    shipped = files(project / "notebooks")
    load(project).keep_shipped()
    use(project)
    code, words = command(project, "reset", "--yes")
    assert code == 0
    assert "changed: notebooks/00_start_here.ipynb" in words
    assert "missing: notebooks/01_next.ipynb" in words
    assert files(project / "notebooks") == shipped | {"mine.ipynb": b"my own"}
    assert files(project / "notebooks-kept") == {"001/00_start_here.ipynb": b"my answers"}


def test_a_notebook_that_was_only_run_again_is_no_change_of_the_trainees(project: Path) -> None:
    """JupyterLab writes outputs and its own metadata as soon as a page is saved; nobody wrote those."""
    path = project / "notebooks" / "00_start_here.ipynb"
    cell = {"cell_type": "code", "source": ["dial()"], "outputs": [], "execution_count": 1}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}}), encoding="utf-8")
    shipped = path.read_bytes()
    load(project).keep_shipped()
    again = {**cell, "source": "dial()", "outputs": [{"output_type": "stream"}], "execution_count": 7}
    path.write_text(json.dumps({"cells": [again], "metadata": {"language_info": {}}}), encoding="utf-8")

    assert "00_start_here.ipynb is changed" not in command(project, "doctor")[1]
    assert command(project, "reset", "--yes")[0] == 0
    assert path.read_bytes() == shipped
    assert not (project / "notebooks-kept").exists()


def test_each_reset_keeps_aside_in_a_folder_of_its_own(project: Path) -> None:
    load(project).keep_shipped()
    for _ in range(2):
        use(project)
        assert command(project, "reset", answer="y\n")[0] == 0
    assert sorted(files(project / "notebooks-kept")) == ["001/00_start_here.ipynb", "002/00_start_here.ipynb"]
    assert command(project, "reset") == (0, "notebooks: as shipped, nothing to do\n")


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "perhaps\n"])
def test_without_a_yes_reset_changes_nothing(project: Path, answer: str) -> None:
    load(project).keep_shipped()
    use(project)
    before = files(project)
    code, words = command(project, "reset", answer=answer)
    assert code == 1
    assert words.endswith("notebooks: nothing was changed\n")
    assert files(project) == before


def test_reset_does_not_guess_how_the_notebooks_were_shipped(project: Path) -> None:
    before = files(project)
    code, words = command(project, "reset", "--yes")
    assert code == 1
    assert "not known" in words
    assert files(project) == before


def test_the_first_set_up_writes_down_what_was_shipped_and_no_later_one(
    project: Path, steps: Callable[[str], list[str]]
) -> None:
    steps("notebooks")
    first = (project / ".shipped.zip").read_bytes()
    use(project)
    steps("notebooks")
    assert (project / ".shipped.zip").read_bytes() == first


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Trainee", "-c", "user.email=trainee@contoso.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "notebooks")
    git(folder, "commit", "-m", "notebooks")


@with_git
def test_in_a_clone_a_trainees_commits_are_not_shipped_and_what_they_pull_is(project: Path, tmp_path: Path) -> None:
    git(project, "init")
    commit(project)
    git(tmp_path, "clone", str(project), "clone")
    clone = tmp_path / "clone"
    shutil.copytree(project / "tests", clone / "tests")
    shutil.copy(project / "kit.py", clone)
    use(clone)
    commit(clone)
    load(clone).keep_shipped()
    assert not (clone / ".shipped.zip").exists()
    assert command(clone, "reset", "--yes")[0] == 0
    assert files(clone / "notebooks") == files(project / "notebooks") | {"mine.ipynb": b"my own"}
    assert files(clone / "notebooks-kept") == {"001/00_start_here.ipynb": b"my answers"}

    commit(clone)
    (project / "notebooks" / "02_newer.ipynb").write_text("newer", encoding="utf-8")
    commit(project)
    git(clone, "pull", "--no-rebase", "--no-edit")
    (clone / "notebooks" / "02_newer.ipynb").unlink()
    assert command(clone, "reset", "--yes")[0] == 0
    assert (clone / "notebooks" / "02_newer.ipynb").read_text(encoding="utf-8") == "newer"


# --- doctor ---


def test_without_venv_doctor_says_what_is_missing_and_changes_nothing(project: Path) -> None:
    load(project).keep_shipped()
    use(project)
    before = files(project)
    code, words = command(project, "doctor")
    assert code == 1
    assert f"ok    Python {sys.version.split()[0]}" in words
    assert re.search(r"^fix   .venv is missing.* Next: python kit.py open$", words, re.MULTILINE)
    assert re.search(r"^fix   package pydantic [\d.]+: not installed. Next: python kit.py open$", words, re.MULTILINE)
    assert re.search(r"pictures", words)
    assert re.search(r"port 8888", words)
    assert re.search(r"browser", words)
    assert "fix   notebooks/01_next.ipynb is missing. For the shipped one: python kit.py reset" in words
    assert "note  notebooks/00_start_here.ipynb is changed" in words
    assert files(project) == before


def test_doctor_tells_an_outdated_venv_from_a_missing_one(project: Path, steps: Callable[[str], list[str]]) -> None:
    steps("notebooks")
    assert "ok    .venv is up to date for open\n" in command(project, "doctor")[1]
    append(project / "pyproject.toml", "# moved on\n")
    assert "fix   .venv is not of this Python, folder, pyproject.toml and constraints" in command(project, "doctor")[1]


def test_doctor_misses_no_package_that_is_for_some_computers_only(
    project: Path, steps: Callable[[str], list[str]]
) -> None:
    steps("test")
    words = command(project, "doctor")[1]
    assert "package pytest " in words
    assert "package dotnetcore2 " not in words


def test_doctor_says_when_tests_in_a_browser_will_be_skipped(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = load(project)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    assert (
        "note",
        "no Chromium or Chrome on the PATH: tests in a browser are skipped",
    ) in kit.check_programs_and_port()
    monkeypatch.setenv("CHROMIUM", "/opt/a-browser")
    assert ("ok", "browser tests drive /opt/a-browser") in kit.check_programs_and_port()
