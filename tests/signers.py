"""People with real SSH keys, and a machine's rules about who has to sign, in a folder of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.app.approval.rules import Place

NAMES = ("ann", "bob", "eve")


@dataclass(frozen=True)
class Signers:
    """Keys by name, as files of `folder`; `rules` is a machine's place of rules; its owner runs the tests."""

    folder: Path

    @property
    def rules(self) -> Place:
        """The place of the rules."""
        return Place(self.folder / "etc", os.getuid())

    def key(self, name: str) -> Path:
        """Name a person's private key."""
        return self.folder / name

    def public(self, name: str) -> str:
        """Read a person's public key."""
        return self.folder.joinpath(f"{name}.pub").read_text("ascii").strip()

    def demand(self, text: str) -> None:
        """Write approvals.toml."""
        self._write("approvals.toml", text)

    def allow(self, *lines: str) -> None:
        """Write allowed_signers: whole lines, or names that get their own key."""
        self._write(
            "allowed_signers",
            "".join(f"{line} {self.public(line)}\n" if line in NAMES else f"{line}\n" for line in lines),
        )

    def revoke(self, *names: str) -> None:
        """Write a list of revoked keys, as ssh-keygen makes one."""
        made = self.rules.folder / "revoked_keys"
        made.unlink(missing_ok=True)
        keygen("-q", "-k", "-f", str(made), *(str(self.folder / f"{name}.pub") for name in names))
        made.chmod(0o644)

    def sign(self, plan: Path, name: str, who: str = "", *, namespace: str = "fleetcheck-plan") -> Path:
        """Sign a file as an administrator without fleetcheck does."""
        made = plan.with_name(f"{plan.name}.{who or name}.sig")
        with plan.open("rb") as data:
            done = subprocess.run(
                ["ssh-keygen", "-Y", "sign", "-f", str(self.key(name)), "-n", namespace],
                stdin=data,
                capture_output=True,
                check=True,
            )
        made.write_bytes(done.stdout)
        return made

    def _write(self, name: str, text: str) -> None:
        path = self.rules.folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o644)


def keygen(*words: str) -> None:
    """Run ssh-keygen. Skips where there is none."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh-keygen here")
    subprocess.run(["ssh-keygen", *words], check=True, capture_output=True)


def make_signers(folder: Path) -> Signers:
    """Make everybody's keys, and an empty place of rules."""
    for name in NAMES:
        keygen("-q", "-t", "ed25519", "-N", "", "-C", f"{name}@corp.example", "-f", str(folder / name))
    (folder / "etc").mkdir(mode=0o755)
    return Signers(folder)
