"""What all tests share: the two tiers, and the cases kept as data."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.dotnet import DotNet
    from tests.lab import Lab, Reader
    from tests.wire import Reader as WireReader

# The same examples on every run, so that a red run is red again; a slow computer is no reason to fail.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases"
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
# A minute or more of the long tier each. Where several processes share the files out, these go first, so that at the
# end no process is alone with a long one while the others have nothing left.
LONGEST_FIRST = [f"test_{name}.py" for name in ("no_barrier", "browser", "faults", "table_in_browser", "class")]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the long tier: nothing is sampled and nothing is skipped")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: runs only with --full")
    config.addinivalue_line("markers", "short: runs in JupyterLab without --full too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full"):
        for item in items:
            # JupyterLab takes seconds for each test.
            in_a_lab = "lab" in getattr(item, "fixturenames", ()) and "short" not in item.keywords
            if "full" in item.keywords or in_a_lab:
                item.add_marker(pytest.mark.skip(reason="runs with --full"))
    if hasattr(config, "workerinput"):  # one of several processes
        items.sort(key=lambda item: [*LONGEST_FIRST, item.path.name].index(item.path.name))


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long tier."""
    return bool(request.config.getoption("--full"))


def cases(file: str, group: str) -> list[Any]:
    """The cases of one group as pytest parameters; a case's name is a sentence and becomes the test's id."""
    rows = tomllib.loads((CASES / file).read_text(encoding="utf-8"))[group]
    assert rows, f"{file} has no case in {group}"
    assert all(row["because"] for row in rows)
    return [pytest.param(row, id=row["name"]) for row in rows]


# --- a real .NET, in a process of its own


@pytest.fixture(scope="session")
def dotnet(request: pytest.FixtureRequest) -> Iterator[DotNet]:
    """.NET, where its packages exist. Where they do not, tests skip; where they could, the long tier fails."""
    from tests.dotnet import DotNet, is_offered, missing

    why = missing()
    if why and is_offered() and request.config.getoption("--full"):
        pytest.fail(f"{why}; python kit.py test --full installs it")
    if why:
        pytest.skip(why)
    running = DotNet()
    yield running
    running.close()


# --- independent programs that speak or read SIP


def _program(request: pytest.FixtureRequest, name: str) -> str:
    """Where a program is. Without it tests skip; where apt-get could bring it, the long tier fails."""
    from tests import sip_programs

    path = sip_programs.found(name)
    if path:
        return path
    why = f"{name} is not installed"
    if sip_programs.is_offered() and request.config.getoption("--full"):
        pytest.fail(f"{why}; apt-get install --no-install-recommends {sip_programs.PACKAGES[name]}, and run again")
    pytest.skip(why)


@pytest.fixture(scope="session")
def kamailio(request: pytest.FixtureRequest) -> str:
    """Kamailio, a SIP server: an SBC of somebody else."""
    return _program(request, "kamailio")


@pytest.fixture(scope="session")
def sipp(request: pytest.FixtureRequest) -> str:
    """SIPp, which plays one side of a call from a script: an SBC, a carrier or a caller."""
    return _program(request, "sipp")


@pytest.fixture(scope="session")
def tshark(request: pytest.FixtureRequest) -> str:
    """Wireshark on the command line, which takes recorded messages apart."""
    return _program(request, "tshark")


@pytest.fixture
def read_wire(request: pytest.FixtureRequest, full: bool, tmp_path: Path) -> WireReader:
    """Who reads captures: tshark where --full can have it, elsewhere the few lines of tests/wire.py."""
    from tests import sip_programs, wire

    if not (full and (sip_programs.is_offered() or sip_programs.found("tshark"))):
        return wire.read_captures
    tshark: str = request.getfixturevalue("tshark")
    return lambda captures: wire.dissected(tshark, captures, tmp_path)


# --- a real browser; what needs it is imported only then


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The system's Chromium. Without one the quick tier skips, and the long one fails."""
    from playwright.sync_api import sync_playwright

    import kit
    from tests.lab import launched

    program = kit.browser()
    if program is None:
        why = f"no browser: none of {', '.join(kit.BROWSERS)} is on the PATH, and CHROMIUM names none"
        if request.config.getoption("--full"):
            pytest.fail(f"{why}; install Chromium (Debian: apt-get install chromium) and run again")
        pytest.skip(why)
    with sync_playwright() as playwright:
        found = launched(playwright, program)
        yield found
        found.close()


@pytest.fixture(scope="session")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab in a copy of the project, as `kit.py open` starts it."""
    from tests.lab import downloaded, opened

    with opened(downloaded(tmp_path_factory.mktemp("lab"))) as running:
        yield running


@pytest.fixture
def new_reader(browser: Browser, lab: Lab) -> Iterator[Callable[..., Reader]]:
    """Somebody who comes with a browser of their own; options are Playwright's for a context."""
    from tests.lab import PROJECTOR, Reader

    with ExitStack() as leaving:
        leaving.callback(lab.tidy)

        def come(**options: Any) -> Reader:
            context = browser.new_context(**{"viewport": PROJECTOR, **options})
            leaving.callback(context.close)
            return Reader(lab, context.new_page())

        yield come


@pytest.fixture
def reader(new_reader: Callable[..., Reader]) -> Iterator[Reader]:
    """One reader before a projector; at the end, nothing may have gone wrong in the page."""
    one = new_reader()
    yield one
    assert one.trouble == []
