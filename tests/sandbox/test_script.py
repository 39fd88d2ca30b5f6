"""What can go wrong with a partner, on purpose: the script of faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.sandbox.script import wrong_counts
from gateway.sandbox.settings import ScriptedFault

from .desk import claims, desk, interchange, segments
from .test_clearinghouse import QUIET


def script(*faults: dict[str, Any]) -> dict[str, Any]:
    return {"behaviour": QUIET, "faults": list(faults), "remittance_files": "together"}


async def kinds(ours: Any) -> list[str]:
    """The kinds of answers that were put out, in order."""
    return [kind for kind, _, _ in ours.sandbox.sent()]


@pytest.mark.parametrize("answer", ["999", "277CA", "277CA-payer", "835"])
async def test_an_answer_that_never_comes(tmp_path: Path, answer: str) -> None:
    async with desk(tmp_path, **script({"answer": answer, "do": "no_answer"})) as ours:
        await ours.put(interchange([claims(5)], 1), "one.837")
        await ours.sandbox.flush()
        assert sorted([*await kinds(ours), answer]) == ["277CA", "277CA-payer", "835", "999"]
        # The script says the first: the second is answered in full.
        await ours.put(interchange([claims(5, 2)], 2), "two.837")
        await ours.sandbox.flush()
        assert len(await kinds(ours)) == 7


async def test_the_second_answer_alone_can_be_meant_or_each_one(tmp_path: Path) -> None:
    for name, nth, left in (("second", 2, ["000000001", "000000003"]), ("each", None, [])):
        async with desk(tmp_path / name, **script({"answer": "999", "nth": nth, "do": "no_answer"})) as ours:
            for number in (1, 2, 3):
                await ours.put(interchange([claims(2, number)], number), f"{number}.837")
            await ours.sandbox.flush()
            told = [segments(text, "AK1")[0][2] for text in await ours.answers("999")]
            assert [f"{int(number):09d}" for number in told] == left


async def test_an_answer_that_comes_late(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "999", "do": "late", "seconds": 3600})) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.wait(60)
        assert "999" not in await kinds(ours)
        await ours.wait(3600)
        assert (await kinds(ours))[-1] == "999"


async def test_an_answer_that_comes_twice_under_another_name(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "835", "do": "twice"})) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.sandbox.flush()
        first, second = [name for name in await ours.names() if name.startswith("835")]
        assert first != second
        one, two = await ours.answers("835")
        assert one == two


async def test_the_277ca_before_the_999(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "999", "do": "out_of_order"})) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.sandbox.flush()
        assert (await kinds(ours))[:2] == ["277CA", "999"]
    async with desk(tmp_path / "b", **script({"answer": "277CA", "do": "out_of_order"})) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.sandbox.flush()
        assert (await kinds(ours))[:2] == ["277CA", "999"]


async def test_the_835_before_the_payers_277ca(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "277CA-payer", "do": "out_of_order"})) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.sandbox.flush()
        assert (await kinds(ours))[-2:] == ["835", "277CA-payer"]


async def test_a_file_that_is_cut_in_the_middle(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "835", "do": "cut"})) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.sandbox.flush()
        (text,) = await ours.answers("835")
        assert text.startswith("ISA*")
        assert "~IEA*" not in text


async def test_a_file_that_is_cut_and_then_becomes_whole_under_the_same_name(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "277CA", "do": "cut", "seconds": 30})) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.wait(5)
        part = (await ours.answers("277CA"))[0]
        assert "~IEA*" not in part
        await ours.wait(30)
        whole = (await ours.answers("277CA"))[0]
        assert whole.startswith(part)
        assert "~IEA*" in whole


async def test_a_set_with_a_wrong_count(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "835", "do": "wrong_counts"})) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.sandbox.flush()
        (text,) = await ours.answers("835")
        parts = segments(text)
        start = next(at for at, each in enumerate(parts) if each[0] == "ST")
        end = next(at for at, each in enumerate(parts) if each[0] == "SE")
        assert int(parts[end][1]) == end - start + 2


async def test_an_interchange_that_is_refused_and_its_claims_go_in_a_new_one(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "interchange", "do": "reject", "code": "024"})) as ours:
        made = claims(5)
        await ours.put(interchange([made], 1), "one.837")
        await ours.sandbox.flush()
        (text,) = await ours.answers()
        assert segments(text, "TA1")[0][4:] == ["R", "024"]
        assert ours.sandbox.claims() == {}
        await ours.put(interchange([made], 2), "two.837")
        await ours.sandbox.flush()
        assert ours.sandbox.claims() == {"paid": 5}


async def test_a_partner_that_stays_silent_has_the_interchange_all_the_same(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "interchange", "do": "no_answer"})) as ours:
        data = interchange([claims(5)])
        await ours.put(data, "one.837")
        await ours.sandbox.flush()
        assert await ours.names() == []
        assert ours.sandbox.received()["000000001"].times == 1
        await ours.put(data, "two.837")
        assert ours.sandbox.received()["000000001"].notes == ("000", "025")


async def test_one_set_of_an_interchange_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path, **script({"answer": "set", "nth": 2, "do": "reject", "code": "I5"})) as ours:
        first, second, third = claims(2, 1), claims(2, 2), claims(2, 3)
        await ours.put(interchange([first, second, third]))
        await ours.sandbox.flush()
        (text,) = await ours.answers("999")
        assert [parts[1:] for parts in segments(text, "IK5")] == [["A"], ["R", "I5"], ["A"]]
        assert ours.sandbox.claim_counts().keys() == {claim.number for claim in [*first, *third]}


def test_a_wrong_count_changes_nothing_else() -> None:
    assert wrong_counts(b"ST*835*0001~BPR*I~SE*3*0001~SE*4*0002~") == b"ST*835*0001~BPR*I~SE*4*0001~SE*4*0002~"


@pytest.mark.parametrize(
    "fault",
    [
        {"answer": "interchange", "do": "late", "seconds": 5},
        {"answer": "999", "do": "reject"},
        {"answer": "set", "do": "no_answer"},
        {"answer": "999", "do": "late"},
        {"answer": "835", "do": "out_of_order"},
        {"answer": "999", "do": "twice", "nth": 0},
        {"answer": "interchange", "do": "reject", "code": "5"},
        {"answer": "interchange", "do": "reject", "code": "000"},
        {"answer": "set", "do": "reject", "code": "14"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ScriptedFault.model_validate(fault)
