"""What the practice payers pay: in balance by a checker of its own, valid by another validator, and every kind of
payment that a poster meets."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.sandbox.write import write_837

from ..x12.guides.oracle import validate
from .desk import TODAY, claims, desk, interchange, segments
from .independent_balance import check

EVERYTHING = {
    "corrected": 0.25,
    "taken_back": 0.2,
    "interest": 0.3,
    "denied_lines": 0.2,
    "rejected": 0.1,
    "unknown_member": 0.05,
}

# Where pyx12 4.0 is wrong with an interchange of a TA1 alone, which has no functional group: it takes one for granted.
PYX12_WANTS_A_GROUP = 'Mandatory loop "Functional Group Header" (GS_LOOP) missing'


def pyx12_faults(data: str) -> list[str]:
    """What pyx12 says against a file, without what is known to be wrong with it."""
    valid, said = validate(data.encode("latin-1"))
    if not valid and not said:
        return ["pyx12 says that it is not valid, and not why"]
    return [one.words for one in said if one.words != PYX12_WANTS_A_GROUP or "GS*" in data]


async def _run(tmp_path: Path, n: int = 400, seed: int = 11, **partner: Any) -> list[str]:
    """Every answer to claims of which everything happens to some."""
    async with desk(tmp_path, seed=seed, **{"behaviour": EVERYTHING, **partner}) as ours:
        await ours.put(interchange([claims(n, seed)], ta1=True))
        await ours.sandbox.flush()
        # A second file later on, so that what was put off or carried forward is settled.
        ours.clock.advance(hours=1)
        await ours.put(interchange([claims(n, seed + 1)], 2), "second.837")
        await ours.sandbox.flush()
        return await ours.answers()


async def test_every_answer_passes_pyx12(tmp_path: Path) -> None:
    answers = await _run(tmp_path, 60, ta1="always", remittance_files="together")
    kinds: Counter[str] = Counter()
    for text in answers:
        found = pyx12_faults(text)
        kind = (re.findall(r"~\s*ST\*(\d+)", text) or ["TA1"])[0]
        kinds[kind] += 1
        assert found == [], kind
    assert kinds.keys() == {"TA1", "999", "277", "835"}


def test_generated_claims_pass_pyx12(tmp_path: Path) -> None:
    write_837(tmp_path / "claims.837", 120, 11, today=TODAY, fault_share=0.0, claims_per_set=50)
    assert pyx12_faults((tmp_path / "claims.837").read_text("latin-1")) == []


@pytest.mark.parametrize("layout", ["per_payment", "per_payer", "together"])
@pytest.mark.parametrize("takeback", ["now", "postponed"])
async def test_every_remittance_balances_at_every_level(tmp_path: Path, layout: str, takeback: str) -> None:
    behaviour = {**EVERYTHING, "takeback": takeback}
    answers = await _run(tmp_path, 150, remittance_files=layout, behaviour=behaviour)
    sums = [check(text) for text in answers if "~ST*835*" in text]
    assert [fault for one in sums for fault in one.faults] == []
    statuses: Counter[str] = Counter()
    for one in sums:
        statuses.update(one.statuses)
    assert statuses.keys() == {"1", "2", "19", "22", "4"}
    assert sum(one.lines for one in sums) > sum(one.claims for one in sums) > 250


async def test_the_payments_it_lists_are_those_that_it_wrote(tmp_path: Path) -> None:
    async with desk(tmp_path, behaviour=EVERYTHING) as ours:
        await ours.put(interchange([claims(200)]))
        await ours.sandbox.flush()
        written = [amount for text in await ours.answers("835") for amount in check(text).payments]
        listed = [Decimal(one.cents) / 100 for one in ours.sandbox.payments()]
        assert sorted(written) == sorted(listed)
        assert len({one.trace for one in ours.sandbox.payments()}) == len(listed)


async def test_every_kind_of_provider_adjustment_comes_and_nothing_is_lost_in_carrying_forward(tmp_path: Path) -> None:
    answers = await _run(tmp_path, 200, behaviour={**EVERYTHING, "takeback": "mixed", "taken_back": 0.4})
    totals: Counter[str] = Counter()
    signs: dict[str, set[bool]] = {}
    for text in answers:
        for parts in segments(text, "PLB"):
            for reason, amount in zip(parts[3::2], parts[4::2], strict=True):
                code = reason.split(":")[0]
                totals[code] += int(Decimal(amount) * 100)
                signs.setdefault(code, set()).add(Decimal(amount) < 0)
    assert signs.keys() == {"WO", "FB", "L6"}
    # Put off first, taken later; carried forward first, taken later; interest is always paid.
    assert signs["WO"] == signs["FB"] == {True, False}
    assert signs["L6"] == {True}
    assert totals["WO"] <= 0
    assert totals["FB"] <= 0


async def test_a_reversal_stands_before_its_correction_in_the_same_payment(tmp_path: Path) -> None:
    corrected = 0
    for text in await _run(tmp_path, 120, behaviour={**EVERYTHING, "taken_back": 0}, remittance_files="per_payment"):
        rows = segments(text, "CLP")
        for at, parts in enumerate(rows):
            if parts[2] == "22":
                assert Decimal(parts[3]) < 0
                assert Decimal(parts[4]) < 0
                after = [each for each in rows[at + 1 :] if each[1] == parts[1]]
                assert [each[2] for each in after] in (["1"], ["2"])
                assert after[0][7] == f"{parts[7]}C"
                corrected += 1
    assert corrected > 10


async def test_zero_payments_come_apart_and_say_so(tmp_path: Path) -> None:
    behaviour = {"denied_lines": 0.5, "zero_pay_trace": "EO000000000"}
    async with desk(tmp_path, behaviour=behaviour) as ours:
        await ours.put(interchange([claims(150)]))
        await ours.sandbox.flush()
        zero = [text for text in await ours.answers("835") if segments(text, "BPR")[0][1] == "H"]
        assert zero
        for text in zero:
            (bpr,) = segments(text, "BPR")
            assert (bpr[2], bpr[4]) == ("0", "NON")
            assert segments(text, "TRN")[0][2] == "EO000000000"
            assert all(Decimal(parts[4]) == 0 for parts in segments(text, "CLP"))


async def test_zero_payments_may_stand_among_the_others(tmp_path: Path) -> None:
    behaviour = {"denied_lines": 0.5, "zero_pay_apart": False}
    async with desk(tmp_path, behaviour=behaviour) as ours:
        await ours.put(interchange([claims(150)]))
        await ours.sandbox.flush()
        texts = await ours.answers("835")
        assert any(
            segments(text, "BPR")[0][1] == "I" and any(Decimal(parts[4]) == 0 for parts in segments(text, "CLP"))
            for text in texts
        )


async def test_a_crossed_over_claim_is_paid_by_the_second_payer_in_its_own_remittance(tmp_path: Path) -> None:
    made = [claim for claim in claims(300) if claim.responsibility == "P" and claim.other is not None]
    async with desk(tmp_path, behaviour={"denied_lines": 0, "rejected": 0}) as ours:
        await ours.put(interchange([made]))
        await ours.sandbox.flush()
        forwarded: dict[str, str] = {}
        paid_by: dict[str, str] = {}
        for text in await ours.answers("835"):
            payer = next(parts[2] for parts in segments(text, "REF") if parts[1] == "2U")
            number = ""
            for parts in segments(text):
                if parts[0] == "CLP":
                    number = parts[1]
                    if parts[2] == "2":
                        paid_by[number] = payer
                elif parts[0] == "NM1" and parts[1] == "TT":
                    forwarded[number] = parts[9]
        assert forwarded
        assert paid_by == forwarded
        assert forwarded.items() <= {(c.number, c.other.payer.id) for c in made if c.other}


async def test_a_replacement_takes_the_first_payment_back_and_a_void_leaves_nothing(tmp_path: Path) -> None:
    made = [claim for claim in claims(200) if claim.coverage.payer.kind == "commercial" and claim.responsibility == "P"]
    quiet = {**dict.fromkeys(EVERYTHING, 0), "deductible": 0}
    async with desk(tmp_path, behaviour=quiet) as ours:
        await ours.put(interchange([made[:2]], 1), "first.837")
        await ours.sandbox.flush()
        number = {p[1]: p[7] for text in await ours.answers("835") for p in segments(text, "CLP")}
        data = interchange([made[:2]], 2).decode()
        for claim, frequency in zip(made[:2], "78", strict=True):
            start = data.index(f"CLM*{claim.number}*")
            head, rest = data[:start], data[start:]
            rest = rest.replace("12:B:1", f"12:B:{frequency}", 1)
            rest = rest.replace("~HI*", f"~REF*F8*{number[claim.number]}~HI*", 1)
            data = head + rest
        count = int(re.findall(r"~SE\*(\d+)", data)[0])
        await ours.put(data.replace(f"~SE*{count}*", f"~SE*{count + 2}*").encode(), "second.837")
        await ours.sandbox.flush()
        statuses: dict[str, list[str]] = {}
        for text in await ours.answers("835"):
            assert check(text).faults == []
            for parts in segments(text, "CLP"):
                statuses.setdefault(parts[1], []).append(parts[2])
        assert statuses == {made[0].number: ["1", "22", "1"], made[1].number: ["1", "22"]}


async def test_a_void_of_what_was_never_paid_is_not_found(tmp_path: Path) -> None:
    made = [claim for claim in claims(100) if claim.coverage.payer.kind == "commercial"][:1]
    data = interchange([made]).replace(b"12:B:1", b"12:B:8")
    async with desk(tmp_path) as ours:
        await ours.put(data)
        await ours.sandbox.flush()
        payers = (await ours.answers("277CA"))[1]
        assert ["A4:35"] in [parts[1:2] for parts in segments(payers, "STC")]


async def test_separators_in_a_partners_data_do_not_break_our_answers(tmp_path: Path) -> None:
    data = interchange([claims(5)]).decode()
    data = data.replace("*", "|").replace(":", ">").replace("STILLWATER RESPIRATORY", "STILL*WATER: RESP")
    async with desk(tmp_path) as ours:
        await ours.put(data.encode())
        await ours.sandbox.flush()
        answers = await ours.answers()
        assert len(answers) > 3
        assert all(pyx12_faults(text) == [] for text in answers)
