"""A secret in an environment variable."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from inventory.errors import SecretError
from inventory.schema.about import NEEDED, About
from inventory.schema.fields import Strict, Text
from inventory.secrets.source import Fields, Lookup, Source
from inventory.words import shown


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
        name = str(fields["name"])
        if name not in at.environ:
            raise SecretError(
                f"the environment variable {shown(name)} is not set; set it to the secret and run again"
            )
        return at.environ[name]
