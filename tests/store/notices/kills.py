"""Kill scans that are told, at random moments, and hold what a receiver got against what is so."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from orchestrator.app.events import Warned
from orchestrator.store.notices.waiting import NoticeReader
from tests.notify.servers import Webhook
from tests.store.children import child

HOSTS = tuple(f"h{number}" for number in range(6))
WORDS = ("ok", "ok", "blocked", "drifted")


@dataclass
class Found:
    """What came of it: how often a child was killed before its end, notices that arrived, and those that came
    twice.
    """

    kills: int = 0
    whole: int = 0
    arrived: int = 0
    doubles: int = 0


def kill(url: str, hook: Webhook, folder: Path, *, kills: int, seed: int) -> Found:
    """Run nights until so many were killed, then one in peace; raise AssertionError where an edge is lost or
    told twice.
    """
    random, found = Random(seed), Found()  # noqa: S311  # made up, and the same ones every time
    secret = folder / "url"
    secret.write_text(hook.url("http"), "utf-8")
    secret.chmod(0o600)
    assert _night(url, dict.fromkeys(HOSTS, "ok"), 0, secret, None)[0]  # the baseline
    night, verdicts = 1, dict.fromkeys(HOSTS, "blocked")
    ended, longest = _night(url, verdicts, night, secret, None)  # how long one with news takes: longer
    assert ended
    while found.kills < kills:
        verdicts = {host: random.choice(WORDS) for host in HOSTS}
        ended, _ = _night(url, verdicts, night + 1, secret, random.random() * longest * 1.8)
        found.whole += ended
        found.kills += not ended
        night += 1
    assert _night(url, verdicts, night + 1, secret, None)[0]
    _check(url, hook, verdicts, found)
    return found


def _night(
    url: str, verdicts: dict[str, str], night: int, secret: Path, patience: float | None
) -> tuple[bool, float]:
    """Run one scan; with patience (seconds from its beginning) it is killed then. Say whether it came to its
    end.
    """
    given = {"url": url, "verdicts": verdicts, "night": night, "secret": str(secret)}
    with child("told_scan.py", **given) as running:
        assert running.pipe.recv() == "begun"
        begun = time.monotonic()
        end = None if patience is None else begun + patience
        while True:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not running.pipe.poll(left):
                running.kill()
                return False, 0.0
            said = running.pipe.recv()
            if said == "sent":
                return True, time.monotonic() - begun
            assert not isinstance(said, Warned), said


def _check(url: str, hook: Webhook, verdicts: dict[str, str], found: Found) -> None:
    """Replay what arrived as a receiver does that drops equal ids: no edge is missing, none comes twice."""
    by_id: dict[str, bytes] = {}
    known: dict[str, str] = {}
    for posted in hook.posted:
        event = json.loads(posted.body)
        if event["id"] in by_id:
            assert by_id[event["id"]] == posted.body
            found.doubles += 1
            continue
        by_id[event["id"]] = posted.body
        assert (event["data"]["about"] == "baseline") is (found.arrived == 0)
        found.arrived += 1
        for group in event["data"]["groups"]:
            for host in group["hosts"]:  # a baseline names nobody: a host's first edge says what it counted
                assert known.get(host, group["before"]) == group["before"] != group["after"]
                known[host] = group["after"]
    assert {host: (word, verdicts[host]) for host, word in known.items() if word != verdicts[host]} == {}
    with NoticeReader.open(url) as reader:
        assert reader.waiting(["ops"]) == ()
