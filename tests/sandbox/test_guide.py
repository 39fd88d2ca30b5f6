"""The practice clearinghouse holds what it takes against the guide, and says so as a real one does."""

from __future__ import annotations

from pathlib import Path

from .desk import claims, desk, interchange, segments
from .test_clearinghouse import QUIET


async def test_a_claim_that_breaks_the_guide_is_refused_alone_and_its_neighbours_are_paid(tmp_path: Path) -> None:
    made = claims(4)
    data = interchange([made]).replace(b"*UN*", b"*UX*", 1)
    async with desk(tmp_path, behaviour=QUIET) as ours:
        await ours.put(data)
        await ours.sandbox.flush()
        (functional,) = await ours.answers("999")
        assert segments(functional, "CTX") == [["CTX", f"CLM01:{made[0].number}"]]
        assert [parts[3:] for parts in segments(functional, "IK4")] == [["7", "UX"]]
        assert [parts[1:] for parts in segments(functional, "IK5")] == [["E", "5"]]
        front = (await ours.answers("277CA"))[0]
        refused = [parts[1] for parts in segments(front, "STC") if parts[3] == "U"]
        assert refused == ["A3:247", "A7:476"]
        assert [parts[1:] for parts in segments(front, "QTY")][:2] == [["90", "3"], ["AA", "1"]]
        assert ours.sandbox.claims() == {"refused": 1, "paid": 3}


async def test_a_set_that_breaks_the_guide_as_a_whole_is_refused_and_nothing_of_it_is_taken(tmp_path: Path) -> None:
    first, second = claims(2, 1), claims(2, 2)
    data = interchange([first, second]).replace(b"PER*IC*EDI*TE*", b"PER*IC*EDI*QQ*", 1)
    async with desk(tmp_path, behaviour=QUIET) as ours:
        await ours.put(data)
        await ours.sandbox.flush()
        (functional,) = await ours.answers("999")
        assert [parts[1] for parts in segments(functional, "IK5")] == ["R", "A"]
        assert segments(functional, "AK9") == [["AK9", "P", "2", "2", "1"]]
        assert ours.sandbox.claim_counts().keys() == {claim.number for claim in second}


async def test_claims_that_nobody_checks_are_taken_with_the_errors_noted(tmp_path: Path) -> None:
    data = interchange([claims(4)]).replace(b"*UN*", b"*UX*", 1)
    async with desk(tmp_path, behaviour={**QUIET, "check_claims": False}) as ours:
        await ours.put(data)
        await ours.sandbox.flush()
        (functional,) = await ours.answers("999")
        assert [parts[1] for parts in segments(functional, "IK5")] == ["E"]
        assert ours.sandbox.claims() == {"paid": 4}


async def test_answers_are_not_answered(tmp_path: Path) -> None:
    data = interchange([claims(1)]).replace(b"GS*HC", b"GS*FA").replace(b"ST*837", b"ST*999")
    async with desk(tmp_path) as ours:
        await ours.put(data)
        await ours.sandbox.flush()
        assert await ours.names() == []
