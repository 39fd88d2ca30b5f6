"""What goes back to the billing system: the partners' bytes as they came, the postings, and a 999 for its own files."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import insert, select

from gateway.core.flow import answers
from gateway.core.flow.intake_answer import acknowledgments_of
from gateway.core.store import files as file_rows
from gateway.core.store.ids import allocate
from gateway.core.store.tables import (
    acknowledgments,
    adjustments,
    claim_lines,
    claim_payments,
    claims,
    line_payments,
    remittances,
    submissions,
)
from gateway.core.x12.acknowledgment import SetAcknowledgment
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import ReadGroupAcknowledgment, ReadSetAcknowledgment, transactions

from ...posting.made import Clp, Era, Svc, make_835
from ...sandbox.test_money import pyx12_faults
from .. import rows
from ..out.made import Made, make_837
from .conftest import Inbound
from .files import envelope, status_277ca

STATUS = envelope([status_277ca("BATCH1", [("A1", "A2")])])
REMIT = make_835(Era([Clp("A1", [Svc("E1390", "150", "100")])]))


def out(inbound: Inbound, source: str = "desk") -> dict[str, bytes]:
    """What stands in a source's folder, by name."""
    folder = inbound.world.folder / "out" / source
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def sent_claims(inbound: Inbound, source: str = "desk") -> int:
    """A batch of two claims of a source that was sent; its id."""
    with inbound.world.sql.begin() as connection:
        batch = rows.add_batch(connection, ["A1", "A2"])
        connection.execute(claims.update().values(source=source))
    return batch


def spoken_of(inbound: Inbound, file_id: int, batch_id: int, *, whole: bool = False) -> None:
    """The 277CA in a file has been applied to the first claim of a batch, or to the batch as a whole."""
    with inbound.world.sql.begin() as connection:
        first = connection.execute(select(submissions.c.id).order_by(submissions.c.id)).scalars().first()
        connection.execute(
            insert(acknowledgments).values(
                id=allocate(connection, "acknowledgments", 1),
                file_id=file_id,
                batch_id=batch_id,
                submission_id=None if whole else first,
                kind="277CA",
                hop=4,
                verdict="accepted",
                details={},
                at=rows.NOW,
            )
        )


def posted(inbound: Inbound, file_id: int) -> None:
    """The remittance in a file has been posted to the first claim."""
    with inbound.world.sql.begin() as connection:
        claim_id = connection.execute(select(claims.c.id).order_by(claims.c.id)).scalars().first()
        connection.execute(
            insert(remittances).values(
                id=1, file_id=file_id, ordinal=1, state="posted", paid_cents=10_000, received_at=rows.NOW
            )
        )
        connection.execute(
            insert(claim_lines).values(
                id=1, claim_id=claim_id, number=1, control_number="L1", code="E1390", charge_cents=15_000
            )
        )
        connection.execute(
            insert(claim_payments).values(
                id=1,
                remittance_id=1,
                ordinal=1,
                claim_id=claim_id,
                claim_number="A1",
                status="1",
                charge_cents=15_000,
                paid_cents=10_000,
                patient_cents=0,
                state="posted",
                content=b"",
                at=rows.NOW,
            )
        )
        connection.execute(
            insert(line_payments).values(
                id=1, claim_payment_id=1, line_id=1, code="E1390", charge_cents=15_000, paid_cents=10_000
            )
        )
        connection.execute(
            insert(adjustments).values(
                id=1,
                claim_payment_id=1,
                line_id=1,
                group_code="CO",
                reason_code="45",
                cents=5_000,
                kind="contractual",
            )
        )


async def give(inbound: Inbound, file_id: int) -> int:
    given: int = await answers.answer(inbound.run(), {"file_id": file_id})
    return given


@pytest.mark.parametrize("whole", [False, True], ids=["of a claim", "of a whole batch"])
async def test_a_277ca_goes_to_the_source_of_the_claims_it_speaks_of_as_it_came(inbound: Inbound, whole: bool) -> None:
    batch = sent_claims(inbound)
    file_id = inbound.arrive(STATUS, "R1.277", "277CA")
    spoken_of(inbound, file_id, batch, whole=whole)
    assert await give(inbound, file_id) == 1
    assert out(inbound) == {f"20261123-{file_id}-277CA-R1.277": STATUS}
    assert inbound.world.told("file", file_id) == [f"277CA given to desk as 20261123-{file_id}-277CA-R1.277."]


async def test_a_remittance_comes_with_its_postings_as_csv_and_json_lines(inbound: Inbound) -> None:
    sent_claims(inbound)
    file_id = inbound.arrive(REMIT, "pay.835", "835")
    posted(inbound, file_id)
    assert await give(inbound, file_id) == 2
    found = out(inbound)
    stamp = f"20261123-{file_id}"
    assert set(found) == {f"{stamp}-835-pay.835", f"{stamp}-postings.csv", f"{stamp}-postings.jsonl"}
    assert found[f"{stamp}-835-pay.835"] == REMIT
    (row,) = csv.DictReader(io.StringIO(found[f"{stamp}-postings.csv"].decode()))
    assert (row["claim_number"], row["line"], row["code"]) == ("A1", "1", "E1390")
    assert (row["charge"], row["paid"], row["adjustments"]) == ("150.00", "100.00", "CO-45 50.00")
    assert [json.loads(line) for line in found[f"{stamp}-postings.jsonl"].splitlines()] == [
        row | {"line": 1}  # JSON keeps numbers that are numbers
    ]


async def test_the_same_answer_twice_is_one_file(inbound: Inbound) -> None:
    batch = sent_claims(inbound)
    file_id = inbound.arrive(STATUS, "R1.277", "277CA")
    spoken_of(inbound, file_id, batch)
    await give(inbound, file_id)
    await give(inbound, file_id)
    assert len(out(inbound)) == 1
    assert not [name for name in out(inbound) if name.startswith(".")]


async def test_an_answer_to_nobodys_claims_goes_nowhere(inbound: Inbound) -> None:
    sent_claims(inbound, source="gone")  # the configuration has this source no more
    file_id = inbound.arrive(REMIT, "pay.835", "835")
    posted(inbound, file_id)
    assert await give(inbound, file_id) == 0
    other = inbound.arrive(STATUS, "R1.277", "277CA")
    assert await give(inbound, other) == 0
    assert out(inbound) == {}


async def test_a_source_gets_only_what_it_asked_for(inbound: Inbound) -> None:
    sent_claims(inbound)
    main = inbound.world.folder / "config" / "gateway.yaml"
    main.write_text(main.read_text().replace("  - name: desk", "  - name: desk\n    answers: [postings]"))
    from gateway.config import Config, load

    config = load(main.parent, secrets=False)
    assert isinstance(config, Config), config
    inbound.services.config = config
    file_id = inbound.arrive(REMIT, "pay.835", "835")
    posted(inbound, file_id)
    assert await give(inbound, file_id) == 1
    assert set(out(inbound)) == {f"20261123-{file_id}-postings.csv", f"20261123-{file_id}-postings.jsonl"}


async def test_a_strange_name_of_a_partner_stays_inside_the_folder(inbound: Inbound) -> None:
    batch = sent_claims(inbound)
    file_id = inbound.arrive(STATUS, "../../etc/R 1\n.277", "277CA")
    spoken_of(inbound, file_id, batch)
    await give(inbound, file_id)
    assert list(out(inbound)) == [f"20261123-{file_id}-277CA-.._.._etc_R_1_.277"]


# --- the 999 ---------------------------------------------------------------------------------------


def received(inbound: Inbound, data: bytes, faulty: tuple[int, ...] = ()) -> int:
    """A file of the source that was taken in; the claims of these ordinals cannot be read."""
    stored = inbound.world.archive.put(data)
    with inbound.world.sql.begin() as connection:
        new = file_rows.NewFile("in", "source", "desk", "a.837", stored, "837P", "read")
        file_id = file_rows.add(connection, new, rows.NOW)
        for ordinal in faulty:
            connection.execute(
                insert(claims).values(
                    id=allocate(connection, "claims", 1),
                    file_id=file_id,
                    source="desk",
                    ordinal=ordinal,
                    state="faulty",
                    charge_cents=0,
                    content=b"",
                    created_at=rows.NOW,
                    updated_at=rows.NOW,
                )
            )
    return file_id


def answered(inbound: Inbound, file_id: int) -> bytes:
    with inbound.services.reads.connect() as connection:
        data = acknowledgments_of(inbound.services, connection, file_id).ack
    assert data is not None
    return data


def verdicts(data: bytes) -> tuple[list[SetAcknowledgment], list[Any]]:
    found = list(transactions(read(io.BytesIO(data))))
    return (
        [item.acknowledgment for item in found if isinstance(item, ReadSetAcknowledgment)],
        [item.acknowledgment for item in found if isinstance(item, ReadGroupAcknowledgment)],
    )


def several_sets(*sets: bytes) -> bytes:
    """One file with the interchanges of these."""
    return b"".join(sets)


GOOD = make_837([Made("C-1"), Made("C-2")])


@pytest.mark.parametrize(
    ("data", "faulty", "sets", "groups"),
    [
        (GOOD, (), [("A", ())], ["A"]),
        (GOOD, (2,), [("E", ("5",))], ["E"]),
        (make_837([Made("C-1")], se01=99), (), [("R", ("4",))], ["R"]),
        (GOOD[: GOOD.index(b"SE*")], (), [("R", ("2",))], ["R"]),
        (
            several_sets(GOOD, make_837([Made("C-3")], se01=99, isa13="000000102")),
            (),
            [("A", ()), ("R", ("4",))],
            ["A", "R"],
        ),
    ],
    ids=["good", "one claim faulty", "wrong count", "cut short", "two interchanges"],
)
def test_the_999_says_which_sets_were_taken(
    inbound: Inbound,
    data: bytes,
    faulty: tuple[int, ...],
    sets: list[tuple[str, tuple[str, ...]]],
    groups: list[str],
) -> None:
    file_id = received(inbound, data, faulty)
    made = answered(inbound, file_id)
    seen, group = verdicts(made)
    assert [(one.code, one.codes) for one in seen] == sets
    assert [one.code for one in group] == groups
    assert [one.st02 for one in seen] == ["0001"] * len(sets)
    assert answered(inbound, file_id) == made  # asked again: the same bytes
    assert pyx12_faults(made.decode("latin-1")) == []


def test_the_999_names_what_is_wrong_and_the_claim_that_it_belongs_to(inbound: Inbound) -> None:
    made = answered(inbound, received(inbound, GOOD.replace(b"*UN*", b"*UX*", 1)))
    (seen,), _ = verdicts(made)
    (error,) = seen.errors
    assert (seen.code, error.segment, error.loop, error.elements[0].code) == ("E", "SV1", "2400", "7")
    assert [(each.name, each.value) for each in error.contexts] == [("CLM01", "C-1")]
    assert pyx12_faults(made.decode("latin-1")) == []


@pytest.mark.parametrize(
    ("data", "codes", "group"),
    [
        (make_837([Made()], version="005010X223A2"), ("I6",), ("2",)),
        (GOOD.replace(b"GS*HC", b"GS*HP").replace(b"ST*837", b"ST*835").replace(b"X222A1", b"X221A1"), ("1",), ()),
    ],
    ids=["an institutional claim", "a remittance"],
)
def test_what_is_not_taken_in_is_refused(
    inbound: Inbound, data: bytes, codes: tuple[str, ...], group: tuple[str, ...]
) -> None:
    (seen,), (whole,) = verdicts(answered(inbound, received(inbound, data)))
    assert (seen.code, seen.codes, seen.errors) == ("R", codes, ())
    assert (whole.code, whole.codes) == ("R", group)


def test_an_envelope_that_could_not_be_written_is_answered_all_the_same(inbound: Inbound) -> None:
    data = GOOD.replace(b"*ZZ*DESK           *", b"*ZZZ*DESK DESK DESK DESK*").replace(b"*0*T*:", b"*0*I*:")
    made = answered(inbound, received(inbound, data.replace(b"GS*HC*DESK*", b"GS*HC*D*")))
    assert made.startswith(b"ISA*00*          *00*          *ZZ*GATEWAY        *ZZ*DESK DESK DESK *")
    assert b"~\nGS*FA*GATEWAY*DESK DESK DESK*" in made
    assert pyx12_faults(made.decode("latin-1")) == []


async def test_the_999_stands_in_the_folder_of_the_source(inbound: Inbound) -> None:
    file_id = received(inbound, GOOD)
    assert await give(inbound, file_id) == 1
    ((name, data),) = out(inbound).items()
    assert name == f"20261123-{file_id}-999.x12"
    assert data.startswith(b"ISA*00*          *00*          *ZZ*GATEWAY        *ZZ*DESK           *")
    assert inbound.world.told("file", file_id) == [f"999 given to desk as {name}."]


async def test_a_file_without_a_transaction_set_gets_no_999(inbound: Inbound) -> None:
    file_id = received(inbound, b"Dear gateway")
    assert await give(inbound, file_id) == 0
    assert out(inbound) == {}
