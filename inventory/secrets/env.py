"""A secret in an environment variable."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from inventory.errors import SecretError
from inventory.schema.about import NEEDED, About
from inventory.schema.fields import Strict, Text
from inventory.secrets.source import Fields, Lookup, Source
from inventory.words import did_you_mean, shown

LONG = 5  # letters of a name that a similar one is guessed for; `PW` is near to `PWD`


class EnvSecret(Strict):
    """A secret in an environment variable."""

    from_: Literal["env"] = Field(alias="from")
    name: Text = Field(description="the name of an environment variable")


class Env(Source):
    """Reads the variable as it is."""

    entry = EnvSecret
    about = {"name": About("which environment variable", "{from: env, name: FC_PASSWORD}", NEEDED)}  # noqa: RUF012
    sample = "{from: env, name: VARIABLE}"
    starter = "{from: env, name: FC_PASSWORD}"
    starter_words = "an environment variable"

    def place(self, fields: Fields) -> str:
        """Name the variable."""
        return f"the environment variable {shown(fields['name'])}"

    def read(self, fields: Fields, at: Lookup) -> str:
        """Return the variable's value. Raises SecretError where it is not set."""
        if trouble := self.hindrance(fields, at):
            raise SecretError(trouble)
        return at.environ[str(fields["name"])]

    def hindrance(self, fields: Fields, at: Lookup) -> str | None:
        """Say that the variable is not set, and which similar one is: its name, never its value."""
        name = str(fields["name"])
        if name in at.environ:
            return None
        near = did_you_mean(name, (each for each in at.environ if len(each) >= LONG))
        return f"the environment variable {shown(name)} is not set{near or '; set it to the secret'}"
