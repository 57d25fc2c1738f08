"""`scan --notify` and `notify test`: who is told, of what, and what becomes of what could not be sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.app.notify import deliver
from orchestrator.demo.wire.certificates import Authority
from tests.cli.conftest import Ended, fleetcheck
from tests.cli.storage_trouble import trouble
from tests.notify.servers import HOST, Mailbox, Webhook, mail_server, webhook, write_ca

Configure = Callable[[str], None]


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Make a CA whose certificates are for loopback."""
    return Authority(["localhost"], [HOST], title="Notices' CA")


@pytest.fixture
def hook(authority: Authority) -> Iterator[Webhook]:
    """Serve HTTPS."""
    with webhook(authority) as served:
        yield served


@pytest.fixture
def box(authority: Authority) -> Iterator[Mailbox]:
    """Serve SMTP with STARTTLS."""
    with mail_server(authority) as served:
        yield served


@pytest.fixture
def configure(tmp_path: Path, authority: Authority) -> Configure:
    """Write the user's configuration; the CA stands beside it."""

    def write(text: str) -> None:
        folder = tmp_path / "xdg" / "fleetcheck"
        folder.mkdir(parents=True, exist_ok=True)
        write_ca(authority, folder)
        (folder / "config.toml").write_text(text, "utf-8")

    return write


def ops() -> str:
    """Name the webhook as the target `ops`; its URL is in a variable."""
    return '[notify.ops]\nkind = "webhook"\nurl = {from = "env", name = "FC_OPS_URL"}\nca = "ca.pem"\n'


@dataclass
class Fleet:
    """The simulated fleet, and an inventory whose waivers a test may change from one night to the next."""

    inventory: Path
    text: str
    hosts: tuple[str, ...] = ("par-web-01", "mad-mail-02", "lyo-mail-02")

    def night(self, *words: str, waived: bool = True) -> Ended:
        """Scan, and tell `ops`; without its waiver lyo-mail-02 is drifted."""
        self.inventory.write_text(self.text if waived else _without_waivers(self.text), "utf-8")
        return fleetcheck("scan", *self.hosts, "-i", str(self.inventory), *(words or ("--notify", "ops")))


def _without_waivers(text: str) -> str:
    return text.partition("\nwaivers:")[0] + "\n"


@pytest.fixture
def fleet(simulated: Path, hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """Point scans at three hosts of the demo's fleet."""
    monkeypatch.setenv("FC_OPS_URL", hook.url())
    inventory = simulated.with_name("nights.yaml")
    yield Fleet(inventory, simulated.read_text("utf-8"))
    inventory.unlink(missing_ok=True)


def told(hook: Webhook) -> list[tuple[str, list[tuple[str | None, str, list[str]]]]]:
    """Return what arrived: what each notice is about, and its groups."""
    events = [json.loads(posted.body)["data"] for posted in hook.posted]
    return [
        (event["about"], [(group["before"], group["after"], group["hosts"]) for group in event["groups"]])
        for event in events
    ]


def test_a_night_tells_what_changed_since_the_one_before(
    fleet: Fleet, hook: Webhook, configure: Configure
) -> None:
    """The first scan is the baseline, a quiet night says nothing, an ended waiver is news, and so is its
    return.
    """
    configure(ops())
    ended = [fleet.night(), fleet.night(), fleet.night(waived=False), fleet.night()]
    assert told(hook) == [
        ("baseline", []),
        ("changes", [("ok", "drifted", ["lyo-mail-02"])]),
        ("changes", [("drifted", "ok", ["lyo-mail-02"])]),
    ]
    assert [each.code for each in ended] == [3, 3, 3, 3]
    assert "remark: notice sent to ops" in ended[0].err
    assert "notice" not in ended[1].err


def test_a_target_that_is_away_gets_it_the_next_time(
    fleet: Fleet, hook: Webhook, configure: Configure
) -> None:
    """The scan's result and exit code stand; the notice waits, and comes with the same id, once."""
    configure(ops())
    hook.status = 500
    first = fleet.night()
    assert first.code == 3
    assert f"notice to ops not sent: {HOST}:{hook.port} answered 500: thanks. 1 notice waits" in first.err
    listed = fleetcheck("notify", "list").out.split("\t")
    assert (listed[0], listed[1], listed[2], listed[3]) == ("ops", "webhook", "1", "never")
    hook.status = 200
    fleet.night(waived=False)
    ids = [json.loads(posted.body)["id"] for posted in hook.posted]
    assert (len(ids), ids[0] == ids[1], len(set(ids))) == (3, True, 2)
    assert [about for about, _ in told(hook)] == ["baseline", "baseline", "changes"]
    assert fleetcheck("notify", "list").out.split("\t")[2] == "0"


def test_one_that_never_answers_does_not_hold_the_scan(
    fleet: Fleet, hook: Webhook, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The summary is printed before anything is sent, and the command ends with the time for all."""
    configure(ops())
    hook.hold = threading.Event()
    real = deliver.send_all
    monkeypatch.setattr(
        deliver, "send_all", lambda letters, seconds: real(letters, seconds=min(seconds, 0.5))
    )
    ended = fleet.night()
    assert (ended.code, "par-web-01" in ended.out) == (3, True)
    assert "notice to ops not sent" in ended.err


def test_a_mail_server_that_is_away_is_told_later(fleet: Fleet, box: Mailbox, configure: Configure) -> None:
    """Mail works as a webhook does: what waited comes first, each notice as one mail."""
    mail = (
        f'[notify.ops]\nkind = "smtp"\nserver = "{HOST}"\nport = PORT\nca = "ca.pem"\n'
        'from = "fleetcheck@corp.example"\nto = ["ops@corp.example"]\n'
    )
    configure(mail.replace("PORT", "1"))
    assert "Connection refused. 1 notice waits" in fleet.night().err
    configure(mail.replace("PORT", str(box.port)))
    fleet.night(waived=False)
    assert [received["Subject"].partition(": ")[2] for received in box.mails] == [
        "from here on you are told what changes; now 1 blocked, 2 ok",
        "1 drifted",
    ]
    assert "lyo-mail-02" in box.mails[1].get_content()


def test_a_command_gets_it_on_its_standard_input(fleet: Fleet, configure: Configure, tmp_path: Path) -> None:
    """It runs in the folder of the file that names it."""
    configure('[notify.ops]\nkind = "command"\nargv = ["sh", "-c", "cat > got.json"]\n')
    fleet.night()
    event = json.loads((tmp_path / "xdg" / "fleetcheck" / "got.json").read_text("utf-8"))
    assert (event["specversion"], event["data"]["about"]) == ("1.0", "baseline")


def test_a_full_disk_loses_no_notice(fleet: Fleet, hook: Webhook, configure: Configure) -> None:
    """Where the end of the scan and its notice cannot be written, neither is there: the next scan
    tells it.
    """
    configure(ops())
    fleet.night()
    seen = 0
    for at in range(1, 12):
        with trouble("full", at) as befallen:
            ended = fleet.night(waived=False)
        if befallen.begun < at:
            break
        assert ended.code in (1, 3)
        assert "Traceback" not in ended.err
        seen += 1
    assert seen > 2
    fleet.night(waived=False)
    changes = [groups for about, groups in told(hook) if about == "changes"]
    assert changes[0] == [("ok", "drifted", ["lyo-mail-02"])]
    distinct = {json.loads(posted.body)["id"] for posted in hook.posted}
    assert len(distinct) == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("opss", "there is no target 'opss'; did you mean `ops`?; there are ops"),
        ("https://hooks.example/T0KEN", "--notify takes a target's name."),
        ("page ops", "--notify takes a target's name."),
    ],
)
def test_what_is_no_target_is_refused_before_anything_is_asked(
    fleet: Fleet, configure: Configure, name: str, said: str
) -> None:
    """An address on the command line would stand in `ps` and in the database; it is not repeated."""
    configure(ops())
    ended = fleet.night("--notify", name)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "T0KEN" not in ended.err


def test_a_test_arrives_or_says_why_not(
    hook: Webhook, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`notify test` sends a message about nothing; nothing is stored, and a failure is exit code 1."""
    configure(ops())
    monkeypatch.setenv("FC_OPS_URL", hook.url())
    sent = fleetcheck("notify", "test", "ops")
    assert (sent.code, sent.out.startswith("sent to ops, id ")) == (0, True)
    assert [about for about, _ in told(hook)] == ["test"]
    hook.status = 503
    failed = fleetcheck("notify", "test", "ops", "--json")
    content = json.loads(failed.out)
    assert (failed.code, content["sent"], content["trouble"]) == (
        1,
        False,
        f"{HOST}:{hook.port} answered 503: thanks",
    )
    assert fleetcheck("notify", "list").out.split("\t")[2:4] == ["0", "never"]


def test_a_list_of_hosts_tells_nobody(fleet: Fleet, configure: Configure) -> None:
    """Nobody is asked, so there is nothing to tell."""
    configure(ops())
    ended = fleet.night("--notify", "ops", "--list-hosts")
    assert (ended.code, "leave --notify out" in ended.err) == (2, True)


def test_no_secret_is_stored(fleet: Fleet, hook: Webhook, configure: Configure, tmp_path: Path) -> None:
    """The database knows the target's name, and neither its URL nor where that is found."""
    configure(ops())
    hook.status = 500
    fleet.night()
    data = b"".join(path.read_bytes() for path in tmp_path.glob("default.db*"))
    assert b"baseline" in data
    assert b"s3cret" not in data
    assert b"FC_OPS_URL" not in data
