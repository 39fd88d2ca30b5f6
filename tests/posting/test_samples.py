"""Every 835 of the samples posts to the cent or waits with the true reason: samples.tsv, made by reading them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.plugins.testing import make_other_payer

from .conftest import Desk, Line
from .made import cents

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
TABLE = Path(__file__).with_name("samples.tsv")
STATES = {
    "posts": {"posted", "partly posted"},
    "waits": {"exception"},
    "noted": {"information"},
    "copy": {"duplicate"},
}


class Row(NamedTuple):
    """A row of the table."""

    file: str
    st: int
    clp: int
    says: str
    cents: int
    lays: bool
    why: str


def rows() -> Iterator[Row]:
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith(("#", "file\t")):
            file, st, clp, says, amount, lays, why = line.split("\t")
            yield Row(file, int(st), int(clp or 0), says, cents(amount), lays == "Y", why)


def files() -> list[str]:
    return list(dict.fromkeys(row.file for row in rows()))


class Billed:
    """A claim as its 835 says that it was billed, read without the gateway."""

    def __init__(self, st: int, clp: int, number: str, charge: str, status: str) -> None:
        self.st, self.clp, self.number, self.charge = st, clp, number, charge.lstrip("-")
        # One that a payer decides on as a later one was billed to it as that (SBR01).
        self.before = {"2": "P", "20": "P", "3": "PS", "21": "PS"}.get(status, "")
        self.lines: list[dict[str, str]] = []
        self.date = ""

    def as_lines(self) -> list[Line]:
        lines = self.lines or [{"code": "E1390", "charge": self.charge}]
        return [
            Line(
                one["code"],
                one["charge"],
                one.get("ref", ""),
                tuple(filter(None, one.get("modifiers", "").split(":"))),
                one.get("date") or self.date or "20260901",
            )
            for one in lines
        ]


def billed(text: str) -> list[Billed]:
    """What was billed, by place. The samples are separated as their first segment says."""
    start = text.index("GS" + text[3])
    element, terminator = text[3], text[:start].rstrip("\r\n")[-1]
    component = text[:start].rstrip("\r\n")[-2]
    found: list[Billed] = []
    st = clp = 0
    for segment in text.split(terminator):
        tag, *parts = segment.strip("\r\n ").split(element)
        if tag == "ST":
            st, clp = st + 1, 0
        elif tag == "CLP":
            clp += 1
            found.append(Billed(st, clp, parts[0], parts[2], parts[1]))
        elif tag == "SVC":
            # One of the senders states a component separator and uses another.
            _, code, *modifiers = parts[0].replace(":", component).split(component)
            found[-1].lines.append({"code": code, "charge": parts[1].lstrip("-"), "modifiers": ":".join(modifiers[:4])})
        elif tag == "REF" and parts[0] == "6R":
            found[-1].lines[-1]["ref"] = parts[1]
        elif tag == "DTM" and clp and parts[0] in ("472", "150"):
            found[-1].lines[-1]["date"] = parts[1]
        elif tag == "DTM" and clp and parts[0] == "232":
            found[-1].date = parts[1]
    return found


def lay(desk: Desk, text: str, wanted: list[Row]) -> None:
    """Put the claims on file that the table wants there."""
    places = {(row.st, row.clp) for row in wanted if row.clp and row.lays}
    for one in billed(text):
        if (one.st, one.clp) in places:
            lines = one.as_lines()
            day = dt.date.fromisoformat(lines[0].date)
            others = [make_other_payer(letter, payer_id=f"9020{letter}") for letter in one.before]
            member = f"SWT9{len(desk.rows_of_claims()):08d}"
            desk.claim(one.number, *lines, member=member, date=day, other_payers=others)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples (../shared/samples) are not here")
def test_the_table_has_every_835_of_the_samples() -> None:
    known = set(files())
    for path in SAMPLES.rglob("*"):
        if path.is_file():
            start = path.read_bytes()[:4000].decode("latin-1")
            at = start.find("ST" + start[3:4] + "835") if start.startswith("ISA") else -1
            if at > 0 and not start[at - 1].isalnum():
                assert str(path.relative_to(SAMPLES)) in known


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples (../shared/samples) are not here")
@pytest.mark.parametrize("file", files())
def test_a_sample_posts_to_the_cent_or_waits_with_the_true_reason(desk: Desk, file: str) -> None:
    wanted = [row for row in rows() if row.file == file]
    data = (SAMPLES / file).read_bytes()
    text = data.decode("latin-1")
    desk.usage = "P" if f"{text[3]}P{text[3]}" in text[:140] else "T"
    lay(desk, text, wanted)
    file_id = desk.post(data=data)
    found = {row.ordinal: row for row in desk.remittances()}
    assert sorted(found) == [row.st for row in wanted if not row.clp]
    for row in wanted:
        remittance = found[row.st]
        if not row.clp:
            assert remittance.state in STATES[row.says], (row, remittance.reason)
            assert remittance.paid_cents == row.cents
            assert row.why in remittance.reason
            posted = [one.cents for one in wanted if one.st == row.st and one.clp and one.says == "posts"]
            assert remittance.posted_cents == (sum(posted) if row.says == "posts" else 0)
            continue
        (payment,) = [one for one in desk.payments() if (one.remittance_id, one.ordinal) == (remittance.id, row.clp)]
        assert payment.state in ({"posted"} if row.says == "posts" else STATES[row.says]), (row, payment.reason)
        assert payment.paid_cents == row.cents
        told = payment.reason or " ".join(desk.told("claim", payment.claim_id or 0))
        assert row.why in told
    assert desk.rows_of_files(file_id)[0].state in ("read", "quarantined")
    assert desk.prove().ok
