"""The RabbitMQ that runs here, by rabbitmqctl: so it has to be this machine's and the user of the tests root.

Each rabbitmqctl takes a second of a core, so that what can be told it at once is told it at once.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

VARIABLE = "FLEETCHECK_TEST_AMQP_URL"
# Erlang's threads spin while they wait, and this program waits for the broker: a fifth of what it takes.
os.environ.setdefault("RABBITMQ_CTL_ERL_ARGS", "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none")


def rabbitmqctl(*words: str, given: str | None = None) -> None:
    """Run rabbitmqctl. Skips where that is not possible here."""
    try:
        subprocess.run(
            ["rabbitmqctl", "-q", *words], input=given, text=True, check=True, capture_output=True, timeout=60
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"rabbitmqctl {words[0]} does not work here: {error}")


def rights(user: str, vhost: str, configure: str, write: str, read: str) -> dict[str, str]:
    """Return what a user may do, as a file of definitions has it."""
    return {"user": user, "vhost": vhost, "configure": configure, "write": write, "read": read}


def define(**definitions: object) -> None:
    """Make vhosts, users and rights in one go. Skips as `rabbitmqctl` does."""
    rabbitmqctl("import_definitions", given=json.dumps(definitions))


@dataclass
class Made:
    """What is at the broker because of tests."""

    vhosts: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


@contextmanager
def gone_afterwards() -> Iterator[Made]:
    """Yield lists of vhosts and users, which are deleted in one go after the block, whether they are there or
    not.
    """
    made = Made()
    try:
        yield made
    finally:
        if made.vhosts or made.users:
            vhosts = f"[catch rabbit_vhost:delete(N, <<116>>) || N <- {_names(made.vhosts)}]"
            users = (
                f"[catch rabbit_auth_backend_internal:delete_user(N, <<116>>) || N <- {_names(made.users)}]"
            )
            rabbitmqctl("eval", f"{vhosts}, {users}, ok.")


def _names(names: Iterable[str]) -> str:
    """Write names as a list in Erlang that no shell on the way can change."""
    return "[" + ", ".join(f"<<{', '.join(map(str, name.encode()))}>>" for name in names) + "]"
