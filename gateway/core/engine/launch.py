"""DBOS switched on and off: its configuration, its books, its own threads."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from dbos import DBOS, DBOSClient, DBOSConfig

from ..store.engine import prepare_sqlite
from .codec import JsonCodec
from .port import waits

APPLICATION = "hme-edi-gateway"
# One name for every release: what an older one left behind is finished by today's code (the configuration under
# which it began is in its payload).
APPLICATION_VERSION = "gateway"
QUEUE = "gateway"
WAITING_QUEUE = "gateway-waiting"
MOST_WAITING = 500
"""Workflows of one process that may wait for partners at once; a waiting one takes no thread."""


def prepare_books(system_url: str, *, concurrency: int, poll_seconds: float) -> None:
    """Create or migrate the engine's own tables, and its queue.

    Before the launch, so that the queue is served from the first moment and not from the first second.
    """
    prepare_sqlite(system_url)
    DBOS.migrate(system_url)
    client = DBOSClient(system_database_url=system_url, application_name=APPLICATION)
    try:
        for name, most in ((QUEUE, concurrency), (WAITING_QUEUE, MOST_WAITING)):
            client.register_queue(
                name,
                worker_concurrency=most,
                polling_interval_sec=poll_seconds,
                application_name=APPLICATION,
            )
    finally:
        client.destroy()


def queue_of(kind: str) -> str:
    """The queue in which workflows of a kind stand."""
    return WAITING_QUEUE if waits(kind) else QUEUE


def configure(system_url: str, executor_id: str, silent_seconds: float) -> None:
    """Make the one DBOS of this process. Nothing of it talks to the outside, and its own log is off.

    `silent_seconds`: how long a transaction on its own books may hold its locks without a word.

    Raises:
        RuntimeError: the environment would send work to a cloud.
    """
    if os.environ.get("DBOS__CLOUD"):
        raise RuntimeError("the environment variable DBOS__CLOUD sends work elsewhere: unset it")
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": system_url,
        "application_version": APPLICATION_VERSION,
        "executor_id": executor_id,
        "serializer": JsonCodec(),
        "log_level": "CRITICAL",
        "enable_otlp": False,
        "sys_db_pool_size": 10,
        "sys_db_idle_transaction_timeout_sec": silent_seconds,
        "max_executor_threads": 32,
        # Nothing here uses messages between workflows; this only makes the stop prompt.
        "notification_listener_polling_interval_sec": 0.1,
    }
    DBOS(config=config)


async def shut_down() -> None:
    """Take the DBOS of this process down, its registry with it. Waits for its threads."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="gateway-closing") as closing:
        # Not on this loop, which its threads still talk to, and not on its own threads.
        await loop.run_in_executor(closing, partial(DBOS.destroy, destroy_registry=True))
    # It had put its threads beneath asyncio.to_thread.
    loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
