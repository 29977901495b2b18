"""Print how long a reader waits for a panel: python benchmarks/latency.py [--stock] [--times N]

Milliseconds from an event on a control to the changed answer in the page, measured in the page itself, in the system's
Chromium, with JupyterLab as `kit.py open` starts it. `--stock` takes JupyterLab's own kernel connection instead, to see
what ours saves. Each change of a route table is one that was not made before: nothing of its answer is remembered.
Nothing is asserted. Needs the packages of the tests: .venv/bin/python benchmarks/latency.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import kit  # noqa: E402
from tests.lab import PROJECTOR, Reader, downloaded, launched, opened  # noqa: E402

STOCK = (
    "--ServerApp.kernel_websocket_connection_class="
    "jupyter_server.services.kernels.connection.channels.ZMQChannelsWebsocketConnection"
)
FQDN, FQDNS = "FQDN of the SBC", [f"sbc{i}.contoso.com" for i in range(1000)]
NUMBERS = [f"+1 425 555 {i:04}" for i in range(1000)]
TICK = "Do you have to keep the carrier that you have now?"
PATTERNS = [rf"^\+31{i:03}\d{{6}}$" for i in range(1000)]
TABLE = """
from acs_telephony import contoso, generated
from acs_telephony.views.panels import table_panel
table_panel({})
"""
# Turn the control, wait for the answer's change, note the time, rest, go on.
TIMED = """async ({ title, label, values }) => {
  const panel = document.querySelector(`.acs-panel[aria-label="${title}"]`);
  const answer = panel.querySelector('.acs-answer');
  const find = () => [...panel.querySelectorAll('label')].find((l) => l.textContent === label)?.control;
  const turn = (control, value) => {
    if (control.tagName === 'BUTTON' || control.type === 'checkbox') return control.click();
    control.value = value;
    for (const name of ['input', 'change']) control.dispatchEvent(new Event(name, { bubbles: true }));
  };
  const waits = [];
  for (const value of values) {
    const control = find() ?? [...panel.querySelectorAll('button')].find((b) => b.textContent === value);
    waits.push(await new Promise((done, late) => {
      const limit = setTimeout(() => late(new Error(`no change for ${value}`)), 5000);
      const changed = new MutationObserver(() => {
        changed.disconnect();
        clearTimeout(limit);
        done(performance.now() - start);
      });
      changed.observe(answer, { subtree: true, childList: true, characterData: true });
      const start = performance.now();
      turn(control, value);
    }));
    await new Promise((rested) => setTimeout(rested, 40));
  }
  return waits;
}"""


def measure(reader: Reader, what: str, title: str, label: str, values: list[str]) -> None:
    """Print the waits for one control, after three that nobody counts."""
    reader.panel(title)
    waits: list[float] = []
    for start in range(0, len(values), 20):  # the page is never asked for long
        waits += reader.script(TIMED, {"title": title, "label": label, "values": values[start : start + 20]})
    waits = sorted(waits[3:])
    p95 = waits[int(len(waits) * 0.95)]
    print(
        f"{what:58} median {statistics.median(waits):6.1f} ms   p95 {p95:6.1f} ms   max {waits[-1]:6.1f} ms", flush=True
    )


def main() -> None:
    """Open the pages, turn the controls, print a line for each."""
    parser = argparse.ArgumentParser(description="print how long a reader waits for a panel")
    parser.add_argument("--stock", action="store_true", help="with JupyterLab's own kernel connection")
    parser.add_argument("--times", type=int, default=200, help="how often each control is turned")
    options = parser.parse_args()
    program = kit.browser()
    if program is None:
        raise SystemExit("no Chromium or Chrome on the PATH; name one with the variable CHROMIUM")
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(downloaded(Path(folder)), *([STOCK] if options.stock else [])) as lab,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright, program)
        reader = Reader(lab, browser.new_context(viewport=PROJECTOR).new_page())  # type: ignore[arg-type]
        for notebook, title, label, values, what in (
            ("01_two_ways_to_the_phone_network", "Country", "", ["prices", "numbers"], "text: country, a button"),
            ("01_two_ways_to_the_phone_network", "Checklist", FQDN, FQDNS, "text: checklist, another FQDN"),
            ("00_start_here", "Dial", "Number", NUMBERS, "picture drawn anew: dial, another number"),
            ("02_choosing_a_connection", "Choose", TICK, [""], "picture drawn before: choose, a tick"),
        ):
            if notebook not in reader.page.url:
                reader.open(f"notebooks/{notebook}.ipynb")
                reader.run_all()
                reader.leaf_through()
            measure(reader, what, title, label, [values[i % len(values)] for i in range(options.times + 3)])
        for table, words in (("generated(50, 3)", "50 routes"), ("contoso()", "60 routes, one unanchored")):
            reader.open(reader.write(TABLE.format(table), "table"))
            reader.run_all()
            for label, values in (("Pattern", PATTERNS), ("Dialled number", NUMBERS)):
                what = f"{words}: another {label.lower()}"
                measure(reader, what, "Table", label, [values[i % len(values)] for i in range(options.times + 3)])
        browser.close()


if __name__ == "__main__":
    main()
