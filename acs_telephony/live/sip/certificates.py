"""A certificate authority in memory, and the TLS contexts of every role: TLS 1.2 or later, both sides with certificate.

Documented (direct-routing-infrastructure.md, 2023-06-22): TLS 1.2, a certificate whose names hold the SBC's FQDN, and
mutual TLS as an option, which is taken here. Our model: one CA for a lab, trusted by nobody else, and elliptic curves.

No key is on disk. The ssl module of Python reads keys from a path alone, so they go through a pipe with the path
/dev/fd/N, in memory (Linux, macOS). Where there is no such path (Windows), a file in the temporary folder holds the key
encrypted with a random password that never leaves memory, and is removed at once.
"""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkstemp
from typing import Literal

import trustme
from cryptography.hazmat.primitives import serialization as pem

Flaw = Literal["", "wrong name", "expired", "unknown CA"]
#: The name in a certificate with the flaw "wrong name".
OTHER_NAME = "other.example"
PIPES = Path("/dev/fd")
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one role shows and checks: a context to listen with, and one to call with."""

    server: ssl.SSLContext
    client: ssl.SSLContext

    def show(self, leaf: trustme.LeafCert) -> None:
        """Show this certificate from now on, on each new connection."""
        for context in (self.server, self.client):
            _load(context, leaf)


class Authority:
    """A certificate authority that lives in memory alone; its keys are elliptic curves, which are quick to make."""

    def __init__(self) -> None:
        self._trusted = trustme.CA()
        self._strange: trustme.CA | None = None

    @property
    def certificate(self) -> str:
        """The CA's own certificate (PEM), for a peer outside of the lab that should trust it."""
        return self._trusted.cert_pem.bytes().decode("ascii")

    def issue(self, *names: str, flaw: Flaw = "") -> trustme.LeafCert:
        """A certificate for these names, or one with a flaw that the other side has to find."""
        if flaw == "expired":
            return self._trusted.issue_cert(*names, not_before=_LONG_AGO[0], not_after=_LONG_AGO[1])
        if flaw == "unknown CA":
            self._strange = self._strange or trustme.CA()
            return self._strange.issue_cert(*names)
        return self._trusted.issue_cert(*((OTHER_NAME,) if flaw == "wrong name" else names))

    def server(self, *names: str) -> ssl.SSLContext:
        """A context for a server that shows a certificate and asks its clients for none."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _load(context, self.issue(*names))
        return context

    def credentials(self, *names: str, flaw: Flaw = "") -> Credentials:
        """Contexts with one certificate for both directions; each side has to show one that this CA signed."""
        leaf = self.issue(*names, flaw=flaw)
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server.verify_mode = ssl.CERT_REQUIRED
        for context in (server, client):
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_verify_locations(cadata=self.certificate)
        shown = Credentials(server, client)
        shown.show(leaf)
        return shown


def _load(context: ssl.SSLContext, leaf: trustme.LeafCert) -> None:
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    key = leaf.private_key_pem.bytes()
    if PIPES.is_dir():
        with _piped(chain) as chain_path, _piped(key) as key_path:
            context.load_cert_chain(chain_path, key_path)
        return
    password = secrets.token_bytes(32).hex().encode()
    locked = pem.load_pem_private_key(key, None).private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(password)
    )
    handle, path = mkstemp()
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(locked + chain)
        context.load_cert_chain(path, password=password)
    finally:
        with suppress(OSError):
            Path(path).unlink()


@contextmanager
def _piped(data: bytes) -> Iterator[str]:
    """A path under which these bytes can be read once; they stay in memory. A pipe holds at least 4096 bytes."""
    reader, writer = os.pipe()
    try:
        os.write(writer, data)
        os.close(writer)
        yield f"/dev/fd/{reader}"
    finally:
        os.close(reader)
