"""`gateway doctor`: is everything there, does it add up, does nothing wait unseen?

Looks only; changes nothing. Each check says in one line what it found, and what to do about what is wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select

from ..config import Config
from ..core.flow.watch import silence_key, silences
from ..core.ledger.proof import prove
from ..core.model.states import Hop
from ..core.store import migrate, plugin_rows
from ..core.store.archive import Archive
from ..core.store.engine import reading
from ..core.store.tables import batches, blobs, files, outbox, partner_states, work_items
from .purge import ORPHAN_AFTER, orphans

STUCK_AFTER = dt.timedelta(minutes=15)
SHOWN = 5


class Check(NamedTuple):
    """One check: `ok`, a sentence, and examples of what is wrong (ids and hashes, never patients)."""

    name: str
    ok: bool
    said: str
    examples: tuple[str, ...] = ()


Progress = Callable[[str, int, int], None]


def _no_progress(_what: str, _done: int, _all: int) -> None:
    return None


def examine(
    engine: Engine,
    archive: Archive,
    config: Config,
    now: dt.datetime,
    *,
    quick: bool = False,
    progress: Progress = _no_progress,
) -> Iterator[Check]:
    """Run every check. `quick` looks whether the bytes are there without reading them."""
    # Readers of their own, one for each check: a long look must hold nobody up, nor be given up for idle.
    reads = reading(engine)

    def ask(check: Callable[..., Check], *args: object) -> Check:
        with reads.connect() as connection:
            return check(connection, *args)

    schema = ask(_schema)
    yield schema
    if not schema.ok:
        return
    yield _bytes(reads, archive, quick, progress)
    yield _orphans(reads, archive, now)
    yield ask(_answers, config, now)
    yield ask(_ledger)
    yield ask(_stuck_files, now)
    yield ask(_outbox, now)
    yield ask(_partners)
    yield ask(_plugin_tables, config)


def _schema(connection: Connection) -> Check:
    found, wanted = migrate.current(connection), migrate.head()
    if found == wanted:
        return Check("schema", True, f"The database has the schema of this version ({wanted}).")
    return Check("schema", False, f"The database has schema {found}, this version wants {wanted}. Run gateway upgrade.")


def _plugin_tables(connection: Connection, config: Config) -> Check:
    """The tables in which plugins keep rows are there and fit; those of plugins that nobody uses any more are named."""
    declared = config.plugin_tables()
    wrong = plugin_rows.faults(connection, declared)
    known = plugin_rows.known(connection)
    wrong += [f"The table {name} is gone. Restore it from a backup." for name in plugin_rows.missing(connection, [])]
    if wrong:
        return Check("rows", False, " ".join(wrong[:SHOWN]))
    waiting = [one.name for one in declared if (one.plugin, one.table.name) not in known]
    unused = sorted({plugin for plugin, _ in known} - {one.plugin for one in declared})
    said = f"Plugins keep rows in {len(known)} table(s) of their own."
    if waiting:
        said += f" {len(waiting)} more are made when the gateway starts."
    if unused:
        said += " No chain uses these plugins any more; gateway purge --plugin-rows NAME removes what they kept."
    return Check("rows", True, said, tuple(unused[:SHOWN]))


def _bytes(reads: Engine, archive: Archive, quick: bool, progress: Progress) -> Check:
    with reads.connect() as connection:
        rows = connection.execute(select(blobs.c.sha256, blobs.c.size).where(blobs.c.purged_at.is_(None))).all()
    bad: list[str] = []
    for index, row in enumerate(rows):
        if quick:
            path = archive.path(row.sha256)
            good = path.is_file() and path.stat().st_size == row.size
        else:
            good = archive.verify(row.sha256)
        if not good and not _purged(reads, row.sha256):
            bad.append(row.sha256)
        if index % 200 == 0:
            progress("archive", index, len(rows))
    progress("archive", len(rows), len(rows))
    if not bad:
        how = "is there with its size" if quick else "has its bytes with its hash"
        return Check("archive", True, f"Each of {len(rows):,} archived files {how}.")
    return Check(
        "archive",
        False,
        f"{len(bad):,} of {len(rows):,} archived files are missing or damaged. Restore them from a backup; the gateway "
        "cannot make them again.",
        tuple(bad[:SHOWN]),
    )


def _purged(reads: Engine, sha256: str) -> bool:
    """Whether its bytes went by policy while we looked."""
    with reads.connect() as connection:
        return connection.execute(select(blobs.c.purged_at).where(blobs.c.sha256 == sha256)).scalar() is not None


def _orphans(reads: Engine, archive: Archive, now: dt.datetime) -> Check:
    with reads.connect() as connection:
        known = set(connection.execute(select(blobs.c.sha256).where(blobs.c.purged_at.is_(None))).scalars())
    left = orphans(archive, known, now - ORPHAN_AFTER)
    if not left:
        return Check("orphans", True, "No bytes are in the archive that no row knows.")
    # Harmless: a process died between the bytes and the row, and the file came again.
    return Check(
        "orphans",
        True,
        f"{len(left):,} file(s) in the archive have no row: left by an interruption, harmless; gateway purge "
        "removes them.",
        tuple(left[:SHOWN]),
    )


def _answers(connection: Connection, config: Config, now: dt.datetime) -> Check:
    """Every interchange that was sent has its answer, or an alarm that it is overdue."""
    silent = [found for partner in config.partners for found in silences(connection, partner, now)]
    keys = set(
        connection.execute(
            select(work_items.c.key).where(work_items.c.kind == "overdue_ack", work_items.c.state == "open")
        ).scalars()
    )
    unseen = [found for found in silent if silence_key(Hop(found.hop), found.batch_id) not in keys]
    sent = connection.execute(select(func.count()).select_from(batches).where(batches.c.sent_at.is_not(None))).scalar()
    if unseen:
        return Check(
            "answers",
            False,
            f"{len(unseen)} sent interchange(s) are overdue without an alarm. Is the gateway running?",
            tuple(f"{one.partner} {one.isa13}" for one in unseen[:SHOWN]),
        )
    return Check(
        "answers",
        True,
        f"Of {sent:,} sent interchange(s), each is answered, in time, or on the overdue list ({len(silent)}).",
    )


def _ledger(connection: Connection) -> Check:
    proof = prove(connection)
    if proof.ok:
        return Check("ledger", True, str(proof))
    return Check(
        "ledger", False, "The ledger does not prove. Post nothing by hand; report this.", tuple(proof.faults[:SHOWN])
    )


def _stuck_files(connection: Connection, now: dt.datetime) -> Check:
    rows = connection.execute(
        select(files.c.id, files.c.state)
        .where(files.c.state.in_(["received", "reading"]), files.c.received_at < now - STUCK_AFTER)
        .order_by(files.c.id)
    ).all()
    if not rows:
        return Check("files", True, "No file waits to be read.")
    return Check(
        "files",
        False,
        f"{len(rows)} file(s) came over {STUCK_AFTER.seconds // 60} minutes ago and are not read. Start the gateway, "
        "or look at its log.",
        tuple(f"file {row.id} ({row.state})" for row in rows[:SHOWN]),
    )


def _outbox(connection: Connection, now: dt.datetime) -> Check:
    count = connection.execute(
        select(func.count())
        .select_from(outbox)
        .where(outbox.c.submitted_at.is_(None), outbox.c.created_at < now - STUCK_AFTER)
    ).scalar_one()
    if not count:
        return Check("outbox", True, "No work waits to be started.")
    return Check("outbox", False, f"{count} piece(s) of work were never started. Start the gateway: gateway serve.")


def _partners(connection: Connection) -> Check:
    rows = connection.execute(
        select(partner_states.c.partner, partner_states.c.reason).where(partner_states.c.stopped_at.is_not(None))
    ).all()
    if not rows:
        return Check("partners", True, "No partner is stopped.")
    return Check(
        "partners",
        False,
        f"{len(rows)} partner(s) are stopped. Mend the cause, then: gateway partner start NAME.",
        tuple(f"{row.partner}: {row.reason}" for row in rows[:SHOWN]),
    )
