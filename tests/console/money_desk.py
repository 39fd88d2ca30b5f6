"""Money for the console's tests: remittances that the partner brings, files of the bank, and how long to wait for them.
Everybody is invented."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select, update

from gateway.core.flow import bank as station
from gateway.core.ledger.days import NotDone
from gateway.core.model.money import x12_amount
from gateway.core.store import archive, files
from gateway.core.store.outbox import put_outbox
from gateway.core.store.tables import claim_lines, claim_payments, claims, patients, remittances

from ..cash.banks import Credit, make_bai2
from ..posting.made import Cas, Clp, Era, Svc, make_835
from ..web import running
from .conftest import Office


async def sent_claim(office: Office, seed: int) -> Any:
    """A claim that its payer has."""
    row = await office.claim(seed)
    await office.gateway.write(
        lambda sql: sql.execute(update(claims).where(claims.c.id == row.id).values(state="accepted"))
    )
    return row


async def paid(office: Office, row: Any, number: str, *, by_name: bool = True, refs: bool = True) -> Clp:
    """All of a claim paid, under this number: half of each line, the rest contractual. `by_name`: with its patient."""
    (who,) = await office.rows(patients, patients.c.id == row.patient_id)
    services = []
    for line in await office.rows(claim_lines, claim_lines.c.claim_id == row.id):
        half = line.charge_cents // 2
        rest = Cas("CO", "45", x12_amount(line.charge_cents - half))
        services.append(
            Svc(
                line.code, x12_amount(line.charge_cents), x12_amount(half), (rest,),
                ref=line.control_number if refs else "", modifiers=[one for one in line.modifiers.split(":") if one],
                date=f"{line.from_date:%Y%m%d}",
            )
        )  # fmt: skip
    names = {"last": who.last_name, "first": who.first_name} if by_name else {"last": "NOBODY", "first": "KNOWN"}
    return Clp(number, services, **names)


async def remitted(office: Office, *sets: Era, name: str) -> list[Any]:
    """A file of the partner's, read and posted to its end; the rows of its remittances."""
    gateway = office.gateway
    stored = gateway.archive.put(make_835(*sets))

    def write(connection: Any) -> int:
        now = gateway.clock.now()
        archive.record(connection, stored, "inbound", now)
        new = files.NewFile("in", "partner", "practice", name, stored, "", "received")
        file_id = files.add(connection, new, now)
        put_outbox(connection, "read", str(file_id), {"file_id": file_id}, now)
        return file_id

    file_id = await gateway.write(write)

    async def done() -> Any:
        rows = await office.rows(remittances, remittances.c.file_id == file_id)
        return rows if rows and not {row.state for row in rows} & {"received", "posting"} else None

    return list(await running.until(done, f"{name} is posted"))


async def payments_of(office: Office, remittance_id: int) -> list[Any]:
    """The payments of a remittance, in order."""
    found = await office.gateway.read(
        lambda sql: sql.execute(
            select(claim_payments)
            .where(claim_payments.c.remittance_id == remittance_id)
            .order_by(claim_payments.c.ordinal)
        ).all()
    )
    return list(found)


async def at_bank(office: Office, *credits: Credit, day: dt.date, name: str) -> station.Taken:
    """A file of the bank, taken."""
    gateway = office.gateway
    services = gateway.services
    bank = services.config.gateway.cash.bank("")
    assert bank is not None
    stored, found = station.keep(services.archive, make_bai2(*credits, date=f"{day:%y%m%d}"), bank)
    taken = await gateway.write(
        station.take_in, services.config, bank, name, stored, found, "petra", gateway.clock.now()
    )
    if taken.refused:
        raise NotDone(taken.refused)
    return taken
