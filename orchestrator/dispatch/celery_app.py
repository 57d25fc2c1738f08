"""The Celery application of a site's worker."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable
from typing import Any

from orchestrator.dispatch.errors import SitesMissingError
from orchestrator.dispatch.site_link import WorkerSettings
from orchestrator.dispatch.worker import SiteWorker


def celery_app(settings: WorkerSettings, take: Callable[..., None]) -> Any:
    """Make the Celery application of a worker; `take` works on a batch.

    Each setting is what was found to be needed: see `docs/sites.md`, "How it holds".
    """
    try:
        from celery import Celery
    except ImportError as error:
        raise SitesMissingError("worker", str(error)) from None
    from orchestrator.dispatch import topology
    from orchestrator.dispatch.hub import TASK

    broker = settings.broker

    class WorkerApp(Celery):  # type: ignore[misc]  # Celery has no types
        """Goes to the broker of the worker's file: left alone, CELERY_BROKER_URL and its kin would win."""

        def connection_for_read(self, _url: str | None = None, **options: Any) -> Any:
            return super().connection_for_read(broker.url, **options)

        def connection_for_write(self, _url: str | None = None, **options: Any) -> Any:
            return super().connection_for_write(broker.url, **options)

    app = WorkerApp("fleetcheck", set_as_current=False, loader="celery.loaders.app:AppLoader")
    app.conf.update(
        broker_url=broker.url,
        broker_use_ssl=broker.ssl,
        broker_login_method=broker.login_method,
        broker_heartbeat=broker.heartbeat,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"confirm_publish": True},
        task_queues=[topology.batches(settings.site, declared=False)],
        task_create_missing_queues=False,
        task_acks_late=True,
        task_acks_on_failure=False,
        task_acks_on_timeout=False,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_consumer="orchestrator.dispatch.consumer:BatchConsumer",
    )

    def run(task: Any, message: object) -> None:
        delivery = task.request.delivery_info or {}
        take(message, redelivered=bool(delivery.get("redelivered")))

    app.task(run, name=TASK, bind=True)
    return app


def quieten() -> None:
    """Let Celery say nothing, with tracebacks, that the worker's own link says in a line: the link ended."""
    from celery.exceptions import CPendingDeprecationWarning
    from celery.platforms import SecurityWarning

    logging.getLogger("celery.worker.consumer.consumer").setLevel(logging.CRITICAL)
    logging.getLogger("celery.worker.request").addFilter(_is_news)
    warnings.simplefilter("ignore", SecurityWarning)  # Celery's about root; the docs say which user to take
    warnings.simplefilter("ignore", CPendingDeprecationWarning)  # of a setting that is as it has to be


def _is_news(record: logging.LogRecord) -> bool:
    """Whether it is no batch that cannot be acknowledged: its link ended meanwhile, and it comes again."""
    return not str(record.msg).startswith(("Couldn't ack", "Couldn't reject"))


def serve(worker: SiteWorker, settings: WorkerSettings) -> None:
    """Take batches until SIGTERM or Ctrl-C; what is in flight then finishes."""
    app = celery_app(settings, worker.take)
    from celery.signals import worker_shutting_down

    quieten()
    begun = threading.Event()

    class Serving(app.Worker):  # type: ignore[misc,name-defined]  # Celery has no types
        """Lets the site's worker say that it is there once a signal would end it as it should."""

        def on_start(self) -> None:
            super().on_start()
            begun.set()
            worker.start()

    def going(**_: object) -> None:
        worker.drain()

    worker_shutting_down.connect(going, weak=False)
    try:
        Serving(
            pool="threads",
            concurrency=settings.slots,
            hostname=f"{settings.site}@{settings.machine}",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel="WARNING",
        ).start()
    finally:
        if begun.is_set():
            worker.stop()
