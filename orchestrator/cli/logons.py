"""Credentials of an inventory turned into logons, as late as possible and each once."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from inventory.errors import SecretError
from orchestrator.cli.console import say
from orchestrator.cli.errors import UsageError

if TYPE_CHECKING:
    from inventory.model import Credential, Fleet, Host, SecretRef
    from orchestrator.remote.session import ClientCertificate, Logon


def check_credential(fleet: Fleet, name: str, hosts: Iterable[Host] = ()) -> None:
    """Raise UsageError where the inventory has no such credential, or these hosts cannot be logged on to with it."""
    from inventory.resolving.hostchecks import unfit
    from inventory.words import did_you_mean

    if name not in fleet.credentials:
        near = did_you_mean(name, fleet.credentials)
        raise UsageError(f"--credential {name}: {fleet.path} describes none of that name{near}")
    credential = fleet.credentials[name]
    for host in hosts:
        if message := unfit(credential, host.auth, host.transport):
            raise UsageError(f"--credential {name}: {message.replace('{hosts}', host.name)}")


def names_of(hosts: Iterable[Host], one: str | None = None) -> Iterator[str | None]:
    """Yield the credentials that these hosts need, `one` in the place of their own, and those of what stands before them.

    None: the ticket cache.
    """
    for host in hosts:
        yield one or host.credential
        if host.via is not None and host.via_credential is not None:
            yield host.via_credential


def logons(fleet: Fleet, names: Iterable[str | None]) -> Mapping[str | None, Logon]:
    """Give the logon of each credential, asking for a password where the inventory says so; None: the ticket cache.

    Before the progress is on the screen: a question has to be seen. Raises SecretError, which shows no secret.
    """
    return {name: _logon(fleet, name) for name in dict.fromkeys(names)}


def _logon(fleet: Fleet, name: str | None) -> Logon:
    from orchestrator.remote.session import Logon

    if name is None:
        return Logon(username="", password=None)
    credential = fleet.credentials[name]
    if credential.per_host:
        return Logon(
            username=credential.username,
            password=None,
            of_host=True,
            ask=lambda host, address: _host_secret(fleet, credential, host, address),
            scope=credential.scope,
        )
    _refuse_useless(credential)
    secret = _secret(fleet, credential, credential.password)
    if credential.kind == "certificate":
        return Logon(username="", password=None, certificate=_certificate(fleet, credential))
    keytab = credential.path if credential.kind == "keytab" else None
    return Logon(username=credential.username, password=secret, keytab=keytab)


def _certificate(fleet: Fleet, credential: Credential) -> ClientCertificate:
    from orchestrator.remote.auth.checks import certificate_trouble
    from orchestrator.remote.session import ClientCertificate

    path = credential.path or fleet.path  # the schema demands one
    key_password = _secret(fleet, credential, credential.key_password)
    _refuse(credential, certificate_trouble(path, key_password))
    return ClientCertificate(path=path, key_password=key_password)


def _refuse_useless(credential: Credential) -> None:
    """Raise SecretError where it is known before the first host that nobody can log on so; warn of a useless ticket."""
    if credential.kind not in ("ccache", "keytab"):
        return
    from orchestrator.remote.auth.checks import keytab_trouble, no_packages, ticket_trouble

    if credential.path is not None:
        _refuse(credential, keytab_trouble(credential.path, credential.username))
        return
    _refuse(credential, no_packages())
    if trouble := ticket_trouble():  # no refusal: other hosts may not need it
        say(f"warning: credential {credential.name}: {trouble}")


def _refuse(credential: Credential, trouble: str | None) -> None:
    if trouble is not None:
        raise SecretError(f"credential {credential.name}: {trouble}")


def _secret(fleet: Fleet, credential: Credential, reference: SecretRef | None) -> str | None:
    from inventory.secrets.resolve import resolve

    if reference is None:
        return None
    return resolve(
        reference,
        environ=os.environ,
        prompt=lambda text: ask(
            text or f"password of {credential.username} (credential {credential.name}): "
        ),
        base=fleet.path.parent,
        values={"username": credential.username},
    )


def _host_secret(fleet: Fleet, credential: Credential, host: str, address: str) -> str:
    """Return the secret that a host has of its own. Raises SecretError. Called in a thread; asks no user."""
    from inventory.secrets.resolve import resolve

    if credential.password is None:
        raise SecretError(f"credential {credential.name} has no password")
    return resolve(
        credential.password,
        environ=os.environ,
        prompt=ask,
        base=fleet.path.parent,
        values={"username": credential.username, "host": host, "address": address},
    )


def ask(question: str) -> str:
    """Ask for a secret on the terminal, unseen. Raises SecretError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise SecretError(
            "a password is to be asked for, and there is no terminal: use `from: env` or `from: file`"
        )
    return getpass.getpass(question)
