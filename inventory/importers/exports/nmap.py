"""The XML of nmap: which hosts were up, and where WinRM answered."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.importers.exports.found import host
from inventory.importers.exports.xml_tree import Element
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry
from inventory.resolving.hostchecks import PORTS
from inventory.words import shown

_SCHEMES = {str(port): scheme for scheme, port in PORTS.items()}


def read_nmap(root: Element, notes: Notes) -> Iterator[Entry]:
    """Yield the hosts that are up; where WinRM's ports were tried, those where one is open."""
    hosts = list(root.all("host"))
    tried = any(port in _SCHEMES for each in hosts for port, _state in _ports(each)) or _asked(root)
    if not tried:
        notes.say(root.line, "no port of WinRM was tried (nmap -p 5985,5986); whatever was up was taken")
    for each in hosts:
        yield from _host(each, notes, tried=tried)


def _asked(root: Element) -> bool:
    """Whether the scan covered WinRM's ports: of the closed ones nmap writes a count alone."""
    for each in root.all("scaninfo"):
        for part in each.get("services").split(","):
            first, _, last = part.partition("-")
            ends = [int(end) if end.isdecimal() else 0 for end in (first, last or first)]
            if any(ends[0] <= port <= ends[1] for port in PORTS.values()):
                return True
    return False


def _host(element: Element, notes: Notes, *, tried: bool) -> Iterator[Entry]:
    found = {each.get("addrtype"): each.get("addr") for each in element.all("address")}
    address = found.get("ipv4") or found.get("ipv6") or ""
    status = element.first("status")
    if status is not None and status.get("state") != "up":
        notes.say(element.line, f"hosts that were {status.get('state')} were passed over", address)
        return
    names = [each for holder in element.all("hostnames") for each in holder.all("hostname")]
    typed = next((each.get("name") for each in names if each.get("type") == "user"), "")
    title = typed or next((each.get("name") for each in names), "")
    schemes = [_SCHEMES[port] for port, state in _ports(element) if state == "open" and port in _SCHEMES]
    if tried and not schemes:
        notes.leave_out(element.line, f"neither 5985 nor 5986 is open on {shown(title or address)}")
        return
    if title and not typed:
        words = "the name is reverse DNS's, and the address stays the one that nmap asked; look it over"
        notes.say(element.line, words, title)
    entry = host(element.line, title, typed or address, notes)
    if entry is not None:
        if schemes and "https" not in schemes:
            entry.settings["transport"] = "http"
        yield entry


def _ports(element: Element) -> Iterator[tuple[str, str]]:
    for holder in element.all("ports"):
        for port in holder.all("port"):
            state = port.first("state")
            if port.get("protocol") == "tcp" and state is not None:
                yield port.get("portid"), state.get("state")
