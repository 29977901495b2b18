"""A notebook on paper: what File > Print shows, and the PDF that a browser makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import NOTEBOOKS
from tests.lab import ARTEFACTS, Reader

#: Paper of 210 mm without its margins, at 96 CSS pixels an inch.
A4 = {"width": 703, "height": 1009}


def printed(new_reader: Callable[..., Reader], notebook: str) -> Reader:
    """The page that JupyterLab prints."""
    reader = new_reader(viewport=A4)
    page = f"{reader.lab.url}/nbconvert/html/notebooks/{notebook}.ipynb?download=false&token={reader.lab.token}"
    reader.page.emulate_media(media="print")
    reader.page.goto(page)
    return reader


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_all_fits_on_the_paper_and_nobody_else_is_asked(new_reader: Callable[..., Reader], notebook: str) -> None:
    reader = printed(new_reader, notebook)
    found: dict[str, Any] = reader.script("""() => {
      const all = (where) => [...document.querySelectorAll(where)];
      return {
        cells: all('.jp-CodeCell').length,
        wide: all('pre, table, img').filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
          .map((part) => part.outerHTML.slice(0, 100)),
        cut: all('pre').filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => part.textContent),
        undrawn: all('img').filter((image) => image.complete && !image.naturalWidth).length,
        panels: all('pre').filter((part) => part.textContent.includes('alive when the notebook runs')).length,
        code: all('.jp-CodeCell .jp-InputArea-editor').map((part) => part.textContent.trim()),
      };
    }""")

    assert found["cells"] == len(found["code"]) >= 8
    assert (found["wide"], found["cut"], found["undrawn"]) == ([], [], 0)
    assert found["panels"] == len([code for code in found["code"] if "_panel(" in code and "import" not in code])
    assert reader.trouble == []
    ARTEFACTS.mkdir(exist_ok=True)
    pdf = reader.page.pdf(path=ARTEFACTS / f"{notebook}.pdf", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") >= 3


def test_print_in_the_menu_shows_that_page(reader: Reader) -> None:
    reader.open("notebooks/00_start_here.ipynb")
    with reader.page.expect_response(lambda answer: "/nbconvert/html/" in answer.url) as asked:
        reader.script("() => { window.print = () => 0; window.jupyterapp.commands.execute('apputils:print'); }")

    assert asked.value.status == 200
    assert "white-space: pre-wrap" in asked.value.text()
    assert "unpkg" not in asked.value.text()
