"""What ssh-keygen says of a signature, in words: whose it is, and why it does not count."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.app.approval import ssh_keygen
from orchestrator.app.approval.beside import MOST, signature_file, signatures_beside
from orchestrator.app.approval.check import examine
from orchestrator.app.approval.errors import ApprovalError, NoSshKeygenError
from orchestrator.app.approval.rules import rules
from orchestrator.domain.approval.signatures import Approvals
from tests.signers import Signers, keygen

NOW = datetime.now(UTC)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Write something to be signed."""
    path = tmp_path / "plan.json"
    path.write_bytes(b'{"plan": 1}\n')
    return path


def found(signers: Signers, plan: Path) -> Approvals:
    """Examine what stands beside the file."""
    known = rules(signers.rules)
    return examine(plan.read_bytes(), signatures_beside(plan), known, demanded=2, origin="a test")


def why(approvals: Approvals) -> str:
    """Return why the one signature there does not count."""
    assert approvals.counted == ()
    (refused,) = approvals.not_counted
    return refused.why


def test_signatures_by_plain_ssh_keygen_count(signers: Signers, plan: Path) -> None:
    """Who signs without fleetcheck, by the command of the issue, is counted with name and key."""
    signers.sign(plan, "ann")
    signers.sign(plan, "bob")
    approvals = found(signers, plan)
    assert (approvals.people, approvals.missing, approvals.not_counted) == (2, 0, ())
    printed = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(signers.key("ann"))], capture_output=True, text=True, check=True
    )
    ann = approvals.counted[0]
    assert (ann.who, ann.kind, ann.key) == ("ann", "ED25519", printed.stdout.split()[1])


def test_an_altered_plan_has_no_signature(signers: Signers, plan: Path) -> None:
    """One byte more, and what was signed is something else."""
    signers.sign(plan, "ann")
    plan.write_bytes(plan.read_bytes() + b" ")
    assert why(found(signers, plan)) == "it signs something else than this plan"


def test_a_signature_of_another_plan_does_not_count(signers: Signers, plan: Path) -> None:
    """A copy under this plan's name is a replay."""
    other = plan.with_name("other.json")
    other.write_bytes(b'{"plan": 2}\n')
    signers.sign(other, "ann").rename(signature_file(plan, "ann"))
    assert why(found(signers, plan)) == "it signs something else than this plan"


def test_a_stranger_does_not_count(signers: Signers, plan: Path) -> None:
    """A key that nobody allowed, under its own name and under another's."""
    signers.sign(plan, "eve")
    assert why(found(signers, plan)).endswith("allowed_signers does not let its key sign as eve")
    signature_file(plan, "eve").unlink()
    signers.sign(plan, "eve", "ann")
    assert why(found(signers, plan)).endswith("allowed_signers does not let its key sign as ann")


def test_an_allowed_key_does_not_sign_for_somebody_else(signers: Signers, plan: Path) -> None:
    """Bob's signature under ann's name is nobody's."""
    signers.sign(plan, "bob", "ann")
    assert why(found(signers, plan)).endswith("allowed_signers does not let its key sign as ann")


def test_a_signature_for_another_purpose_does_not_count(signers: Signers, plan: Path) -> None:
    """What was signed as a commit of git, or a mail, is no approval."""
    signers.sign(plan, "ann", namespace="git")
    assert why(found(signers, plan)) == "it was not made for a plan (`-n fleetcheck-plan`)"


def test_a_key_past_its_time_does_not_count(signers: Signers, plan: Path) -> None:
    """`valid-before` ends what a key can approve, and `valid-after` begins it."""
    signers.sign(plan, "ann")
    signers.allow(f'ann valid-before="20200101Z" {signers.public("ann")}')
    assert why(found(signers, plan)) == "its key is valid no more"
    signers.allow(f'ann valid-after="20990101Z" {signers.public("ann")}')
    assert why(found(signers, plan)) == "its key is not valid yet"


def test_nobody_moves_a_keys_time_by_a_time_zone(
    signers: Signers, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ssh-keygen reads times without Z by TZ: what the caller sets there is not handed on."""
    ended = NOW - timedelta(hours=15)  # in every time zone that a system can have
    signers.allow(f'ann valid-before="{ended:%Y%m%d%H%M}" {signers.public("ann")}')
    signers.sign(plan, "ann")
    monkeypatch.setenv("TZ", "XXX+23")
    asked = ["-I", "ann", "-n", "fleetcheck-plan", "-s", str(signature_file(plan, "ann"))]
    allowed = ["-f", str(signers.rules.folder / "allowed_signers")]
    moved = subprocess.run(
        ["ssh-keygen", "-Y", "verify", *asked, *allowed],
        input=plan.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert moved.returncode == 0  # so it would be
    assert why(found(signers, plan)) == "its key is valid no more"


def test_a_revoked_key_does_not_count(signers: Signers, plan: Path) -> None:
    """A list of revoked keys takes back what a key could do, also what it did before."""
    signers.sign(plan, "ann")
    signers.sign(plan, "bob")
    signers.revoke("bob")
    approvals = found(signers, plan)
    assert [each.who for each in approvals.counted] == ["ann"]
    (refused,) = approvals.not_counted
    assert (refused.who, refused.why.split(" by ")[0]) == ("bob", "its key is revoked")


@pytest.mark.parametrize("kept", [slice(20), slice(3, None), slice(60, 10, -1)])
def test_a_broken_list_of_revoked_keys_lets_nobody_sign(signers: Signers, plan: Path, kept: slice) -> None:
    """Where nobody knows what is revoked, nothing counts; nobody's key is told as revoked for that."""
    signers.sign(plan, "ann")
    signers.revoke("bob")
    path = signers.rules.folder / "revoked_keys"
    path.write_bytes(path.read_bytes()[kept])
    said = why(found(signers, plan))
    assert said.startswith(f"ssh-keygen cannot read {path} (")
    assert said.endswith("): a list of revoked keys is made by `ssh-keygen -k`")


def test_a_certificate_counts_by_its_authority(signers: Signers, plan: Path, tmp_path: Path) -> None:
    """Who is allowed by a CA signs with a certificate; its principals are the names."""
    keygen("-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "ca"))
    keygen("-q", "-s", str(tmp_path / "ca"), "-I", "eve", "-n", "eve", "-V", "+1d", str(tmp_path / "eve.pub"))
    signers.allow(f"*@corp.example,eve cert-authority {(tmp_path / 'ca.pub').read_text('ascii').strip()}")
    signers.sign(plan, "eve-cert.pub", "eve")
    (eve,) = found(signers, plan).counted
    assert (eve.who, eve.kind) == ("eve", "ED25519-CERT")


def test_a_key_and_its_certificate_are_one_person(signers: Signers, plan: Path, tmp_path: Path) -> None:
    """Who may sign as ann by a key, and as bob by a certificate for the same key, is not two people."""
    keygen("-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "ca"))
    keygen("-q", "-s", str(tmp_path / "ca"), "-I", "eve", "-n", "bob", "-V", "+1d", str(tmp_path / "eve.pub"))
    authority = (tmp_path / "ca.pub").read_text("ascii").strip()
    signers.allow(f"ann {signers.public('eve')}", f"bob cert-authority {authority}")
    signers.sign(plan, "eve", "ann")
    signers.sign(plan, "eve-cert.pub", "bob")
    approvals = found(signers, plan)
    assert [each.who for each in approvals.counted] == ["ann", "bob"]
    assert approvals.people == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty, or cannot be read"),
        ("garbage\n", "it is no signature"),
        (
            "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n",
            "it is no signature, or is damaged",
        ),
    ],
)
def test_what_is_no_signature_is_told_as_that(signers: Signers, plan: Path, text: str, said: str) -> None:
    """An empty file, another file, half a signature."""
    signature_file(plan, "ann").write_text(text, "utf-8")
    assert why(found(signers, plan)) == said


def test_one_person_with_two_keys_or_two_names_is_one(signers: Signers, plan: Path) -> None:
    """The second key of a name, and a key that stands under two names, on one line or on two, add nobody."""
    signers.allow(
        "ann", f"ann {signers.public('eve')}", f"bob {signers.public('bob')}", f"ann {signers.public('bob')}"
    )
    signers.sign(plan, "ann")
    signers.sign(plan, "bob")
    approvals = found(signers, plan)
    assert [(each.who, each.also) for each in approvals.counted] == [
        ("ann", frozenset()),
        ("bob", frozenset({"ann"})),
    ]
    assert approvals.people == 1


def test_many_files_beside_a_plan_are_not_all_looked_at(signers: Signers, plan: Path) -> None:
    """More than anybody leaves there is refused before the first is verified."""
    for number in range(MOST + 1):
        signature_file(plan, f"s{number}").touch()
    with pytest.raises(ApprovalError, match=r"33 signatures beside plan\.json, expected 32 at most"):
        found(signers, plan)


def test_a_pattern_is_nobodys_name(signers: Signers, plan: Path) -> None:
    """ssh-keygen takes `*@corp.example` for a signer; a file of that name is passed over."""
    signers.allow(f"*@corp.example {signers.public('ann')}")
    signers.sign(plan, "ann", "*@corp.example")
    assert (found(signers, plan).counted, found(signers, plan).not_counted) == ((), ())


def test_without_ssh_keygen_its_package_is_named(
    signers: Signers, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is tried; a program of that name on the caller's PATH is none."""
    signers.sign(plan, "ann")
    own = plan.with_name("ssh-keygen")
    own.write_text("#!/bin/sh\necho Good\n", "ascii")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", f"{plan.parent}:{os.environ['PATH']}")
    assert found(signers, plan).people == 1  # the system's was asked
    monkeypatch.setattr(ssh_keygen, "PLACES", ("/nowhere",))
    with pytest.raises(
        NoSshKeygenError, match=r"no ssh-keygen in /nowhere.*openssh-client \(Debian, Ubuntu\)"
    ):
        found(signers, plan)


def test_an_ssh_keygen_that_does_not_start_lets_nothing_through(
    signers: Signers, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is there and cannot be run, nobody knows who has signed, and the reason is told."""
    signers.sign(plan, "ann")
    own = plan.with_name("ssh-keygen")
    own.write_text("#!/nowhere/interpreter\n", "ascii")
    own.chmod(0o755)
    monkeypatch.setattr(ssh_keygen, "PLACES", (str(plan.parent),))
    with pytest.raises(ApprovalError, match=f"{own} does not start: No such file or directory"):
        found(signers, plan)


@pytest.mark.parametrize(("who", "counts"), [("ann", True), ("bob", False)])
def test_a_signature_that_is_said_to_be_somebody_elses_lets_nothing_through(
    signers: Signers, plan: Path, monkeypatch: pytest.MonkeyPatch, who: str, *, counts: bool
) -> None:
    """Asked about ann it has to answer about ann: another name is no answer, whatever its exit code."""
    signers.sign(plan, "ann")
    own = plan.with_name("ssh-keygen")
    said = f'Good "fleetcheck-plan" signature for {who} with ED25519 key SHA256:abc'
    own.write_text(f"#!/bin/sh\necho '{said}'\n", "ascii")
    own.chmod(0o755)
    monkeypatch.setattr(ssh_keygen, "PLACES", (str(plan.parent),))
    asked = (plan.read_bytes(), signature_file(plan, "ann").read_text("utf-8"), "ann")
    signers_file = signers.rules.folder / "allowed_signers"
    if counts:
        good = ssh_keygen.verify(*asked, signers=signers_file, revoked=None)
        assert good == ssh_keygen.Good("ED25519", "SHA256:abc")
    else:
        with pytest.raises(ApprovalError, match="verified a signature with words that are not known here"):
            ssh_keygen.verify(*asked, signers=signers_file, revoked=None)
