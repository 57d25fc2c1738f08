"""Look a secret up where its reference says: as late as possible, once, and never shown."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import assert_never

from inventory.capture import TooMuchOutputError, TooSlowError, output_of
from inventory.errors import SecretError
from inventory.model import SecretRef
from inventory.regular import NotRegularError, open_regular
from inventory.words import shown

LIMIT = 64 * 1024  # bytes of a secret
COMMAND_SECONDS = 30.0


def resolve(ref: SecretRef, *, environ: Mapping[str, str], prompt: Callable[[str], str], base: Path) -> str:
    """Return the secret. A file's path begins at `base`, and a command runs there; `prompt` asks the user a question.

    One line end after the secret is taken off. Raises SecretError, with what to do; the secret is in no message.
    """
    match ref.source:
        case "env":
            secret = _environment(str(ref.fields["name"]), environ)
        case "file":
            secret = _file(base / Path(str(ref.fields["path"])).expanduser())
        case "command":
            secret = _command(
                [str(part) for part in ref.fields["argv"]], ref.fields.get("timeout"), environ, base
            )
        case "keyring":
            secret = _keyring(str(ref.fields["service"]), str(ref.fields.get("username", "")))
        case "prompt":
            secret = _prompt(str(ref.fields.get("text", "Password")), prompt)
        case _:
            assert_never(ref.source)
    if not secret:
        raise SecretError(f"the secret from {_place(ref)} is empty")
    if any("\ud800" <= unit <= "\udfff" for unit in secret):
        # So Python writes bytes that are no text; every host would fail on it, and its words might show a part.
        raise SecretError(f"the secret from {_place(ref)} has bytes that are not UTF-8")
    return secret


def _place(ref: SecretRef) -> str:
    """Say where a reference points, without a command's arguments: they may hold secrets of their own."""
    match ref.source:
        case "env":
            return f"the environment variable {shown(ref.fields['name'])}"
        case "file":
            return f"the file {shown(ref.fields['path'])}"
        case "command":
            return f"the command {shown(ref.fields['argv'][0])}"
        case "keyring":
            return f"the keyring's service {shown(ref.fields['service'])}"
        case "prompt":
            return "the prompt"


def _environment(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise SecretError(
            f"the environment variable {shown(name)} is not set; set it to the password and run again"
        )
    return environ[name]


def _file(path: Path) -> str:
    """Read a secret file through one descriptor, so that what was checked is what is read."""
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SecretError(
                    f"others can read or change the secret file {path} (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}"
                )
            data = stream.read(LIMIT + 1)
    except NotRegularError as exc:
        raise SecretError(f"the secret file {path} is not a regular file but {exc.kind}") from None
    except (OSError, ValueError) as exc:
        raise SecretError(
            f"the secret file {path} cannot be read: {getattr(exc, 'strerror', None) or exc}"
        ) from None
    return _decoded(data, f"the secret file {path}")


def _command(argv: list[str], timeout: float | None, environ: Mapping[str, str], base: Path) -> str:
    """Run a program without a shell. Its messages go to the user's own terminal, its output to nobody."""
    seconds = timeout or COMMAND_SECONDS
    name = f"the command {shown(argv[0])}"
    try:
        status, data = output_of(argv, most=LIMIT, seconds=seconds, environ=environ, folder=base)
    except TooSlowError:
        raise SecretError(
            f"{name} gave no secret within {seconds:g} s; `timeout:` beside `argv:` gives it longer"
        ) from None
    except TooMuchOutputError:
        raise SecretError(_too_long(name)) from None
    except (OSError, ValueError) as exc:
        raise SecretError(f"{name} cannot be run: {getattr(exc, 'strerror', None) or exc}") from None
    if status != 0:
        ended = f"exit status {status}" if status > 0 else f"signal {-status}"
        raise SecretError(f"{name} failed with {ended}; run it by hand to see why")
    return _decoded(data, name)


def _keyring(service: str, username: str) -> str:
    try:
        import keyring
    except ImportError:
        raise SecretError(
            "this secret is in a keyring, and the module for that is not installed: pip install fleetcheck[keyring]"
        ) from None
    try:
        secret = keyring.get_password(service, username)
    except Exception as exc:  # noqa: BLE001 - a backend is foreign code and raises what it likes; its words may hold the secret
        raise SecretError(f"the keyring cannot be read ({type(exc).__name__})") from None
    if secret is None:
        raise SecretError(
            f"the keyring has no password for service {shown(service)}, user {shown(username)}; `keyring set` stores one"
        )
    return str(secret)


def _prompt(text: str, prompt: Callable[[str], str]) -> str:
    try:
        return prompt(f"{text.rstrip(': ')}: ")
    except (EOFError, OSError):
        raise SecretError(
            "a password has to be typed, and there is no terminal to ask; use {from: env} or {from: file}"
        ) from None


def _decoded(data: bytes, place: str) -> str:
    if len(data) > LIMIT:
        raise SecretError(_too_long(place))
    try:
        secret = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"{place} gave bytes that are not UTF-8") from None
    return secret.removesuffix("\n").removesuffix("\r")


def _too_long(place: str) -> str:
    return f"{place} gave more than {LIMIT // 1024} KB, which is no password"
