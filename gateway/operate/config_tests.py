"""`gateway config test`: what the configuration does with the files of config/tests, against what is expected.

Decided as `gateway explain` decides, on a database of its own that is thrown away: the real one is not looked at.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from ..config import Config
from ..config.expectations import ClaimExpected, ConfigTest, PaymentExpected
from ..config.faults import ConfigFault, Loc
from ..core.clock import business_date
from ..core.flow.commit_claims import Origin, commit_chunk
from ..core.flow.verdicts import Chunk
from ..core.store import archive, files, migrate, plugin_rows
from ..core.store.archive import Archive
from ..core.store.engine import make_sync_engine, prepare_sqlite
from . import explain_file
from .config_given import given
from .explain_ask import Asking
from .explain_claims import Ground, decided_chunks, explain_claims
from .explain_payments import explain_payments
from .explain_report import Explained


class Tried(NamedTuple):
    """A test that was run: what did not come as expected, each at its place; and how many claims and payments were
    compared."""

    test: ConfigTest
    faults: list[ConfigFault]
    compared: int


def run_tests(config: Config, tests: Iterable[ConfigTest], now: dt.datetime) -> Iterator[Tried]:
    """Run tests one after the other, each on a new database."""
    with Asking(config) as asking:
        for test in tests:
            with tempfile.TemporaryDirectory(prefix="gateway-test-") as folder, _store(Path(folder)) as engine:
                with engine.begin() as connection:
                    plugin_rows.prepare(connection, config.plugin_tables(), now)
                yield _run(asking, config, test, engine, Archive(Path(folder) / "archive"), now)


@contextmanager
def _store(folder: Path) -> Iterator[Engine]:
    url = f"sqlite:///{folder / 'business.db'}"
    prepare_sqlite(url)
    engine = make_sync_engine(url)
    try:
        migrate.upgrade(engine)
        yield engine
    finally:
        engine.dispose()


def _run(asking: Asking, config: Config, test: ConfigTest, engine: Engine, store: Archive, now: dt.datetime) -> Tried:
    today = test.spec.today or business_date(now, config.gateway.organisation.time_zone)
    for file in test.spec.given:
        path = test.path(file)
        content = _look(path)
        source = explain_file.source_of(config, content, test.spec.source)
        with engine.connect() as connection:
            ground = Ground(asking, config, source, "", connection, today)
        _take_in(engine, store, ground, path, content, now)
    path = test.path(test.spec.file)
    content = _look(path)
    if refused := list(
        given(config, test, explain_file.source_of(config, content, test.spec.source), engine, store, now)
    ):
        return Tried(test, refused, 0)
    with engine.connect() as connection:
        source = explain_file.source_of(config, content, test.spec.source)
        partner = explain_file.partner_of(config, test.spec.partner)
        found = list(_explained(Ground(asking, config, source, partner, connection, today), path, content))
    return Tried(test, list(_compared(test, found)), len(test.spec.claims) + len(test.spec.payments))


def _look(path: Path) -> explain_file.Content:
    with path.open("rb") as stream:
        return explain_file.look(path, stream)


def _explained(ground: Ground, path: Path, content: explain_file.Content) -> Iterator[Explained]:
    with path.open("rb") as stream:
        if content.survey is not None and not content.survey.refused:
            yield from explain_claims(ground, stream, content.survey)
        if content.has_payments:
            yield from explain_payments(ground, stream)


def _take_in(
    engine: Engine, store: Archive, ground: Ground, path: Path, content: explain_file.Content, now: dt.datetime
) -> None:
    """The claims of a file into the test's own store, as intake would commit them."""
    stored = store.put(path.read_bytes())
    with engine.begin() as connection:
        archive.record(connection, stored, "inbound", now)
        new = files.NewFile("in", "source", ground.source, path.name, stored, "837", "read")
        file_id = files.add(connection, new, now)
    if content.survey is None or content.survey.refused:
        return
    origin = Origin(file_id, path.name, ground.source, ground.config.gateway.usage, ground.today)
    with path.open("rb") as stream:
        for verdicts in decided_chunks(ground, stream, content.survey, file_id):
            with engine.begin() as connection:
                commit_chunk(connection, origin, Chunk(ground.config.hash, verdicts), now, final=True)


# --- what came, against what is expected -----------------------------------------------------------


def _compared(test: ConfigTest, found: Sequence[Explained]) -> Iterator[ConfigFault]:
    claims = {one.number: one.facts for one in found if one.kind == "claim"}
    payments: dict[str, list[Mapping[str, Any]]] = {}
    for one in found:
        if one.kind == "payment":
            payments.setdefault(one.number, []).append(one.facts)
    for index, claim in enumerate(test.spec.claims):
        facts = claims.get(claim.number)
        loc: Loc = ("claims", index)
        if facts is None:
            yield _nothing(test, (*loc, "number"), "claim", claim.number, claims)
        else:
            yield from _claim(test, loc, claim, facts)
    taken: Counter[str] = Counter()
    for index, payment in enumerate(test.spec.payments):
        loc = ("payments", index)
        several = payments.get(payment.number, [])
        if taken[payment.number] >= len(several):
            yield _nothing(test, (*loc, "number"), "payment", payment.number, payments)
            continue
        # The second expectation of a number is about its second payment.
        facts = several[taken[payment.number]]
        taken[payment.number] += 1
        yield from _payment(test, loc, payment, facts)


def _nothing(test: ConfigTest, loc: Loc, what: str, number: str, known: Iterable[str]) -> ConfigFault:
    from ..config.faults import nearest

    return test.document.fault(loc, f"the file has no (further) {what} {number}", "", nearest(number, known))


def _claim(test: ConfigTest, loc: Loc, expected: ClaimExpected, facts: Mapping[str, Any]) -> Iterator[ConfigFault]:
    number = expected.number
    for name in ("chain", "partner", "state"):
        yield from _same(test, (*loc, name), f"claim {number}: {name}", getattr(expected, name), facts.get(name, ""))
    holds = sorted(one["rule"] for one in facts.get("holds", ()))
    if expected.holds is not None and sorted(expected.holds) != holds:
        yield test.document.fault(
            (*loc, "holds"), f"claim {number}: holds are {_list(holds)}", _list(sorted(expected.holds))
        )
    rules = [finding["rule"] for step in facts.get("steps", ()) for finding in step["findings"]]
    for index, rule in enumerate(expected.findings):
        if rule not in rules:
            yield test.document.fault(
                (*loc, "findings", index), f"claim {number}: no finding {rule} (found: {_list(rules)})", rule
            )


def _payment(test: ConfigTest, loc: Loc, expected: PaymentExpected, facts: Mapping[str, Any]) -> Iterator[ConfigFault]:
    number = expected.number
    for name in ("chain", "state", "team", "claim_state"):
        what = f"payment {number}: {name.replace('_', ' ')}"
        yield from _same(test, (*loc, name), what, getattr(expected, name), facts.get(name, ""))
    moves = list(facts.get("moves", ()))
    if expected.ledger is not None and sorted(expected.ledger) != sorted(moves):
        yield test.document.fault(
            (*loc, "ledger"), f"payment {number}: what moves is {_list(moves)}", _list(expected.ledger)
        )
    work = list(facts.get("work", ()))
    if expected.work is not None and not _begin(work, expected.work):
        yield test.document.fault((*loc, "work"), f"payment {number}: work is {_list(work)}", _list(expected.work))


def _begin(work: Sequence[str], expected: Sequence[str]) -> bool:
    left = list(work)
    for start in expected:
        found = next((one for one in left if one.startswith(start)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def _same(test: ConfigTest, loc: Loc, what: str, expected: str | None, came: object) -> Iterator[ConfigFault]:
    if expected is not None and expected != came:
        yield test.document.fault(loc, f"{what} is {came or '(none)'}", expected)


def _list(items: Iterable[str]) -> str:
    return ", ".join(items) or "none"
