"""A secret in the user's keyring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from inventory.errors import SecretError
from inventory.schema.about import NEEDED, About
from inventory.schema.fields import Strict, Text, optional
from inventory.secrets.source import Fields, Lookup, Source
from inventory.words import shown


class KeyringSecret(Strict):
    """A secret in the user's keyring."""

    from_: Literal["keyring"] = Field(alias="from")
    service: Text = Field(description="the service's name in the keyring")
    username: Text = optional("the user's name in the keyring; absent: the credential's")


class Keyring(Source):
    """Asks the `keyring` package."""

    entry = KeyringSecret
    about = {  # noqa: RUF012
        "service": About(
            "under which service; needs the extra `keyring`", "{from: keyring, service: fleetcheck}", NEEDED
        ),
        "username": About(
            "under which user",
            "{from: keyring, service: fleetcheck, username: ops}",
            "the credential's `username`",
        ),
    }
    sample = "{from: keyring, service: NAME}"
    starter = "{from: keyring, service: fleetcheck}"
    starter_words = "your keyring (pip install fleetcheck[keyring])"

    def completed(self, fields: Fields, *, username: str, credential: str) -> Fields:  # noqa: ARG002
        """Take the credential's user where none is said."""
        return {"username": username, **fields}

    def texts(self, fields: Fields) -> tuple[str, ...]:
        """Return both names."""
        return tuple(str(value) for value in fields.values())

    def filled(self, fields: Fields, fill: Callable[[str], str]) -> Fields:
        """Fill in both names."""
        return {key: fill(str(value)) for key, value in fields.items()}

    def place(self, fields: Fields) -> str:
        """Name the service."""
        return f"the keyring's service {shown(fields['service'])}"

    def read(self, fields: Fields, at: Lookup) -> str:  # noqa: ARG002
        """Return the keyring's password. Raises SecretError where there is none, or no keyring."""
        service, username = str(fields["service"]), str(fields.get("username", ""))
        try:
            import keyring
        except ImportError:
            raise SecretError(
                "this secret is in a keyring, and the module for that is not installed: pip install "
                "fleetcheck[keyring]"
            ) from None
        try:
            secret = keyring.get_password(service, username)
        except Exception as exc:  # noqa: BLE001 - a backend is foreign code and raises what it likes; its words may hold the secret
            raise SecretError(f"the keyring cannot be read ({type(exc).__name__})") from None
        if secret is None:
            raise SecretError(
                f"the keyring has no password for service {shown(service)}, user {shown(username)}; "
                "`keyring set` stores one"
            )
        return str(secret)
