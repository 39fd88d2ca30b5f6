"""Claims run through their chain again: decided in a child as at intake, committed here to the claims that exist.

What a claim's history was is what came before it: claims that came later are not seen, so that the same configuration
decides the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, select

from ..boundary import boundary, declare
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..store import archive, requests
from ..store.archive import ArchiveDamaged
from ..store.claims import bulks
from ..store.tables import claims
from ..work.deadlines import Deadlines
from . import correct_commit, faulty_claims, stored_config
from .breakers import called, calls_of_claims
from .chunk import cut
from .deciding import Asked, decide_chunk
from .replay import AS_IT_CAME, CORRECTED, ORIGINAL, of_files
from .replay_commit import commit_replayed, give_up
from .services import Services
from .verdicts import unpack_chunk

ROUNDS = 5
"""How often a claim that changed meanwhile is decided again before its request is given up."""

declare(
    replay_decided="claims that are replayed are decided, nothing of it is committed",
    replay_committed="a chunk of replayed claims is committed",
)


def _lookup(services: Services, part_of: str) -> dict[str, Any]:
    """What is to be run again, in chunks of one file, configuration and station, with no patient twice."""
    config = services.config
    today = business_date(services.clock.now(), config.gateway.organisation.time_zone)
    with services.reads.connect() as connection:
        asked = requests.open_ones(connection, part_of)
        rows = _claims(connection, [one.subject_id for one in asked])
        found = of_files(connection, (row.file_id for row in rows.values()))
    chunks: list[dict[str, Any]] = []
    patients: list[set[int]] = []
    for one in asked:
        row = rows[one.subject_id]
        station, _, configuration = one.station.partition("/")
        file = found[row.file_id]
        about = {
            "file_id": row.file_id,
            "source": row.source,
            "name": file.name,
            "sha256": file.sha256,
            "station": station,
            "configuration": configuration,
            "config_hash": row.config_hash if configuration == ORIGINAL else config.hash,
            # As it came in: under our number where it has one, or is given one now.
            "renumber": (
                faulty_claims.renumbered(config, row)
                if station == CORRECTED
                else station == AS_IT_CAME and row.claim_number != row.source_claim_number
            ),
        }
        pair = [one.id, row.id, row.ordinal]
        for chunk, seen in zip(chunks, patients, strict=True):
            same = all(chunk[name] == value for name, value in about.items())
            if same and row.patient_id not in seen and len(chunk["asked"]) < config.gateway.workers.chunk:
                chunk["asked"].append(pair)
                seen.add(row.patient_id)
                break
        else:
            chunks.append(about | {"asked": [pair]})
            patients.append({row.patient_id})
    stored_config.keep(services.archive, config)
    return {"today": today.isoformat(), "usage": config.gateway.usage, "chunks": chunks}


def _claims(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for some in bulks(ids):
        found |= {row.id: row for row in connection.execute(select(claims).where(claims.c.id.in_(some)))}
    return found


def _asked(services: Services, chunk: dict[str, Any]) -> tuple[list[Asked], list[int], dict[str, int]]:
    """The claims of a chunk as a child is given them, their ids in that order, and their versions as they are seen."""
    ids = {claim_id: ordinal for _, claim_id, ordinal in chunk["asked"]}
    with services.reads.connect() as connection:
        rows = _claims(connection, list(ids))
        corrected = correct_commit.contents(connection, chunk) if chunk["station"] == CORRECTED else {}
    versions = {str(row.id): int(row.version) for row in rows.values()}
    usage = {row.ordinal: row.usage for row in rows.values()}
    numbers = {ordinal: claim_id for claim_id, ordinal in ids.items()}
    if chunk["station"] != AS_IT_CAME:
        made = [Asked(row.ordinal, corrected.get(row.id, row.content), row.usage) for row in rows.values()]
    else:
        with closing(services.archive.open(chunk["sha256"])) as stream:
            made = [
                Asked(asked.ordinal, asked.content, usage[asked.ordinal], asked.fault)
                for asked, _ in _wanted(cut(stream, {}), set(usage))
            ]
    return made, [numbers[one.ordinal] for one in made], versions


def _wanted(found: Iterable[tuple[Asked, Any]], ordinals: set[int]) -> Iterable[tuple[Asked, Any]]:
    left = len(ordinals)
    for asked, whose in found:
        if asked.ordinal in ordinals:
            yield asked, whose
            left -= 1
            if not left:
                return


async def _decide(services: Services, plan: dict[str, Any], chunk: dict[str, Any]) -> dict[str, Any]:
    """Have a chunk decided: hash and size of the blob, and the versions that were seen; or why that cannot be."""
    try:
        made, ids, versions = await asyncio.to_thread(_asked, services, chunk)
        decided = await decide_chunk(
            services,
            chunk["source"],
            chunk["file_id"],
            plan["today"],
            chunk["config_hash"],
            made,
            first=chunk["station"],
            renumber=bool(chunk["renumber"]),
            before=ids,
        )
    except (ArchiveDamaged, ValueError) as error:
        return {"impossible": f"The configuration it ran with, or its file, cannot be used any more: {error}"}
    return decided | {"versions": versions}


def _commit(
    connection: Connection,
    services: Services,
    plan: dict[str, Any],
    chunk: dict[str, Any],
    decided: dict[str, Any],
    blob: bytes,
    final: bool,
) -> list[int]:
    """Apply the blob of a chunk; returns the claims that changed meanwhile, to be decided again."""
    now = services.clock.now()
    if "impossible" in decided:
        for request_id, claim_id, _ in chunk["asked"]:
            give_up(connection, request_id, claim_id, decided["impossible"], now)
        return []
    stored_config.note(
        connection, chunk["config_hash"], services.archive.path(chunk["config_hash"]).stat().st_size, now
    )
    archive.record(connection, archive.Stored(decided["sha256"], decided["size"]), "decision", now)
    found = unpack_chunk(blob)
    deadlines = Deadlines.of(services.config.tables)
    again = commit_replayed(connection, plan, chunk, decided["versions"], found, now, final=final, deadlines=deadlines)
    called(connection, services, found.config_hash, calls_of_claims(found), now)
    return again


@workflow("replay")
async def replay(run: Run, payload: Payload) -> int:
    """Run claims through their chain again. `payload`: {part_of}. Returns how many were asked for."""
    services: Services = run.services
    part_of = str(payload["part_of"])
    plan: dict[str, Any] = await run.step("lookup", _lookup, services, part_of)
    for number, whole in enumerate(plan["chunks"]):
        chunk = whole
        for again in range(ROUNDS + 1):
            name = f"{number}" if not again else f"{number} again {again}"
            decided: dict[str, Any] = await run.step(f"decide {name}", _decide, services, plan, chunk)
            boundary("replay.decided")
            blob = b""
            if "sha256" in decided:
                blob = await asyncio.to_thread(services.archive.read, decided["sha256"])
            left = await run.transact(f"commit {name}", _commit, services, plan, chunk, decided, blob, again == ROUNDS)
            boundary("replay.committed")
            if not left:
                break
            chunk = whole | {"asked": [one for one in whole["asked"] if one[1] in set(left)]}
    return sum(len(chunk["asked"]) for chunk in plan["chunks"])
