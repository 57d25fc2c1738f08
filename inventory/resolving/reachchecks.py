"""What cannot work about the proxy or jump host before a host: its package, its user, its credential."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from inventory.findings import Findings
from inventory.model import Credential, Origin
from inventory.resolving.layers import BUILT_IN, Layer
from inventory.schema.via import Via, parse_via
from inventory.words import did_you_mean, shown, visible

_PACKAGES = {"socks5h": ("python_socks", "python-socks", "socks"), "ssh": ("asyncssh", "asyncssh", "ssh")}
_NOTHING = (None, BUILT_IN)
_LOGON = frozenset({"via", "via_credential", "credentials", "username", "password", "defaults", "groups"})


def is_there(module: str) -> bool:
    """Say whether a module can be imported."""
    return importlib.util.find_spec(module) is not None


class ReachChecks:
    """Looks at hosts one after the other; what hangs on a key that is `lost` is not judged again."""

    def __init__(
        self,
        findings: Findings,
        credentials: Mapping[str, Credential],
        named_credentials: frozenset[str],
        lost: frozenset[str],
    ) -> None:
        self._findings = findings
        self._credentials = credentials
        self._named = named_credentials
        self._lost = lost
        self._known: dict[str, Via] = {}
        self._missing: dict[
            str, int | None
        ] = {}  # where the first host stands that needs it; None: it is there

    def check(self, name: str, merged: Layer) -> None:
        """Refuse a way that cannot work."""
        if self._lost & _LOGON:
            return
        text, origin = merged.get("via", _NOTHING)
        credential, named_at = merged.get("via_credential", _NOTHING)
        if text is None:
            if credential is not None and origin is BUILT_IN:
                self._findings.of_host(
                    name,
                    named_at.line,
                    "`via_credential` without a `via` ({hosts}): nobody asks for that logon",
                )
            return
        via = self._known.get(text) or self._known.setdefault(text, parse_via(text))
        self._package(name, via, origin)
        if credential is not None:
            self._credential(name, via, credential, named_at)
        elif via.scheme == "ssh" and via.user is None:
            message = (
                f"`via: {visible(text)}` names no user ({{hosts}}); write "
                f"`ssh://USER@{visible(via.host)}`, or name a `via_credential`"
            )
            self._findings.of_host(name, origin.line, message)

    def _package(self, name: str, via: Via, origin: Origin) -> None:
        """Refuse what nobody here can speak."""
        module, package, extra = _PACKAGES[via.scheme]
        if module not in self._missing:
            self._missing[module] = None if is_there(module) else origin.line
        line = self._missing[module]
        if line is not None:
            message = (
                f"`via: {via.scheme}://...` ({{hosts}}) needs the package {package}, which is not installed: "
                f"pip install 'fleetcheck[{extra}]'"
            )
            self._findings.of_host(name, line, message)

    def _credential(self, name: str, via: Via, credential: str, origin: Origin) -> None:
        """Refuse a logon that the proxy or jump host cannot be given."""
        if credential not in self._named:
            message = f"via_credential {shown(credential)} is not described under `credentials`"
            near = did_you_mean(credential, self._named)
            self._findings.of_host(name, origin.line, f"{message}{near} ({{hosts}})")
            return
        found = self._credentials.get(credential)
        if found is None:
            return
        if found.password is None:
            message = f"credential `{credential}` has no password; `via_credential` ({{hosts}}) needs one"
            self._findings.of_host(name, origin.line, message)
        elif found.per_host:
            message = (
                f"credential `{credential}` has one secret a host; `via_credential` ({{hosts}}) needs one "
                "for all of them"
            )
            self._findings.of_host(name, origin.line, message)
        if via.user is not None and via.user != found.username:
            message = (
                f"`via` names the user {shown(via.user)}, and credential `{credential}` is of "
                f"{shown(found.username)}"
                " ({hosts}); name one of the two"
            )
            self._findings.of_host(name, origin.line, message)
