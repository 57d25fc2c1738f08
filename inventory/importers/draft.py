"""An inventory in the making: a tree with the lines of the file that it comes from, and what was left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from inventory.schema import shapes
from inventory.yamlfile.tree import Map, Seq

PLACEHOLDER = "ops"
UNKNOWN_USER = "CHANGE-ME"
_FOREIGN = re.compile(r"[^\w.-]+")


@dataclass(slots=True)
class Draft:
    """`tree` has the shape of an inventory; `notes` are sentences for the head of the written file.

    `doubtful`: hosts whose address nobody knows, so that their names stand for it.
    """

    file: str
    tree: Map = field(default_factory=lambda: Map(1))
    notes: dict[str, None] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    _credentials: dict[str, str] = field(default_factory=dict)  # user name -> credential

    def section(self, name: str) -> Map:
        """Return a section of the tree, made where it is not there yet."""
        if name not in self.tree:
            self.tree.put(name, Map(1), 1)
        found = self.tree[name]
        return found if isinstance(found, Map) else Map(1)

    def note(self, sentence: str) -> None:
        """Say something in the head of the file, once."""
        self.notes[sentence] = None

    def credential(self, username: str, line: int) -> str:
        """Return the name of the credential of a user, described at its first use."""
        if username not in self._credentials:
            name = self._free_name(username)
            self._credentials[username] = name
            body, secret = Map(line), Map(line)
            secret.put("from", "prompt", line)
            body.put("username", username, line)
            body.put("password", secret, line)
            self.section("credentials").put(name, body, line)
        return self._credentials[username]

    def certificate(self, path: str, line: int) -> str:
        """Return the name of the credential of a client certificate, described at its first use."""
        key = f"certificate {path}"
        if key not in self._credentials:
            name = self._credentials[key] = self._free_name("certificate")
            body = Map(line)
            body.put("from", "certificate", line)
            body.put("path", path, line)
            self.section("credentials").put(name, body, line)
        return self._credentials[key]

    def _free_name(self, username: str) -> str:
        """Make a name of what stands behind a domain and a backslash, or before an `@`."""
        if username == UNKNOWN_USER:
            return PLACEHOLDER
        short = _FOREIGN.sub("-", username.rpartition("\\")[2].partition("@")[0]).strip("-.")
        try:
            name = shapes.name(short)
        except ValueError:
            name = "logon"
        number, free = 1, name
        while free in self._credentials.values() or free == PLACEHOLDER:
            number += 1
            free = f"{name}-{number}"
        return free

    def join(self, group: str, host: str, line: int) -> None:
        """Put a host into a group."""
        groups = self.section("groups")
        if group not in groups:
            groups.put(group, Map(line), line)
        body: Map = groups[group]
        if "hosts" not in body:
            body.put("hosts", Seq(line), line)
        body["hosts"].put(host, line)
