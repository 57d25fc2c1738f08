"""mRemoteNG's confCons.xml: folders and sessions as nested `Node`s, each with what it inherits."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.importers.exports.found import host
from inventory.importers.exports.xml_tree import Element, XmlError
from inventory.importers.table.folders import full_user
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry
from inventory.words import shown

_OF_WINDOWS = ("rdp", "powershell", "vnc", "ard", "ica", "anydesk", "")


def read_mremoteng(root: Element, notes: Notes) -> Iterator[Entry]:
    """Yield the hosts of the sessions that a Windows server is reached by; the others are notes.

    Raises XmlError where the file is encrypted as a whole.
    """
    if root.get("FullFileEncryption").lower() == "true":
        words = "encrypted as a whole; in mRemoteNG, File > Export writes the connections without it"
        raise XmlError(root.line, words)
    yield from _inside(root, (), notes)


def _inside(node: Element, around: tuple[Element, ...], notes: Notes) -> Iterator[Entry]:
    for child in node.all("Node"):
        if child.get("Type").lower() == "container":
            yield from _inside(child, (*around, child), notes)
        elif (found := _session(child, around, notes)) is not None:
            yield found


def _session(node: Element, around: tuple[Element, ...], notes: Notes) -> Entry | None:
    title, protocol = node.get("Name"), _own(node, "Protocol", around)
    if protocol.lower() not in _OF_WINDOWS:
        notes.leave_out(node.line, f"{shown(title)} is reached by {protocol}, and not over WinRM")
        return None
    if _own(node, "UseVmId", around).lower() == "true":
        notes.leave_out(node.line, f"{shown(title)} is the console of a virtual machine on a Hyper-V host")
        return None
    user = full_user(_own(node, "Username", around), _own(node, "Domain", around))
    folders = (each.get("Name").replace(",", " ") for each in around)
    return host(node.line, title, node.get("Hostname"), notes, user=user, groups=folders)


def _own(node: Element, name: str, around: tuple[Element, ...]) -> str:
    """Return an attribute, from the nearest that does not inherit it."""
    for each in (node, *reversed(around)):
        if each.get(f"Inherit{name}").lower() != "true":
            return each.get(name)
    return ""
