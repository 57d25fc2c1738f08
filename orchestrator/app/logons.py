"""Credentials of an inventory turned into logons, as late as possible and each once;
what Kerberos needs of this machine.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from inventory.errors import Problem, SecretError
from orchestrator.app.errors import CommandError, UsageError

if TYPE_CHECKING:
    from inventory.model import Credential, Fleet, Host, SecretRef
    from orchestrator.remote.session import ClientCertificate, Logon


INSTALL = (
    "  Debian, Ubuntu   apt-get install libkrb5-dev gcc python3-dev",
    "  RHEL, Fedora     dnf install krb5-devel gcc python3-devel",
    "  macOS            brew install krb5, and its bin folder on the PATH",
    "  then             pip install 'fleetcheck[kerberos]'",
)


def check_credential(fleet: Fleet, name: str, hosts: Iterable[Host] = ()) -> None:
    """Raise UsageError for a credential that the inventory lacks, or that cannot serve for these hosts."""
    from inventory.resolving.hostchecks import unfit
    from inventory.words import did_you_mean

    if name not in fleet.credentials:
        near = did_you_mean(name, fleet.credentials)
        raise UsageError(f"--credential {name}: {fleet.shown} describes none of that name{near}")
    credential = fleet.credentials[name]
    for host in hosts:
        if message := unfit(credential, host.auth, host.transport):
            raise UsageError(f"--credential {name}: {message.replace('{hosts}', host.name)}")


def asking_passwords(fleet: Fleet, hosts: Iterable[Host], one: str | None = None) -> Fleet:
    """Return the inventory with the passwords of these hosts' credentials to be typed: `--ask-pass`.

    `one` is in the place of the hosts' own credentials. Raise UsageError where none of them has one password
    for all its hosts, and so nothing could be asked.
    """
    from inventory.secrets.registry import SOURCES, reference

    names = {one or host.credential for host in hosts}
    used = [fleet.credentials[name] for name in sorted(name for name in names if name is not None)]
    if own := [each.name for each in used if each.per_host]:
        raise UsageError(f"--ask-pass asks for one password, and credential {own[0]} has one for each host")
    asked = {
        each.name: replace(
            each,
            password=reference(
                SOURCES["prompt"].entry.model_validate({"from": "prompt"}),
                username=each.username,
                credential=each.name,
            ),
        )
        for each in used
        if each.kind == "password"
    }
    if not asked:
        raise UsageError("--ask-pass: none of these hosts is logged on to with a password")
    return replace(fleet, credentials={**fleet.credentials, **asked})


def names_of(hosts: Iterable[Host], one: str | None = None) -> Iterator[str | None]:
    """Yield the credentials that these hosts need, `one` in the place of their own, and those of what stands
    before them.

    None: the ticket cache.
    """
    for host in hosts:
        yield one or host.credential
        if host.via is not None and host.via_credential is not None:
            yield host.via_credential


def logons(
    fleet: Fleet,
    names: Iterable[str | None],
    ask: Callable[[str], str],
    warn: Callable[[str], None] = lambda _: None,
) -> Mapping[str | None, Logon]:
    """Return the logon of each credential; None: the ticket cache.

    `ask` gives the answer to a question where the inventory says so: call this before a progress is on the
    screen, since a question has to be seen. `warn` is told of a ticket that will not serve. Raise
    SecretError, which shows no secret.
    """
    made = _Logons(fleet, ask, warn)
    return {name: made.of(name) for name in dict.fromkeys(names)}


class _Logons:
    """Makes the logons of one inventory's credentials."""

    def __init__(self, fleet: Fleet, ask: Callable[[str], str], warn: Callable[[str], None]) -> None:
        self._fleet = fleet
        self._ask = ask
        self._warn = warn

    def of(self, name: str | None) -> Logon:
        """Return a credential's logon. Raise SecretError where nobody can log on so."""
        from orchestrator.remote.session import Logon

        if name is None:
            return Logon(username="", password=None)
        credential = self._fleet.credentials[name]
        if credential.per_host:
            return Logon(
                username=credential.username,
                password=None,
                of_host=True,
                ask=lambda host, address: self._host_secret(credential, host, address),
                scope=credential.scope,
            )
        self._refuse_useless(credential)
        secret = self._secret(credential, credential.password)
        if credential.kind == "certificate":
            return Logon(username="", password=None, certificate=self._certificate(credential))
        keytab = credential.path if credential.kind == "keytab" else None
        return Logon(username=credential.username, password=secret, keytab=keytab)

    def _certificate(self, credential: Credential) -> ClientCertificate:
        from orchestrator.remote.auth.checks import certificate_trouble
        from orchestrator.remote.session import ClientCertificate

        path = credential.path or credential.file  # the schema demands one
        key_password = self._secret(credential, credential.key_password)
        _refuse(credential, certificate_trouble(path, key_password))
        return ClientCertificate(path=path, key_password=key_password)

    def _refuse_useless(self, credential: Credential) -> None:
        """Raise SecretError where it is known beforehand that nobody can log on so;
        warn of a useless ticket.
        """
        if credential.kind not in ("ccache", "keytab"):
            return
        from orchestrator.remote.auth.checks import keytab_trouble, no_packages, ticket_trouble

        if credential.path is not None:
            _refuse(credential, keytab_trouble(credential.path, credential.username))
            return
        _refuse(credential, no_packages())
        if trouble := ticket_trouble():  # no refusal: other hosts may not need it
            self._warn(f"credential {credential.name}: {trouble}")

    def _secret(self, credential: Credential, reference: SecretRef | None) -> str | None:
        from inventory.secrets.resolve import resolve

        if reference is None:
            return None
        with _named(credential):
            return resolve(
                reference,
                environ=os.environ,
                prompt=lambda text: self._ask(
                    text or f"password of {credential.username} (credential {credential.name}): "
                ),
                base=credential.file.parent,
                values={"username": credential.username},
            )

    def _host_secret(self, credential: Credential, host: str, address: str) -> str:
        """Return the secret that a host has of its own.

        Called in a thread; asks no user. Raise SecretError.
        """
        from inventory.secrets.resolve import resolve

        if credential.password is None:
            raise SecretError(f"credential {credential.name} has no password")
        return resolve(
            credential.password,
            environ=os.environ,
            prompt=self._ask,
            base=credential.file.parent,
            values={"username": credential.username, "host": host, "address": address},
        )


@contextlib.contextmanager
def _named(credential: Credential) -> Iterator[None]:
    """Let a SecretError say which credential it is about, and where that stands."""
    try:
        yield
    except SecretError as error:
        raise SecretError(_of(credential, str(error))) from None


def _refuse(credential: Credential, trouble: str | None) -> None:
    if trouble is not None:
        raise SecretError(_of(credential, trouble))


def _of(credential: Credential, trouble: str) -> str:
    return str(Problem(str(credential.file), credential.line, f"credential {credential.name}: {trouble}"))


def kerberos_missing(hosts: Iterable[Host]) -> str | None:
    """Say what these hosts need and this machine does not have; None where they can be logged on to."""
    from orchestrator.remote.auth.kerberos import can_ask_kdc

    needing = [host.name for host in hosts if host.auth == "kerberos"]
    if not needing:
        return None
    more = f" and {len(needing) - 1:,} more" if len(needing) > 1 else ""
    who = f"`auth: kerberos` of {needing[0]}{more}"
    if can_ask_kdc():
        from orchestrator.remote.auth.checks import library_trouble

        return f"{who} cannot be had: {trouble}" if (trouble := library_trouble()) else None
    return "\n".join(
        [f"{who} needs Kerberos' packages, and this machine does not have them. Install them:", *INSTALL]
    )


def demand_kerberos(hosts: Iterable[Host]) -> None:
    """Raise CommandError where hosts that are to be asked need what is missing."""
    if (said := kerberos_missing(hosts)) is not None:
        raise CommandError(said)


def ntlm_alone(fleet: Fleet, hosts: Iterable[Host]) -> tuple[str, ...]:
    """Return the remark that `auth: negotiate` is NTLM on this machine,
    where a host would be tried by Kerberos else.
    """
    from inventory.schema.shapes import is_ip
    from orchestrator.domain.execution.breaker import account
    from orchestrator.remote.auth.kerberos import can_ask_kdc

    def domain_s(host: Host) -> bool:
        found = fleet.credentials.get(host.credential or "")
        name = found.username if found is not None else ""
        return account("", name, host=host.name, address=host.address).host is None

    if can_ask_kdc() or not any(
        host.auth == "negotiate" and not is_ip(host.address) and domain_s(host) for host in hosts
    ):
        return ()
    return (
        (
            "NTLM: no Kerberos on this machine, so `auth: negotiate` takes that (pip install "
            "'fleetcheck[kerberos]')"
        ),
    )
