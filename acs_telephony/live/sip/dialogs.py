"""Dialogs: what two user agents remember of a call (RFC 3261 12)."""

from __future__ import annotations

from dataclasses import dataclass

from acs_telephony.live.sip.messages import URI, Address, Place, Request, Response, SipError, filled, place_of, tag_of


def dialog_id(request: Request) -> tuple[str, str, str]:
    """The dialog that a received request belongs to (RFC 3261 12): Call-ID, our tag (To), the other's tag (From)."""
    return request.call_id, tag_of(request, "To"), tag_of(request, "From")


@dataclass(slots=True)
class Dialog:
    """One side of a call. `id`: Call-ID, our tag, the other's tag.

    `local` and `remote` are From and To of our requests, `remote_uri` is the other's Contact, `routes` the route set in
    our direction, `sequence` our last CSeq, `invite` that of the INVITE.
    """

    id: tuple[str, str, str]
    local: str
    remote: str
    remote_uri: URI
    routes: list[str]
    sequence: int
    invite: int

    @classmethod
    def as_caller(cls, request: Request, response: Response) -> Dialog:
        """The dialog of who sent an INVITE, from its 2xx or a provisional response with a tag (RFC 3261 12.1.2)."""
        routes = [str(address) for address in reversed(response.record_route)]
        number, tags = request.cseq.sequence, (tag_of(response, "From"), tag_of(response, "To"))
        sides = response.headers["From"], response.headers["To"]
        return cls((request.call_id, *tags), *sides, contact_of(response), routes, number, number)

    @classmethod
    def as_callee(cls, request: Request, response: Response) -> Dialog:
        """The dialog of who answered an INVITE (RFC 3261 12.1.1)."""
        routes = [str(address) for address in request.record_route]
        tags = tag_of(response, "To"), tag_of(response, "From")
        sides = response.headers["To"], response.headers["From"]
        return cls((request.call_id, *tags), *sides, contact_of(request), routes, 0, request.cseq.sequence)

    @property
    def target(self) -> Place:
        """Where requests in this dialog go: its first Route, else the other's Contact (RFC 3261 12.2.1.1)."""
        return place_of(Address.parse(self.routes[0]).uri if self.routes else self.remote_uri)

    def request(self, method: str) -> Request:
        """The next request in this dialog (RFC 3261 12.2.1.1)."""
        self.sequence += 1
        return self._request(method, self.sequence)

    def ack(self) -> Request:
        """The ACK for the 2xx that made this dialog (RFC 3261 13.2.2.4)."""
        return self._request("ACK", self.invite)

    def _request(self, method: str, number: int) -> Request:
        rows = [*[("Route", route) for route in self.routes], ("From", self.local), ("To", self.remote)]
        rows += [("Call-ID", self.id[0]), ("CSeq", f"{number} {method}")]
        return filled(Request(method, self.remote_uri), rows)


def contact_of(message: Request | Response) -> URI:
    """The one address in Contact, which makes a dialog (RFC 3261 12.1); SipError without."""
    if len(message.contact) != 1 or message.contact[0].uri.scheme != "sip":
        raise SipError("an INVITE and its 2xx have one sip: address in Contact")
    return message.contact[0].uri
