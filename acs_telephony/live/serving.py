"""The local resource on a socket of this machine: HTTPS on loopback, for SDKs of other languages and for curl.

The certificate is made at the start, and its key is never on disk. A private temporary folder holds a bundle of the
public roots and of the CA behind the certificate, so that a client that is told to trust it can still reach the rest of
the world; it is removed at the end.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from acs_telephony.errors import AcsTelephonyError
from acs_telephony.live.resource import Answer, Broken, LocalResource
from acs_telephony.models import quoted

LONGEST_BODY = 4 * 1024 * 1024  # bytes; 250 trunks and 250 routes with the longest texts fit into it
_IDLE, _LAST_WAIT = 30.0, 5.0  # seconds: for a client to say something, and for the last answers at the end


@dataclass(frozen=True, slots=True)
class Served:
    """Where a resource is served, and the environment that a client needs, which holds the access key."""

    endpoint: str
    environment: dict[str, str] = field(repr=False)


@contextmanager
def serving(resource: LocalResource, *, port: int = 0, bind: str = "127.0.0.1") -> Iterator[Served]:
    """Serve a resource until the end of the block; port 0 takes a free one.

    Raises AcsTelephonyError for an address that other machines could reach, and OSError for a port that is taken.
    """
    if not _is_loopback(bind):
        remedy = "Bind to 127.0.0.1: the resource is for this machine alone."
        raise AcsTelephonyError(f"{quoted(bind)} is no address of loopback", place="bind", remedy=remedy)
    try:
        import certifi

        from acs_telephony.live.sip.certificates import Authority
    except ModuleNotFoundError as error:
        remedy = "Run: pip install 'acs-telephony[sdk]'."
        raise AcsTelephonyError(f"the package {error.name} is missing", remedy=remedy) from None
    authority = Authority()
    server = _Server(resource, bind, port, authority.server(bind, "localhost"))
    with tempfile.TemporaryDirectory(prefix="acs-telephony-") as folder:
        bundle = Path(folder) / "roots.pem"
        bundle.write_text(certifi.contents() + authority.certificate, encoding="ascii")
        endpoint = f"https://{f'[{bind}]' if ':' in bind else bind}:{server.server_address[1]}"
        environment = {"COMMUNICATION_CONNECTION_STRING": resource.connection_string_at(endpoint)}
        environment |= dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(bundle))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield Served(endpoint, environment)
        finally:
            server.shutdown()
            server.finish()


def _is_loopback(bind: str) -> bool:
    try:
        return ipaddress.ip_address(bind).is_loopback
    except ValueError:
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a client that keeps its connection open keeps nothing else

    def __init__(self, resource: LocalResource, bind: str, port: int, context: ssl.SSLContext) -> None:
        self.address_family = socket.AF_INET6 if ":" in bind else socket.AF_INET
        self.resource, self.context = resource, context
        self._answering = 0
        self._changed = threading.Condition()
        super().__init__((bind, port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Greet a client in its own thread, so that nobody has to wait for one that says nothing."""
        request.settimeout(_IDLE)
        with suppress(OSError), self.context.wrap_socket(request, server_side=True) as secured:
            _Handler(secured, client_address, self)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """While a request is answered."""
        with self._changed:
            self._answering += 1
        try:
            yield
        finally:
            with self._changed:
                self._answering -= 1
                self._changed.notify_all()

    def finish(self) -> None:
        """Let the last answers go out, and close."""
        with self._changed:
            self._changed.wait_for(lambda: not self._answering, _LAST_WAIT)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "acs-telephony", ""
    wbufsize = -1  # an answer goes out in one piece
    timeout = _IDLE
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the standard library)
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a request."""
        with self.server.counted():
            self._answer()

    do_PATCH = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isascii() or not length.isdecimal():
            return self._refuse(411, "Send Content-Length.")
        if len(length) > 10 or int(length) > LONGEST_BODY:
            return self._refuse(413, f"The body may have {LONGEST_BODY:,} bytes.")
        body = self.rfile.read(int(length))
        # The library tidies `path`; what was signed is the target as it came.
        target = self.requestline.split()[1]
        try:
            answer = self.server.resource.answer(self.command, target, dict(self.headers), body)
        except Broken:
            self.close_connection = True
            return None
        return self._send(answer)

    def _refuse(self, status: int, words: str) -> None:
        self.close_connection = True
        self._send(Answer(status, words.encode("ascii"), {"Content-Type": "text/plain", "Connection": "close"}))

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()
