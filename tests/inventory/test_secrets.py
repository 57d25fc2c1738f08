"""Where secrets come from, and that no message shows one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest

from inventory.errors import SecretError
from inventory.model import SecretRef
from inventory.secrets.resolve import resolve

Source = Literal["env", "file", "command", "keyring", "prompt"]


def found(
    source: Source, base: Path = Path(), environ: Mapping[str, str] | None = None, **fields: Any
) -> str:
    """Resolve a reference; a prompt is answered with its own question."""
    ref = SecretRef(source=source, fields=fields)
    return resolve(
        ref, environ=os.environ if environ is None else environ, prompt=lambda text: text, base=base
    )


def refusal(
    source: Source, base: Path = Path(), environ: Mapping[str, str] | None = None, **fields: Any
) -> str:
    """Return the message with which a reference is refused."""
    with pytest.raises(SecretError) as caught:
        found(source, base, environ, **fields)
    return str(caught.value)


def secret_file(folder: Path, data: bytes, mode: int = 0o600) -> Path:
    """Write a secret file."""
    path = folder / "secret"
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_an_environment_variable_is_taken_as_it_is() -> None:
    """The variable's value is the password, blanks included."""
    assert found("env", environ={"FC": " hunter2 "}, name="FC") == " hunter2 "


def test_a_missing_variable_is_named() -> None:
    """A variable that is not set is named."""
    expected = "the environment variable `FC` is not set; set it to the secret"
    assert refusal("env", environ={}, name="FC") == expected


def test_a_similar_variable_that_is_set_is_suggested_without_its_value() -> None:
    """A misspelt variable is what is set instead: its name is said, and its value never."""
    said = refusal("env", environ={"FC_PASSWROD": "hunter2"}, name="FC_PASSWORD")
    assert said == "the environment variable `FC_PASSWORD` is not set; did you mean `FC_PASSWROD`?"


def test_an_empty_secret_is_refused() -> None:
    """An empty password would be tried on every host: it is refused before."""
    assert (
        refusal("env", environ={"FC": ""}, name="FC")
        == "the secret from the environment variable `FC` is empty"
    )


def test_a_variable_that_is_no_text_is_refused_unseen() -> None:
    """Bytes of another encoding would fail on every host,
    as a bug or with a part of the password in its words.
    """
    assert (
        refusal("env", environ={"FC": "hunter2\udce9"}, name="FC")
        == "the secret from the environment variable `FC` has bytes that are not UTF-8"
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"hunter2", "hunter2"), (b"hunter2\n", "hunter2"), (b"a\r\n", "a"), (b"a\n\n", "a\n")],
)
def test_a_file_gives_its_text_without_one_line_end(tmp_path: Path, data: bytes, expected: str) -> None:
    """One line end at the end of the file is not part of the password."""
    secret_file(tmp_path, data)
    assert found("file", tmp_path, path="secret") == expected


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A secret file with rights for others is refused, with the command that mends it."""
    path = secret_file(tmp_path, b"hunter2", mode)
    expected = f"others can read or change the secret file {path} (mode {mode:04o}); run: chmod 600 {path}"
    assert refusal("file", tmp_path, path="secret") == expected


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A secret file that is not there is named with its whole path."""
    expected = f"the secret file {tmp_path / 'secret'} cannot be read: No such file or directory"
    assert refusal("file", tmp_path, path="secret") == expected


def test_bytes_that_are_no_text_are_refused_unseen(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused without a byte of it."""
    path = secret_file(tmp_path, b"hunter2\xff")
    assert refusal("file", tmp_path, path="secret") == f"the secret file {path} gave bytes that are not UTF-8"


def test_a_command_prints_the_secret(tmp_path: Path) -> None:
    """A program's output is the password; its arguments are read by no shell."""
    argv = [sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME; 'x"]
    assert found("command", tmp_path, argv=argv) == "$HOME; 'x"


def test_a_failing_command_shows_its_status_and_not_its_output(tmp_path: Path) -> None:
    """A program that fails is named with its exit status; what it printed is not shown."""
    argv = [sys.executable, "-c", "print('hunter2'); raise SystemExit(3)"]
    assert refusal("command", tmp_path, argv=argv).endswith(
        "failed with exit status 3; run it by hand to see why"
    )


def test_a_hanging_command_is_ended(tmp_path: Path) -> None:
    """A program that never ends is ended after its time."""
    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    message = refusal("command", tmp_path, argv=argv, timeout=0.2)
    assert message.endswith("gave no secret within 0.2 s; `timeout:` beside `argv:` gives it longer")


def test_a_missing_command_is_named(tmp_path: Path) -> None:
    """A program that is not there is named, without its arguments."""
    expected = "the command `no-such-program` cannot be run: No such file or directory"
    assert refusal("command", tmp_path, argv=["no-such-program", "hunter2"]) == expected


def test_a_keyring_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring gives the password of a service and a user."""
    ring = ModuleType("keyring")
    ring.get_password = lambda service, user: f"{service}/{user}"  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert found("keyring", service="fleet", username="svc") == "fleet/svc"


def test_a_missing_keyring_module_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the message names the command that installs it."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert refusal("keyring", service="fleet", username="svc").endswith("pip install fleetcheck[keyring]")


def test_a_broken_keyring_does_not_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the keyring is named by its kind only: its words could hold the secret."""

    def get_password(_service: str, _user: str) -> str:
        raise RuntimeError("hunter2")

    ring = ModuleType("keyring")
    ring.get_password = get_password  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert refusal("keyring", service="fleet", username="svc") == "the keyring cannot be read (RuntimeError)"


def test_a_prompt_asks_its_question() -> None:
    """The reference's own question is asked."""
    assert found("prompt", text="Password of svc") == "Password of svc: "


def test_a_prompt_without_a_terminal_says_what_to_use() -> None:
    """Where nobody can be asked the message says what can serve instead."""

    def nobody(_text: str) -> str:
        raise EOFError

    with pytest.raises(SecretError) as caught:
        resolve(SecretRef(source="prompt", fields={}), environ={}, prompt=nobody, base=Path())
    expected = "a password has to be typed, and there is no terminal to ask; use {from: env} or {from: file}"
    assert str(caught.value) == expected


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """A FIFO in the place of a secret file would hold the command until somebody writes into it."""
    os.mkfifo(tmp_path / "secret", 0o600)
    expected = f"the secret file {tmp_path / 'secret'} is not a regular file but a FIFO"
    assert refusal("file", tmp_path, path="secret") == expected


def test_a_device_is_no_secret_file() -> None:
    """A device gives bytes without an end, or none: it is refused unread."""
    assert refusal("file", path="/dev/zero") == "the secret file /dev/zero is not a regular file but a device"


def test_a_link_to_a_secret_file_is_followed(tmp_path: Path) -> None:
    """Secrets are often handed over as links, so what the link leads to is what counts."""
    secret_file(tmp_path, b"hunter2")
    (tmp_path / "link").symlink_to("secret")
    assert found("file", tmp_path, path="link") == "hunter2"


def test_a_command_that_prints_without_end_is_ended_early(tmp_path: Path) -> None:
    """Of a command's output 64 KB are taken and no more, however long it would go on."""
    argv = [sys.executable, "-c", "while True: print('x' * 1000)"]
    with pytest.raises(SecretError, match="gave more than 64 KB, which is no password"):
        found("command", tmp_path, argv=argv, timeout=60)


def test_a_command_of_the_longest_length_is_whole(tmp_path: Path) -> None:
    """What is exactly as long as a secret may be is not cut."""
    argv = [sys.executable, "-c", "print('x' * 65535)"]
    assert len(found("command", tmp_path, argv=argv)) == 65535


def test_what_a_command_started_cannot_hold_it(tmp_path: Path) -> None:
    """A program that the killed one left behind keeps its output open, and is not waited for."""
    child = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(4)'])"
    message = refusal("command", tmp_path, argv=[sys.executable, "-c", child], timeout=0.5)
    assert "gave no secret within 0.5 s" in message
