"""How ssh-keygen is let sign: by an agent, with a passphrase, and not by what is no key."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrator.app.approval import ssh_keygen
from orchestrator.app.errors import CommandError
from tests.eventually import eventually
from tests.signers import Signers, keygen


def test_an_agent_signs_for_its_public_key(
    signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The private key need not be a file here: the agent has it."""
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        assert eventually(socket.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", str(signers.key("ann"))], check=True, capture_output=True)
        signers.key("ann").rename(tmp_path / "away")
        text = ssh_keygen.sign(b"data", tmp_path / "ann.pub")
        good = ssh_keygen.verify(
            b"data", text, "ann", signers=signers.rules.folder / "allowed_signers", revoked=None
        )
        assert isinstance(good, ssh_keygen.Good)
    finally:
        agent.terminate()
        agent.wait()


def test_a_passphrase_is_asked_for_by_ssh_keygen_itself(
    signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never comes through here: the system's own way of asking gives it."""
    keygen("-q", "-p", "-P", "", "-N", "secret", "-f", str(signers.key("ann")))
    ask = tmp_path / "ask"
    ask.write_text("#!/bin/sh\necho secret\n", "ascii")
    ask.chmod(0o700)
    monkeypatch.setenv("SSH_ASKPASS", str(ask))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    assert ssh_keygen.sign(b"data", signers.key("ann")).startswith(ssh_keygen.HEAD)
    ask.write_text("#!/bin/sh\necho wrong\n", "ascii")
    with pytest.raises(CommandError, match="ssh-keygen did not sign with it; its own words stand above"):
        ssh_keygen.sign(b"data", signers.key("ann"))


@pytest.mark.parametrize(("name", "said"), [("nokey", "No such file"), ("", "Is a directory")])
def test_a_key_that_cannot_be_read_is_told_before_anybody_is_asked(
    tmp_path: Path, name: str, said: str
) -> None:
    """No key there, or a folder in its place."""
    with pytest.raises(CommandError, match=f"the key cannot be read: {said}.*ssh-keygen -t ed25519"):
        ssh_keygen.sign(b"data", tmp_path / name)
