"""A worker's last word about itself, read and left where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.dispatch import topology
from orchestrator.dispatch.errors import SealError
from orchestrator.dispatch.seal import Kind, opened, unwrapped
from orchestrator.dispatch.wire import read_hello

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from orchestrator.domain.sites.unit import Hello


def last_word(connection: Any, site: str, key: Ed25519PublicKey) -> Hello | None:
    """Return the last hello of a site; None where none is there.

    Raises SealError, also where the site has no queues, and amqp's errors.
    """
    import amqp.exceptions as refused

    try:
        # Left where it is by the end of the channel: rejected, it would go behind a newer one that came
        # meanwhile, and a queue that keeps one message would keep the old one.
        with connection.channel() as channel:
            message = channel.basic_get(topology.hello(site).name)
    except refused.NotFound:
        raise SealError("its queues are missing: `fleetcheck hub init` makes them") from None
    return None if message is None else _read(message.body, site, key)


def _read(body: object, site: str, key: Ed25519PublicKey) -> Hello:
    """Read a hello of the site. Raises SealError alone: one site's word must not end what listens to all."""
    try:
        hello = read_hello(opened(Kind.HELLO, unwrapped(body), key))
        if hello.site != site:
            raise SealError(f"a hello in the name of {hello.site[:80]!r}")  # noqa: TRY301  # told as it is
    except SealError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a site's key has sealed
        raise SealError(f"a hello that cannot be read ({type(error).__name__})") from None
    return hello
