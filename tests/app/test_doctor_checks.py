"""The checks of this machine: the clock against hosts that say another time, Kerberos,
which hosts are looked at.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from inventory.load import load
from inventory.model import Fleet
from orchestrator.app.approval.rules import Place
from orchestrator.app.doctor import checks
from orchestrator.app.invocation import Invocation
from orchestrator.domain.execution.examination import Health
from orchestrator.remote.look import Looked
from orchestrator.store.writer import Writer
from tests.remote.wired import raw_server, read_request
from tests.unprivileged import unprivileged

HEAD = """\
credentials: {ops: {username: svc, password: {from: env, name: FC_PASSWORD}}, ticket: {username: svc@CORP.EXAMPLE}}
defaults: {credential: ops, transport: http, auth: ntlm}
"""  # noqa: E501


def fleet(folder: Path, hosts: str) -> Fleet:
    """Load an inventory of these hosts."""
    path = folder / "fleet.yaml"
    path.write_text(f"{HEAD}hosts: {hosts}\n")
    return load(path)


@contextlib.contextmanager
def saying(date: str) -> Iterator[int]:
    """Serve a host that asks for a logon and says this Date; yield its port."""

    def behave(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(
            f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nDate: {date}\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )

    with raw_server(behave) as port:
        yield port


@pytest.mark.parametrize(
    ("minutes", "health", "words"),
    [(-10, Health.WARNING, "ahead of"), (10, Health.WARNING, "behind"), (0, Health.OK, "within a minute")],
)
def test_the_clock_is_compared_with_what_a_host_says(
    tmp_path: Path, minutes: int, health: Health, words: str
) -> None:
    """A host's Date that is minutes away warns, with the side that this machine's clock is on."""
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    with saying(format_datetime(then, usegmt=True)) as port:
        check = checks.clock(fleet(tmp_path, f"{{web1: {{address: 127.0.0.1, port: {port}}}}}"))
    assert (check.health, words in check.seen, bool(check.advice)) == (health, True, health is Health.WARNING)


def test_one_host_with_a_wrong_clock_does_not_blame_this_machine(tmp_path: Path) -> None:
    """The middle one of three decides."""
    now = format_datetime(datetime.now(UTC), usegmt=True)
    with saying(now) as one, saying(now) as two, saying("Mon, 02 Jan 2006 15:04:05 GMT") as wrong:
        hosts = ", ".join(
            f"h{port}: {{address: 127.0.0.1, port: {port}, site: s{port}}}" for port in (wrong, one, two)
        )
        check = checks.clock(fleet(tmp_path, f"{{{hosts}}}"))
    assert check.health is Health.OK


@pytest.mark.parametrize(
    "said",
    [
        "",
        "yesterday",
        "Mon, 99 Foo 2026 99:99:99 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "\x00" * 90,
        "1" * 5000,
    ],
)
def test_a_date_that_is_none_is_left_out(said: str) -> None:
    """Whatever a host writes there, nothing breaks."""
    assert Looked(headers={"date": said}).date is None


def test_no_host_that_answers_is_no_warning(tmp_path: Path) -> None:
    """Nothing is known of the clock then."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        check = checks.clock(fleet(tmp_path, f"{{web1: {{address: 127.0.0.1, port: {port}}}}}"))
    assert check.health is Health.UNKNOWN


def test_hosts_of_different_sites_are_looked_at_first(tmp_path: Path) -> None:
    """Three at most: one of each site, in the inventory's order, then others."""
    found = fleet(tmp_path, "{a1: {site: a}, a2: {site: a}, b1: {site: b}, c1: {site: c}, d1: {site: d}}")
    assert [host.name for host in checks._some(found)] == ["a1", "b1", "c1"]
    alone = fleet(tmp_path, "{a1: {site: a}, a2: {site: a}}")
    assert [host.name for host in checks._some(alone)] == ["a1", "a2"]


def test_kerberos_that_is_asked_for_and_not_installed_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The advice names the extra."""
    monkeypatch.setattr("orchestrator.remote.auth.kerberos.can_ask_kdc", lambda: False)
    check = checks.kerberos(fleet(tmp_path, "{web1.corp.example: {auth: kerberos}}"))
    assert (check.health, "fleetcheck[kerberos]" in check.advice) == (Health.WARNING, True)


def test_kerberos_without_a_ticket_is_a_warning_where_one_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential without a password needs the cache; one with a password does not."""
    monkeypatch.setattr("orchestrator.remote.auth.kerberos.can_ask_kdc", lambda: True)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'none'}")
    needing = checks.kerberos(fleet(tmp_path, "{web1.corp.example: {auth: kerberos, credential: ticket}}"))
    bought = checks.kerberos(fleet(tmp_path, "{web1.corp.example: {auth: kerberos}}"))
    assert (needing.health, "kinit" in needing.advice) == (Health.WARNING, True)
    assert bought.health is Health.OK


@pytest.mark.parametrize(
    ("demanded", "signers", "health", "said"),
    [
        (None, False, Health.OK, "no signatures are demanded under plans here"),
        (
            "signatures = 2\n",
            True,
            Health.OK,
            "signatures demanded: 2 under a plan, 1 under that of an undo, by ",
        ),
        ("signatures = 2\n", False, Health.WARNING, "; nobody can, as there is no "),
        ("signatures = two\n", True, Health.WARNING, "approvals.toml: no TOML: "),
    ],
)
def test_rules_about_signatures_are_looked_at_before_the_night(
    tmp_path: Path, demanded: str | None, signers: bool, health: Health, said: str
) -> None:
    """What would keep every plan from being applied is a warning of this machine."""
    for name, text in (("approvals.toml", demanded), ("allowed_signers", "" if signers else None)):
        if text is not None:
            (tmp_path / name).write_text(text, "utf-8")
            (tmp_path / name).chmod(0o644)
    tmp_path.chmod(0o755)
    found = checks.approvals(Place(tmp_path, os.getuid()))
    assert found.health is health
    assert said in found.seen
    assert "nothing was written" not in found.seen  # nothing was to be written


def test_without_an_inventory_nobody_says_what_it_asks_for() -> None:
    """Where the inventory cannot be read, its hosts may ask for Kerberos all the same."""
    assert checks.kerberos(None).seen.endswith("installed; there is no inventory that could ask for it")


def test_a_database_that_cannot_be_written_is_a_warning() -> None:
    """It can be read, and every scan would be refused."""
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o777)
        with unprivileged():
            path = Path(base) / "fleet.db"
            url = f"sqlite:///{path}"
            Writer.open(url, command="scan", user="ann").close()
            path.chmod(0o400)
            (found, _) = checks.database(Invocation(command="doctor", user="ann", database=url))
    assert (found.health, found.seen) == (
        Health.WARNING,
        f"{path}: can be read, no scan yet; no right to write {path}",
    )
