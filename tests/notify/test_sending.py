"""Several targets at once, within one time for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from inventory.model import SecretRef
from orchestrator.demo.wire.certificates import Authority
from orchestrator.domain.notices.targets import CommandTarget, Target, WebhookTarget
from orchestrator.notify.letter import Letter, NotSentError
from orchestrator.notify.sending import Sent, send, send_all
from tests.notify.servers import Webhook, webhook

Keep = Callable[[str, str], SecretRef]


@pytest.fixture
def hook(authority: Authority) -> Iterator[Webhook]:
    """Serve HTTPS."""
    with webhook(authority) as served:
        yield served


def named(name: str) -> Target:
    """Name a target that nothing is sent to."""
    return CommandTarget(name=name, folder="/", argv=("true",))


def letters(letter: Letter, *ids: str) -> list[Letter]:
    """Make letters with these ids."""
    return [replace(letter, id=each) for each in ids]


def test_secrets_are_read_when_something_is_sent(
    hook: Webhook, letter: Letter, ca: str, secret: Keep
) -> None:
    """URL and token stand in files; what changes there holds from the next notice on."""
    url = secret("url", hook.url(path="/old"))
    target = WebhookTarget(name="ops", folder="/", url=url, token=secret("token", "one"), ca=ca)
    send(target, letter)
    secret("url", hook.url(path="/new"))
    send(target, letter)
    assert [posted.path for posted in hook.posted] == ["/old", "/new"]


def test_a_secret_that_is_not_there_is_told(letter: Letter, ca: str) -> None:
    """The variable is named, and what to do."""
    ref = SecretRef(source="env", fields={"name": "FC_NO_SUCH_URL"})
    with pytest.raises(NotSentError, match="FC_NO_SUCH_URL"):
        send(WebhookTarget(name="ops", folder="/", url=ref, ca=ca), letter)


def test_targets_do_not_wait_for_each_other(letter: Letter) -> None:
    """One that takes its time holds nobody up; each gets its letters in their order."""
    gate, fast = threading.Event(), []

    def by(target: Target, letter: Letter, _: float) -> None:
        if target.name == "slow":
            assert gate.wait(60)
            return
        fast.append(letter.id)
        if letter.id == "b2":
            gate.set()

    given = [(named("slow"), letters(letter, "a1")), (named("fast"), letters(letter, "b1", "b2"))]
    found = list(send_all(given, by=by))
    assert {(sent.target, sent.letter, sent.trouble) for sent in found} == {
        ("slow", "a1", None),
        ("fast", "b1", None),
        ("fast", "b2", None),
    }
    assert fast == ["b1", "b2"]


def test_one_that_is_away_is_not_tried_twice(letter: Letter) -> None:
    """Its other letters wait; one that only refuses a letter is given the next one."""
    tried: list[str] = []

    def by(target: Target, letter: Letter, _: float) -> None:
        tried.append(letter.id)
        raise NotSentError("no", away=target.name == "away")

    given = [(named("away"), letters(letter, "a1", "a2")), (named("picky"), letters(letter, "b1", "b2"))]
    assert len(list(send_all(given, by=by))) == 3
    assert sorted(tried) == ["a1", "b1", "b2"]


def test_the_time_for_all_is_the_end(letter: Letter) -> None:
    """What has not ended by then is told as not sent, and what was not begun is not begun."""
    gate = threading.Event()
    tried: list[str] = []

    def by(_: Target, letter: Letter, __: float) -> None:
        tried.append(letter.id)
        gate.wait(60)

    found = list(send_all([(named("hung"), letters(letter, "a1", "a2"))], seconds=0.2, by=by))
    gate.set()
    assert found == [Sent(target="hung", letter="a1", trouble="no end within 0.2 s")]


def test_a_fault_of_our_own_is_told_as_one(letter: Letter) -> None:
    """It costs the notice, never the scan."""

    def by(*_: object) -> None:
        raise ZeroDivisionError

    (found,) = send_all([(named("ops"), letters(letter, "a1"))], by=by)
    assert found.trouble == "a bug in fleetcheck: ZeroDivisionError"
