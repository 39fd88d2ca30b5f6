"""Telling plugins of the gateway's life: it runs, it stops, another configuration is in force.

Best effort, and beside the work: a plugin that raises or hangs is a work item, and nothing waits for it but the stop,
for as long as its limit.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from ...config import Config
from ...plugins.declaring import LIFE_SECONDS
from .desk_calls import Write, ask_and_take, call_of
from .services import Services

log = structlog.get_logger("gateway")

STOP_SECONDS = LIFE_SECONDS + 10.0
"""How long a stop waits for those that it tells: their limit, and a process that must be started for them."""


class PluginLife:
    """Tells the plugins of the configuration in force, for one process."""

    def __init__(self, services: Services, write: Write) -> None:
        self._services = services
        self._write = write
        self._telling: set[asyncio.Task[Any]] = set()

    def tell(self, hook: str) -> None:
        """Call a hook of every plugin that has it, beside what this process does."""
        config = self._services.config
        for declared in config.declared.values():
            if hook in declared.life:
                task = asyncio.ensure_future(self._tell(config, declared.plugin.name, hook))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)

    async def told(self) -> None:
        """Wait until everything that was told so far is done."""
        while self._telling:
            await asyncio.wait(set(self._telling))

    async def stop(self) -> None:
        """Tell of the stop, and wait for it; what is not done in its time is left."""
        self.tell("gateway_stopping")
        if self._telling:
            _, late = await asyncio.wait(set(self._telling), timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _tell(self, config: Config, plugin: str, hook: str) -> None:
        services = self._services
        try:
            await ask_and_take(services, self._write, call_of(config, plugin, hook))
        except Exception as error:  # nothing of a plugin's harms the gateway: the database away, every child busy
            log.error("plugin_not_told", plugin=plugin, hook=hook, error=type(error).__name__)
