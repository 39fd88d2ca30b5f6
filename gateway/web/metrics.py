"""`GET /metrics`: numbers for the monitoring, as Prometheus reads them: the gateway's own, and those of plugins.

Nothing here tells of a patient: names of partners, plugins, teams and states, and counts.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from aiohttp import web
from sqlalchemy import Connection, func, select

from ..core.engine.port import PassingFault
from ..core.flow.desk_calls import ask_and_take, call_of
from ..core.flow.desk_records import DONE
from ..core.store import plugin_calls
from ..core.store.tables import batches, claims, holds, partner_states, work_items
from ..plugins.declared import Metric
from ..plugins.declaring import NotDeclared, metric_name
from .admission import SERVER, Server, admitted
from .operations import Anything, Raw, get

WAITING = ("allocated", "written", "sending", "unknown", "waiting", "refused")
"""States of a batch that is not with its partner."""


_CALLS: tuple[tuple[str, str, Callable[[plugin_calls.Counted], float]], ...] = (
    ("calls", "Calls of a plugin.", lambda one: one.calls),
    ("failures", "Calls of a plugin that failed.", lambda one: one.failures),
    ("seconds", "Seconds spent in a plugin.", lambda one: one.seconds),
)


class Family(NamedTuple):
    """One metric: its kind (gauge or counter), its help, the names of its labels, and values with theirs."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...]
    samples: Sequence[tuple[tuple[str, ...], float]]


async def get_metrics(request: web.Request) -> web.StreamResponse:
    """Every metric, in Prometheus's text format. Needs a token of the scope `metrics`, unless `web.open_metrics` says
    otherwise; not in the access log, as it tells of nobody and comes every few seconds."""
    server = request.app[SERVER]
    if not server.services.config.gateway.web.open_metrics:
        who = await admitted(request, "metrics", noted=False)
        if isinstance(who, web.Response):
            return who
    families = [*await server.read(_stored), *_living(server), *await _of_plugins(server)]
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    return web.Response(body=_text(families), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _stored(connection: Connection) -> list[Family]:
    """What the tables tell."""
    counted = plugin_calls.since(connection, dt.date.min).values()
    found = [
        Family(
            f"gateway_plugin_{name}", "counter", words, ("plugin",), [((one.plugin,), value(one)) for one in counted]
        )
        for name, words, value in _CALLS
    ]
    w, b, p = work_items.c, batches.c, partner_states.c
    for name, words, columns, where in (
        ("gateway_work_items_open", "Work items that wait for a person.", (w.kind, w.team), w.state == "open"),
        ("gateway_claims", "Claims by state.", (claims.c.state,), None),
        ("gateway_batches_waiting", "Batches that are not sent.", (b.partner, b.state), b.state.in_(WAITING)),
        ("gateway_holds_standing", "Holds that are not released.", (holds.c.team,), holds.c.released_at.is_(None)),
    ):
        statement = select(*columns, func.count()).group_by(*columns)
        rows = connection.execute(statement if where is None else statement.where(where))
        samples = [(tuple(str(part) for part in row[:-1]), float(row[-1])) for row in rows]
        found.append(Family(name, "gauge", words, tuple(column.name for column in columns), samples))
    states = list(connection.execute(select(partner_states)))
    for name, words, moment in (
        ("gateway_partner_last_poll_timestamp_seconds", "When a partner was last looked at.", p.last_poll_at),
        ("gateway_partner_last_success_timestamp_seconds", "When that last went well.", p.last_success_at),
    ):
        when = [((one.partner,), at.timestamp()) for one in states if (at := getattr(one, moment.name)) is not None]
        found.append(Family(name, "gauge", words, ("partner",), when))
    stopped = [((one.partner,), float(one.stopped_at is not None)) for one in states]
    found.append(Family("gateway_partner_stopped", "gauge", "1 while a partner is stopped.", ("partner",), stopped))
    return found


def _living(server: Server) -> Iterator[Family]:
    """What this process knows."""
    services, reloads = server.services, server.reloads.as_data()
    resting = [((one.plugin, one.chain, one.station), 1.0) for one in services.breakers.state(services.config)]
    resting += [((call.plugin, "", call.hook), 1.0) for call, _ in services.desk_rests.state()]
    yield Family(
        "gateway_plugin_resting",
        "gauge",
        "1 while a step, route or metric of a plugin is not called because it failed.",
        ("plugin", "chain", "station"),
        list(dict(resting).items()),
    )
    yield Family("gateway_ready", "gauge", "1 while it takes work.", (), [((), float(not server.ready()))])
    yield Family(
        "gateway_configuration_reloads",
        "counter",
        "Configurations that this process has taken since it started.",
        (),
        [((), float(reloads["reloads"]))],
    )
    yield Family(
        "gateway_configuration_refused",
        "gauge",
        "1 while the last configuration that was asked for is refused.",
        (),
        [((), float(bool(reloads["refused_for"])))],
    )
    asked = dt.datetime.fromisoformat(reloads["asked_at"]).timestamp() if reloads["asked_at"] else None
    yield Family(
        "gateway_configuration_asked_timestamp_seconds",
        "gauge",
        "When a configuration was last asked for.",
        (),
        [((), asked)] if asked is not None else [],
    )


async def _of_plugins(server: Server) -> list[Family]:
    every = [(one.plugin.name, metric) for one in server.services.config.declared.values() for metric in one.metrics]
    found = await asyncio.gather(*(_of_one(server, plugin, metric) for plugin, metric in every))
    return [one for one in found if one is not None]


async def _of_one(server: Server, plugin: str, metric: Metric) -> Family | None:
    """A plugin's metric; None where it cannot be had this time."""
    services = server.services
    try:
        call = call_of(services.config, plugin, "plugin_metrics", metric.name)
        answer = await ask_and_take(services, server.write, call)
    except (NotDeclared, PassingFault):
        return None
    if answer.outcome != DONE:
        return None
    labels = tuple(metric.labels)
    samples = [(tuple(values[name] for name in labels), value) for value, values in answer.result]
    return Family(metric_name(plugin, metric.name), metric.kind, metric.help, labels, samples)


class _Collected:
    """Families, as prometheus_client wants them collected."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for one in self._families:
            kind = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
            made = kind(one.name, one.help, labels=one.labels)
            for labels, value in one.samples:
                made.add_metric(labels, value)
            yield made


def _text(families: list[Family]) -> bytes:
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(families))
    return generate_latest(registry)


TEXT = Raw(("text/plain",), "Metrics, as Prometheus reads them.", {"type": "string"})
ROUTES = [get("/metrics", get_metrics, tag="gateway", scope="", query=Anything, answers=TEXT, also=(401, 403))]
