"""How the benchmarks of the engine measure, and how they print it."""

from __future__ import annotations

import gc
import itertools
import math
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from acs_telephony.errors import BudgetError

MISSING: Final = "not in this version"


@dataclass
class Task:
    """Something to measure. Where `action` answers with a float, those are the seconds that count."""

    what: str
    action: Callable[[], object] | None
    goal: float | None = None
    memory: bool = False
    problem: str = ""
    seconds: list[float] = field(default_factory=list)
    peak: int = 0

    @property
    def median(self) -> float:
        """The middle of the runs, in seconds."""
        return statistics.median(self.seconds)


def run(tasks: list[Task], runs: int) -> list[Task]:
    """Every task once in each run; then, for the memory, once more."""
    for turn, task in itertools.product(range(runs), tasks):
        if task.action is None:
            task.problem = MISSING
        elif not task.problem:
            print(f"\rrun {turn + 1} of {runs}: {task.what[:60]:60}", end="", file=sys.stderr, flush=True)
            found = None  # else it is freed while the next task is measured
            gc.collect()
            start = time.perf_counter()
            try:
                found = task.action()
            except BudgetError:
                task.problem = f"refused after {in_words(time.perf_counter() - start)}: too many states"
            else:
                task.seconds.append(found if isinstance(found, float) else time.perf_counter() - start)
    for task in tasks:
        if task.memory and task.action and not task.problem:
            tracemalloc.start()
            task.action()
            task.peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    print(f"\r{'':80}\r", end="", file=sys.stderr, flush=True)
    return tasks


def in_words(seconds: float) -> str:
    """Seconds in the unit that fits."""
    unit, size = next((pair for pair in (("s", 1), ("ms", 1e-3)) if seconds >= pair[1]), ("µs", 1e-6))
    return f"{three_digits(seconds / size)} {unit}"


def three_digits(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.{max(0, 2 - math.floor(math.log10(value)))}f}"


def show(title: str, head: list[str], rows: list[list[str]], *, markdown: bool) -> None:
    """Print a table, for a person or for a page."""
    print(f"\n### {title}\n" if markdown else f"\n{title}")
    used = [column for column in range(len(head)) if any(row[column] for row in rows)]
    head, rows = [head[column] for column in used], [[row[column] for column in used] for row in rows]
    if markdown:
        rows = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    wide = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [
        [cell.ljust(size) if i == 0 else cell.rjust(size) for i, (cell, size) in enumerate(zip(row, wide, strict=True))]
        for row in [head, *rows]
    ]
    if markdown:
        lines.insert(1, ["-" * size if i == 0 else "-" * (size - 1) + ":" for i, size in enumerate(wide)])
    for line in lines:
        print(f"| {' | '.join(line)} |" if markdown else "  ".join(line))
    sys.stdout.flush()


def show_tasks(title: str, tasks: list[Task], *, markdown: bool, goals: bool = False, ratio: str = "") -> None:
    """A line for each task; `ratio` names the column of ratios to the first task."""
    rows = []
    for task in tasks:
        row = [task.what, *(["", ""] if task.problem else [in_words(task.median), _spread(task)])]
        if task.problem:
            row[1] = task.problem
        if ratio:
            row.append("" if task.problem else three_digits(task.median / tasks[0].median))
        if goals:
            row.append(f"{task.peak / 1e6:,.0f} MB" if task.peak else "")
            row.append(f"under {in_words(task.goal)}" if task.goal else "")
        rows.append(row)
    head = ["", "median", "smallest to largest", *([ratio] if ratio else [])]
    show(title, head + (["memory peak", "goal"] if goals else []), rows, markdown=markdown)


def _spread(task: Task) -> str:
    return f"{in_words(min(task.seconds))} to {in_words(max(task.seconds))}"
