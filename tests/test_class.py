"""Twenty readers on one server, as in a class: everybody sees their own state, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.lab import Reader

READERS = 20


def shown_numbers(reader: Reader) -> set[str]:
    """The numbers of readers that stand in the panel: in its control, its sentences, its picture and its tables."""
    panel = reader.panel("Dial")
    words = panel.inner_text() + panel.locator("img").evaluate_all("all => all.map(i => i.alt)").__str__()
    return set(re.findall(r"42555501\d\d", words)) | {panel.get_by_label("Number").input_value()[-10:]}


@pytest.mark.full
def test_twenty_readers_dial_at_once_and_each_sees_one_number(new_reader: Callable[..., Reader]) -> None:
    """One server, as on a JupyterHub with one machine; each reader has a folder and so a kernel of their own."""
    readers = [new_reader() for _ in range(READERS)]
    for i, reader in enumerate(readers):
        reader.open(reader.copy("00_start_here", f"reader {i:02}"))
    for reader in readers:  # all at once: nobody waits for anybody
        reader.script("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    for reader in readers:
        reader.ready()
        reader.panel("Dial").locator(".acs-asleep").wait_for(state="hidden")

    for turn in (0, 1):
        numbers = [f"42555501{(i + 7 * turn) % 100:02}" for i in range(READERS)]
        for reader, number in zip(readers, numbers, strict=True):
            field = reader.panel("Dial").get_by_label("Number", exact=True)
            field.fill(f"+1{number}")
            field.press("Enter")
        for reader, number in zip(readers, numbers, strict=True):
            reader.panel("Dial").locator(".acs-answer").filter(has_text=f"is dialled as +1{number}").wait_for()
        assert [shown_numbers(reader) for reader in readers] == [{number} for number in numbers]
    assert [trouble for reader in readers for trouble in reader.trouble] == []
    assert len(readers[0].lab.api("kernels")) == READERS
