"""The house rules that a machine can hold: arrows point down, the core is small and pure, imports are light.

Layers, from the bottom: errors; facts; core; checking; deciding; guide; live; views; cli. A module may import from its
own layer and from below.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import acs_telephony
from tests.conftest import ROOT

PACKAGE = ROOT / "acs_telephony"
MODULES = sorted(PACKAGE.rglob("*.py"))
CORE = [path for path in MODULES if path.parent == PACKAGE and path.name != "errors.py"]
CHECKING, DECIDING, GUIDE = (sorted((PACKAGE / name).glob("*.py")) for name in ("checking", "deciding", "guide"))
LAYERS = ("errors", "facts", "core", "checking", "deciding", "guide", "live", "views", "cli")
HEAVY = ("ipywidgets", "graphviz", "numpy", "pyarrow", "phonenumbers", "jupyterlab", "IPython", "azure")
IMPURE = ("socket", "ssl", "http", "urllib", "asyncio", "subprocess", "time", "random", "os", "pathlib", "tempfile")
# Made tables are drawn from a seed: the same for everybody, always.
MAY_IMPORT = {("tables.py", "random")}


def layer(module: str) -> str:
    """The layer of a dotted module name inside the package."""
    first = module.split(".")[1] if "." in module else ""
    if first == "__init__":
        return "deciding"  # the names that the package exports come from here and below
    return first if first in LAYERS else "core"


def imports(path: Path) -> list[str]:
    """Every module that a file imports, imports inside functions included, those of this package in full."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are written in full"
            found += [node.module or ""]
            if node.module == "acs_telephony":
                found += [f"acs_telephony.{name.name}" for name in node.names]
    return found


def upward(module: str, imported: list[str]) -> list[str]:
    """The imports of a module that point up."""
    mine = LAYERS.index(layer(module))
    own = [name for name in imported if name.startswith("acs_telephony.")]
    return [name for name in own if LAYERS.index(layer(name)) > mine]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_every_layer_has_a_module() -> None:
    assert {layer(dotted(path)) for path in MODULES} == set(LAYERS)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_arrows_point_down(path: Path) -> None:
    assert upward(dotted(path), imports(path)) == []


def test_an_arrow_that_points_up_is_seen() -> None:
    assert upward("acs_telephony.routing", ["acs_telephony.views.words"]) == ["acs_telephony.views.words"]
    assert upward("acs_telephony.errors", ["acs_telephony.facts"]) == ["acs_telephony.facts"]
    assert upward("acs_telephony.views.words", ["acs_telephony.routing", "acs_telephony.errors"]) == []


@pytest.mark.parametrize("path", CORE + CHECKING + DECIDING + GUIDE, ids=dotted)
def test_the_core_and_what_reasons_with_it_print_draw_and_read_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    tops = {name.split(".")[0] for name in imports(path)}

    assert called.isdisjoint({"print", "open", "eval", "exec", "input", "__import__", "compile"})
    assert [name for name in tops if name in IMPURE and (path.name, name) not in MAY_IMPORT] == []


def test_importing_the_package_loads_pydantic_and_nothing_heavier() -> None:
    """The set of loaded modules in a fresh interpreter: pydantic with its parts, the standard library, and ours."""
    code = "import sys, acs_telephony; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    third_party = {n for n in loaded.split() if n not in sys.stdlib_module_names and not n.startswith("_")}
    allowed = {
        "acs_telephony",
        "pydantic",
        "pydantic_core",
        "annotated_types",
        "typing_extensions",
        "typing_inspection",
    }
    assert "acs_telephony" in third_party
    assert third_party - allowed <= before_import()
    assert third_party.isdisjoint(HEAVY)


def before_import() -> set[str]:
    """What an interpreter has loaded before it runs anything: editable installs and coverage put modules there."""
    code = "import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_the_package_exports_at_most_twenty_names_and_each_exists() -> None:
    names = acs_telephony.__all__

    assert 5 <= len(names) <= 20
    assert [name for name in names if not hasattr(acs_telephony, name)] == []


def code_lines(text: str) -> int:
    """Lines that hold code: no blank lines, comments or docstrings."""
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            first = node.body[0]
            docstrings.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def test_code_lines_are_counted_without_comments_and_docstrings() -> None:
    assert (
        code_lines(
            '"""A module."""\n\n# why\nx = 1  # one\n\ndef f():\n    """Do."""\n    return (\n        x\n    )\n'
        )
        == 5
    )


def size(paths: list[Path]) -> int:
    assert paths
    return sum(code_lines(path.read_text(encoding="utf-8")) for path in paths)


def test_the_core_is_at_most_2000_lines_of_code_and_what_shows_it_is_smaller_than_what_reasons() -> None:
    live, views, cli = (size(sorted((PACKAGE / name).rglob("*.py"))) for name in ("live", "views", "cli"))

    assert size(CORE) <= 2000
    assert size(CHECKING) <= 1600
    assert size(DECIDING) <= 1250
    assert size(GUIDE) <= 1100
    assert live <= 3300
    assert views <= 3900
    assert views < size(CORE) + size(CHECKING) + size(DECIDING)
    assert cli <= 760


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_ruff_finds_nothing() -> None:
    found = run("ruff", "check", "--no-cache", ".")
    assert found.returncode == 0, found.stdout
    formatted = run("ruff", "format", "--no-cache", "--check", ".")
    assert formatted.returncode == 0, formatted.stdout


def test_the_types_are_right(tmp_path: Path) -> None:
    checked = run("mypy", "--cache-dir", str(tmp_path))
    assert checked.returncode == 0, checked.stdout


# Built from halves, so that this file does not hold what it looks for.
FORBIDDEN = [
    "py" + "pi.org",
    "registry." + "npmjs",
    "files.python" + "hosted",
    "/wo" + "rk/",
    "/ro" + "ot/",
    ".." + "/shared",
]


def test_no_file_names_a_download_host_or_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    files = listed.stdout.split("\n")[:-1] if listed.returncode == 0 else []
    if not files:
        pytest.skip("this is no git checkout")
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in files if (ROOT / name).is_file()}

    assert len(texts) > 20
    assert [(name, word) for name, text in texts.items() for word in FORBIDDEN if word in text] == []
