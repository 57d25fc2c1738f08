r"""The .rdg files of Remote Desktop Connection Manager, versions 2.2 to 3.

A group or a server has its settings in elements of its own, or `inherit`s them from what is around it. Since
2.7 names stand in `properties`, before that beside it. Of `domain`, `[server]` and `[display]` are the
server's own: a local user.
"""

from __future__ import annotations

from collections.abc import Iterator

from inventory.importers.exports.found import host
from inventory.importers.exports.xml_tree import Element
from inventory.importers.table.folders import full_user
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry
from inventory.words import shown

_CONSOLE = "virtualmachineconsoleconnect"
_OWN_DOMAINS = ("[server]", "[display]")
_GATHERED = ("smartGroup", "favorites", "connected", "recentlyUsed")


def read_rdcman(root: Element, notes: Notes) -> Iterator[Entry]:
    """Yield the servers; what none can be made of is a note."""
    for file in root.all("file"):
        profiles = {
            (name.text.strip(), name.get("scope")): _user(each)
            for holder in file.all("credentialsProfiles")
            for each in holder.all("credentialsProfile")
            if (name := each.first("profileName")) is not None
        }
        yield from _Group(file, profiles, notes).entries((), "")


class _Group:
    """One group, read with what is around it."""

    def __init__(self, element: Element, profiles: dict[tuple[str, str], str], notes: Notes) -> None:
        self._element = element
        self._profiles = profiles
        self._notes = notes

    def entries(self, around: tuple[str, ...], user: str) -> Iterator[Entry]:
        """Yield the servers inside; `user` is who logs on where nothing else is said."""
        user = self._logon(self._element, user)
        for child in self._element.children:
            if child.name == "group":
                name = _said(child, "name")
                inner = _Group(child, self._profiles, self._notes)
                yield from inner.entries((*around, name.replace(",", " ")), user)
            elif child.name == "server":
                yield from self._server(child, around, self._logon(child, user))
            elif child.name in _GATHERED and child.children:
                name = _said(child, "name") or child.name
                self._notes.say(child.line, "a group that gathers servers of others was passed over", name)

    def _server(self, server: Element, around: tuple[str, ...], user: str) -> Iterator[Entry]:
        name, title = _said(server, "name"), _said(server, "displayName")
        if _said(server, "connectionType").lower() == _CONSOLE or _said(server, "vmId"):
            words = "is the console of a virtual machine, and the address is its Hyper-V host's"
            self._notes.leave_out(server.line, f"{shown(title or name)} {words}")
            return
        settings = server.first("connectionSettings")
        if settings and settings.said("port") not in ("", "3389"):
            self._notes.say(server.line, "a port of Remote Desktop was left out", settings.said("port"))
        found = host(server.line, title, name, self._notes, user=user, groups=around)
        if found is not None:
            yield found

    def _logon(self, element: Element, inherited: str) -> str:
        r"""Return who logs on there, such as `CORP\svc`; the password beside it is not looked at."""
        own = element.first("logonCredentials")
        if own is None or own.get("inherit") not in ("", "None"):
            return inherited
        if user := _user(own):
            return user
        profile = own.first("profileName")
        if profile is None or profile.get("scope") == "Local":
            return inherited
        key = profile.text.strip(), profile.get("scope")
        if key not in self._profiles:
            self._notes.say(own.line, "a credential profile stands in another file; say who logs on", key[0])
        return self._profiles.get(key, "")


def _user(element: Element) -> str:
    user, domain = element.said("userName"), element.said("domain")
    return full_user(user, "." if domain.lower() in _OWN_DOMAINS else domain)


def _said(element: Element, name: str) -> str:
    properties = element.first("properties")
    return (properties.said(name) if properties else "") or element.said(name)
