"""Where it is used, and where the claim belongs (hme-billing-rules 1.4): R1.POS-1, R1.POS-2, R1.JUR-1."""

from __future__ import annotations

from .findings import Findings
from .line import Line
from .records import DME
from .whole import Whole

_EQUIPMENT = ("E", "K")


def check_places(whole: Whole, out: Findings) -> None:
    """The place of service of each line of equipment."""
    book = whole.book
    claims_own = whole.claim.place_of_service
    for line in whole.lines:
        place = line.raw.place_of_service or claims_own
        found = book.places.find(place, line.day)
        if found is not None and found[0] == "home":
            continue
        if not _is_equipment(line):
            continue
        where = "2400 SV105" if line.raw.place_of_service else "2300 CLM05-1"
        if found is not None:
            out.say(
                "R1.POS-2",
                f"equipment is not paid at place of service {place} (hospital or nursing facility). Ask where the "
                "patient uses it.",
                line=line,
                place=where,
                most=line.most,
            )
        else:
            out.say(
                "R1.POS-1",
                f"place of service {place or 'is missing and'} does not count as the patient's home. Equipment is "
                "billed with 12 as a rule.",
                line=line,
                place=where,
            )


def _is_equipment(line: Line) -> bool:
    """Whether the line is of what is paid at home only; items without a category by their first letter."""
    return line.kind in DME if line.category is not None else line.code.startswith(_EQUIPMENT)


def check_jurisdiction(whole: Whole, out: Findings) -> None:
    """R1.JUR-1: the DME MAC is that of the state where the patient lives, not of the supplier's."""
    book, payer_id = whole.book, whole.payer_id
    if payer_id not in book.contractors or not whole.lines:
        return
    state = whole.claim.patient.address.state
    wanted = book.contractor(state, whole.lines[0].day)
    if wanted and wanted != payer_id:
        out.say(
            "R1.JUR-1",
            f"The patient lives in {state}, for which contractor {wanted} pays, and the claim is for {payer_id}. "
            "Change the payer, or the address if it is not the permanent one.",
            place="2010BB NM109",
        )
