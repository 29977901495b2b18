"""The trunk panel: a first call at once, faults that wait for the button, a call that runs and can be ended."""

from __future__ import annotations

import gc
import html
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acs_telephony import dial, microsoft_three_routes
from acs_telephony.errors import AnswerError
from acs_telephony.live.sip.lab import SipLab
from acs_telephony.live.sip.values import Fault
from acs_telephony.views.panels import trunk_panel
from acs_telephony.views.panels.trunk import TrunkPanel
from tests.lab import Reader

pytest.importorskip("sipmessage", reason="live SIP needs pip install 'acs-telephony[sip]'")

NUMBER = "+14255550100"
RESOURCE = microsoft_three_routes()


def said(panel: TrunkPanel) -> str:
    found = re.search('data-said="([^"]*)"', panel.answer.value)
    assert found is not None
    return html.unescape(found[1])


def until(panel: TrunkPanel, happens: Callable[[], bool]) -> None:
    """Wait for what a call does in its own time; a call that hangs is the only thing that this gives up on."""
    for _ in range(600):
        if happens():
            return
        time.sleep(0.05)
    raise AssertionError(f"it never happened: {said(panel)!r} {panel.error.value!r}")


def called(panel: TrunkPanel) -> None:
    """Press Call, and wait until the end is said."""
    panel.controls["call"].click()
    until(panel, lambda: all(one.name != "trunk panel" for one in threading.enumerate()))
    assert said(panel).startswith(NUMBER)


@pytest.fixture
def panel() -> Iterator[TrunkPanel]:
    one = trunk_panel(RESOURCE, time_scale=0.02)
    yield one
    one.close()


def test_a_first_call_stands_there_and_is_the_same_for_everybody(panel: TrunkPanel) -> None:
    other = trunk_panel(RESOURCE, time_scale=0.02)
    assert said(panel) == f"{NUMBER}: {dial(RESOURCE, NUMBER).as_listed}"
    assert panel.answer.value == other.answer.value
    assert panel.error.value == ""
    other.close()


def test_a_fault_waits_for_the_button_and_then_the_call_fails_over(panel: TrunkPanel) -> None:
    before = panel.answer.value.partition(">")[2]
    panel.controls["sbc1.contoso.biz"].value = 503
    assert said(panel).startswith(f"{NUMBER}: sbc1.contoso.biz takes the call")
    assert "sbc1.contoso.biz: 503 Service Unavailable. Press Call" in said(panel)
    assert panel.answer.value.removesuffix("</div>").endswith(before.removesuffix("</div>"))

    called(panel)
    assert said(panel) == f"{NUMBER}: {dial(RESOURCE, NUMBER, sbcs={'sbc1.contoso.biz': 503}).as_listed}"
    panel.controls["sbc1.contoso.biz"].value = "answers"
    called(panel)
    assert said(panel) == f"{NUMBER}: {dial(RESOURCE, NUMBER).as_listed}"


def test_a_control_set_and_set_back_brings_back_the_answer(panel: TrunkPanel) -> None:
    before = panel.answer.value
    panel.controls["sbc2.contoso.biz"].value = "silent"
    assert panel.answer.value != before
    panel.controls["sbc2.contoso.biz"].value = "answers"
    assert panel.answer.value == before


def test_every_fault_of_the_list_can_be_called(panel: TrunkPanel) -> None:
    for words, fault in panel.controls["sbc1.contoso.biz"].options:
        panel.controls["sbc1.contoso.biz"].value = fault
        assert fault == "answers" or words in said(panel)
        called(panel)
        assert panel.error.value == ""


def test_a_call_that_runs_is_seen_spoken_once_and_ended_by_its_button() -> None:
    panel, heard = trunk_panel(RESOURCE, wait_s=600.0), list[str]()
    panel.answer.observe(lambda _: heard.append(said(panel)), names="value")
    panel.controls["sbc1.contoso.biz"].value = "silent"
    panel.controls["call"].click()
    until(panel, lambda: "runs. Hang up ends it." in panel.answer.value)
    panel.controls["call"].click()
    assert [one.name for one in threading.enumerate()].count("trunk panel") == 1
    assert panel.error.value == ""

    panel.controls["hang_up"].click()
    until(panel, lambda: said(panel).startswith(NUMBER))
    until(panel, lambda: panel.error.value == "")
    assert heard[-1] == f"{NUMBER}: The caller hung up before an answer came."
    assert [words for words in heard[1:] if words] == [f"The call to {NUMBER} runs. Hang up ends it.", heard[-1]]
    panel.controls["hang_up"].click()
    assert "no call runs. Press Call first." in panel.error.value
    panel.close()


@pytest.mark.parametrize("nonsense", ["call mum", "<script>alert(1)</script>", "", "+"])
def test_a_number_that_is_none_is_refused_in_its_place(panel: TrunkPanel, nonsense: str) -> None:
    before = panel.answer.value
    panel.controls["number"].value = nonsense
    assert "The answer below is the last good one." in panel.error.value
    assert "<script" not in panel.error.value
    panel.controls["call"].click()
    assert "The answer below is the last good one." in panel.error.value
    assert panel.answer.value == before


def held() -> tuple[list[str], int]:
    """The threads and the open files (sockets too) of this process, as far as the platform tells."""
    gc.collect()
    files = Path("/proc/self/fd")
    return sorted(one.name for one in threading.enumerate()), len(list(files.iterdir())) if files.is_dir() else 0


@pytest.mark.parametrize("fault", ["answers", 503, "expired"])
def test_a_panel_whose_call_is_over_holds_no_thread_and_no_socket(fault: Fault) -> None:
    trunk_panel(RESOURCE, time_scale=0.02).close()
    before = held()
    panel = trunk_panel(RESOURCE, time_scale=0.02)
    assert held() == before
    panel.controls["sbc1.contoso.biz"].value = fault
    called(panel)
    assert held() == before
    assert panel.placing is None


def test_a_panel_that_cannot_be_made_leaves_no_lab() -> None:
    trunk_panel(RESOURCE, time_scale=0.02).close()
    before = held()
    with pytest.raises(AnswerError, match=r"sbcs: no SBC is called 'sbc9\.contoso\.biz'"):
        trunk_panel(RESOURCE, sbcs=["sbc9.contoso.biz"])
    with pytest.raises(AnswerError, match="resource: SipConfiguration is no Resource"):
        trunk_panel(RESOURCE.configuration)  # type: ignore[arg-type]  # what a reader may try
    assert held() == before


def test_a_panel_that_is_closed_hangs_up() -> None:
    panel = trunk_panel(RESOURCE, wait_s=600.0)
    before = held()
    panel.controls["sbc1.contoso.biz"].value = "silent"
    panel.controls["call"].click()
    until(panel, lambda: "runs. Hang up ends it." in panel.answer.value)
    assert held() != before
    panel.close()
    until(panel, lambda: held() == before)


def test_a_resource_has_its_own_sbcs_and_options_are_those_of_the_lab() -> None:
    panel = trunk_panel(RESOURCE, sbcs=["sbc5.contoso.biz"], transport="udp", time_scale=0.02)
    assert [name for name in panel.controls if "." in name] == ["sbc5.contoso.biz"]
    assert "expired" not in [fault for _, fault in panel.controls["sbc5.contoso.biz"].options]
    assert "Real SIP over UDP" in panel.answer.value
    panel.close()
    with pytest.raises(AnswerError, match="time_scale"):
        trunk_panel(RESOURCE, time_scale=0.0)


def test_nothing_is_opened_before_somebody_calls() -> None:
    assert not SipLab(RESOURCE).open


CELL = """
from acs_telephony.views.panels import trunk_panel
trunk_panel()
"""


def test_a_call_fills_its_ladder_in_jupyterlab_and_its_end_is_spoken_once(reader: Reader) -> None:
    reader.open(reader.write(CELL, "trunk"))
    reader.run_all()
    panel = reader.panel("Trunk")
    answer, spoken = panel.locator(".acs-answer"), panel.locator('.acs-spoken[role="status"]')
    panel.get_by_label("sbc1.contoso.biz", exact=True).select_option(label="silent")
    spoken.filter(has_text="Press Call").wait_for(state="attached")
    spoken.evaluate("""status => {
      window.heard = [];
      const note = () => status.textContent && window.heard.push(status.textContent);
      new MutationObserver(note).observe(status, { childList: true });
    }""")

    panel.get_by_role("button", name="Call", exact=True).click()
    answer.filter(has_text="runs. Hang up ends it.").wait_for()
    answer.filter(has_text="sbc2.contoso.biz takes the call").wait_for()
    spoken.filter(has_text="sbc2.contoso.biz takes the call").wait_for(state="attached")
    heard = reader.script("() => window.heard")
    assert [words for words in heard if "takes the call" in words] == heard[-1:]
    assert len(heard) <= 2
    reader.screenshot("trunk panel called")

    panel.get_by_role("button", name="Call", exact=True).click()
    answer.filter(has_text="runs. Hang up ends it.").wait_for()
    panel.get_by_role("button", name="Hang up", exact=True).click()
    answer.filter(has_text="The caller hung up before an answer came.").wait_for()
