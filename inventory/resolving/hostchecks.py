"""What cannot work, or cannot be meant, about one host's settings together."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from inventory.files.regular import NotRegularError, open_regular
from inventory.findings import Findings
from inventory.model import Credential, Origin, Profile
from inventory.resolving.layers import BUILT_IN, Layer
from inventory.resolving.reachchecks import ReachChecks
from inventory.schema import shapes
from inventory.schema.via import network
from inventory.windows_names import is_local, unlike_user
from inventory.words import did_you_mean, shown, visible

PORTS = {"https": 5986, "http": 5985}

_NOTHING = (None, BUILT_IN)
_LOGON = frozenset({"credential", "credentials", "password", "auth", "defaults", "groups"})


class Checks:
    """Looks at hosts one after the other.

    `lost`: keys that the schema refused; what hangs on them is not judged again.
    """

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
        """Refuse a name that is no address where it has to be one, and an address and port that another host
        has.

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
            at = self._findings.at(first[1])
            self._findings.say(
                line,
                f"host `{name}` has the address and port of host `{first[0]}` ({at}):"
                f" {visible(where)} port {port}{f' via {visible(via)}' if via else ''}; one host has one "
                "name",
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
            message = (
                "`auth: basic` over `transport: http` would send the password in clear ({hosts}); take "
                "https, or negotiate"
            )
            self._findings.of_host(name, nearest, message)
        credential, origin = merged.get("credential", _NOTHING)
        described = self._credentials.get(credential)
        by_ticket = described is not None and described.kind in ("ccache", "keytab")
        if (auth == "kerberos" or (auth == "negotiate" and by_ticket)) and shapes.is_ip(where):
            line = self._first.setdefault("kerberos", line)
            self._findings.of_host(
                name, line, "an IP address where Kerberos needs a name: {hosts}", remark=True
            )
        if described is not None and (why := unlike_user(described.username)):
            words = (
                f"the user of credential `{described.name}` {why}: every logon to {{hosts}} would be refused"
            )
            self._findings.of_host(name, origin.line, words, remark=True)
        if not self._lost & _LOGON:
            self._fits(name, line, merged, described)
        if credential is not None and credential not in self._named_credentials:
            if credential not in self._near:
                self._near[credential] = did_you_mean(credential, self._named_credentials)
            message = (
                f"credential {shown(credential)} is not described under `credentials`{self._near[credential]}"
            )
            self._findings.say(origin.line, message)

    def implied(self, merged: Layer) -> Layer:
        """Return the settings with the logon that a certificate means, where no `auth` is said."""
        credential = self._credentials.get(merged.get("credential", _NOTHING)[0])
        if credential is not None and credential.kind == "certificate" and merged["auth"][1] == BUILT_IN:
            merged["auth"] = "certificate", Origin(f"credential {credential.name}")
        return merged

    def _fits(self, name: str, line: int, merged: Layer, credential: Credential | None) -> None:
        """Refuse a way to log on for which the credential has nothing."""
        auth, auth_origin = merged["auth"]
        named, origin = merged.get("credential", _NOTHING)
        if named is None:
            if auth != "kerberos":
                line = self._first.setdefault("credential", line)
                self._findings.of_host(name, line, _NO_CREDENTIAL.format(auth))
        elif credential is not None and (
            message := unfit(credential, auth, merged["transport"][0])
            or foreign(credential, auth, name, merged.get("address", (name,))[0])
        ):
            of_auth = credential.kind == "certificate" and auth != "certificate"
            self._findings.of_host(name, (auth_origin if of_auth else origin).line, message)

    def one_value(self, name: str, pins: Mapping[str, int], profile: Profile, origin: Origin) -> None:
        """Refuse two ports for two roles that the registry keeps in one value."""
        if profile.shared_value is not None and len(set(pins.values())) > 1:
            said = ", ".join(f"{role} {port}" for role, port in pins.items())
            self._findings.of_host(
                name,
                origin.line,
                f"`pin` of {{hosts}}: found {said}, and profile `{profile.name}` keeps both in the one "
                f"registry value {shown(profile.shared_value)}; expected one port",
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


_NO_CREDENTIAL = (
    "no `credential` for {{hosts}}; `auth: {0}` needs one: name it in `defaults`, on a group or on the host"
)


def unfit(credential: Credential, auth: str, transport: str) -> str | None:
    """Say why a host cannot be logged on to so, with `{hosts}` for its name; None where it can."""
    found = f"credential `{credential.name}`"
    if credential.kind == "certificate":
        if auth != "certificate":
            return (
                f"{found} is a certificate, and {{hosts}} would log on by `auth: {auth}`; say `auth: "
                "certificate` there, or leave `auth` out everywhere"
            )
        if transport != "https":
            return (
                f"{found} is a certificate, which logs on inside TLS alone; {{hosts}} say `transport: http`"
            )
        return None
    if auth == "certificate":
        sample = "{from: certificate, path: client.pem}"
        return f"{found} is no certificate; `auth: certificate` ({{hosts}}) needs one, such as {sample}"
    if credential.password is None and auth not in ("kerberos", "negotiate"):
        return f"{found} has no password; `auth: {auth}` ({{hosts}}) needs one"
    return None


def foreign(credential: Credential, auth: str, host: str, address: str) -> str | None:
    """Say why a user, local or of a domain, cannot be what is meant on a host, with `{hosts}` for its name;
    else None.
    """
    found = f"credential `{credential.name}`"
    local = is_local(credential.username, host, address)
    if credential.per_host and not local and credential.scope == "host" and "\\" in credential.username:
        return (
            f"{found} has one secret a host, and its user is not {{hosts}}' own: expected `.\\NAME`, or "
            "`scope: domain` where a domain's user is meant"
        )
    if auth == "kerberos" and (local or credential.per_host):
        why = "a local user" if local else "one secret a host"
        return (
            f"{found} is {why}, and `auth: kerberos` ({{hosts}}) would ask a domain controller; expected "
            "`ntlm`, `negotiate` or `basic`"
        )
    return None


def no_authority(path: Path) -> str | None:
    """Say why a file cannot serve as certificate authority, or return None."""
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as stream:
            data = stream.read(1024 * 1024)
    except NotRegularError as exc:
        return f"is {exc.kind}, where a PEM file was expected"
    except (OSError, ValueError) as exc:
        return f"cannot be read: {getattr(exc, 'strerror', None) or exc}"
    begun = len(_BEGIN.findall(data))
    if not begun:
        hint = next((hint for mark, hint in _INSTEAD if mark.search(data[:4096])), _DER)
        return f"not a PEM file: no `-----BEGIN CERTIFICATE-----` in it ({hint})"
    whole = len(_WHOLE.findall(data))
    if whole < begun:
        return (
            f"not a PEM file: of {begun} certificates in it {begun - whole} cut, or not in lines of their own"
        )
    return None


_BEGIN = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")
_WHOLE = re.compile(
    rb"^(?:\xef\xbb\xbf)?-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[ \t]*\r?\n"
    rb"[A-Za-z0-9+/=\s]*^-----END \1-----",
    re.MULTILINE,
)
_DER = "openssl x509 -inform der -in FILE makes one"
_INSTEAD = (
    (re.compile(rb"-\0-\0-"), "it is UTF-16; save it as ASCII or UTF-8"),
    (re.compile(rb"-----BEGIN PKCS7-----"), "openssl pkcs7 -print_certs -in FILE makes one"),
    (
        re.compile(rb"\A\x30.{1,5}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", re.DOTALL),  # signedData
        "openssl pkcs7 -inform der -print_certs -in FILE makes one",
    ),
    (re.compile(rb"\A\x30.{1,5}\x02\x01\x03", re.DOTALL), "openssl pkcs12 -nokeys -in FILE makes one"),
    (re.compile(rb"PRIVATE KEY-----"), "a private key is in it, which does not belong there"),
    (
        re.compile(rb"CERTIFICATE REQUEST-----"),
        "a request is in it; the authority answers it by a certificate",
    ),
)
"""What is taken for a PEM file, by a mark in it, and what to do with it."""
