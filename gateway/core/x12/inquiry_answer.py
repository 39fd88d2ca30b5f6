"""The answer to a claim status inquiry, 277 (005010X212): what a payer says of a claim that was asked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .acknowledgment import ClaimStatus, StatusCode
from .answers.values import plain
from .inquiry import Asked, InquiryWriter, Who
from .loop import amount_cents
from .segment import Delimiters
from .values import parse_date, x12_amount


class InquiryStatus(NamedTuple):
    """What is said of one claim: by our `trace`; the codes of its STCs; what was paid, when it was decided and paid,
    the check or EFT; the payer's number of the claim and ours (REF*EJ)."""

    trace: str
    codes: tuple[StatusCode, ...]
    charge_cents: int = 0
    paid_cents: int = 0
    decided_on: dt.date | None = None
    paid_on: dt.date | None = None
    check_number: str = ""
    payer_number: str = ""
    number: str = ""


def is_inquiry_answer(version: str) -> bool:
    """Whether a 277 of this version answers an inquiry; a 277CA (X214) does not."""
    return "X212" in version


def inquiry_status(level: ClaimStatus) -> InquiryStatus:
    """What a level that speaks of a claim says."""
    statuses = level.statuses
    # Those of the claim itself stand before its lines.
    stc = next(iter(level.find_all("STC")), None)
    return InquiryStatus(
        level.trace,
        tuple(code for status in statuses for code in status.codes),
        amount_cents(stc[4]) if stc else 0,
        amount_cents(stc[5]) if stc else 0,
        parse_date(stc[6]) if stc else None,
        parse_date(stc[8]) if stc else None,
        stc[9] if stc else "",
        level.payer_claim_number,
        level.reference("EJ"),
    )


# --- writing it (the practice clearinghouse answers with it) ---------------------------------------


def status_response(
    told: Sequence[tuple[Asked, InquiryStatus]], receiver: Who, reference: str, at: dt.datetime, marks: Delimiters
) -> Iterator[str]:
    """The segments of a 277 between ST and SE, in the order of the inquiry. `reference`: its BHT03."""
    write = InquiryWriter(marks)
    today = f"{at:%Y%m%d}"
    yield write.segment("BHT", "0010", "08", plain(reference, 50, marks, "0"), today, f"{at:%H%M%S}", "DG")
    level = 0
    for asked, said in told:
        for entity, kind, who, hl, qualifier in (
            ("PR", "2", asked.payer, "20", "PI"),
            ("41", "2", receiver, "21", "46"),
            ("1P", "", asked.provider, "19", "XX"),
        ):
            level += 1
            yield write.segment("HL", str(level), "" if hl == "20" else str(level - 1), hl, "1")
            yield write.name(entity, who, kind, qualifier)
        level += 1
        yield write.segment("HL", str(level), str(level - 1), "22", "0" if asked.patient is None else "1")
        yield write.name("IL", asked.subscriber, "1", "MI")
        if asked.patient is not None:
            level += 1
            yield write.segment("HL", str(level), str(level - 1), "23")
            yield write.name("QC", asked.patient, "1", "")
        yield write.segment("TRN", "2", plain(said.trace, 50, marks, "0"))
        first, *more = [marks.component.join(part for part in code if part) for code in said.codes[:3]]
        values = [x12_amount(said.charge_cents), x12_amount(said.paid_cents), _day(said.decided_on), ""]
        values += [_day(said.paid_on), plain(said.check_number, 16, marks)]
        text = marks.element.join(["STC", first, today, "", *values, *more]).rstrip(marks.element)
        yield text
        if number := plain(said.payer_number, 50, marks):
            yield write.segment("REF", "1K", number)
        if number := plain(said.number, 50, marks):
            yield write.segment("REF", "EJ", number)
        if asked.start:
            yield write.segment("DTP", "472", "RD8", f"{asked.start}-{asked.end or asked.start}")


def _day(day: dt.date | None) -> str:
    return f"{day:%Y%m%d}" if day is not None else ""


# --- reading an inquiry (the practice clearinghouse does) ------------------------------------------


def inquiries(segments: Sequence[str], marks: Delimiters) -> tuple[str, list[Asked]]:
    """What the body of a 276 asks: its BHT03, and each claim that is asked about."""
    reference, found = "", list[Asked]()
    nobody = Who("")
    names: dict[str, Who] = {}
    birth = ("", "")
    for text in segments:
        parts = [*text.split(marks.element), *[""] * 12]
        tag = parts[0]
        if tag == "BHT":
            reference = parts[3]
        elif tag == "HL" and parts[3] == "22":
            names.pop("QC", None)
        elif tag == "DMG":
            birth = parts[2], parts[3]
        elif tag == "NM1":
            names[parts[1]] = Who(parts[3], parts[4], parts[5], parts[8], parts[9])
            if parts[1] in ("IL", "QC"):
                names[parts[1]] = names[parts[1]]._replace(birth=birth[0], sex=birth[1])
                birth = ("", "")
        elif tag == "TRN":
            who = [names.get(entity, nobody) for entity in ("PR", "1P", "IL")]
            found.append(Asked(parts[2], who[0], who[1], who[2], names.get("QC"), "", "", 0, "", ""))
        elif found and tag == "REF" and parts[1] == "1K":
            found[-1] = found[-1]._replace(payer_number=parts[2])
        elif found and tag == "REF" and parts[1] == "EJ":
            found[-1] = found[-1]._replace(number=parts[2])
        elif found and tag == "AMT" and parts[1] == "T3":
            found[-1] = found[-1]._replace(cents=amount_cents(parts[2]))
        elif found and tag == "DTP" and parts[1] == "472":
            start, _, end = parts[3].partition("-")
            found[-1] = found[-1]._replace(start=start, end=end or start)
    return reference, found
