"""The pages of the money side: who may do what, what is refused and why, and that the ledger proves afterwards."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import aiohttp
import pytest
from sqlalchemy import update

from gateway.core.ledger.balances import claim_balances
from gateway.core.ledger.proof import prove
from gateway.core.model.money import x12_amount
from gateway.core.store.cash_tables import day_closings, deposit_papers, money_lines
from gateway.core.store.tables import claim_lines, claim_payments, deposits, remittances, work_items

from ..cash.banks import Credit, make_bai2
from ..papers import PDF
from ..posting.made import Cas, Clp, Era, money
from ..posting.waiting import a_payment_that_waits
from ..web import running
from . import money_desk as desk
from .conftest import Browser, Office
from .test_pages import EVIL

pytestmark = pytest.mark.asyncio(loop_scope="module")
DAY = dt.date(2026, 11, 18)


async def waiting(office: Office, seed: int, trace: str) -> tuple[Any, Any]:
    """A claim, and a payment for it under a number that we do not know."""
    row = await desk.sent_claim(office, seed)
    clp = await desk.paid(office, row, f"THEIRS-{seed}", by_name=False)
    (remittance,) = await desk.remitted(office, Era([clp], trace=trace), name=f"{trace}.835")
    (payment,) = await desk.payments_of(office, remittance.id)
    assert payment.state == "exception"
    return row, payment


async def line(office: Office, dollars: str, trace: str, day: dt.date = DAY) -> int:
    """A line of the bank that nothing announces; its number."""
    await desk.at_bank(office, Credit(dollars, trace=trace, bank=trace), day=day, name=f"{trace}.bai")
    (row,) = await office.rows(money_lines, money_lines.c.trace_number == trace)
    return int(row.id)


async def expected(office: Office, dollars: str, trace: str) -> int:
    """A deposit that a remittance announces; its number."""
    clp = Clp("NOBODY", charge=dollars, paid=dollars)
    await desk.remitted(office, Era([clp], trace=trace), name=f"{trace}.835")
    (row,) = await office.rows(deposits, deposits.c.trace_number == trace)
    return int(row.id)


async def upload(browser: Browser, path: str, data: bytes, name: str, **fields: str) -> tuple[int, str]:
    form = aiohttp.FormData()
    for key, value in {"csrf": browser.csrf, **fields}.items():
        form.add_field(key, value)
    form.add_field("file", data, filename=name, content_type="application/octet-stream")
    async with browser.http.post(path, data=form) as answer:
        return answer.status, await answer.text()


# --- who -------------------------------------------------------------------------------------------


async def test_who_may_not_post_looks_and_changes_nothing(office: Office) -> None:
    remittance_id, payment_id = await office.gateway.write(a_payment_that_waits, "ROLES-1")
    paths = (
        *(f"exceptions/{payment_id}/{verb}" for verb in ("assign", "again", "set-aside", "take-back", "claim")),
        *(f"exceptions/remittances/{remittance_id}/{verb}" for verb in ("accept", "dismiss")),
        *("exceptions/again", "deposits/match", "deposits/keyed", "deposits/bank-file", "days/proof"),
        *("deposits/1/match", "deposits/1/unmatch", "deposits/1/explain", "deposits/1/take", "deposits/1/papers"),
        *("days/2026-11-18/close", "days/2026-11-18/reopen"),
    )
    async with office.signed_in("biller") as browser:
        for path in paths:
            status, page = await browser.post(f"/console/{path}", reason="because")
            assert (status, "Not for your role" in page) == (403, True), path
        status, page = await browser.get(f"/console/exceptions/{payment_id}")
        assert (status, "Post it to this claim" in page, "you may look at it" in page) == (200, False, True)
    async with office.signed_in("poster") as browser:
        assert (await browser.post("/console/days/2026-11-18/reopen", reason="because"))[0] == 403
    (same,) = await office.rows(claim_payments, claim_payments.c.id == payment_id)
    assert same.state == "exception"


async def test_another_teams_payments_and_deposits_are_not_touched(office: Office) -> None:
    _, payment = await waiting(office, 8401, "TEAM1")
    number = await line(office, "11.00", "TEAMLINE")
    await office.user("denier", "poster", "denials")
    async with office.signed_in("denier") as browser:
        for path in (
            *(f"exceptions/{payment.id}/set-aside", "deposits/match", f"deposits/{number}/explain"),
            *("days/2026-11-18/close", "deposits/keyed"),
        ):
            status, page = await browser.post(f"/console/{path}", reason="because", purpose="other")
            assert (status, "Another team" in page) == (403, True), path
        form = [("csrf", browser.csrf), ("ids", str(payment.id)), ("reason", "because")]
        async with browser.http.post("/console/exceptions/again", data=form) as answer:
            assert answer.status == 403
    (same,) = await office.rows(money_lines, money_lines.c.id == number)
    assert same.state == "unidentified"


# --- exceptions ------------------------------------------------------------------------------------


async def test_what_cannot_be_done_about_a_payment_is_told_and_nothing_happens(office: Office) -> None:
    row, payment = await waiting(office, 8402, "WRONG1")
    at = f"/console/exceptions/{payment.id}"
    async with office.signed_in("poster") as browser:
        for path, fields, words in (
            (f"{at}/assign", {"reason": "x"}, "Which claim?"),
            (f"{at}/assign", {"claim_id": "99999999", "reason": "x"}, "There is no claim 99999999"),
            (f"{at}/assign", {"claim_id": str(row.id), "reason": ""}, "who asks for it, and why"),
            (f"{at}/assign", {"claim_id": str(row.id), "line1": "77", "reason": "x"}, "has no line 77"),
            (f"{at}/set-aside", {"reason": " "}, "who asks for it, and why"),
            (f"{at}/take-back", {"reason": ""}, "who asks for it, and why"),
            ("/console/exceptions/again", {"reason": "x"}, "Nothing is ticked"),
            ("/console/exceptions/99999999/again", {"reason": "x"}, "No such payment"),
            ("/console/exceptions/remittances/99999999/accept", {"reason": "x"}, "No such remittance"),
        ):
            _, page = await browser.post(path, **fields)
            assert words in page, (path, fields)
        for nothing in ("?id=²", "?claim=²"):
            assert (await browser.get(f"{at}{nothing}"))[0] == 200
        _, page = await browser.get(f"{at}?claim=NO-SUCH-CLAIM")
        assert "No claim has that number" in page
        assert (await browser.get(f"{at}?id=99999999"))[0] == 404
    (same,) = await office.rows(claim_payments, claim_payments.c.id == payment.id)
    assert (same.state, same.claim_id) == ("exception", None)


async def test_a_payment_is_held_beside_a_claim_and_posted_to_it(office: Office) -> None:
    row, payment = await waiting(office, 8403, "POSTED1")
    async with office.signed_in("poster") as browser:
        _, page = await browser.get("/console/exceptions?rule=no-claim")
        assert f"/console/exceptions/{payment.id}" in page
        status, page = await browser.get(f"/console/exceptions/{payment.id}?claim={row.source_claim_number}")
        assert (status, "Post it to this claim" in page, "CO-45" in page) == (200, True, True)
        assert f'name="claim_id" value="{row.id}"' in page
        status, page = await browser.post(
            f"/console/exceptions/{payment.id}/assign", claim_id=str(row.id), reason="The payer read us the name."
        )
    assert status == 200
    (now,) = await office.rows(claim_payments, claim_payments.c.id == payment.id)
    assert (now.state, now.claim_id) == ("posted", row.id)
    assert "Posted" in page
    assert (await office.gateway.read(prove)).ok


async def test_a_payment_is_set_aside_listed_there_and_taken_back(office: Office) -> None:
    _, payment = await waiting(office, 8404, "ASIDE1")
    at = f"/console/exceptions/{payment.id}"
    async with office.signed_in("poster") as browser:
        _, page = await browser.post(f"{at}/set-aside", reason="Another office's claim.")
        assert "set aside, not applied to any claim" in page
        _, page = await browser.post(f"{at}/set-aside", reason="Again.")
        assert "It is set aside already." in page
        assert at in (await browser.get("/console/exceptions?aside=true"))[1]
        assert (await office.gateway.read(prove)).ok
        _, page = await browser.post(f"{at}/take-back", reason="It is ours after all.")
        assert "wait again" in page
        assert at not in (await browser.get("/console/exceptions?aside=true"))[1]
    assert (await office.gateway.read(prove)).ok


async def test_several_are_posted_again_at_once_and_it_is_told_what_came_of_them(office: Office) -> None:
    found = [(await waiting(office, seed, f"MANY{seed}"))[1] for seed in (8405, 8406)]
    async with office.signed_in("poster") as browser:
        form = [("csrf", browser.csrf), ("reason", "The table was mended."), *(("ids", str(one.id)) for one in found)]
        async with browser.http.post("/console/exceptions/again", data=form) as answer:
            page = await answer.text()
    assert "Asked for 2." in page
    assert f"Payment {found[0].id}:" in page
    assert "under way" not in page


async def test_payments_are_taken_and_given_back_one_by_one_and_together(office: Office) -> None:
    found = [(await waiting(office, seed, f"TAKE{seed}"))[1] for seed in (8413, 8415)]
    keys = [f"payment:{one.id}" for one in found]
    bare = await office.gateway.write(a_payment_that_waits, "NO-ITEM")
    await office.user("second", "poster")
    async with office.signed_in("poster") as browser, office.signed_in("second") as other:
        _, page = await browser.post(f"/console/exceptions/{found[0].id}/claim")
        assert "It is yours." in page
        _, page = await other.post(f"/console/exceptions/{found[0].id}/claim")
        assert "poster" in page
        assert "It is yours." not in page
        _, page = await browser.post(f"/console/exceptions/{bare[1]}/claim")
        assert "it has no work item" in page
        form = [("csrf", other.csrf), ("verb", "claim"), *(("ids", str(one.id)) for one in found)]
        async with other.http.post("/console/exceptions/again", data=form) as answer:
            assert "Done for 1." in await answer.text()
        items = await office.rows(work_items, work_items.c.key.in_(keys))
        assert {one.key: one.assignee for one in items} == {keys[0]: "poster", keys[1]: "second"}
        _, page = await browser.post(f"/console/exceptions/{found[0].id}/release")
        assert "Take it" in page


async def test_a_remittance_that_does_not_add_up_is_dismissed_once_and_never_posted(office: Office) -> None:
    row = await desk.sent_claim(office, 8407)
    era = Era([await desk.paid(office, row, row.claim_number)], total="4321", trace="WHOLE1")
    (remittance,) = await desk.remitted(office, era, name="whole.835")
    at = f"/console/exceptions/remittances/{remittance.id}"
    async with office.signed_in("poster") as browser:
        _, page = await browser.get("/console/exceptions")
        assert at in page
        _, page = await browser.get(at)
        assert "does not add up" in page
        assert "Post this one too" not in page
        _, page = await browser.post(f"{at}/accept", reason="x")
        assert "never posted" in page
        _, page = await browser.post(f"{at}/dismiss", reason="The payer sends it anew.")
        assert "nothing of it is posted" in page
        _, page = await browser.post(f"{at}/dismiss", reason="Again.")
        assert "dismissed already" in page
    (now,) = await office.rows(remittances, remittances.c.id == remittance.id)
    assert now.state == "dismissed"


async def test_two_that_pay_the_same_money_stand_side_by_side(office: Office) -> None:
    row = await desk.sent_claim(office, 8408)
    one = await desk.paid(office, row, row.claim_number)
    (first,) = await desk.remitted(office, Era([one], trace="SAME1"), name="same-1.835")
    (second,) = await desk.remitted(office, Era([one._replace(last="SPELT")], trace="SAME1"), name="same-2.835")
    assert second.state == "review"
    async with office.signed_in("poster") as browser:
        _, page = await browser.get(f"/console/exceptions/remittances/{second.id}")
        assert f'/console/exceptions/remittances/{first.id}"' in page
        _, page = await browser.post(f"/console/exceptions/remittances/{second.id}/accept", reason="Two checks.")
        assert "It is being posted." in page

    async def posted() -> Any:
        (now,) = await office.rows(remittances, remittances.c.id == second.id)
        return now.state not in ("review", "posting")

    await running.until(posted, "the second is posted too")


# --- deposits --------------------------------------------------------------------------------------


async def test_what_cannot_be_matched_is_told_with_what_is_missing(office: Office) -> None:
    number, other = await line(office, "30.00", "APART1"), await expected(office, "29.00", "APART2")
    async with office.signed_in("poster") as browser:
        for path, fields, words in (
            ("deposits/match", {}, "Choose one line of money"),
            ("deposits/match", {"line": str(number)}, "Choose one line of money"),
            ("deposits/match", {"line": str(number), "deposit": "seven"}, "That is no number"),
            ("deposits/match", {"line": str(number), "deposit": "99999999"}, "There is no deposit 99999999"),
            ("deposits/match", {"line": str(number), "deposit": str(other)}, "$1.00 apart"),
            (f"deposits/{number}/explain", {"purpose": "gift", "reason": "x"}, "no purpose"),
            (f"deposits/{number}/explain", {"purpose": "other", "reason": ""}, "and why"),
            (f"deposits/{number}/unmatch", {"reason": "x"}, "is not matched"),
            (f"deposits/{number}/take", {"reason": "x"}, "counts already"),
            ("deposits/keyed", {"amount0": ""}, "Nothing is on it"),
            ("deposits/keyed", {"amount0": "much", "method0": "check"}, "amount"),
            ("deposits/keyed", {"amount0": "-5", "method0": "check"}, "has no amount"),
        ):
            _, page = await browser.post(f"/console/{path}", **fields)
            assert words in page, (path, fields)
        for path in ("deposits?state=lost", "deposits?amount=much", "deposits?from=soon", "deposits?from=²"):
            status, page = await browser.get(f"/console/{path}")
            assert (status, "cannot be used" in page) == (422, True), path
        assert (await browser.get("/console/deposits/99999999"))[0] == 404
    (same,) = await office.rows(money_lines, money_lines.c.id == number)
    assert same.state == "unidentified"


async def test_a_line_is_split_over_two_deposits_and_the_match_taken_back(office: Office) -> None:
    first, second = await expected(office, "12.00", "SPLIT1"), await expected(office, "8.00", "SPLIT2")
    number = await line(office, "20.50", "SPLIT3")
    at = f"/console/deposits/{number}"
    async with office.signed_in("poster") as browser:
        _, page = await browser.get(at)
        assert f'value="{first}"' in page, "the same payer is a candidate"
        form = [
            *(("csrf", browser.csrf), ("line", str(number)), ("deposit", str(first)), ("deposit", f"{second}")),
            ("difference", "The bank added interest."),
        ]
        async with browser.http.post(f"{at}/match", data=form) as answer:
            page = await answer.text()
        assert f"Line {number} is deposit {first}, {second}." in page
        assert "The bank added interest." in page
        assert (await office.gateway.read(prove)).ok
        _, page = await browser.post(f"{at}/unmatch", reason="Not these.")
        assert "The match is taken back." in page
        assert "Not these." in page
    (now,) = await office.rows(money_lines, money_lines.c.id == number)
    assert now.state == "unidentified"
    assert (await office.gateway.read(prove)).ok


async def test_a_banks_file_is_taken_once_and_one_that_is_off_not_at_all(office: Office) -> None:
    good = make_bai2(Credit("44.10", trace="UPLOAD1", bank="UP1"), date=f"{DAY:%y%m%d}")
    off = make_bai2(Credit("44.10", trace="UPLOAD2", bank="UP2"), date=f"{DAY:%y%m%d}", off=1)
    to = "/console/deposits/bank-file"
    async with office.signed_in("poster") as browser:
        _, page = await upload(browser, to, off, "off.bai", bank="bank")
        assert "Nothing was taken" in page
        assert not await office.rows(money_lines, money_lines.c.trace_number == "UPLOAD2")
        assert (await upload(browser, to, good, "a.bai", bank="another"))[0] == 422
        assert (await upload(browser, to, b"", "a.bai", bank="bank"))[0] == 422
        status, page = await upload(browser, to, good, "a.bai", csrf="wrong", bank="bank")
        assert (status, "Try again" in page) == (403, True)
        _, page = await upload(browser, to, good, "a.bai", bank="bank")
        assert "Taken: 1 new of $44.10" in page
        _, page = await upload(browser, to, good, "b.bai", bank="bank")
        assert "came before" in page
    assert len(await office.rows(money_lines, money_lines.c.trace_number == "UPLOAD1")) == 1


async def test_checks_are_keyed_named_and_have_a_paper(office: Office) -> None:
    async with office.signed_in("poster") as browser:
        fields = {"slip": "S-9", "method0": "check", "amount0": "$1,080.00", "date0": "2026-11-18", "number0": "C-441"}
        _, page = await browser.post("/console/deposits/keyed", **fields, payer0="NORTHBRIDGE")
        assert "1 keyed, 0 matched." in page
        _, page = await browser.post("/console/deposits/keyed", **fields, payer0="NORTHBRIDGE")
        assert "was keyed before" in page
        (row,) = await office.rows(money_lines, money_lines.c.trace_number == "C-441")
        assert (row.cents, row.origin) == (108000, "hand")
        at = f"/console/deposits/{row.id}"
        _, page = await upload(browser, f"{at}/papers", b"not a paper", "x.pdf", kind="check")
        assert "The paper is kept" not in page
        _, page = await upload(browser, f"{at}/papers", PDF, "check.pdf", kind="check")
        assert "The paper is kept." in page
        (paper,) = await office.rows(deposit_papers, deposit_papers.c.of_id == row.id)
        async with browser.http.get(f"/console/deposits/papers/{paper.id}") as answer:
            assert (answer.status, await answer.read()) == (200, PDF)
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        _, page = await browser.post(f"{at}/explain", purpose="patient", reason="Rent of a walker.")
        assert "It is noted what the money is for." in page
        _, page = await browser.get(f"/console/deposits/{row.deposit_id}")
        assert f"{at}" in page
    assert (await office.gateway.read(prove)).ok


async def test_a_paper_that_does_not_add_up_is_told_with_what_was_typed_and_a_right_one_posts_once(
    office: Office,
) -> None:
    row = await desk.sent_claim(office, 8411)
    (first, *_) = await office.rows(claim_lines, claim_lines.c.claim_id == row.id)
    paper = {
        "payer": "PAPER PAYER",
        "payer_id": "90101",
        "number": "P-1",
        "amount": "$10.00",
        "date": "2026-11-18",
        "claim_number1": row.claim_number,
        "code1": first.code,
        "date1": first.from_date.isoformat(),
        "charge1": x12_amount(first.charge_cents),
        "paid1": "10.00",
        "partner": "practice",
        "rows": "2",
    }
    to = "/console/deposits/eob"
    async with office.signed_in("biller") as browser:
        assert (await browser.post(to, **paper))[0] == 403
    async with office.signed_in("poster") as browser:
        _, page = await browser.post(to, **paper)
        assert "Nothing was keyed." in page
        assert 'value="PAPER PAYER"' in page
        _, page = await browser.post(to, **paper | {"adjustments1": "nonsense"})
        assert "Line 1: adjustments look like" in page
        right = paper | {"adjustments1": f"CO-45 {x12_amount(first.charge_cents - 1000)}"}
        _, page = await browser.post(to, **right)
        assert "It is keyed, and posts like every other remittance." in page
        _, page = await browser.post(to, **right)
        assert "The same was keyed before" in page
        assert "Claim, line 60" in (await browser.get(f"{to}?rows=999"))[1]

    async def expected_now() -> Any:
        return await office.rows(deposits, deposits.c.trace_number == "P-1")

    (deposit,) = await running.until(expected_now, "its check is expected")
    assert (deposit.cents, deposit.method) == (1000, "check")


async def test_what_a_patient_paid_is_posted_to_what_they_owe_and_taken_back(office: Office) -> None:
    row = await desk.sent_claim(office, 8412)
    clp = await desk.paid(office, row, row.claim_number)
    shared = [one._replace(cas=[Cas("PR", "2", one.cas[0].amount)]) for one in clp.services]
    await desk.remitted(office, Era([clp._replace(services=shared)], trace="COPAY1"), name="copay.835")
    owed = (await office.gateway.read(claim_balances, [row.id]))[row.id]
    assert owed > 0
    number = await line(office, str(money(owed + 100)), "COPAY2")
    to = f"/console/deposits/{number}/patient"
    async with office.signed_in("poster") as browser:
        _, page = await browser.get(f"/console/deposits/{number}")
        assert "A patient paid it" in page
        for fields, words in (
            ({"claims": "", "reason": "x"}, "Say for which claim"),
            ({"claims": "NO-SUCH", "reason": "x"}, "No claim has the number NO-SUCH"),
            ({"claims": row.claim_number, "reason": ""}, "and why"),
        ):
            assert words in (await browser.post(to, **fields))[1], fields
        _, page = await browser.post(to, claims=row.claim_number, how="oldest", reason="Card at the counter.")
        assert f"posted to claim {row.id}." in page
        assert "$1.00 is left that nobody owes" in page
        assert (await office.gateway.read(claim_balances, [row.id]))[row.id] == 0
        assert (await office.gateway.read(prove)).ok
        _, page = await browser.post(f"/console/deposits/{number}/unmatch", reason="Another patient's.")
        assert "The match is taken back." in page
    assert (await office.gateway.read(claim_balances, [row.id]))[row.id] == owed
    assert (await office.gateway.read(prove)).ok


async def test_lists_are_filtered_paged_and_sent_as_files(office: Office) -> None:
    number = await line(office, "3.21", "LIST1")
    await office.gateway.write(
        lambda sql: sql.execute(update(money_lines).where(money_lines.c.id == number).values(payer="=HYPERLINK(1)"))
    )
    async with office.signed_in("viewer") as browser:
        _, page = await browser.get("/console/deposits?number=LIST1&amount=$3.21&state=unidentified&kind=bank")
        assert f'data-href="/console/deposits/{number}"' in page
        _, page = await browser.get(f"/console/deposits?below={number}", headers={"HX-Request": "true"})
        assert f'data-href="/console/deposits/{number}"' not in page
        assert "<html" not in page
        _, text = await browser.get("/console/deposits.csv?number=LIST1")
        (row,) = csv.DictReader(io.StringIO(text))
        assert (row["dollars"], row["payer"]) == ("3.21", "'=HYPERLINK(1)")
        _, page = await browser.get("/console/deposits/itemised?from=2026-11-18&to=2026-11-18")
        assert "$3.21" in page
        _, text = await browser.get("/console/deposits/itemised.csv?from=2026-11-18&to=2026-11-18")
        assert "3.21" in {row["dollars"] for row in csv.DictReader(io.StringIO(text))}
        assert "Choose other days" in (await browser.get("/console/deposits/itemised?to=2020-01-31"))[1]
        assert (await browser.get("/console/deposits/itemised?from=soon"))[0] == 422
        _, text = await browser.get("/console/exceptions.csv")
        rows = list(csv.DictReader(io.StringIO(text)))
        open_ones = await office.rows(claim_payments, claim_payments.c.state == "exception")
        assert {row["id"] for row in rows if row["kind"] == "payment"} == {str(one.id) for one in open_ones}
        _, page = await browser.get("/console/exceptions?skip=100000", headers={"HX-Request": "true"})
        assert "data-href" not in page


# --- the day ---------------------------------------------------------------------------------------


async def test_a_day_closes_with_a_reason_lets_nothing_in_and_is_reopened_by_a_manager(office: Office) -> None:
    day = dt.date(2026, 11, 12)
    number = await line(office, "9.00", "DAY1", day)
    at = f"/console/days/{day}"
    async with office.signed_in("poster") as browser:
        _, page = await browser.get("/console/days")
        assert at in page
        _, page = await browser.get(at)
        assert f"/console/deposits/{number}" in page
        _, page = await browser.post(f"{at}/close", reason="")
        assert "has a variance" in page
        _, page = await browser.post("/console/days/2099-01-05/close", reason="x")
        assert "still to come" in page
        _, page = await browser.post(f"{at}/close", reason="The payer looks for it.")
        assert "11/12/2026 is closed at $9.00." in page
        _, page = await browser.post(f"{at}/close", reason="Again.")
        assert "is closed already" in page
        late = await line(office, "4.00", "DAY2", day)
        (row,) = await office.rows(money_lines, money_lines.c.id == late)
        assert row.counts_on > day
        _, text = await browser.get("/console/days.csv")
        closed = {row["day"]: row for row in csv.DictReader(io.StringIO(text))}
        assert (closed["2026-11-12"]["variance"], closed["2026-11-12"]["who"]) == ("9.00", "poster")
    async with office.signed_in("manager") as browser:
        _, page = await browser.post(f"{at}/reopen", reason="")
        assert "and why" in page
        _, page = await browser.post(f"{at}/reopen", reason="A check was late.")
        assert "11/12/2026 is open again." in page
        assert "A check was late." in page
    (row,) = await office.rows(day_closings, day_closings.c.day == day)
    assert (row.reopened_by, row.variance_cents) == ("manager", 900)


async def test_no_such_day_is_told_in_words(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        for path in ("/console/days/2026-02-31", "/console/days/1", "/console/days/2026-13-01"):
            status, page = await browser.get(path)
            assert (status, "No such day" in page) == (404, True), path
        assert (await browser.get("/console/days/go?date=soon"))[0] == 404
        async with browser.http.get("/console/days/go?date=2026-11-02") as answer:
            assert answer.url.path == "/console/days/2026-11-02"


async def test_the_ledger_is_proved_on_demand(office: Office) -> None:
    async with office.signed_in("poster") as browser:
        await browser.post("/console/days/proof")

        async def told() -> Any:
            _, page = await browser.get("/console/days/proof")
            return page if "being proved" not in page else ""

        page = await running.until(told, "the proof ends")
    assert "The ledger proves:" in page
    assert "asked for by poster" in page


# --- what came from outside ------------------------------------------------------------------------


async def test_what_payers_banks_and_people_wrote_is_text_on_every_money_page(office: Office) -> None:
    _, payment = await waiting(office, 8409, "EVIL1")
    number, deposit = await line(office, "6.66", "EVIL2"), await expected(office, "6.66", "EVIL3")
    (item,) = await office.rows(work_items, work_items.c.key == f"payment:{payment.id}")

    def spoil(connection: Any) -> None:
        short = EVIL[:80]
        for statement in (
            update(claim_payments).where(claim_payments.c.id == payment.id).values(reason=EVIL, claim_number=EVIL[:38]),
            update(remittances).where(remittances.c.id == payment.remittance_id).values(payer_name=short, reason=EVIL),
            update(work_items).where(work_items.c.id == item.id).values(assignee=EVIL[:40], rule=EVIL[:40]),
            update(money_lines).where(money_lines.c.id == number).values(payer=short, told=EVIL),
            update(deposits).where(deposits.c.id == deposit).values(payer_name=short),
        ):
            connection.execute(statement)

    await office.gateway.write(spoil)
    async with office.signed_in("poster") as browser:
        await browser.post(f"/console/deposits/{number}/explain", purpose="other", reason=EVIL)
        for path in (
            *("exceptions", f"exceptions/{payment.id}", f"exceptions/remittances/{payment.remittance_id}"),
            *(f"exceptions?payer={EVIL}", f"exceptions/{payment.id}?claim={EVIL}", "deposits", f"deposits/{number}"),
            *(f"deposits/{deposit}", f"deposits?payer={EVIL}", "days", f"days/{DAY}"),
        ):
            status, page = await browser.get(f"/console/{path}")
            assert status == 200, path
            assert "<script>alert" not in page, path
            assert "<img src=x" not in page, path


async def test_items_lead_to_where_they_are_worked(office: Office) -> None:
    _, payment = await waiting(office, 8410, "ITEM1")
    (item,) = await office.rows(work_items, work_items.c.key == f"payment:{payment.id}")
    async with office.signed_in("poster") as browser:
        _, page = await browser.get(f"/console/items/{item.id}")
    assert f'href="/console/exceptions/{payment.id}"' in page
