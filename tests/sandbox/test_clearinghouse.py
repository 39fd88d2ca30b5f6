"""The practice clearinghouse over a real SFTP line: what goes in, what comes out, and that it remembers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncssh
import pytest

from gateway.core.clock import FixedClock
from gateway.sandbox.records import Claim
from gateway.sandbox.server import Sandbox
from gateway.sandbox.settings import SandboxPartner, SandboxSettings

from .desk import NOON, USER, claims, desk, interchange, segments
from .independent_balance import check

QUIET = {
    "rejected": 0,
    "denied_lines": 0,
    "unknown_member": 0,
    "deductible": 0,
    "corrected": 0,
    "taken_back": 0,
    "crossover": False,
}
"""Every claim is paid, once."""


async def test_claims_are_acknowledged_accepted_and_paid_in_that_order(tmp_path: Path) -> None:
    made = claims(30)
    async with desk(tmp_path, behaviour=QUIET) as ours:
        await ours.put(interchange([made]))
        assert await ours.names() == []
        await ours.wait(0.3)
        (functional,) = await ours.answers("999")
        assert segments(functional, "AK9") == [["AK9", "A", "1", "1", "1"]]
        await ours.wait(0.3)
        (front,) = await ours.answers("277CA")
        assert [parts[2] for parts in segments(front, "TRN") if parts[1] == "2"][1:] == [
            c.number for c in _by_npi(made)
        ]
        assert {parts[1] for parts in segments(front, "STC")} == {"A1:19:PR"}
        await ours.wait(0.5)
        payers = (await ours.answers("277CA"))[1]
        assert len(segments(payers, "ST")) == len({claim.coverage.payer.id for claim in made})
        assert sum(parts[1] == "A2:20:PR" for parts in segments(payers, "STC")) == 30
        assert len([parts for parts in segments(payers, "REF") if parts[1] == "1K"]) == 30
        assert await ours.answers("835") == []
        await ours.wait(3)
        paid = [parts[1] for text in await ours.answers("835") for parts in segments(text, "CLP")]
        assert sorted(paid) == sorted(claim.number for claim in made)
        assert ours.sandbox.claims()["paid"] == 30


def _by_npi(made: list[Claim]) -> list[Claim]:
    order = list(dict.fromkeys(claim.biller.npi for claim in made))
    return sorted(made, key=lambda claim: order.index(claim.biller.npi))


async def test_the_payers_number_in_the_277ca_is_that_in_the_835(tmp_path: Path) -> None:
    async with desk(tmp_path, behaviour=QUIET) as ours:
        await ours.put(interchange([claims(10)]))
        await ours.sandbox.flush()
        told = {parts[2] for text in await ours.answers("277CA") for parts in segments(text, "REF") if parts[1] == "1K"}
        paid = {parts[7] for text in await ours.answers("835") for parts in segments(text, "CLP")}
        assert told == paid
        assert len(told) == 10


async def test_references_of_lines_come_back(tmp_path: Path) -> None:
    made = claims(20, references=1.0)
    async with desk(tmp_path, behaviour=QUIET) as ours:
        await ours.put(interchange([made]))
        await ours.sandbox.flush()
        back = [p[2] for text in await ours.answers("835") for p in segments(text, "REF") if p[1] == "6R"]
        assert sorted(back) == sorted(line.reference for claim in made for line in claim.lines)


async def test_a_payer_may_drop_modifiers_or_change_codes(tmp_path: Path) -> None:
    made = claims(60, families=("oxygen",))
    payers = {payer: {"drop_modifiers": True, "change_codes": {"E1390": "E1391"}} for payer in ("17013", "18003")}
    async with desk(tmp_path, behaviour=QUIET, payers=payers, remittance_files="per_payer") as ours:
        await ours.put(interchange([made]))
        await ours.sandbox.flush()
        changed = 0
        for text in await ours.answers("835"):
            payer = next(parts[2] for parts in segments(text, "REF") if parts[1] == "2U")
            for svc in segments(text, "SVC"):
                if payer in payers:
                    assert svc[1] in ("HC:E1391", "HC:E0431", "HC:E1392", "HC:K0738", "HC:E0443")
                    if svc[1] == "HC:E1391":
                        assert svc[6].startswith(("HC:E1390:RR", "HC:E1390:MS"))
                        changed += 1
                else:
                    assert len(svc) < 7
        assert changed


async def test_a_payer_may_answer_without_lines(tmp_path: Path) -> None:
    async with desk(tmp_path, behaviour={**QUIET, "claim_level_only": True}) as ours:
        await ours.put(interchange([claims(20)]))
        await ours.sandbox.flush()
        for text in await ours.answers("835"):
            assert segments(text, "SVC") == []
            assert check(text).faults == []


async def test_each_payment_is_a_file_or_several_are_in_one(tmp_path: Path) -> None:
    counts = {}
    for choice in ("per_payment", "per_payer", "together"):
        async with desk(tmp_path / choice, behaviour=QUIET, remittance_files=choice) as ours:
            await ours.put(interchange([claims(40)]))
            await ours.sandbox.flush()
            answers = await ours.answers("835")
            counts[choice] = (len(answers), sum(len(segments(text, "ST")) for text in answers))
            assert len(ours.sandbox.payments()) == counts[choice][1]
    assert counts["per_payment"][0] == counts["per_payment"][1] == counts["together"][1]
    assert counts["together"][0] == 1
    assert 1 < counts["per_payer"][0] < counts["per_payment"][0]


@pytest.mark.parametrize(
    ("changes", "note"),
    [({"usage": "P"}, "020"), ({"receiver": "SOMEBODY"}, "009")],
)
async def test_an_interchange_for_others_is_refused(tmp_path: Path, changes: dict[str, str], note: str) -> None:
    async with desk(tmp_path) as ours:
        await ours.put(interchange([claims(3)], **changes))  # type: ignore[arg-type]
        await ours.sandbox.flush()
        (answer,) = await ours.answers()
        assert segments(answer, "TA1")[0][4:] == ["R", note]
        assert ours.sandbox.received()["000000001"].notes == (note,)
        assert ours.sandbox.claims() == {}


async def test_a_sender_nobody_knows_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path, sender_ids=["ANOTHER"]) as ours:
        await ours.put(interchange([claims(3)]))
        await ours.sandbox.flush()
        assert segments((await ours.answers())[0], "TA1")[0][4:] == ["R", "006"]


async def test_the_same_interchange_again_is_refused_and_nothing_is_paid_twice(tmp_path: Path) -> None:
    async with desk(tmp_path, behaviour=QUIET) as ours:
        data = interchange([claims(5)])
        await ours.put(data, "one.837")
        await ours.put(data, "two.837")
        await ours.sandbox.flush()
        received = ours.sandbox.received()["000000001"]
        assert (received.times, received.notes) == (2, ("000", "025"))
        assert len(set(received.sha256)) == 1
        assert segments((await ours.answers("TA1"))[0], "TA1")[0][1::3] == ["000000001", "R"]
        assert set(ours.sandbox.claim_counts().values()) == {1}
        assert sum(len(segments(text, "CLP")) for text in await ours.answers("835")) == 5


async def test_claims_that_were_paid_are_denied_as_duplicates_in_a_new_interchange(tmp_path: Path) -> None:
    made = claims(4, families=("bed",))
    async with desk(tmp_path, behaviour=QUIET) as ours:
        await ours.put(interchange([made], 1), "one.837")
        await ours.put(interchange([made], 2), "two.837")
        await ours.sandbox.flush()
        reasons = [parts[1:3] for text in await ours.answers("835") for parts in segments(text, "CAS")]
        assert reasons.count(["OA", "18"]) == sum(len(claim.lines) for claim in made)


async def test_a_claim_refused_by_chance_may_pass_when_it_is_sent_again(tmp_path: Path) -> None:
    made = claims(40)
    async with desk(tmp_path, behaviour={**QUIET, "rejected": 0.5}) as ours:
        await ours.put(interchange([made], 1), "one.837")
        refused = ours.sandbox.claims()["refused"]
        await ours.put(interchange([made], 2), "two.837")
        assert 10 < refused < 30
        assert ours.sandbox.claims()["refused"] < 2 * refused


async def test_a_ta1_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    async with desk(tmp_path) as ours:
        await ours.put(interchange([claims(2)], 1), "one.837")
        await ours.put(interchange([claims(2, 2)], 2, ta1=True), "two.837")
        await ours.wait(1)
        (answer,) = await ours.answers("TA1")
        assert [parts[1:2] + parts[4:] for parts in segments(answer, "TA1")] == [["000000002", "A", "000"]]


async def test_a_partner_that_reports_only_what_is_wrong_sends_no_999_for_what_is_right(tmp_path: Path) -> None:
    async with desk(tmp_path, acks="negative", behaviour=QUIET) as ours:
        await ours.put(interchange([claims(2)]))
        await ours.wait(0.6)
        assert [name.split("_")[0] for name in await ours.names()] == ["277CA"]


async def test_a_set_with_a_wrong_count_is_refused_and_its_neighbour_is_paid(tmp_path: Path) -> None:
    first, second = claims(2, 1), claims(2, 2)
    data = interchange([first, second]).replace(b"~SE*", b"~SE*9", 1)
    async with desk(tmp_path, behaviour=QUIET) as ours:
        await ours.put(data)
        await ours.sandbox.flush()
        (functional,) = await ours.answers("999")
        assert [parts[1:] for parts in segments(functional, "IK5")] == [["R", "4"], ["A"]]
        assert segments(functional, "AK9") == [["AK9", "P", "2", "2", "1"]]
        assert ours.sandbox.claim_counts().keys() == {claim.number for claim in second}


async def test_a_group_of_another_guide_is_refused(tmp_path: Path) -> None:
    data = interchange([claims(2)]).replace(b"005010X222A1", b"005010X223A2")
    async with desk(tmp_path) as ours:
        await ours.put(data)
        await ours.sandbox.flush()
        (functional,) = await ours.answers()
        assert segments(functional, "AK9") == [["AK9", "R", "1", "1", "0", "2"]]


async def test_a_billing_provider_that_is_not_linked_is_refused_as_a_whole(tmp_path: Path) -> None:
    made = claims(30)
    npi = made[0].biller.npi
    async with desk(tmp_path, behaviour=QUIET, unlinked_npis=[npi]) as ours:
        await ours.put(interchange([made]))
        await ours.sandbox.flush()
        front = (await ours.answers("277CA"))[0]
        named = [parts[2] for parts in segments(front, "TRN") if parts[1] == "2"]
        assert ["STC", "A8:496:85", "", "U"] in [parts[:4] for parts in segments(front, "STC")]
        assert not any(claim.number in named for claim in made if claim.biller.npi == npi)
        assert ours.sandbox.claims()["refused"] == sum(claim.biller.npi == npi for claim in made)


async def test_a_file_is_not_taken_before_its_upload_is_finished(tmp_path: Path) -> None:
    data = interchange([claims(3)])
    async with desk(tmp_path) as ours:
        async with ours.sftp.open("to/claims.837.filepart", "wb") as stream:
            await stream.write(data)
        await ours.sandbox.settle()
        assert ours.sandbox.received() == {}
        await ours.sftp.rename("to/claims.837.filepart", "to/claims.837")
        await ours.sandbox.settle()
        assert ours.sandbox.received().keys() == {"000000001"}


async def test_a_file_without_its_end_waits_for_the_rest(tmp_path: Path) -> None:
    data = interchange([claims(3)])
    async with desk(tmp_path) as ours:
        async with ours.sftp.open("to/claims.837", "wb") as stream:
            await stream.write(data[: len(data) // 2])
        await ours.wait(5)
        assert ours.sandbox.received() == {}
        async with ours.sftp.open("to/claims.837", "ab") as stream:
            await stream.write(data[len(data) // 2 :])
        await ours.wait(5)
        assert ours.sandbox.received()["000000001"].notes == ("000",)


async def test_a_file_whose_rest_never_comes_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path, incomplete_after=30) as ours:
        async with ours.sftp.open("to/claims.837", "wb") as stream:
            await stream.write(interchange([claims(3)])[:-20])
        await ours.sandbox.settle()
        await ours.wait(29)
        assert ours.sandbox.received() == {}
        await ours.wait(2)
        await ours.sandbox.flush()
        assert segments((await ours.answers())[0], "TA1")[0][4:] == ["R", "023"]


@pytest.mark.parametrize(
    ("choice", "left"), [("leave", {"claims.837"}), ("delete", set()), ("move", {"archive", "archive/claims.837"})]
)
async def test_what_was_taken_is_left_deleted_or_moved(tmp_path: Path, choice: str, left: set[str]) -> None:
    async with desk(tmp_path, after_pickup=choice) as ours:
        await ours.put(interchange([claims(3)]))
        await ours.sandbox.settle()
        incoming = ours.sandbox.home() / "to"
        assert {str(path.relative_to(incoming)) for path in incoming.rglob("*")} == left
        assert ours.sandbox.received()["000000001"].times == 1


async def test_folders_and_names_are_the_partners_own(tmp_path: Path) -> None:
    layout = {
        "incoming": "SendFiles",
        "outgoing": "ReceiveFiles",
        "outgoing_by_kind": {"999": "ReceiveFiles/acks"},
        "names": "{number}.{kind}",
    }
    async with desk(tmp_path, **layout) as ours:
        async with ours.sftp.open("SendFiles/a", "wb") as stream:
            await stream.write(interchange([claims(3)]))
        await ours.sandbox.flush()
        assert await ours.sftp.exists("ReceiveFiles/acks/1.999")
        assert await ours.sftp.exists("ReceiveFiles/2.277CA")


async def test_restarted_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    clock = FixedClock(NOON)
    async with desk(tmp_path, clock, behaviour=QUIET) as ours:
        await ours.put(interchange([claims(5)]))
        await ours.wait(0.3)
        key, names = ours.sandbox.host_key_fingerprint, await ours.names()
        number = segments((await ours.answers("999"))[0], "ISA")[0][13]
    async with desk(tmp_path, clock, behaviour=QUIET) as ours:
        assert ours.sandbox.host_key_fingerprint == key
        assert await ours.names() == names
        await ours.sandbox.flush()
        assert ours.sandbox.received()["000000001"].times == 1
        numbers = [segments(text, "ISA")[0][13] for text in await ours.answers()]
        assert len(set(numbers)) == len(numbers)
        assert min(numbers) == number
        assert sum(len(segments(text, "CLP")) for text in await ours.answers("835")) == 5
        await ours.put(interchange([claims(5)]), "again.837")
        assert ours.sandbox.received()["000000001"].notes == ("000", "025")


async def test_a_file_put_while_it_was_away_is_taken_at_the_next_start(tmp_path: Path) -> None:
    clock = FixedClock(NOON)
    async with desk(tmp_path, clock) as ours:
        incoming = ours.sandbox.home() / "to"
    (incoming / "late.837").write_bytes(interchange([claims(3)]))
    async with desk(tmp_path, clock) as ours:
        await ours.sandbox.settle()
        assert ours.sandbox.received().keys() == {"000000001"}


async def test_two_runs_of_a_seed_decide_alike_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    first, second = claims(60, 1), claims(60, 2)
    found = []
    for name, order in (("a", (first, second)), ("b", (second, first))):
        async with desk(tmp_path / name) as ours:
            for number, each in enumerate(order, 1):
                await ours.put(interchange([each], number), f"{number}.837")
            await ours.sandbox.flush()
            found.append(
                {
                    (parts[1], parts[2], parts[3], parts[4], parts[7])
                    for text in await ours.answers("835")
                    for parts in segments(text, "CLP")
                }
            )
    assert found[0] == found[1]
    assert len(found[0]) > 100


async def test_real_time_passes_by_itself(tmp_path: Path) -> None:
    delays = {"acknowledgment": 0, "clearinghouse": 0.05, "payer": 0.1, "remittance": 0.1}
    partner = SandboxPartner.model_validate({"user": USER, "password": "practice", "delays": delays})
    async with Sandbox(SandboxSettings(partners=(partner,)), tmp_path, seed=1) as running:
        target = running.home() / "to" / "claims.837"
        async with (
            asyncssh.connect(
                running.host, running.port, username=USER, password="practice", known_hosts=None
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            async with sftp.open("to/claims.837", "wb") as stream:
                await stream.write(interchange([claims(5)]))
            for _ in range(400):
                if running.payments():
                    break
                await asyncio.sleep(0.05)
        assert target.exists()
        assert {kind for kind, _, _ in running.sent()} >= {"999", "277CA", "277CA-payer"}


async def test_only_the_right_password_or_key_comes_in(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    partners = (
        SandboxPartner(user="bypassword", password="practice"),
        SandboxPartner(user="bykey", authorized_keys=(key.export_public_key().decode(),)),
        SandboxPartner(user="made"),
    )
    async with Sandbox(SandboxSettings(partners=partners), tmp_path, FixedClock(NOON)) as running:

        async def enter(user: str, **how: object) -> None:
            async with (
                asyncssh.connect(
                    running.host, running.port, username=user, known_hosts=None, agent_path=None, config=None, **how
                ) as connection,
                connection.start_sftp_client() as sftp,
            ):
                assert "to" in await sftp.listdir(".")

        await enter("bypassword", password="practice", client_keys=None)
        await enter("bykey", client_keys=[key])
        made = running.credentials("made").password
        await enter("made", password=made, client_keys=None)
        assert running.credentials("bykey").password is None
        for user, how in (
            ("bypassword", {"password": "wrong", "client_keys": None}),
            ("bypassword", {"client_keys": [key]}),
            ("bykey", {"password": "practice", "client_keys": None}),
            ("nobody", {"password": "practice", "client_keys": None}),
        ):
            with pytest.raises(asyncssh.PermissionDenied):
                await enter(user, **how)


async def test_one_partner_does_not_see_anothers_files(tmp_path: Path) -> None:
    async with desk(tmp_path) as ours:
        (tmp_path / "secret").write_text("x")
        assert sorted(await ours.sftp.listdir("..")) == sorted(await ours.sftp.listdir("."))
        assert not await ours.sftp.exists("/secret")
        assert not await ours.sftp.exists("../../secret")


async def test_who_is_connected_when_it_closes_is_cut_off(tmp_path: Path) -> None:
    settings = SandboxSettings(partners=(SandboxPartner(user=USER, password="practice"),))
    async with Sandbox(settings, tmp_path, FixedClock(NOON)) as running:
        connection = await asyncssh.connect(
            running.host, running.port, username=USER, password="practice", known_hosts=None
        )
    async with asyncio.timeout(5):
        await connection.wait_closed()
    assert connection.is_closed()


async def test_what_is_still_to_come_can_be_asked(tmp_path: Path) -> None:
    async with desk(tmp_path, behaviour=QUIET) as ours:
        assert ours.sandbox.pending() == 0
        await ours.put(interchange([claims(5)]))
        # A 999, two 277CAs, and five claims to be paid.
        assert ours.sandbox.pending() == 8
        await ours.sandbox.flush()
        assert ours.sandbox.pending() == 0


@pytest.mark.parametrize("how", ["relative", "link"])
async def test_an_upload_is_noticed_wherever_the_folder_is_named_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folder = Path("var/sandbox") if how == "relative" else tmp_path / "link"
    async with desk(folder, behaviour=QUIET) as ours:
        async with ours.sftp.open("to/claims.837", "wb") as stream:
            await stream.write(interchange([claims(5)]))
        # Nobody looks into the folder here: it is the upload that is noticed.
        for _ in range(500):
            if ours.sandbox.received():
                return
            await asyncio.sleep(0.02)
        pytest.fail("the upload was not noticed within ten seconds")
