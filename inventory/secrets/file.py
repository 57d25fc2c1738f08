"""A secret in a file that nobody else can read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from inventory.files.private import private_bytes
from inventory.schema.about import NEEDED, About
from inventory.schema.fields import Strict, Text
from inventory.secrets.source import LIMIT, Fields, Lookup, Source, decoded
from inventory.words import shown


class FileSecret(Strict):
    """A secret in a file that nobody else can read."""

    from_: Literal["file"] = Field(alias="from")
    path: Text = Field(description="the path of a file that only you can read")


class File(Source):
    """Reads the file's text; one line end after it is taken off."""

    entry = FileSecret
    about = {  # noqa: RUF012
        "path": About(
            "a file with the password alone, which others can neither read nor write (`chmod 600`); a path "
            "begins at the inventory's folder",
            "{from: file, path: secrets/ops}",
            NEEDED,
        )
    }
    sample = "{from: file, path: FILE}"
    starter = "{from: file, path: secrets/ops}"
    starter_words = "a file that only you can read (chmod 600)"

    def place(self, fields: Fields) -> str:
        """Name the file."""
        return f"the file {shown(fields['path'])}"

    def read(self, fields: Fields, at: Lookup) -> str:
        """Read the file through one descriptor, so that what was checked is what is read.

        Raises SecretError.
        """
        path = _path(fields, at)
        return decoded(private_bytes(path, "secret file", most=LIMIT + 1), f"the secret file {path}")

    def hindrance(self, fields: Fields, at: Lookup) -> str | None:
        """Say that there is no such file."""
        path = _path(fields, at)
        return None if path.exists() else f"the secret file {path} is not there"


def _path(fields: Fields, at: Lookup) -> Path:
    return at.base / Path(str(fields["path"])).expanduser()
