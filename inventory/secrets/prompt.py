"""A secret that is typed when a command needs it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from inventory.errors import SecretError
from inventory.schema.about import About
from inventory.schema.fields import Strict, Text, optional
from inventory.secrets.source import Fields, Lookup, Source


class PromptSecret(Strict):
    """A secret that is typed when a command needs it."""

    from_: Literal["prompt"] = Field(alias="from")
    text: Text = optional("the question to ask")


class Prompt(Source):
    """Asks the user."""

    entry = PromptSecret
    about = {  # noqa: RUF012
        "text": About(
            "what to ask; nothing can be asked where there is no terminal",
            "{from: prompt, text: Password of ops}",
            "`Password of` user and credential",
        )
    }
    sample = starter = "{from: prompt}"
    starter_words = "asked when it is needed"

    def completed(self, fields: Fields, *, username: str, credential: str) -> Fields:
        """Ask for the user's password where no other question is said."""
        whose = f"{username} (credential {credential})" if username else f"the key of credential {credential}"
        return {"text": f"Password of {whose}", **fields}

    def place(self, fields: Fields) -> str:  # noqa: ARG002
        """Return where the answer comes from."""
        return "the prompt"

    def read(self, fields: Fields, at: Lookup) -> str:
        """Return what the user typed. Raises SecretError where there is nobody to ask."""
        text = str(fields.get("text", "Password"))
        try:
            return at.prompt(f"{text.rstrip(': ')}: ")
        except (EOFError, OSError):
            raise SecretError(
                "a password has to be typed, and there is no terminal to ask; use {from: env} or {from: file}"
            ) from None
