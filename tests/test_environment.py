"""The laws of what gets installed.

pyproject.toml is the one place where ranges stand. environment.yml repeats them for conda, tests/constraints.txt gives
one version within each, and the workflow and .ci/run use the Pythons that these allow. Each comparison is itself
shown to find a slip.
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
CONSTRAINTS = (ROOT / "tests" / "constraints.txt").read_text(encoding="utf-8")
REFERENCE_PYTHON = "3.12"
CONDA_NAMES = {"python-graphviz": "graphviz"}  # conda's name: PyPI's name
CONDA_ONLY = {"graphviz", "pip"}  # dot itself, and the tool that installs the rest


def requirements(*, here: bool = False) -> dict[str, SpecifierSet]:
    """What pyproject.toml names, in any extra, with its range; `here` leaves out what is for other computers."""
    lines = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    needs = [need for need in map(Requirement, lines) if not (here and need.marker) or need.marker.evaluate()]
    found = {str(canonicalize_name(need.name)): need.specifier for need in needs}
    del found[PROJECT["name"]]  # an extra that includes another
    assert found
    return found


def slips_in_environment(text: str) -> list[str]:
    """Where an environment.yml says something else than pyproject.toml."""
    environment: dict[str, Any] = yaml.safe_load(text)
    ranges, slips = requirements(), []
    if environment["channels"] != ["conda-forge", "nodefaults"]:
        slips.append("channels")
    for line in environment["dependencies"]:
        if isinstance(line, dict):
            continue
        name, given = re.fullmatch(r"([\w-]+)\s*(.*)", line).groups()  # type: ignore[union-attr]
        if name == "python":
            slips += [] if given == f"={REFERENCE_PYTHON}" else ["python"]
        elif name in CONDA_ONLY:
            slips += [name] if given else []
        elif ranges.get(CONDA_NAMES.get(name, name)) != SpecifierSet(given):
            slips.append(name)
    by_pip = [line["pip"] for line in environment["dependencies"] if isinstance(line, dict)]
    return slips + ([] if by_pip == [["-e .[test]"]] else ["pip"])


def test_environment_yml_says_what_pyproject_says() -> None:
    assert slips_in_environment(ENVIRONMENT) == []


SLIPS = {
    "jupyterlab": ("jupyterlab >=", "jupyterlab >"),
    "python-graphviz": ("python-graphviz >=", "python-graphviz >"),
    "pydantic": ("pydantic >=", "pydantic ~="),
    "nbval": ("nbval >=", "nbval !="),
    "python": ("python=3.12", "python >=3.11,<3.15"),
    "numpy": ("  - pip\n", "  - pip\n  - numpy >=2\n"),
    "pip": ("-e .[test]", "-e ."),
    "channels": ("nodefaults", "defaults"),
}


@pytest.mark.parametrize(("name", "slip"), SLIPS.items(), ids=SLIPS.keys())
def test_a_slip_in_environment_yml_is_found(name: str, slip: tuple[str, str]) -> None:
    before, after = slip
    assert ENVIRONMENT.count(before) == 1
    assert slips_in_environment(ENVIRONMENT.replace(before, after)) == [name]


def test_conda_gets_what_people_use_directly_from_conda() -> None:
    lines = [line for line in yaml.safe_load(ENVIRONMENT)["dependencies"] if isinstance(line, str)]
    names = {re.split(r"[\s=<>]", line)[0] for line in lines}
    assert {"python", "graphviz", "python-graphviz", "jupyterlab", "ipywidgets", "pydantic", "nbval", "pytest"} <= names


def pins(text: str) -> dict[str, str]:
    """The versions in a constraints file; refuses every line that is not `name==version` or a comment."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r"([a-z0-9-]+)==([0-9][0-9a-z.]*)", line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return {match[1]: match[2] for match in found if match}


def outside_the_ranges(versions: dict[str, str]) -> list[str]:
    """Which packages of pyproject.toml have no version here, or one out of range."""
    return [name for name, allowed in requirements().items() if versions.get(name, "") not in allowed]


def test_the_constraints_are_plain_versions_once_each_in_order() -> None:
    names = list(pins(CONSTRAINTS))
    assert len(names) > 50
    assert CONSTRAINTS.count("==") - CONSTRAINTS.count("`==`") == len(names)
    assert names == sorted(names)


def test_the_constraints_hold_no_address() -> None:
    assert not re.search(r"://|@|^\s*-", CONSTRAINTS, re.MULTILINE)
    with pytest.raises(AssertionError):
        pins("graphviz @ https://packages.example/graphviz.whl")
    with pytest.raises(AssertionError):
        pins("--index-url https://packages.example/simple\ngraphviz==0.21")


def test_the_constraints_lie_in_every_range_of_pyproject() -> None:
    assert outside_the_ranges(pins(CONSTRAINTS)) == []


@pytest.mark.parametrize("slip", ["jupyterlab==5.0.0", "graphviz-pure==0.2.1", "pytest==7.4.4"])
def test_a_version_out_of_range_is_found(slip: str) -> None:
    name, version = slip.split("==")
    assert outside_the_ranges(pins(CONSTRAINTS) | {name: version}) == [name]


def needed_here(name: str, extras: frozenset[str] = frozenset()) -> Iterator[tuple[str, frozenset[str]]]:
    """What an installed package needs on this computer."""
    for line in metadata.requires(name) or ():
        need = Requirement(line)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield canonicalize_name(need.name), frozenset(need.extras)


def test_everything_that_gets_installed_here_has_a_constraint() -> None:
    waiting = [(name, frozenset[str]()) for name in requirements(here=True)]
    seen = set(waiting)
    while waiting:
        for need in needed_here(*waiting.pop()):
            if need not in seen:
                seen.add(need)
                waiting.append(need)
    assert {"jupyterlab", "tornado", "pluggy"} <= {name for name, _ in seen}
    assert {name for name, _ in seen} <= pins(CONSTRAINTS).keys()


def test_the_workflow_runs_the_long_tier_where_notebooks_are_compared_and_the_short_one_elsewhere() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    runs = workflow["jobs"]["test"]["strategy"]["matrix"]["include"]
    assert [(run["os"], run["python"]) for run in runs if run["arguments"]] == [("ubuntu-latest", REFERENCE_PYTHON)]
    assert {run["os"].split("-")[0] for run in runs} == {"ubuntu", "macos", "windows"}
    assert all(run["python"] in SpecifierSet(PROJECT["requires-python"]) for run in runs)
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.skipif(os.name == "nt", reason="the script is for Linux and macOS")
def test_the_ci_script_can_be_run_and_asks_for_the_long_tier() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert "kit.py test --full" in script.read_text(encoding="utf-8")


# ---------------------------------------------------------------- what kit.py open sets in JupyterLab


def test_kernel_messages_are_sent_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP_NODELAY is set before a page and its kernel talk: without it an answer takes some 40 ms more on Linux."""
    base = "jupyter_server.services.kernels.connection.channels.ZMQChannelsWebsocketConnection.connect"
    done: list[object] = []
    monkeypatch.setattr(base, lambda self: done.append("connected"))
    config = Config()
    path = ROOT / "lab" / "config.py"
    exec(compile(path.read_text("utf-8"), path, "exec"), {"get_config": lambda: config, "__file__": str(path)})  # noqa: S102

    chosen = config.ServerApp.kernel_websocket_connection_class
    handler = KernelWebsocketHandler.__new__(KernelWebsocketHandler)  # without a beginning, which would open sockets
    monkeypatch.setattr(handler, "set_nodelay", done.append)
    connection = chosen.__new__(chosen)
    connection.websocket_handler = handler
    connection.connect()
    assert done == [True, "connected"]
