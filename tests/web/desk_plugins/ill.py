"""Harms itself, and nobody else."""

import os
import time

from gateway.plugins import Command, Metric, Report, Route, Schedule, hookimpl

gateway_api = 1


@hookimpl
def plugin_reports():
    return [
        Report(name="hangs", title="Hangs", run=lambda desk, asked: time.sleep(60), timeout=0.3),
        Report(name="words", title="No rows", run=lambda desk, asked: "POSY FERNSBY"),
    ]


@hookimpl
def plugin_routes():
    return [Route(method="GET", path="/raises", run=lambda request, desk: {}["POSY FERNSBY"])]


@hookimpl
def plugin_metrics():
    return [Metric(name="raises", help="Raises.", read=lambda desk: 1 / 0)]


@hookimpl
def plugin_commands():
    return [Command(name="exits", help="Exits.", run=lambda desk, options: os._exit(0))]


def hangs(desk):
    desk.open_item(kind="ill", key="hangs", reason="Never.", team="edi")
    time.sleep(60)


def exits(desk):
    os._exit(3)


def raises(desk):
    desk.open_item(kind="ill", key="raises", reason="Never.", team="edi")
    raise RuntimeError("POSY FERNSBY")


@hookimpl
def plugin_schedules():
    return [
        Schedule(name="hangs", run=hangs, every="1h", timeout=0.5),
        Schedule(name="exits", run=exits, every="1h", timeout=5),
        Schedule(name="raises", run=raises, every="1h", timeout=5),
    ]


@hookimpl
def gateway_started(desk):
    raise RuntimeError("POSY FERNSBY")


@hookimpl
def gateway_stopping(desk):
    raise RuntimeError("POSY FERNSBY")
