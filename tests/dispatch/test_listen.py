"""A site's last word about itself, in a real queue: whoever looks at it takes nothing away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import amqp
import pytest

from orchestrator.dispatch.keys import load_key
from orchestrator.dispatch.listen import last_word
from orchestrator.dispatch.seal import Kind, seal
from orchestrator.dispatch.wire import hello_text
from orchestrator.domain.sites.names import SiteNames
from orchestrator.domain.sites.unit import PROTOCOL, Hello
from tests.dispatch.conftest import Hub, MakeSite
from tests.eventually import eventually

pytestmark = pytest.mark.xdist_group("broker")


def test_a_hello_that_comes_while_an_older_one_is_looked_at_is_the_last_word(
    hub: Hub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue keeps one: what was looked at must not come back behind what came since."""
    site = make_site()
    key, public = load_key(site.folder / "site.key"), hub.settings.sites[site.name]
    exchange = SiteNames(site.name).hello
    now = datetime.now(UTC)
    about = {"worker": "w", "version": "0", "protocol": PROTOCOL, "width": 1, "slots": 1, "in_flight": 0}
    old = Hello(site=site.name, sent=now, started=now, **about)  # type: ignore[arg-type]
    new = replace(old, sent=now + timedelta(seconds=5))
    with hub.broker.connection() as connection:

        def say(hello: Hello) -> None:
            sealed = seal(Kind.HELLO, hello_text(hello), key)
            connection.Producer().publish(sealed, exchange=exchange, routing_key="fc", serializer="json")

        def read() -> Hello | None:
            return last_word(connection, site.name, public)

        look = amqp.Channel.basic_get

        def overtaken(channel: amqp.Channel, *words: Any) -> object:
            found = look(channel, *words)
            monkeypatch.setattr(amqp.Channel, "basic_get", look)
            say(new)
            return found

        say(old)
        eventually(lambda: read() == old)
        monkeypatch.setattr(amqp.Channel, "basic_get", overtaken)
        assert read() == old
        eventually(lambda: read() is not None)
        assert read() == new
