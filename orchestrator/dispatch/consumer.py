"""Celery's consumer, without the step that a site has no right to."""

from __future__ import annotations

from celery.worker.consumer import Consumer

_LEFT_OUT = "celery.worker.consumer.delayed_delivery:DelayedDelivery"


class BatchConsumer(Consumer):  # type: ignore[misc]  # Celery has no types
    """Declares nothing: delayed delivery is nothing a site may make, and it logs CRITICAL at each start."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]  # as above
        """The steps of Celery's own, but one."""

        default_steps = [step for step in Consumer.Blueprint.default_steps if step != _LEFT_OUT]  # noqa: RUF012  # Celery's own form
