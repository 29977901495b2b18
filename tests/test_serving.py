"""The local resource on a socket: HTTPS on loopback alone, no key on disk, and an end that leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from acs_telephony.errors import AcsTelephonyError
from acs_telephony.live.resource import LocalResource
from acs_telephony.live.service import GA
from acs_telephony.live.serving import LONGEST_BODY, Served, serving
from acs_telephony.tables import contoso, microsoft_three_routes
from tests.conftest import ROOT
from tests.test_cell_order import fresh, kept
from tests.test_cell_order import run as cell_says
from tests.test_notebooks import code, source

README = (ROOT / "README.md").read_text(encoding="utf-8")

LIST = """
from azure.communication.phonenumbers.siprouting import SipRoutingClient
import os
client = SipRoutingClient.from_connection_string(os.environ["COMMUNICATION_CONNECTION_STRING"])
print(*[trunk.fqdn for trunk in client.list_trunks()])
"""
SBCS = "ams1.contoso.com ams2.contoso.com iad1.contoso.com sin1.contoso.com"


@pytest.fixture
def resource() -> LocalResource:
    return LocalResource(contoso())


@pytest.fixture
def served(resource: LocalResource) -> Iterator[Served]:
    with serving(resource) as its:
        yield its


def run(code: str, environment: dict[str, str]) -> str:
    its = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], env=its, capture_output=True, text=True, check=True).stdout


def raw(served: Served, text: bytes) -> bytes:
    """What the server says to these bytes."""
    at = urlsplit(served.endpoint)
    context = ssl.create_default_context(cafile=served.environment["SSL_CERT_FILE"])
    with (
        socket.create_connection((at.hostname, at.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=at.hostname) as secured,
    ):
        secured.sendall(text)
        heard = b""
        while part := secured.recv(4096):
            heard += part
    return heard


def test_the_sdk_in_another_process_finds_it(served: Served) -> None:
    assert run(LIST, served.environment).strip() == SBCS


def test_the_certificate_is_trusted_by_the_bundle_alone(served: Served) -> None:
    target = f"{served.endpoint}/sip?api-version={GA}"

    assert requests.get(target, verify=served.environment["REQUESTS_CA_BUNDLE"], timeout=10).status_code == 401
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(target, verify=True, timeout=10)


def test_the_bundle_holds_the_public_roots_and_no_key(served: Served) -> None:
    bundle = Path(served.environment["SSL_CERT_FILE"])
    import certifi

    text = bundle.read_text(encoding="ascii")

    assert text.startswith(certifi.contents())
    assert text.count("BEGIN CERTIFICATE") == certifi.contents().count("BEGIN CERTIFICATE") + 1
    assert "PRIVATE KEY" not in text
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]
    if os.name == "posix":
        assert bundle.parent.stat().st_mode & 0o077 == 0


def test_the_end_leaves_nothing_behind(resource: LocalResource) -> None:
    with serving(resource) as its:
        folder, port = Path(its.environment["SSL_CERT_FILE"]).parent, urlsplit(its.endpoint).port
        assert folder.is_dir()

    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_the_last_answer_still_goes_out(resource: LocalResource) -> None:
    resource.latency = 0.5
    heard: list[int] = []
    with serving(resource) as its:
        target, bundle = f"{its.endpoint}/sip?api-version={GA}", its.environment["SSL_CERT_FILE"]

        def ask() -> None:
            heard.append(requests.get(target, verify=bundle, timeout=10).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.25)
    asking.join(10)

    assert heard == [401]


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.0.2.1", "::", "example.com", "", "localhost"])  # noqa: S104 (refused)
def test_other_machines_cannot_reach_it(resource: LocalResource, bind: str) -> None:
    with pytest.raises(AcsTelephonyError, match="no address of loopback"), serving(resource, bind=bind):
        pass


def test_it_can_be_served_on_ipv6(resource: LocalResource) -> None:
    try:
        with serving(resource, bind="::1") as its:
            assert its.endpoint.startswith("https://[::1]:")
            assert run(LIST, its.environment).strip() == SBCS
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")


def test_a_broken_connection_gives_no_answer(served: Served, resource: LocalResource) -> None:
    resource.break_next()

    with pytest.raises(requests.ConnectionError):
        requests.get(served.endpoint, verify=served.environment["SSL_CERT_FILE"], timeout=10)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"PATCH /sip HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"PATCH /sip HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 411),
        (b"PATCH /sip HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 411),
        (b"PATCH /sip HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (LONGEST_BODY + 1), 413),
        (b"PATCH /sip HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 413),
        (b"BREW /sip HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"nonsense\r\n\r\n", 400),
        (b"GET\t/sip\tHTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 401),
        (b"GET //sip HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 401),
    ],
)
def test_what_is_no_request_is_refused_and_the_next_one_is_served(served: Served, text: bytes, status: int) -> None:
    heard = raw(served, text)

    assert str(status).encode() in heard[:200]
    assert b"Traceback" not in heard
    assert run(LIST, served.environment).strip() == SBCS


def test_a_client_that_says_nothing_keeps_nobody_waiting(served: Served) -> None:
    at = urlsplit(served.endpoint)
    with socket.create_connection((at.hostname, at.port)), socket.create_connection((at.hostname, at.port)) as other:
        other.sendall(b"no TLS at all")
        assert run(LIST, served.environment).strip() == SBCS


# ---------------------------------------------------------------- notebook 09 at another address

PAGE = ROOT / "notebooks" / "09_from_table_to_azure.ipynb"


def test_the_page_says_the_same_at_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = LocalResource(microsoft_three_routes())
    with serving(resource) as its:
        for name, value in its.environment.items():
            monkeypatch.setenv(name, value)
        names = fresh()
        answers = [cell_says(source(cell), names) for cell in code(PAGE)]

    others = [place for place, cell in enumerate(code(PAGE)) if answers[place] != kept(cell)]
    assert [source(code(PAGE)[place]).count("requests_table(where") for place in others] == [1]
    assert "keeps no list of requests" in str(answers[others[0]])
    assert resource.configuration == microsoft_three_routes().configuration
    assert len(resource.requests) > 20
    assert resource.access_key not in str(answers)


def test_at_a_real_resource_the_page_reads_and_does_not_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acs_telephony.live.azure._LOOPBACK", ())  # what is served here counts as real
    resource = LocalResource(microsoft_three_routes())
    stopped: dict[int, str] = {}
    with serving(resource) as its:
        for name, value in its.environment.items():
            monkeypatch.setenv(name, value)
        names = fresh()
        for place, cell in enumerate(code(PAGE)):
            try:
                assert isinstance(cell_says(source(cell), names), str)
            except AcsTelephonyError as error:
                stopped[place] = str(error)

    # Applying, what the service refuses, and the colleague who writes: the three cells that write.
    assert set(stopped.values()) == {
        "nothing was written: this resource is read-only here. To write, make the place with read_only=False."
    }
    assert len(stopped) == 3
    assert not [one for one in resource.requests if one.verb == "PATCH"]


# ---------------------------------------------------------------- the command


def command(*words: str, cwd: Path = ROOT) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [Path(sys.executable).parent / "acs-telephony", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped(tmp_path: Path, how: signal.Signals) -> None:
    table, after = tmp_path / "table.json", tmp_path / "after.json"
    table.write_text(json.dumps(contoso().configuration.dump()), encoding="utf-8")
    code = LIST + 'client.set_routes([])\nclient.delete_trunk("sin1.contoso.com")\n'

    with command("serve", str(table), "--number", "+14255550100", "--output", str(after)) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline() for _ in range(3)]
        # The lines are read as a shell reads them.
        environment = dict(word.split("=", 1) for line in lines for word in shlex.split(line))
        assert run(code, environment).strip() == SBCS
        running.send_signal(how)
        _, said = running.communicate(timeout=20)

    assert (running.returncode, said.splitlines()[-1]) == (0, "Stopped.")
    assert "accesskey" not in said
    assert list(environment) == ["COMMUNICATION_CONNECTION_STRING", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]
    assert not Path(environment["SSL_CERT_FILE"]).exists()
    assert list(json.loads(after.read_text(encoding="utf-8"))["trunks"]) == SBCS.split()[:3]


def test_the_readme_shows_the_command_and_what_it_prints(tmp_path: Path) -> None:
    shown = re.findall(r"^\$ acs-telephony (serve .*)\n((?:[A-Z_]+=.*\n)+)", README, re.MULTILINE)
    (tmp_path / "table.json").write_text(json.dumps(contoso().configuration.dump()), encoding="utf-8")
    [(line, printed)] = shown

    with command(*shlex.split(line), cwd=tmp_path) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline() for _ in range(3)]
        running.terminate()
        running.communicate(timeout=20)

    assert [one.partition("=")[0] for one in lines] == [one.partition("=")[0] for one in printed.splitlines()]
    assert lines[0].startswith("COMMUNICATION_CONNECTION_STRING='endpoint=https://127.0.0.1:")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bind", "0.0.0.0"], "'0.0.0.0' is no address of loopback"),  # noqa: S104 (refused)
        (["--number", "4255550100"], "'4255550100' is no E.164 number"),
        (["--port", "70000"], "70000"),
        (["--output", "nowhere/after.json"], "nowhere/after.json: No such file or directory"),
    ],
)
def test_what_cannot_be_served_ends_with_2_and_a_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    table = tmp_path / "table.json"
    table.write_text('{"trunks": {}, "routes": []}', encoding="utf-8")

    with command("serve", str(table), *words) as running:
        printed, complaint = running.communicate(timeout=20)

    assert (running.returncode, printed) == (2, "")
    assert said in re.sub(r"\s+", " ", complaint)
    assert "Traceback" not in complaint


def test_a_port_that_is_taken_says_so(tmp_path: Path) -> None:
    table = tmp_path / "table.json"
    table.write_text('{"trunks": {}, "routes": []}', encoding="utf-8")
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, command("serve", str(table), "--port", str(taken.getsockname()[1])) as running:
        _, complaint = running.communicate(timeout=20)

    assert running.returncode == 2
    assert "in use" in complaint
    assert "--port" in complaint
