"""A file that nobody else may read: a password, a key."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from inventory.errors import SecretError
from inventory.files.regular import NotRegularError, open_regular


def private_bytes(path: Path, what: str, *, most: int) -> bytes:
    """Return the first `most` bytes of a file, read through one descriptor, so that what was checked is what
    is read.

    `what` names its kind. Raises SecretError where others can read or change it, or nobody can.
    """
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SecretError(
                    f"others can read or change the {what} {path} (mode {stat.S_IMODE(mode):04o}); run: "
                    f"chmod 600 {path}"
                )
            return stream.read(most)
    except NotRegularError as exc:
        raise SecretError(f"the {what} {path} is not a regular file but {exc.kind}") from None
    except (OSError, ValueError) as exc:
        raise SecretError(
            f"the {what} {path} cannot be read: {getattr(exc, 'strerror', None) or exc}"
        ) from None
