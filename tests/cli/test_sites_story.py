"""The story of docs/sites.md: a hub, a site with a worker, one scan over both."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orchestrator.app.errors import CommandError
from orchestrator.app.sites.lines import Line, run_lines
from orchestrator.remote.session import Script
from tests.cli.conftest import HOSTS, Ended, fleetcheck
from tests.cli.sites_story import Story, complete
from tests.eventually import eventually
from tests.rabbit import VARIABLE, Made, gone_afterwards, rabbitmqctl

pytestmark = pytest.mark.xdist_group("broker")
REFUSED = "its signature is not by the key that is known for it"


@pytest.fixture(scope="module")
def at_broker() -> Iterator[Made]:
    """Yield what is to be gone from the broker when the stories have ended."""
    with gone_afterwards() as made:
        yield made


@pytest.fixture
def story(simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_broker: Made) -> Story:
    """Put the six simulated hosts into a site, but for one."""
    monkeypatch.setenv("FLEETCHECK_HUB", str(tmp_path / "hub"))
    return _sit_down(simulated, tmp_path, monkeypatch, at_broker, uuid.uuid4().hex[:8])


@dataclass(frozen=True)
class MadeHub:
    """A hub that was set up: its folder, its database, and the mark of its names at the broker."""

    folder: Path
    database: Path
    mark: str


@pytest.fixture(scope="module")
def made_hub(simulated: Path, tmp_path_factory: pytest.TempPathFactory, at_broker: Made) -> MadeHub:
    """Set a hub up as the page says, once: three commands for the broker."""
    folder = tmp_path_factory.mktemp("hub")
    made = MadeHub(folder / "hub", folder / "hub.db", uuid.uuid4().hex[:8])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLEETCHECK_HUB", str(made.folder))
        patch.setenv("FLEETCHECK_DB", str(made.database))
        story = _sit_down(simulated, folder, patch, at_broker, made.mark)
        assert fleetcheck(*story.line("the hub"), "--run").code == 0
    return made


@pytest.fixture
def story_of_a_hub(
    made_hub: MadeHub, simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_broker: Made
) -> Story:
    """Begin where the page has set the hub up, with a site of the test's own."""
    shutil.copytree(made_hub.folder, tmp_path / "hub")
    shutil.copy(made_hub.database, tmp_path / "hub.db")
    monkeypatch.setenv("FLEETCHECK_HUB", str(tmp_path / "hub"))
    monkeypatch.setenv("FLEETCHECK_DB", str(tmp_path / "hub.db"))
    return _sit_down(simulated, tmp_path, monkeypatch, at_broker, made_hub.mark)


def _sit_down(
    simulated: Path, folder: Path, patch: pytest.MonkeyPatch, at_broker: Made, hub_mark: str
) -> Story:
    named = os.environ.get(VARIABLE)
    if not named:
        pytest.skip(f"{VARIABLE} names no RabbitMQ")
    parts = urlsplit(named)
    mark = uuid.uuid4().hex[:8]
    text = simulated.read_text("utf-8")
    site = f"site-{mark}"
    text = re.sub(r"site: \"?\w+\"?", f'site: "{site}"', text)
    inventory = simulated.parent / f"story-{mark}.yaml"
    inventory.write_text(text, "utf-8")
    # Whose clock differs would need longer; here all have one.
    patch.setattr("orchestrator.app.sites.status.LISTEN", 1.0)
    server = f"{parts.hostname or '127.0.0.1'}:{parts.port or 5672}"
    story = Story(folder, inventory, site, f"hub-{hub_mark}", f"fc_{hub_mark}", server)
    at_broker.vhosts.append(story.vhost)
    at_broker.users += [story.hub_user, f"fc-{site}"]
    return story


@contextlib.contextmanager
def _working(story: Story, name: str) -> Iterator[Path]:
    """Run the worker as the page says, heard of by the hub; ended by SIGTERM. Gives its log."""
    log = story.folder / name
    with log.open("wb") as stream:
        worker = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *story.line("work")],
            stdout=stream,
            stderr=stream,
            cwd=story.folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    try:
        assert eventually(lambda: fleetcheck(*story.line("work", 1)).code == 0 or worker.poll() is not None)
        assert worker.poll() is None, log.read_text()
        yield log
        worker.terminate()
        assert worker.wait(60) == 0
    finally:
        worker.kill()
        worker.wait()


def test_the_page_s_story_gives_the_summary_of_a_scan_from_here(story: Story) -> None:
    """Hub, site and worker set up as the page says: the worker brings what a scan from here does."""
    made = fleetcheck(*story.line("the hub"), "--run")
    assert (made.code, made.out) == (0, "")
    again = fleetcheck("hub", "init")
    assert (again.code, "the broker is ready" in again.err) == (0, True)
    key = fleetcheck(*story.line("the site"))
    assert key.code == 0
    words = [key.out.strip() if word == "ed25519:..." else word for word in story.line("the hub again")]
    added = fleetcheck(*words, "--run")
    assert added.code == 0
    silent = fleetcheck("hub", "status")
    assert (silent.code, "silent" in silent.out) == (3, True)
    complete(story, added.out.strip())
    with _working(story, "worker.log") as log:
        status = json.loads(fleetcheck("hub", "status", "--json").out)
        assert [(site["site"], site["alive"]) for site in status["sites"]] == [(story.site, True)]
        options = ("-i", str(story.inventory), "--json")
        there = json.loads(fleetcheck(*story.line("work", 2), *options).out)
        here = json.loads(fleetcheck("scan", *options).out)
        verdicts = [
            {one["host"]: (one["verdict"], (one["failure"] or {}).get("cause")) for one in each["hosts"]}
            for each in (there, here)
        ]
        assert verdicts[0] == verdicts[1]
        assert set(verdicts[0]) == set(HOSTS)
        assert there["counts"] == here["counts"]
    said = log.read_text()
    batches = re.findall(r"(\d+) hosts?, (\d+) probed, (\d+) failed, 0 not begun", said)
    failed = sum(one["failure"] is not None for one in there["hosts"])
    assert [sum(map(int, each)) for each in zip(*batches, strict=True)] == [
        len(HOSTS),
        len(HOSTS) - failed,
        failed,
    ]
    assert "Passw0rd" not in said
    removed = fleetcheck("hub", "site", "remove", story.site)
    assert removed.code == 0
    audit = fleetcheck("audit", "export").out
    assert ("site added" in audit, "site removed" in audit) == (True, True)


def test_a_site_s_new_key_is_taken_and_its_old_one_refused(story_of_a_hub: Story) -> None:
    """While its worker runs: what the old key signs is refused from then on; with the new one it is alive."""
    story = story_of_a_hub
    key = fleetcheck(*story.line("the site")).out.strip()
    words = [key if word == "ed25519:..." else word for word in story.line("the hub again")]
    config = complete(story, fleetcheck(*words, "--run").out.strip())
    new = fleetcheck(*story.line("the site"), "--config", str(story.folder / "new.yaml"))
    assert (new.code, new.out.strip() != key) == (0, True)
    with _working(story, "old.log"):
        rotated = fleetcheck("hub", "site", "rotate", story.site, "--key", new.out.strip())
        assert (rotated.code, "its new key counts from now on" in rotated.err) == (0, True)
        refused = fleetcheck("hub", "status")
        assert (refused.code, "silent" in refused.out, REFUSED in refused.err) == (3, True, True)
    config.write_text(re.sub(r"^key: .*$", "key: new.key", config.read_text(), flags=re.MULTILINE))
    with _working(story, "new.log"):
        pass  # heard of: that is what it waits for
    changes = [
        line for line in fleetcheck("audit", "export").out.splitlines() if "site's key changed" in line
    ]
    assert [(key in line, new.out.strip() in line) for line in changes] == [(True, True)]


def test_a_worker_of_another_version_needs_attention(
    story_of_a_hub: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is alive and gets no hosts: `hub status` says what to install, and ends with 3."""
    story = story_of_a_hub
    key = fleetcheck(*story.line("the site")).out.strip()
    words = [key if word == "ed25519:..." else word for word in story.line("the hub again")]
    complete(story, fleetcheck(*words, "--run").out.strip())
    with _working(story, "worker.log"):
        assert fleetcheck("hub", "status").code == 0
        monkeypatch.setattr("orchestrator.remote.probe.probe_script", lambda: Script.load("repin"))
        misfit = fleetcheck("hub", "status")
    assert (misfit.code, "silent" in misfit.out) == (3, False)
    assert "install the same fleetcheck at the site and on this machine" in misfit.err


def test_a_site_that_is_added_again_logs_on_with_its_new_password(story: Story) -> None:
    """Its user is at the broker still, with the old password: --run changes it; the hub's user alike."""
    assert fleetcheck(*story.line("the hub"), "--run").code == 0
    key = fleetcheck(*story.line("the site")).out.strip()
    words = [key if word == "ed25519:..." else word for word in story.line("the hub again")]
    assert fleetcheck(*words, "--run").code == 0
    removed = fleetcheck("hub", "site", "remove", story.site)
    assert (removed.code, "rabbitmqctl delete_user" in removed.err) == (0, True)  # and nobody types it
    assert fleetcheck(*words, "--run").code == 0
    assert _logs_on(f"fc-{story.site}", story.folder / "hub" / "sites" / f"{story.site}.broker")
    shutil.rmtree(story.folder / "hub")
    assert fleetcheck(*story.line("the hub"), "--run").code == 0
    assert _logs_on(story.hub_user, story.folder / "hub" / "broker.secret")


def _adding_its_site(story: Story) -> list[str]:
    """Return the words that add the story's site."""
    key = fleetcheck(*story.line("the site")).out.strip()
    return [key if word == "ed25519:..." else word for word in story.line("the hub again")]


def _without_rabbitmqctl(*words: str) -> Ended:
    """Run a command where rabbitmqctl is not to be found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        return fleetcheck(*words)


def test_a_site_whose_adding_failed_half_way_is_added_by_the_same_command(story_of_a_hub: Story) -> None:
    """Nothing has to be removed first, its password stays, and another key is refused all the same."""
    story = story_of_a_hub
    words = _adding_its_site(story)
    failed = _without_rabbitmqctl(*words, "--run")
    assert (failed.code, "rabbitmqctl cannot be run" in failed.err) == (1, True)
    secret = story.folder / "hub" / "sites" / f"{story.site}.broker"
    before = secret.read_text()
    again = fleetcheck(*words, "--run")
    assert (again.code, secret.read_text() == before) == (0, True)
    assert f"site {story.site}: is there already with this key; what was missing is made" in again.err
    assert _logs_on(f"fc-{story.site}", secret)
    other = [word if not word.startswith("ed25519:") else f"ed25519:{'A' * 43}=" for word in words]
    refused = fleetcheck(*other, "--run")
    assert (refused.code, "is there already; `fleetcheck hub site rotate" in refused.err) == (2, True)
    secret.rename(story.folder / "carried")
    assert fleetcheck(*words, "--run").code == 2


def test_a_site_without_its_user_is_removed(story_of_a_hub: Story) -> None:
    """Somebody has deleted the user: that is said, and the site goes."""
    story = story_of_a_hub
    assert fleetcheck(*_adding_its_site(story), "--run").code == 0
    rabbitmqctl("delete_user", f"fc-{story.site}")
    removed = fleetcheck("hub", "site", "remove", story.site, "--run")
    assert removed.code == 0
    assert f'at the broker: User "fc-{story.site}" does not exist' in removed.err
    assert f"site {story.site}: removed here" in removed.err


def test_a_site_whose_user_cannot_be_deleted_is_removed_here_and_that_is_told(story_of_a_hub: Story) -> None:
    """Its key counts no more; what the broker was not told is named, and the command ends with 1."""
    story = story_of_a_hub
    assert fleetcheck(*_adding_its_site(story), "--run").code == 0
    removed = _without_rabbitmqctl("hub", "site", "remove", story.site, "--run")
    assert (removed.code, f"site {story.site}: removed here" in removed.err) == (1, True)
    assert "rabbitmqctl cannot be run" in removed.err
    assert not (story.folder / "hub" / "sites" / f"{story.site}.pub").exists()


def test_a_password_that_cannot_be_changed_is_told_by_the_command_that_failed(story_of_a_hub: Story) -> None:
    """The user is there already, and it is the second command that fails."""
    story = story_of_a_hub
    secret = story.folder / "hub" / "broker.secret"
    change = ("rabbitmqctl", "change_password", f"no-{story.hub_user}")
    line = Line(argv=("rabbitmqctl", "add_user", story.hub_user), stdin=secret, instead=change)
    with pytest.raises(CommandError) as raised:
        run_lines([line])
    assert str(raised.value) == (
        f'`rabbitmqctl change_password no-{story.hub_user} < {secret}` failed: User "no-{story.hub_user}" '
        "does not exist"
    )


def _logs_on(user: str, secret: Path) -> bool:
    argv = ["rabbitmqctl", "-q", "authenticate_user", user, secret.read_text().strip()]
    return subprocess.run(argv, check=False, capture_output=True, timeout=60).returncode == 0
