"""Run every notebook and write it back in one canonical form, and redraw the pictures: `python kit.py refresh`.

    python tests/refresh.py [--check] [NOTEBOOK ...]

With `--check` nothing is written: what would change is named, and the exit code is 1. A refresh of a fresh checkout
changes nothing, so this is stricter than nbval, which never looks at widgets.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"

# Widgets name themselves with uuid4; counted instead, the same notebook gets the same names every time.
COUNT_WIDGETS = """
def _count_widgets():
    import itertools, types
    import comm.base_comm
    numbers = itertools.count(1)
    comm.base_comm.uuid = types.SimpleNamespace(uuid4=lambda: types.SimpleNamespace(hex=f"{next(numbers):032x}"))
_count_widgets(); del _count_widgets
"""
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")


def executed(path: Path) -> Any:
    """The notebook with fresh outputs, counts from 1 and the widgets' state."""
    book = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    quiet = Config(
        {"KernelManager": {"transport_encryption": "auto"}}
    )  # else each kernel warns that it is not encrypted
    client = NotebookClient(
        book,
        timeout=120,
        kernel_name="python3",
        resources=where,
        record_timing=False,
        coalesce_streams=True,  # a kernel may send one line of print in two pieces
        config=quiet,
    )
    with client.setup_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)}):
        # execute_cell writes back by index: the hidden cell gets a place of its own, at the end.
        book.cells.append(nbformat.v4.new_code_cell(COUNT_WIDGETS))
        client.execute_cell(book.cells[-1], len(book.cells) - 1, store_history=False)
        book.cells.pop()
        count = 0
        for index, cell in enumerate(book.cells):
            count += cell.cell_type == "code"
            client.execute_cell(cell, index, execution_count=count)
        client.set_widgets_metadata()
    return book


def canonical(path: Path, book: Any) -> str:
    """The notebook's text: readable cell ids, no times, no addresses, metadata in one order."""
    for index, cell in enumerate(book.cells):
        cell.id = f"{path.stem[:2]}-{index:02}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in ("tags", "jupyter")}
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if widgets := book.metadata.get("widgets"):
        metadata["widgets"] = widgets
    book.metadata = nbformat.from_dict(metadata)
    book.nbformat, book.nbformat_minor = 4, 5
    # nbformat writes one line of text as one line of the file, so that a diff shows what changed.
    return ADDRESS.sub("0xADDR", nbformat.writes(book).rstrip("\n")) + "\n"


def refresh(paths: list[Path], *, check: bool) -> list[Path]:
    """Run these notebooks, or all and redraw the pictures; answer with the files that changed, or would change."""
    fresh = {} if paths else {**pictures(), **texts()}
    for path in paths or sorted(NOTEBOOKS.glob("*.ipynb")):
        print(f"running {path.name}", flush=True)
        try:
            fresh[path] = canonical(path, executed(path))
        except CellExecutionError as error:
            raise SystemExit(f"{path.name} stops with an error; nothing was written.\n{error}") from None
    assert fresh, f"no notebook in {NOTEBOOKS}"
    changed = [path for path, text in fresh.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if not check:
        for path in changed:
            path.write_text(fresh[path], encoding="utf-8", newline="\n")
    return changed


def pictures() -> dict[Path, str]:
    """The files of `diagrams/`, drawn anew."""
    sys.path.insert(0, str(ROOT))
    from acs_telephony.views.diagrams import write_diagrams

    with TemporaryDirectory() as folder:
        write_diagrams(folder)
        return {ROOT / "diagrams" / file.name: file.read_text("utf-8") for file in Path(folder).iterdir()}


def texts() -> dict[Path, str]:
    """The page of the rules of the audit, and the answers and the table of the made company."""
    from acs_telephony import contoso
    from acs_telephony.checking.findings import rules
    from acs_telephony.cli.reports import rules_page
    from acs_telephony.guide.made_case import CONTOSO_ANSWERS

    return {
        ROOT / "RULES.md": rules_page(rules().values()),
        NOTEBOOKS / "answers.toml": CONTOSO_ANSWERS,
        NOTEBOOKS / "table.json": json.dumps(contoso().configuration.dump(), indent=2) + "\n",
    }


def main(arguments: list[str]) -> int:
    """Parse the command line; answer with the exit code."""
    parser = argparse.ArgumentParser(description="run the notebooks and write them back in canonical form")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something would change")
    parser.add_argument("notebooks", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    changed = refresh([path.resolve() for path in options.notebooks], check=options.check)
    for path in changed:
        print(f"{'would change' if options.check else 'changed'}: {path.relative_to(ROOT)}")
    print("nothing changed" if not changed else f"{len(changed)} files")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
