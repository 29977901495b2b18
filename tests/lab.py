"""JupyterLab as `kit.py open` starts it, and a reader in front of it with a real browser."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import Browser, Locator, Page, Playwright

import kit
from tests.conftest import ROOT

FLAGS = (
    "--no-sandbox",  # containers run as root; the only pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Screenshots, for a person to look at; not committed.
ARTEFACTS = ROOT / "test-artefacts"
PROJECTOR = {"width": 1280, "height": 720}
_NOT_NEEDED = shutil.ignore_patterns(
    ".git", ".venv", ".shipped.*", "notebooks-kept", "test-artefacts", ".*_cache", ".hypothesis", "__pycache__"
)
# The kernel counts as ready when the page says so of itself; the marks in the page come too early.
_READY = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready;
  const session = panel.sessionContext;
  await session.ready;
  while (session.session?.kernel?.status !== 'idle') await new Promise((done) => setTimeout(done, 20));
}"""
_LEAF = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  for (let i = 0; i < notebook.widgets.length; i++) {
    await notebook.scrollToItem(i);
    do await new Promise((done) => setTimeout(done, 20)); while (notebook.widgets[i].placeholder);
  }
}"""
_BELOW = """() => {
  const [outer] = document.querySelectorAll('.jp-WindowedPanel-outer');
  const moved = outer.scrollTop > 0;
  outer.scrollTop = 0;
  const cells = [...outer.querySelectorAll('.jp-Cell')].map((cell) => cell.getBoundingClientRect());
  const { top, bottom } = outer.getBoundingClientRect();
  return [Math.max(0, Math.ceil(cells.at(-1).bottom - bottom)), moved || cells[0].top < top];
}"""
#: What anywidget says when it gives a model up after 2 seconds, as on a busy computer. Its view works all the same, and
#: a panel needs nothing else of it: `test_a_page_that_begins_slowly_still_learns_that_an_answer_came`.
GIVEN_UP = "[anywidget] Failed to initialize model."
_LONGEST = 120_000  # milliseconds for anything that a page does, on a computer that does other things too


def launched(playwright: Playwright, program: str) -> Browser:
    """A browser that nobody sees."""
    return playwright.chromium.launch(executable_path=program, args=list(FLAGS))


class Lab:
    """A JupyterLab that runs: where it listens, and the folder that it serves."""

    def __init__(self, port: int, token: str, root: Path) -> None:
        self.url, self.token, self.root = f"http://127.0.0.1:{port}", token, root

    def api(self, path: str, method: str = "GET") -> Any:
        """What the server's REST API answers."""
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)  # noqa: S310  # our own server
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def tidy(self) -> None:
        """Leave no kernel and no setting, such as the theme, for the next reader."""
        shutil.rmtree(self.root / ".venv" / "jupyter" / "jupyter_config_dir" / "lab", ignore_errors=True)
        for session in self.api("sessions"):
            self.api(f"sessions/{session['id']}", "DELETE")


def downloaded(folder: Path) -> Path:
    """A copy of the project, with a `.venv` that borrows the packages of the Python that runs the tests.

    So `kit.py open` finds all that it looks for and installs nothing; that it can install is tested elsewhere.
    """
    copy = Path(shutil.copytree(ROOT, folder / "kit", ignore=_NOT_NEEDED))
    venv.create(copy / ".venv", symlinks=True)
    (copy / ".venv" / "jupyter").mkdir()
    (site,) = (copy / ".venv").glob("lib/python*/site-packages")
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join([f"import sys; sys.path.insert(0, {str(copy)!r})", *packages]))
    mine, theirs = copy / ".venv", Path(sys.prefix)
    for name in ("etc", "share/jupyter/kernels", "share/jupyter/labextensions", "share/jupyter/nbconvert"):
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).symlink_to(theirs / name)
    lab = mine / "share" / "jupyter" / "lab"
    lab.mkdir()
    for part in ("schemas", "static", "themes"):
        (lab / part).symlink_to(theirs / "share" / "jupyter" / "lab" / part)
    if (drawing := theirs / "bin" / "graphviz-pure").exists():
        (mine / "bin" / "graphviz-pure").symlink_to(drawing)
    inputs = [str(copy) if line == str(kit.ROOT) else line for line in kit.wanted("test")]
    (mine / "kit.txt").write_text("\n".join(inputs), encoding="utf-8")
    return copy


@contextmanager
def opened(root: Path, *options: str) -> Iterator[Lab]:
    """`kit.py open` in this folder, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab = Lab(port, secrets.token_hex(8), root)
    command = [sys.executable, "kit.py", "open", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"]
    command += [f"--IdentityProvider.token={lab.token}", "--LabApp.expose_app_in_browser=True", *options]
    log = root.parent / f"server-{port}.log"
    with log.open("wb") as out:
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.parent)}
        server = subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        while server.poll() is None and not _answers(port):
            time.sleep(0.05)
        assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        yield lab
        lab.tidy()
    finally:
        server.terminate()
        server.wait(30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Reader:
    """Somebody in front of a notebook; what went wrong in the page is kept in `trouble`."""

    def __init__(self, lab: Lab, page: Page) -> None:
        self.lab, self.page = lab, page
        self.trouble: list[str] = []
        page.set_default_timeout(_LONGEST)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", lambda request: self._watch(request.url))

    def _note(self, error: str) -> None:
        if error != GIVEN_UP:
            self.trouble.append(error)

    def _watch(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "127.0.0.1":
            self.trouble.append(f"the page asked {url}")

    def script(self, code: str, argument: object = None) -> Any:
        """What this function gives in the page; it may wait, but not for ever."""
        late = f"new Promise((_, no) => setTimeout(() => no(new Error('not done in {_LONGEST} ms')), {_LONGEST}))"
        return self.page.evaluate(f"(argument) => Promise.race([({code})(argument), {late}])", argument)

    def copy(self, notebook: str, folder: str) -> str:
        """A copy of a shipped notebook in a folder of the reader's own; its path for `open`."""
        target = self.lab.root / folder / f"{notebook}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "notebooks" / f"{notebook}.ipynb", target)
        return f"{folder}/{notebook}.ipynb"

    def write(self, source: str, folder: str) -> str:
        """A notebook of one cell in a folder of the reader's own; its path for `open`."""
        path = self.copy("00_start_here", folder)
        book = json.loads((self.lab.root / path).read_text(encoding="utf-8"))
        code = next(cell for cell in book["cells"] if cell["cell_type"] == "code")
        book["cells"] = [{**code, "source": source, "outputs": []}]
        book["metadata"].pop("widgets")
        (self.lab.root / path).write_text(json.dumps(book), encoding="utf-8")
        return path

    def open(self, path: str = "") -> None:
        """Open a notebook by its path, or what `kit.py open` shows first, and wait until its kernel is ready."""
        place = f"lab/workspaces/{secrets.token_hex(4)}/tree/{quote(path)}" if path else ""
        self.page.goto(f"{self.lab.url}/{place}?token={self.lab.token}")
        self.ready()

    def ready(self) -> None:
        """Wait until the notebook is there and its kernel has nothing to do."""
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
        self.script("() => window.jupyterapp.restored.then(() => null)")
        self.script(_READY)

    def command(self, name: str, **arguments: object) -> None:
        """Do what an entry of JupyterLab's menus does."""
        self.script(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)", [name, arguments]
        )

    def run_all(self) -> None:
        """Run > Run All Cells, and wait for the last one."""
        self.command("notebook:run-all-cells")
        self.script(_READY)

    def leaf_through(self) -> None:
        """Scroll from top to bottom: JupyterLab draws a cell when it comes into view, and keeps it then."""
        self.script(_LEAF)

    def roll_out(self, width: int) -> None:
        """Make the window so high that the whole notebook is in view, beside no file browser.

        axe-core takes what is scrolled away, and all of JupyterLab (its body has no height), for invisible.
        """
        self.script("() => window.jupyterapp.shell.collapseLeft()")
        self.page.add_style_tag(content="body { height: 100vh !important }")
        height, settled = PROJECTOR["height"], 0
        for _ in range(20):
            self.page.set_viewport_size({"width": width, "height": height})
            self.script("() => new Promise((done) => setTimeout(done, 150))")  # JupyterLab follows in steps
            missing, moved = self.script(_BELOW)
            settled = 0 if missing or moved else settled + 1
            height += missing + 100 if missing else 0
            if settled == 3:
                return
        raise AssertionError("the notebook does not come into view as a whole")

    def theme(self, name: str) -> None:
        """Settings > Theme: "Light" or "Dark"."""
        self.command("apputils:change-theme", theme=f"JupyterLab {name}")
        light = "true" if name == "Light" else "false"
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")

    def panel(self, title: str) -> Locator:
        """The panel with this title, in view."""
        found = self.page.get_by_role("group", name=title, exact=True)
        found.scroll_into_view_if_needed()
        return found

    def screenshot(self, name: str) -> None:
        """Keep what is on the screen, for a person to look at."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png")
