"""Planning the SIP interface (direct routing): what one SBC needs around it, worked out for its FQDN.

Every item names its source and date. `planning` offers these functions beside those of the other next steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from acs_telephony.errors import AnswerError
from acs_telephony.facts import cite, load
from acs_telephony.models import is_fqdn
from acs_telephony.receiving import certificate_matches, is_address

Topic = Literal["domain", "dns", "certificate", "tls", "firewall", "sbc", "media"]


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One thing to have or to set before an SBC can be connected."""

    topic: Topic
    what: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class CertifiedSbc:
    """An SBC on Microsoft's list; later firmware of the same major version counts."""

    vendor: str
    product: str
    version: str
    source: str


def sip_checklist(fqdn: str) -> tuple[ChecklistItem, ...]:
    """What an SBC with this FQDN needs: domain, DNS, certificate, TLS, firewall, SBC and media, in that order.

    Raises AnswerError for an FQDN that cannot be used: an IP address, a wrong length or character, a forbidden suffix,
    or no domain after the first label.

    >>> sip_checklist("sbc1.contoso.com")[0].value
    'contoso.com'
    """
    facts = load("endpoints")
    name = _usable(fqdn, facts)
    return (
        *_domain(name, facts),
        *_dns(facts),
        *_certificate(name, facts),
        *_firewall(facts),
        *_sbc(),
        *_media(facts),
    )


def certified_sbcs() -> tuple[CertifiedSbc, ...]:
    """The SBCs certified for direct routing, in the order of Microsoft's list (2023-06-22; a later one may exist)."""
    vendors = load("sbc_vendors")["vendors"]
    return tuple(
        CertifiedSbc(v["vendor"], v["product"], v["version"], cite("sbc_vendors", v["source"])) for v in vendors
    )


def _usable(fqdn: str, facts: Mapping[str, Any]) -> str:
    if not isinstance(fqdn, str):
        raise AnswerError("a name is given as text", place="FQDN", remedy="Write it in quotes.")
    length, labels = facts["fqdn_length"], fqdn.lower().split(".")
    forbidden = next((f["suffix"] for f in facts["forbidden_suffixes"] if fqdn.lower().endswith(f["suffix"])), "")
    problem, remedy = "", "Use a name of your own domain, such as sbc1.contoso.com."
    if not length["shortest"] <= len(fqdn) <= length["longest"]:
        problem = f"it has {len(fqdn)} characters, and {length['shortest']} to {length['longest']} are allowed"
    elif is_address(fqdn):
        problem = "it is an IP address, and Microsoft answers 403 to that"
    elif is_fqdn((fqdn.partition("://")[2] or fqdn).partition(":")[0].strip("/")) and not is_fqdn(fqdn):
        problem, remedy = "a port or https:// is no part of the name", "Leave it out."
    elif not is_fqdn(fqdn):
        problem = "it is no DNS name"
        remedy = "Use letters, digits, hyphens and dots, at most 63 characters between dots; other scripts as xn--."
    elif forbidden:
        problem = f"names under {forbidden} are not allowed"
    elif len(labels) < 3:
        problem = "no domain of yours is left after its first label"
    if problem:
        raise AnswerError(problem, place=f"FQDN {fqdn[:60]!r}", remedy=remedy)
    return ".".join(labels)


def _item(topic: Topic, what: str, value: str, *tables: Mapping[str, Any]) -> ChecklistItem:
    keys = dict.fromkeys(key for table in tables for key in table["source"])
    return ChecklistItem(topic, what, value, cite("endpoints", keys))


def _domain(name: str, facts: Mapping[str, Any]) -> Iterator[ChecklistItem]:
    domain, length = facts["domain"], facts["fqdn_length"]
    rule = _version(facts["office_365_domain"], "2023")
    proof = f"{domain['proof']}; up to {domain['proof_minutes_at_most']} minutes. {domain['text']}"
    yield _item("domain", "domain to prove", name.partition(".")[2], domain)
    yield _item("domain", "how to prove it", proof, domain)
    yield _item("domain", "FQDN length", f"{len(name)} of {length['longest']} characters", length)
    yield _item("domain", "Teams", facts["teams_fqdn"]["text"], facts["teams_fqdn"])
    yield _item("domain", "Microsoft 365", rule["rule"], rule)


def _dns(facts: Mapping[str, Any]) -> Iterator[ChecklistItem]:
    names = ", then ".join(entry["fqdn"] for entry in facts["signalling_fqdns"])
    yield _item("dns", "public address", facts["public_address"]["text"], facts["public_address"])
    yield _item("dns", "signalling FQDNs in order", names, *facts["signalling_fqdns"])
    yield _item("dns", "OPTIONS", facts["options_pings"]["text"], facts["options_pings"])


def _certificate(name: str, facts: Mapping[str, Any]) -> Iterator[ChecklistItem]:
    certificate, transport = facts["certificate"], facts["transport"]
    mutual, roots = facts["mutual_tls_roots"], _version(facts["trusted_roots"], "2023")
    labels = name.split(".")
    stars = [f"*.{'.'.join(labels[start:])}" for start in range(len(labels) - 1)]
    fits = [shown for shown in (name, *stars) if certificate_matches(shown, name)]
    fails = [shown for shown in stars if shown not in fits]
    yield _item("certificate", "where the name stands", " or ".join(certificate["names_in"]), certificate)
    yield _item("certificate", "names that fit", ", ".join(fits), certificate)
    yield _item("certificate", "names that do not fit", ", ".join(fails), certificate)
    yield _item("certificate", "certificate issued by", certificate["issued_by"], certificate)
    yield _item("certificate", "trusted roots", ", ".join(roots["names"]), roots)
    yield _item("certificate", "extended key usage", ", ".join(certificate["extended_key_usage"]), certificate)
    yield _item("certificate", "usual key", f"{certificate['key_bits_usual']} bits", certificate)
    yield _item("tls", "TLS version", f"{transport['tls_lowest']} or later", transport)
    yield _item("tls", "cipher suites", ", ".join(transport["cipher_suites"]), transport)
    yield _item("tls", "roots on the SBC for mutual TLS", " and ".join(mutual["names"]), mutual)


def _firewall(facts: Mapping[str, Any]) -> Iterator[ChecklistItem]:
    for way in facts["signalling_ports"]:
        ports = f"{way['traffic']}, from {way['source_ports']} to {way['destination_ports']}"
        yield _item("firewall", f"signalling, {way['from']} to {way['to']}", ports, way)
    addresses = _version(facts["signalling_addresses"], "2023")
    yield _item("firewall", "signalling addresses", ", ".join(addresses["addresses"]), addresses)
    now, then = _version(facts["media_ports"], "2023"), _version(facts["media_ports"], "2021")
    gone = ", ".join(ports for ports in then["microsoft_ports"] if ports not in now["microsoft_ports"])
    ports = f"{now['protocol']}, {', '.join(now['microsoft_ports'])} at Microsoft, {now['sbc_ports']}"
    yield _item("firewall", "media ports", f"{ports}; in {then['version']} also {gone}", now, then)
    media = _version(facts["media_addresses"], "2023")
    yield _item("firewall", "media addresses", ", ".join(media["addresses"]), media)


def _sbc() -> Iterator[ChecklistItem]:
    rules, models = load("sbc_vendors")["rules"], certified_sbcs()
    said = cite("sbc_vendors", rules["source"])
    vendors = ", ".join(dict.fromkeys(sbc.vendor for sbc in models))
    yield ChecklistItem("sbc", "certified SBC", f"one of {len(models)} products, by {vendors}", models[0].source)
    yield ChecklistItem("sbc", "SBC version", rules["version_scope"], said)
    yield ChecklistItem("sbc", "certified for Teams only", rules["teams_certified_only"], said)


def _media(facts: Mapping[str, Any]) -> Iterator[ChecklistItem]:
    media, codecs, bypass = facts["media"], facts["codecs"], facts["media_bypass"]
    yield _item("media", "SBC ports for each call at the same time", f"at least {media['sbc_ports_per_call']}", media)
    yield _item("media", "codecs of the SBC", f"{', '.join(codecs['sbc_leg'])}. {codecs['text']}", codecs)
    yield _item("media", "media bypass", "supported" if bypass["supported"] else "not supported", bypass)


def _version(entries: tuple[Mapping[str, Any], ...], version: str) -> Mapping[str, Any]:
    return next(entry for entry in entries if entry["version"] == version)
