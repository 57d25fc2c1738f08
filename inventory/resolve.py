"""From merged layers to hosts: fill in what follows from other keys, and refuse what cannot work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inventory.errors import InventoryError
from inventory.findings import Findings
from inventory.layers import BUILT_IN, Layer, Surroundings
from inventory.model import Credential, Host, Origin, Profile
from inventory.shapes import address, address_key, is_ip
from inventory.words import folded, shown, visible

PORTS = {"https": 5986, "http": 5985}

_PASSED = ("transport", "auth", "configuration", "repin", "tags", "credential", "tls_pin", "timeout", "site")
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_NOTHING = (None, BUILT_IN)
Setting = tuple[Any, Origin]


class Resolver:
    """Makes hosts of one file. `lost`: keys that the schema refused; what depends on them is not judged again."""

    def __init__(
        self,
        findings: Findings,
        *,
        credentials: Mapping[str, Credential],
        named_credentials: frozenset[str],
        profile: Callable[[str], Profile],
        base: Path,
        lost: frozenset[str],
    ) -> None:
        self._findings = findings
        self._credentials = credentials
        self._named_credentials = named_credentials
        self._load_profile = profile
        self._base = base
        self._lost = lost
        self._profiles: dict[str, Profile | None] = {}
        self._authorities: dict[str, Path] = {}
        self._taken: dict[tuple[str, int], tuple[str, int]] = {}

    def host(self, name: str, line: int, own: Layer, around: Surroundings) -> Host | None:
        """Return the host, or None where a finding says why not. `line` is the host's own."""
        merged = {**around.layer, **own}
        self._disagreements(name, own, around)
        profile = self._profile(merged["profile"])
        where, where_origin = merged.get("address") or (name, Origin(f"host {name}", self._findings.file, line))
        port, port_origin = merged.get("port") or (PORTS[merged["transport"][0]], BUILT_IN)
        self._address(name, line, where, port, from_name="address" not in merged)
        self._logon(name, line, merged, where)
        self._port(name, port, merged["transport"][0], port_origin)
        if profile is None:
            return None
        origins = {key: setting[1] for key, setting in merged.items()}
        origins["address"], origins["port"] = where_origin, port_origin
        canary, canary_origin = merged.get("canary_address", (profile.canary_address, Origin(f"profile {profile.name}")))
        if canary is not None:
            origins["canary_address"] = canary_origin
        return Host(
            name=name,
            address=where,
            port=port,
            profile=profile,
            ca=self._authority(name, merged.get("ca", _NOTHING)),
            gateways=self._roles(name, "gateways", merged, profile),
            desired=self._desired(name, merged, profile),
            canary_address=canary,
            groups=around.groups,
            origins=MappingProxyType(origins),
            **{key: merged[key][0] for key in _PASSED if key in merged},
        )

    def _disagreements(self, name: str, own: Layer, around: Surroundings) -> None:
        for found in around.disagreements:
            if found.key not in own:
                one, other = found.one, found.other
                values = f"{_said(found.values[0])} or {_said(found.values[1])}"
                self._findings.of_host(
                    name,
                    other.line,
                    f"{other.layer} and {one.layer} (line {one.line}) disagree about `{found.key}` of {{hosts}}:"
                    f" {values}; say it on the host, or in a group inside one of the two",
                )

    def _profile(self, setting: Setting) -> Profile | None:
        """Load each profile once; its mistakes, with their own file and line, join ours."""
        reference, origin = setting
        if reference not in self._profiles:
            self._profiles[reference] = None
            try:
                self._profiles[reference] = self._load_profile(reference)
            except InventoryError as exc:
                for problem in exc.problems:
                    if problem.line or problem.file != reference:
                        self._findings.problems.append(problem)
                    else:
                        self._findings.say(origin.line, f"profile {shown(reference)}: {problem.message}")
        return self._profiles[reference]

    def _address(self, name: str, line: int, where: str, port: int, *, from_name: bool) -> None:
        if self._lost & {"address", "port", "transport"}:
            return
        if from_name:
            try:
                address(where)
            except ValueError as exc:
                self._findings.say(line, f"the name of a host without an `address` is its address: {exc}")
                return
        first = self._taken.setdefault((address_key(where), port), (name, line))
        if first[0] != name:
            self._findings.say(
                line,
                f"host `{name}` has the address and port of host `{first[0]}` (line {first[1]}):"
                f" {visible(where)} port {port}; one host has one name",
            )

    def _logon(self, name: str, line: int, merged: Layer, where: str) -> None:
        auth, auth_origin = merged["auth"]
        transport, transport_origin = merged["transport"]
        credential, credential_origin = merged.get("credential", _NOTHING)
        say = self._findings.of_host
        if auth == "basic" and transport == "http" and not self._lost & {"auth", "transport"}:
            nearest = max(auth_origin.line, transport_origin.line)
            say(name, nearest, "`auth: basic` over `transport: http` would send the password in clear ({hosts}); take https, or negotiate")
        if auth == "kerberos" and is_ip(where):
            say(name, line, "Kerberos needs a name, and {hosts} has an IP address", remark=True)
        if credential is None:
            if auth != "kerberos" and not self._lost & {"credential", "credentials", "auth", "defaults", "groups"}:
                say(name, line, f"no `credential` for {{hosts}}; `auth: {auth}` needs one (name it on the host, a group or in `defaults`)")
        elif credential not in self._named_credentials:
            near = self._findings.near(credential, self._named_credentials)
            say(name, credential_origin.line, f"credential {shown(credential)} is not described under `credentials`{near}")
        elif (
            auth != "kerberos"
            and credential in self._credentials
            and self._credentials[credential].password is None
            and not self._lost & {"password", "auth"}
        ):
            say(name, credential_origin.line, f"credential `{credential}` has no password; `auth: {auth}` ({{hosts}}) needs one")

    def _port(self, name: str, port: int, transport: str, origin: Origin) -> None:
        """Remark on a port that is the other transport's by custom."""
        other = "http" if transport == "https" else "https"
        if port == PORTS[other]:
            self._findings.of_host(
                name, origin.line, f"{{hosts}}: port {port} with `transport: {transport}`; by custom that port is for {other}", remark=True
            )

    def _authority(self, name: str, setting: Setting) -> Path | None:
        """Resolve a CA file against the inventory's folder, and look into it once."""
        reference, origin = setting
        if reference is None:
            return None
        path = self._authorities.get(reference)
        if path is None:
            path = self._authorities[reference] = self._base / Path(reference).expanduser()
            if reason := _no_authority(path):
                self._findings.say(origin.line, f"`ca` {shown(reference)} ({path}): {reason}")
        return path

    def _roles(self, name: str, key: str, merged: Layer, profile: Profile) -> Mapping[str, Any]:
        """Return a mapping of roles, after a look at whether the profile knows them."""
        value, origin = merged.get(key, _NOTHING)
        if value is None:
            return _EMPTY
        for role in value:
            if role not in profile.role_names:
                self._findings.of_host(
                    name,
                    origin.line,
                    f"`{key}` names the role `{role}`, which profile `{profile.name}` of {{hosts}} does not have"
                    f" ({folded(profile.role_names)})",
                )
        return value  # type: ignore[no-any-return]  # the schema made it a mapping

    def _desired(self, name: str, merged: Layer, profile: Profile) -> Mapping[str, int]:
        value = merged.get("pin", _NOTHING)[0]
        if isinstance(value, int):
            return MappingProxyType(dict.fromkeys(profile.role_names, value))
        return self._roles(name, "pin", merged, profile)


def _said(value: Any) -> str:
    """Write a setting's value for a message."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {visible(str(item))}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(visible, value)) + "]" if isinstance(value, tuple) else visible(str(value)) if value is not None else "null"


def _no_authority(path: Path) -> str | None:
    """Say why a file cannot serve as certificate authority, or return None."""
    try:
        with path.open("rb") as stream:
            data = stream.read(1024 * 1024)
    except (OSError, ValueError) as exc:
        return f"cannot be read: {getattr(exc, 'strerror', None) or exc}"
    if b"-----BEGIN CERTIFICATE-----" not in data:
        return "not a PEM file: no `-----BEGIN CERTIFICATE-----` in it (openssl x509 -inform der -in FILE makes one)"
    return None
