"""How long the thread that speaks to the broker holds back what is not taken."""

from __future__ import annotations

from orchestrator.dispatch.broker import HEARTBEAT
from orchestrator.dispatch.thread import CONFIRM, held_back
from orchestrator.fleet.dispatch.remote import ANSWER


def test_an_exchange_is_held_back_no_longer_after_a_night_than_after_a_minute() -> None:
    """A disk that is full for hours makes hundreds of late confirmations: once there is room again, results
    go out before the hub gives their site up.
    """
    confirm = CONFIRM * HEARTBEAT
    assert [held_back(late, confirm) for late in (1, 2, 3)] == [0, confirm, 2 * confirm]
    assert held_back(500, confirm) + confirm < ANSWER
