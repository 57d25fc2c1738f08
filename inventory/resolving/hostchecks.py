"""What cannot work, or cannot be meant, about one host's settings together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inventory.files.regular import NotRegularError, open_regular
from inventory.findings import Findings
from inventory.model import Credential, Origin, Profile
from inventory.resolving.layers import BUILT_IN, Layer
from inventory.resolving.reachchecks import ReachChecks
from inventory.schema import shapes
from inventory.schema.via import network
from inventory.words import did_you_mean, shown, visible

PORTS = {"https": 5986, "http": 5985}

_NOTHING = (None, BUILT_IN)
_LOGON = frozenset({"credential", "credentials", "password", "auth", "defaults", "groups"})


class Checks:
    """Looks at hosts one after the other. `lost`: keys that the schema refused; what hangs on them is not judged again."""

    def __init__(
        self,
        findings: Findings,
        credentials: Mapping[str, Credential],
        named_credentials: frozenset[str],
        lost: frozenset[str],
    ) -> None:
        self._findings = findings
        self._credentials = credentials
        self._named_credentials = named_credentials
        self._lost = lost
        self._taken: dict[tuple[str, str, int], tuple[str, int]] = {}
        self._reach = ReachChecks(findings, credentials, named_credentials, lost)
        self._near: dict[str, str] = {}
        self._first: dict[str, int] = {}  # the line of the first host with a mistake that is said once

    def address(
        self, name: str, line: int, where: str, port: int, via: str | None, *, from_name: bool
    ) -> None:
        """Refuse a name that is no address where it has to be one, and an address and port that another host has.

        Behind another proxy or jump host the same address is another one.
        """
        if self._lost & {"address", "port", "transport", "via"}:
            return
        if from_name:
            try:
                shapes.address(where)
            except ValueError as exc:
                self._findings.say(line, f"the name of a host without an `address` is its address: {exc}")
                return
        first = self._taken.setdefault((network(via), shapes.address_key(where), port), (name, line))
        if first[0] != name:
            self._findings.say(
                line,
                f"host `{name}` has the address and port of host `{first[0]}` (line {first[1]}):"
                f" {visible(where)} port {port}{f' via {visible(via)}' if via else ''}; one host has one name",
            )

    def via(self, name: str, merged: Layer) -> None:
        """Refuse a way to the host that cannot work."""
        self._reach.check(name, merged)

    def logon(self, name: str, line: int, merged: Layer, where: str) -> None:
        """Refuse what would show the password or cannot log on."""
        auth, auth_origin = merged["auth"]
        transport, transport_origin = merged["transport"]
        if auth == "basic" and transport == "http" and not self._lost & {"auth", "transport"}:
            nearest = max(auth_origin.line, transport_origin.line)
            message = "`auth: basic` over `transport: http` would send the password in clear ({hosts}); take https, or negotiate"
            self._findings.of_host(name, nearest, message)
        if auth == "kerberos":
            if shapes.is_ip(where):
                line = self._first.setdefault("kerberos", line)
                self._findings.of_host(
                    name, line, "an IP address where Kerberos needs a name: {hosts}", remark=True
                )
        elif not self._lost & _LOGON:
            self._password(name, line, auth, merged.get("credential", _NOTHING))
        credential, origin = merged.get("credential", _NOTHING)
        if credential is not None and credential not in self._named_credentials:
            if credential not in self._near:
                self._near[credential] = did_you_mean(credential, self._named_credentials)
            message = (
                f"credential {shown(credential)} is not described under `credentials`{self._near[credential]}"
            )
            self._findings.say(origin.line, message)

    def _password(self, name: str, line: int, auth: str, setting: tuple[Any, Origin]) -> None:
        """Refuse a host without a password to log on with."""
        credential, origin = setting
        if credential is None:
            line = self._first.setdefault("credential", line)
            message = f"no `credential` for {{hosts}}; `auth: {auth}` needs one: name it in `defaults`, on a group or on the host"
            self._findings.of_host(name, line, message)
        elif credential in self._credentials and self._credentials[credential].password is None:
            message = f"credential `{credential}` has no password; `auth: {auth}` ({{hosts}}) needs one"
            self._findings.of_host(name, origin.line, message)

    def one_value(self, name: str, pins: Mapping[str, int], profile: Profile, origin: Origin) -> None:
        """Refuse two ports for two roles that the registry keeps in one value."""
        if profile.shared_value is not None and len(set(pins.values())) > 1:
            said = ", ".join(f"{role} {port}" for role, port in pins.items())
            self._findings.of_host(
                name,
                origin.line,
                f"`pin` of {{hosts}}: found {said}, and profile `{profile.name}` keeps both in the one registry value"
                f" {shown(profile.shared_value)}; expected one port",
            )

    def port(self, name: str, port: int, transport: str, origin: Origin) -> None:
        """Remark on a port that is the other transport's by custom."""
        other = "http" if transport == "https" else "https"
        if port == PORTS[other]:
            self._findings.of_host(
                name,
                origin.line,
                f"{{hosts}}: port {port} with `transport: {transport}`; by custom that port is for {other}",
                remark=True,
            )


def no_authority(path: Path) -> str | None:
    """Say why a file cannot serve as certificate authority, or return None."""
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as stream:
            data = stream.read(1024 * 1024)
    except NotRegularError as exc:
        return f"is {exc.kind}, where a PEM file was expected"
    except (OSError, ValueError) as exc:
        return f"cannot be read: {getattr(exc, 'strerror', None) or exc}"
    if b"-----BEGIN CERTIFICATE-----" not in data:
        return "not a PEM file: no `-----BEGIN CERTIFICATE-----` in it (openssl x509 -inform der -in FILE makes one)"
    return None
