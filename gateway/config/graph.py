"""The chains as a picture: `gateway graph`, for Mermaid and Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gateway.plugins.chains import STATIONS, Chain
from gateway.plugins.matching import MatchSpec

from .config import Config


def match_words(match: MatchSpec | None) -> str:
    """What a chain is for, in a few words."""
    if match is None:
        return "everything else"
    words = []
    for name in type(match).model_fields:
        value = getattr(match, name)
        if value is not None:
            shown = ", ".join(value) if isinstance(value, tuple) else str(value)
            words.append(f"{name.replace('_', ' ')} {shown}")
    return "; ".join(words) or "everything"


def draw(config: Config, form: str, only: str = "") -> str:
    """The chains in the order in which they are tried. `form`: mermaid or dot; `only`: the name of one chain."""
    chains = [chain for chain in config.chains if only in ("", chain.name)]
    lines = _mermaid(chains) if form == "mermaid" else _dot(chains)
    return "\n".join(lines)


def _nodes(chain: Chain) -> Iterator[tuple[str, list[str]]]:
    """Station by station, the labels of its steps."""
    for station in STATIONS:
        labels = [
            f"{step.plugin.name}, {step.timeout:g} s" + ("" if step.on_error == "hold" else f", else {step.on_error}")
            for step in chain.steps(station)
        ]
        if labels:
            yield station, labels


def _mermaid(chains: list[Chain]) -> Iterator[str]:
    yield "flowchart LR"
    before = ""
    for number, chain in enumerate(chains):
        head = f"c{number}"
        yield f'  {head}{{{{"{_quoted(chain.name)}<br/>{_quoted(match_words(chain.match))}"}}}}'
        if before:
            yield f"  {before} -. no match .-> {head}"
        before, last = head, head
        for station, labels in _nodes(chain):
            yield f'  subgraph {head}_{station}["{station}"]'
            yield "    direction TB"
            ids = [f"{head}_{station}_{at}" for at in range(len(labels))]
            for one, label in zip(ids, labels, strict=True):
                yield f'    {one}["{_quoted(label)}"]'
            for first, second in pairwise(ids):
                yield f"    {first} --> {second}"
            yield "  end"
            yield f"  {last} --> {head}_{station}"
            last = f"{head}_{station}"


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _dot(chains: list[Chain]) -> Iterator[str]:
    yield "digraph chains {"
    yield "  rankdir=LR; compound=true; node [shape=box];"
    before = ""
    for number, chain in enumerate(chains):
        head = f"c{number}"
        yield f"  {head} [shape=hexagon, label={_dot_quoted(f'{chain.name}: {match_words(chain.match)}')}];"
        if before:
            yield f'  {before} -> {head} [style=dashed, label="no match"];'
        before, last = head, head
        for station, labels in _nodes(chain):
            ids = [f"{head}_{station}_{at}" for at in range(len(labels))]
            yield f"  subgraph cluster_{head}_{station} {{"
            yield f"    label={_dot_quoted(station)};"
            for one, label in zip(ids, labels, strict=True):
                yield f"    {one} [label={_dot_quoted(label)}];"
            for first, second in pairwise(ids):
                yield f"    {first} -> {second};"
            yield "  }"
            yield f"  {last} -> {ids[0]};"
            last = ids[-1]
    yield "}"


def _dot_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
