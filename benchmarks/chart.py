"""A chart with two logarithmic axes as a small SVG: lines told apart by colour, dash and mark, named where they end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

Line = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 860, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 230, 40, 60
#: Each at least 4.5 to 1 on white.
_COLOURS: Final = ("#005a9c", "#b34700", "#00704a", "#8a2c7c", "#555555", "#7a5b00", "#a3003f")
_DASHES: Final = ("none", "8 3", "2 3", "10 3 2 3", "5 5", "1 4", "12 4")


def write_chart(
    file: Path, title: str, alt: str, axes: tuple[str, str], lines: Mapping[str, Line], goals: Line = ()
) -> None:
    """Write the chart. `goals` are points that an audit should stay under; seconds are on the second axis."""
    points = [point for line in lines.values() for point in line] + list(goals)
    (left, right), (low, high) = (_bounds([point[axis] for point in points], axis == 1) for axis in (0, 1))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        along = math.log(point[0] / left) / math.log(right / left)
        up = math.log(point[1] / low) / math.log(high / low)
        return _LEFT + along * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM)

    x_end, y_end = place((right, low))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-family="DejaVu Sans, Arial, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title><desc>{escape(alt)}</desc>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="22" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for value in _ticks(left, right):
        x, y = place((value, low))
        parts.append(f'<path d="M{x:.1f} {_TOP}V{y:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">{value:,.0f}</text>')
    for value in _ticks(low, high):
        x, y = place((left, value))
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{x_end:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{_time(value)}</text>')
    parts.append(
        f'<text x="{(_LEFT + x_end) / 2:.1f}" y="{y_end + 46:.1f}" text-anchor="middle">{escape(axes[0])}</text>'
    )
    parts.append(
        f'<text transform="translate(16 {(_TOP + y_end) / 2:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(axes[1])}</text>"
    )
    for x, y in map(place, goals):
        parts.append(f'<path d="M{x - 11:.1f} {y:.1f}h22m-11 0v8m-4 -4l4 4l4 -4" stroke="#000000" fill="none"/>')
    free = sorted((place(line[-1])[1], name) for name, line in lines.items())
    heights, last = {}, float(_TOP - 16)
    for y, name in free:
        heights[name] = last = max(y, last + 17)
    for (name, line), colour, dash in zip(lines.items(), _COLOURS, _DASHES, strict=False):
        spots = [place(point) for point in line]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots]
        (x, y), beside = spots[-1], x_end + 14
        leader = f"M{x + 4:.1f} {y:.1f}L{beside - 2:.1f} {heights[name]:.1f}"
        parts.append(f'<path d="{leader}" stroke="{colour}" stroke-width="0.7"/>')
        parts.append(f'<text x="{beside:.1f}" y="{heights[name] + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    if goals:
        note = "Bars with arrows: goals of an audit"
        parts.append(f'<text x="{x_end + 14:.1f}" y="{y_end:.1f}" font-size="12">{note}</text>')
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8", newline="\n")


def _bounds(values: list[float], decades: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))) if decades else (low, high)


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten; where there are few, 2 and 5 times each as well."""
    tens = [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    fine = [ten * step for ten in tens for step in (1, 2, 5)]
    return [value for value in (tens if len(tens) > 5 else fine) if low * 0.999 <= value <= high * 1.001]


def _time(seconds: float) -> str:
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size * 0.999:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds * 1e9:,.0f} ns"
