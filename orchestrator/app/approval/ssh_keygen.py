"""The door to ssh-keygen, which signs and verifies: with keys in files, in an agent, behind a passphrase or
on a FIDO key.

Verifying trusts nothing of the caller's environment: the program is looked for in the system's folders alone,
and `TZ`, by which ssh-keygen reads the times of `valid-before`, is the system's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from orchestrator.app.approval.errors import ApprovalError, NoSshKeygenError
from orchestrator.app.errors import CommandError
from orchestrator.domain.approval.signatures import NAMESPACE
from orchestrator.domain.primitives.text import clean

HEAD = "-----BEGIN SSH SIGNATURE-----"
PLACES = ("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")
_CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
_LONGEST = 30  # seconds that a verification may take
_SHOWN = 200  # characters of its words
_KEY = r"(?P<kind>[A-Z0-9-]+) key (?P<key>SHA256:[\w+/=]+)"
_GOOD = re.compile(rf'Good "{NAMESPACE}" signature for (?P<who>\S+) with {_KEY}\n?', re.ASCII)
_UNKNOWN = re.compile(rf'Good "{NAMESPACE}" signature with {_KEY}\n?', re.ASCII)
_CHECKED = re.compile(r"sshkey_check_revoked: ([^\r\n]+)")
_MEANS = (
    ("incorrect signature", "it signs something else than this plan"),
    ("namespace does not match", f"it was not made for a plan (`-n {NAMESPACE}`)"),
    ("key has expired", "its key is valid no more"),
    ("key is not yet valid", "its key is not valid yet"),
    ("missing header", "it is no signature"),
    ("invalid format", "it is no signature, or is damaged"),
)


@dataclass(frozen=True, slots=True)
class Good:
    """A signature that holds: the key's kind, and its fingerprint."""

    kind: str
    key: str


def program() -> str:
    """Find ssh-keygen. Raises NoSshKeygenError."""
    found = shutil.which("ssh-keygen", path=os.pathsep.join(PLACES))
    if found is None:
        raise NoSshKeygenError(
            f"there is no ssh-keygen in {', '.join(PLACES)}, and it signs and verifies plans. "
            "Install OpenSSH's client: openssh-client (Debian, Ubuntu), openssh (Fedora, RHEL, SUSE, Arch)"
        )
    return found


def sign(data: bytes, key: Path) -> str:
    """Sign; ssh-keygen asks on the terminal for what it needs, and speaks there. Raises CommandError."""
    path = key.expanduser()
    try:
        path.open("rb").close()
    except OSError as error:
        raise CommandError(
            f"{key}: the key cannot be read: {error.strerror or error}; expected an SSH key such as "
            "~/.ssh/id_ed25519, or the .pub of one that an agent holds. `ssh-keygen -t ed25519` makes one"
        ) from None
    done = subprocess.run(  # noqa: S603  # a program of the system's, no shell
        [program(), "-q", "-Y", "sign", "-f", str(path), "-n", NAMESPACE],
        input=data,
        stdout=subprocess.PIPE,
        check=False,
    )
    text = done.stdout.decode("ascii", "replace")
    if done.returncode or not text.startswith(HEAD):
        raise CommandError(f"{key}: ssh-keygen did not sign with it; its own words stand above")
    return text


def verify(data: bytes, text: str, who: str, *, signers: Path, revoked: Path | None) -> Good | str:
    """Hold a signature against the signers: `who` signed exactly `data`; else why not, as a clause.

    Raises NoSshKeygenError, ApprovalError where ssh-keygen does not end or says what it never said.
    """
    with tempfile.TemporaryDirectory(prefix="fleetcheck-") as folder:
        signature = Path(folder, "signature")
        signature.write_text(text, "utf-8", errors="replace")
        asked = ["-Y", "verify", "-n", NAMESPACE, "-I", who, "-f", str(signers), "-s", str(signature)]
        done = _run([*asked, *(["-r", str(revoked)] if revoked else [])], data)
        if done.returncode and revoked and _run(asked, data).returncode == 0:
            return _revoked(_run([*asked, "-r", str(revoked), "-vvv"], data).stderr, revoked)
    if done.returncode:
        return _why(done.stderr.decode("utf-8", "replace"), who, signers)
    good = _GOOD.fullmatch(done.stdout.decode("utf-8", "replace"))
    if good is None or good["who"] != who:
        raise ApprovalError(f"{program()} verified a signature with words that are not known here")
    return Good(good["kind"], good["key"])


def fingerprint(data: bytes, text: str) -> Good:
    """Return the key that made a signature of `data`, whose ever. Raises ApprovalError, NoSshKeygenError."""
    with tempfile.TemporaryDirectory(prefix="fleetcheck-") as folder:
        signature = Path(folder, "signature")
        signature.write_text(text, "utf-8")
        done = _run(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(signature)], data)
    good = _UNKNOWN.fullmatch(done.stdout.decode("utf-8", "replace"))
    if done.returncode or good is None:
        raise ApprovalError("what ssh-keygen has just signed, it does not verify")
    return Good(good["kind"], good["key"])


def principals(text: str, signers: Path) -> list[str]:
    """Return the names under which a signature's key stands first among the signers; none where it does not
    stand there.
    """
    with tempfile.TemporaryDirectory(prefix="fleetcheck-") as folder:
        signature = Path(folder, "signature")
        signature.write_text(text, "utf-8")
        done = _run(["-Y", "find-principals", "-s", str(signature), "-f", str(signers)], b"")
    return [] if done.returncode else done.stdout.decode("utf-8", "replace").split()


def _run(words: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603  # a program of the system's, no shell
            [program(), *words],
            input=data,
            capture_output=True,
            env=_CLEAN,
            cwd="/",
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ApprovalError(f"{program()} did not end within {_LONGEST} s; try again") from None
    except OSError as error:
        raise ApprovalError(f"{program()} does not start: {error.strerror or error}") from None


def _revoked(debugged: bytes, revoked: Path) -> str:
    """Tell a key that is revoked from a list that cannot be read, which only the debug output does."""
    found = _CHECKED.search(debugged.decode("utf-8", "replace"))
    if found is None or found[1] == "Key is revoked":
        return f"its key is revoked by {revoked}"
    said = clean(found[1], limit=_SHOWN)
    return f"ssh-keygen cannot read {revoked} ({said}): a list of revoked keys is made by `ssh-keygen -k`"


def _why(said: str, who: str, signers: Path) -> str:
    for words, meaning in _MEANS:
        if words in said:
            return meaning
    last = clean(" ".join(said.split()))[:_SHOWN]
    if not last or "No principal matched" in last:
        return f"{signers} does not let its key sign as {who}"
    return f"ssh-keygen says: {last}"
