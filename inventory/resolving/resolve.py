"""From merged layers to hosts: fill in what follows from other keys, and refuse what cannot work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inventory.errors import InventoryError
from inventory.findings import Findings
from inventory.model import Credential, Host, Origin, Profile
from inventory.resolving.hostchecks import PORTS, Checks, no_authority
from inventory.resolving.layers import BUILT_IN, PASSED, Layer, Origins, Surroundings
from inventory.words import folded, quoted, shown, visible

_EMPTY: Mapping[str, Any] = MappingProxyType({})
_NOTHING = (None, BUILT_IN)
Setting = tuple[Any, Origin]


class Resolver:
    """Makes hosts.

    `base` gives the folder that the paths of a line begin at. `lost`: keys that the schema refused; what
    depends on them is not judged again.
    """

    def __init__(
        self,
        findings: Findings,
        *,
        credentials: Mapping[str, Credential],
        named_credentials: frozenset[str],
        profile: Callable[[str, Path], Profile],
        base: Callable[[int], Path],
        lost: frozenset[str],
    ) -> None:
        self._findings = findings
        self._checks = Checks(findings, credentials, named_credentials, lost)
        self._load_profile = profile
        self._base = base
        self._profiles: dict[tuple[str, Path], Profile | None] = {}
        self._profiles_of: dict[tuple[str, int], Profile | None] = {}  # by the line that names them
        self._authorities: dict[tuple[str, Path], Path] = {}
        self._pins: dict[tuple[tuple[str, ...], int], Mapping[str, int]] = {}

    def host(self, name: str, line: int, own: Layer, around: Surroundings) -> Host | None:
        """Return the host, or None where a finding says why not. `line` is the host's own."""
        merged = self._checks.implied({**around.layer, **own})
        self._disagreements(name, own, around)
        profile = self._profile(merged["profile"])
        where, where_origin = merged.get("address") or (
            name,
            Origin(f"host {name}", self._findings.file, line),
        )
        port, port_origin = merged.get("port") or (PORTS[merged["transport"][0]], BUILT_IN)
        self._checks.address(
            name, line, where, port, merged.get("via", _NOTHING)[0], from_name="address" not in merged
        )
        self._checks.via(name, merged)
        self._checks.logon(name, line, merged, where)
        self._checks.port(name, port, merged["transport"][0], port_origin)
        if profile is None:
            return None
        passed = {**around.passed, **{key: value for key, (value, _) in own.items() if key in PASSED}}
        passed["auth"], auth_origin = merged["auth"]  # a certificate may mean it
        origins = {key: origin for key, (_, origin) in own.items()}
        origins |= {"auth": auth_origin, "address": where_origin, "port": port_origin}
        canary = merged.get("canary_address", _NOTHING)[0]
        if canary is None and profile.canary_address is not None and "canary_address" not in merged:
            canary, origins["canary_address"] = profile.canary_address, Origin(f"profile {profile.name}")
        return Host(
            name=name,
            address=where,
            port=port,
            profile=profile,
            ca=self._authority(merged.get("ca", _NOTHING)),
            gateways=self._roles(name, "gateways", merged, profile),
            desired=self._desired(name, merged, profile),
            canary_address=canary,
            groups=around.groups,
            origins=Origins(around.origins, origins),
            **passed,
        )

    def _disagreements(self, name: str, own: Layer, around: Surroundings) -> None:
        for found in around.disagreements:
            if found.key not in own:
                one, other = found.one, found.other
                names = [quoted([layer.removeprefix("group ")]) for layer in (one.layer, other.layer)]
                values, at = " or ".join(map(_said, found.values)), self._findings.at(one.line)
                self._findings.of_host(
                    name,
                    other.line,
                    f"groups {names[0]} ({at}) and {names[1]} disagree about `{found.key}` of {{hosts}}:"
                    f" {values}; say it on the host, or in a group inside one of the two",
                )

    def _profile(self, setting: Setting) -> Profile | None:
        """Load each profile once; its mistakes, with their own file and line, join ours."""
        reference, origin = setting
        if (reference, origin.line) in self._profiles_of:
            return self._profiles_of[reference, origin.line]
        base = self._base(origin.line)
        if (reference, base) not in self._profiles:
            self._profiles[reference, base] = None
            try:
                self._profiles[reference, base] = self._load_profile(reference, base)
            except InventoryError as exc:
                for problem in exc.problems:
                    if problem.line:
                        self._findings.problems.append(problem)
                    else:
                        file = "" if problem.file == reference else f"{visible(problem.file)}: "
                        self._findings.say(origin.line, f"`profile`: {file}{problem.message}")
        found = self._profiles_of[reference, origin.line] = self._profiles[reference, base]
        return found

    def _authority(self, setting: Setting) -> Path | None:
        """Resolve a CA file against the inventory's folder, and look into it once."""
        reference, origin = setting
        if reference is None:
            return None
        base = self._base(origin.line)
        path = self._authorities.get((reference, base))
        if path is None:
            path = self._authorities[reference, base] = base / Path(reference).expanduser()
            if reason := no_authority(path):
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
                    f"`{key}` names the role `{role}`, which profile `{profile.name}` of {{hosts}} does "
                    f"not have ({folded(profile.role_names)})",
                )
        return value  # type: ignore[no-any-return]  # the schema made it a mapping

    def _desired(self, name: str, merged: Layer, profile: Profile) -> Mapping[str, int]:
        value = merged.get("pin", _NOTHING)[0]
        if isinstance(value, int):
            pins = (profile.role_names, value)
            if pins not in self._pins:  # one for all hosts that share it
                self._pins[pins] = MappingProxyType(dict.fromkeys(profile.role_names, value))
            return self._pins[pins]
        wished = self._roles(name, "pin", merged, profile)
        self._checks.one_value(name, wished, profile, merged["pin"][1] if wished else BUILT_IN)
        return wished


def _said(value: Any) -> str:
    """Write a setting's value for a message."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {visible(str(item))}" for key, item in value.items()) + "}"
    return (
        "[" + ", ".join(map(visible, value)) + "]"
        if isinstance(value, tuple)
        else visible(str(value))
        if value is not None
        else "null"
    )
