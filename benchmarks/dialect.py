"""Compare the machine with two other readers of number patterns: python benchmarks/dialect.py [--pairs N] [--seed N]

Python's `re` and real .NET, each on N seeded pairs of a random pattern and a number (1,000,000 where nothing is said).
Prints what was tried and every disagreement; ends with 1 where there is one. Needs the packages of the tests, and for
.NET Linux on x86-64: .venv/bin/python benchmarks/dialect.py
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.dotnet import DotNet, missing  # noqa: E402
from tests.oracles import Comparison, beside_dotnet, beside_python  # noqa: E402
from tests.random_patterns import COMMON, DOTNET, Grammar, random_pairs  # noqa: E402

NUMBERS = 40  # for each pattern
AT_ONCE = 2500  # patterns


def compare(name: str, grammar: Grammar, pairs: int, seed: int, dotnet: DotNet | None = None) -> int:
    """Print one row of the table, then the disagreements; answer how many there are."""
    found, start = Comparison(), time.perf_counter()
    questions = random_pairs(seed, -(-pairs // NUMBERS), NUMBERS, grammar)
    while part := list(islice(questions, AT_ONCE)):
        beside_dotnet(dotnet, part, found) if dotnet else beside_python(part, found)
    seconds = time.perf_counter() - start
    share, wrong = found.matched / found.pairs, len(found.disagreements)
    row = f"{found.pairs:10,} {found.patterns:9,} {share:8.1%} {wrong:13,} {found.unanswered:10,} {seconds:8.1f}"
    print(f"{name:10}{row}", *found.disagreements[:20], sep="\n  ", flush=True)
    return wrong


def main() -> int:
    """Compare with each reader that is here."""
    parser = argparse.ArgumentParser(description="Compare the machine with Python's re and with .NET")
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{'':10}     pairs  patterns  matched  disagreement  no answer  seconds   seed {asked.seed}", flush=True)
    wrong = compare("Python re", COMMON, asked.pairs, asked.seed)
    if why := missing():
        print(f".NET       not asked: {why}")
        return int(wrong > 0)
    dotnet = DotNet()
    wrong += compare(".NET", DOTNET, asked.pairs, asked.seed, dotnet)
    dotnet.close()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
