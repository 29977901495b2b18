"""The clock of a lab: time passes while nothing moves, and stands still while the computer works.

So no timer overtakes a message that is on its way, however slow or busy the computer is, and a call is the same in each
run. Loopback delivers at once: what has not arrived when a socket is asked has not been sent. (A kernel that is busy
itself can be some milliseconds late, so no wait that matters should be shorter.) A program outside has its own clock.
"""

from __future__ import annotations

import asyncio
import selectors
import time

#: A wait this short, in real seconds, is not waited at all, once everything that was sent has been dealt with.
MOMENT = 0.000_001


class _Waits(selectors.DefaultSelector):
    """The selector of the platform, which counts how long it was asked to wait, and waited."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for a socket, as every selector does."""
        at_once = timeout is not None and timeout <= 2 * MOMENT
        began = time.monotonic()
        ready = super().select(0 if at_once else timeout)
        waited = time.monotonic() - began
        if at_once and timeout and not ready:
            self.passed += timeout
        elif not at_once:
            # Waking up late is the computer's work, too.
            self.passed += waited if timeout is None else min(waited, timeout)
        return ready


class LabLoop(asyncio.SelectorEventLoop):
    """An event loop on the lab's clock: each timer of asyncio goes by it."""

    def __init__(self) -> None:
        self._waits = _Waits()
        super().__init__(self._waits)

    def time(self) -> float:
        """Seconds that have passed on the lab's clock, before any scale."""
        return self._waits.passed
