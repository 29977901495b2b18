"""Print how fast the routing engine is, beside other libraries: python benchmarks/engine.py [--markdown] [--plot DIR]

Made tables from a seed; every figure is the median of several runs, taken in turns, with the smallest and the largest.
Nothing is asserted but that all libraries give the same answers: compare runs on one computer, and ratios between
computers. `benchmarks/README.md` says what the figures mean. Peers are optional: see `peers.py`.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from chart import write_chart  # noqa: E402
from made_tables import edited, floating, numbers, realistic  # noqa: E402
from peers import LIMIT, PACKAGES, Peer, at_most, deciders, installed, overlap_peers, plain, stripped  # noqa: E402
from timing import Task, in_words, run, show, show_tasks  # noqa: E402

from acs_telephony import ANY_STRING, audit, automaton, compare  # noqa: E402
from acs_telephony.automaton import Machine  # noqa: E402
from acs_telephony.checking.route_table import RouteTable  # noqa: E402

SEED: Final = 20261123
SIZES: Final = (10, 30, 100, 250, 500, 1000, 2500, 5000)
LENGTHS: Final = (32, 64, 128, 256, 512, 1024)
PAIRS: Final = 120  # drawn anew in each run
NUMBERS: Final = 2000


# --- what is measured, in one place


def patterns(table: RouteTable) -> list[str]:
    """The patterns in the order of their routes."""
    return [row.number_pattern for row in table.routes]


def compile_table(texts: Iterable[str]) -> Machine:
    """Compile patterns that were never read before."""
    automaton.forget_patterns()
    return automaton.compile_table(texts)


def split(texts: Iterable[str]) -> Machine:
    """Compile, and split E.164 by the routes that match: every overlap, shortest witnesses, exact counts."""
    machine = compile_table(texts)
    machine.regions()
    return machine


def audited(table: RouteTable) -> None:
    """Compile and audit. The number plans of the world are read once in a process, before the first run."""
    automaton.forget_patterns()
    audit(table)


def compared(old: RouteTable, new: RouteTable) -> None:
    """Compile and compare."""
    automaton.forget_patterns()
    compare(old, new)


# --- the tables


def speed(runs: int) -> list[Task]:
    """The goals: whole tables, read, audited and compared."""
    tasks = []
    for n, goal in ((250, 0.15), (1000, 0.6), (5000, 4.0)):
        table = realistic(n, SEED)
        tasks += [
            Task(f"{n:,} routes: compile", lambda t=table: compile_table(patterns(t))),
            Task(f"{n:,} routes: compile and split E.164", lambda t=table: split(patterns(t)), memory=True),
            Task(f"{n:,} routes: compile and audit", lambda t=table: audited(t), goal, memory=True),
        ]
    mixed, thousand = floating(1000, 11, SEED), realistic(1000, SEED)
    changed = edited(thousand, 20, SEED)
    what = "1,000 routes, 11 of them unanchored:"
    return run(
        [
            *tasks,
            Task(f"{what} compile and split E.164", lambda: split(patterns(mixed)), memory=True),
            Task(f"{what} compile and audit", lambda: audited(mixed), 20.0, memory=True),
            Task("1,000 routes: compare with 20 changes", lambda: compared(thousand, changed), 1.0, memory=True),
        ],
        runs,
    )


@dataclass
class Pairwise(Task):
    """What a library that looks at pairs needs, scaled from a sample: seconds for a pattern and for a pair."""

    units: list[tuple[float, float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The library and what it does."""
        return self.what.partition(" (")[0]

    def at(self, n: int) -> float:
        """The seconds for all pairs of `n` routes, by the median run."""
        return statistics.median(_all_pairs(unit, n) for unit in self.units)


def _all_pairs(unit: tuple[float, float], n: int) -> float:
    return unit[0] * n + unit[1] * math.comb(n, 2)


def overlaps(n: int, runs: int) -> list[Task]:
    """All overlaps of `n` plain patterns: at once, and from a sample of pairs."""
    texts = plain(patterns(realistic(n * 5 // 4, SEED)))[-n:]
    assert len(texts) == n
    tasks: list[Task] = [Task("this kit, all at once, with witnesses and counts", lambda: split(texts))]
    for peer in overlap_peers():
        task = Pairwise(f"{peer.name}, pair by pair", None)
        task.action = lambda peer=peer, task=task: _sampled(peer, task, texts)
        tasks.append(task)
    return run(tasks, runs)


def _sampled(peer: Peer, task: Pairwise, texts: list[str]) -> float:
    """The seconds for all pairs, from a sample that is another one in each run; what takes too long is stopped."""
    random = Random(f"pairs {SEED} {len(task.units)}")  # noqa: S311 (a sample is no secret)
    reading, comparing, late = 0.0, 0.0, 0
    for pair in (random.sample(texts, 2) for _ in range(PAIRS)):
        start = between = time.perf_counter()
        answer = None
        try:
            with at_most(LIMIT):
                one, two = (peer.read(stripped(text)) for text in pair)
                between = time.perf_counter()
                answer = peer.disjoint(one, two)
        except TimeoutError:
            late += 1
        end = time.perf_counter()
        if between == start:  # it was stopped while it was read
            reading += end - start
            continue
        reading, comparing = reading + between - start, comparing + end - between
        together = compile_table(pair).regions(ANY_STRING)
        assert answer in (None, all(region.matches != (0, 1) for region in together)), (peer.name, pair)
    task.units.append((reading / PAIRS / 2, comparing / PAIRS))
    if late:
        task.what = f"{task.name} (at least: {late} of {PAIRS} stopped after {LIMIT:.0f} s)"
    return _all_pairs(task.units[-1], len(texts))


def decisions(n: int, runs: int) -> list[Task]:
    """One number against `n` routes, with the list of all that match; patterns without lookahead, which Set needs."""
    texts = [text for text in patterns(realistic(n * 5 // 4, SEED)) if "(?!" not in text][-n:]
    assert len(texts) == n
    dialled = numbers(realistic(n, SEED), NUMBERS, SEED)
    others, own = deciders(texts), compile_table(texts).match
    for number in dialled:
        expected = list(own(number))
        assert all(sorted(decide(number)) == expected for decide in others.values()), number

    def each(decide: Callable[[str], object]) -> float:
        start = time.perf_counter()
        for number in dialled:
            decide(number)
        return (time.perf_counter() - start) / len(dialled)

    tasks = [
        Task(f"this kit, {NUMBERS:,} numbers that it has read before", lambda: each(own), 1e-6),
        Task(f"this kit, {NUMBERS:,} numbers that are new to it", lambda: each(compile_table(texts).match)),
    ]
    for name, decide in others.items():
        tasks.append(Task(f"{name}, numbers that it has read before", lambda decide=decide: each(decide)))
        tasks.append(Task(f"{name}, numbers that are new to it", lambda name=name: each(deciders(texts)[name])))
    return run(tasks, runs)


def growth(runs: int, others: list[Pairwise]) -> tuple[dict[str, list[Task]], list[list[str]]]:
    """Time by the number of routes: lines for the chart, and the rows of the table below it."""
    lines: dict[str, list[Task]] = {"compile": [], "compile and split E.164": []}
    lines["compile and audit"] = []
    rows = []
    for n in SIZES:
        table = realistic(n, SEED)
        tasks = run(
            [
                Task("compile", lambda t=table: compile_table(patterns(t))),
                Task("compile and split E.164", lambda t=table: split(patterns(t))),
                Task("compile and audit", lambda t=table: audited(t)),
            ],
            runs,
        )
        for task in tasks:
            lines[task.what].append(task)
        regions = f"{len(split(patterns(table)).regions()):,}"
        cells = [task.problem or in_words(task.median) for task in tasks]
        cells += [in_words(task.at(n)) for task in others]
        rows.append([f"{n:,}", f"{len(set(patterns(table))):,}", regions, *cells])
    return lines, rows


def long_patterns(runs: int) -> dict[str, list[tuple[int, Task]]]:
    """Time by the length of a pattern, for three ways to be long."""
    random = Random(f"lengths {SEED}")  # noqa: S311
    blocks = ["".join(random.choices("0123456789", k=6)) for _ in range(150)]
    ways: dict[str, dict[int, str]] = {
        "a list of blocks, `^\\+1(425555|...)\\d{4}$`": {},
        "many short choices, `^\\+(1|2)?(1|2)?...$`": {},
        "unanchored with a tail, `5\\d\\d...$`": {},
    }
    listed, choices, tail = ways.values()
    for length in LENGTHS:
        listed[length] = rf"^\+1({'|'.join(blocks[: max(1, (length - 13) // 7)])})\d{{4}}$"
        choices[length] = rf"^\+{'(1|2)?' * ((length - 4) // 6)}$"
    for digits in range(1, 15):
        tail[digits] = "5" + r"\d" * digits + "$"
    found: dict[str, list[tuple[int, Task]]] = {}
    for way, texts in ways.items():
        tasks = run([Task(way, lambda text=text: split([text])) for text in texts.values()], 3 * runs)  # short ones
        found[way] = [(len(text), task) for text, task in zip(texts.values(), tasks, strict=True)]
    return found


def plot(
    folder: Path, lines: dict[str, list[Task]], lengths: dict[str, list[tuple[int, Task]]], others: list[Pairwise]
) -> None:
    """The two charts."""
    by_routes = {
        name: [(float(n), task.median) for n, task in zip(SIZES, tasks, strict=True) if not task.problem]
        for name, tasks in lines.items()
    }
    by_routes |= {task.name: [(float(n), task.at(n)) for n in SIZES] for task in others}
    write_chart(
        folder / "growth-by-routes.svg",
        "Time by the number of routes",
        "Both axes are logarithmic. The lines of this kit rise a little faster than the number of routes. The "
        "lines of the libraries that look at all pairs turn upwards, to its square. The figures stand in the tables.",
        ("routes in the table", "time"),
        {name: line for name, line in by_routes.items() if line},
        [(250, 0.15), (1000, 0.6), (5000, 4.0)],
    )
    write_chart(
        folder / "growth-by-length.svg",
        "Time to compile and split by the length of one pattern",
        "Both axes are logarithmic. A list of blocks and many short choices take longer, but by less than their "
        "length. A pattern that may begin anywhere takes longest when its tail is about half as long as a number. "
        "The figures stand in the table.",
        ("characters in the pattern", "time"),
        {
            name.partition(",")[0]: [(float(n), task.median) for n, task in line if not task.problem]
            for name, line in lengths.items()
        },
    )


def main() -> None:
    """Measure what was asked for, and print a table for each."""
    parser = argparse.ArgumentParser(description="print how fast the routing engine is, beside other libraries")
    parts = ("speed", "overlaps", "decisions", "growth")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    parser.add_argument("--markdown", action="store_true", help="print tables for a page")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="draw the growth into this folder")
    options = parser.parse_args()
    markdown, here = options.markdown, installed()
    cpu = Path("/proc/cpuinfo")
    lines_of_cpu = cpu.read_text().splitlines() if cpu.exists() else []
    model = [line.partition(":")[2].strip() for line in lines_of_cpu if line.startswith("model name")]
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} processors{f' ({model[0]})' if model else ''}; seed {SEED}, {options.runs} runs"
    )
    print("beside: " + (", ".join(f"{name} {number}" for name, number in here.items()) or "nothing"))
    if missing := [name for name in PACKAGES if name not in here]:
        print(f"not installed, so left out: {', '.join(missing)}. To have them: pip install {' '.join(missing)}")
    others: list[Pairwise] = []
    if "speed" in options.only:
        show_tasks("Whole tables", speed(options.runs), markdown=markdown, goals=True)
    if "overlaps" in options.only:
        title = f"Which of 1,000 routes overlap (pairs scaled from {PAIRS} in each run)"
        tasks = overlaps(1000, options.runs)
        others = [task for task in tasks if isinstance(task, Pairwise)]
        show_tasks(title, tasks, markdown=markdown, ratio="ratio to ours")
    if "decisions" in options.only:
        title = "One decision among 1,000 routes, with all that match"
        show_tasks(title, decisions(1000, options.runs), markdown=markdown, ratio="ratio to ours", goals=True)
    if "growth" in options.only:
        lines, rows = growth(options.runs, others)
        head = ["routes", "different patterns", "regions", *lines, *(task.name for task in others)]
        show("Time by the number of routes", head, rows, markdown=markdown)
        lengths = long_patterns(options.runs)
        cells = [
            [way, f"{length:,}", task.problem or in_words(task.median)]
            for way, line in lengths.items()
            for length, task in line
        ]
        show(
            "Time by the length of one pattern",
            ["one pattern", "characters", "compile and split E.164"],
            cells,
            markdown=markdown,
        )
        if options.plot:
            plot(options.plot, lines, lengths, others)


if __name__ == "__main__":
    main()
