"""What people do about denials: letters, appeals by level, write-offs that nobody does alone, the patient's share."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import insert, select

from gateway.core.flow import denial_claims, denial_list, denial_money
from gateway.core.flow.again import CannotBeDone
from gateway.core.flow.denial_acts import Asked, Done
from gateway.core.ledger.balances import claim_balances
from gateway.core.store import tables
from gateway.core.store.archive import record
from gateway.core.store.denial_tables import denial_cases, write_offs

from .conftest import Desk, Line
from .made import Cas, Clp, Era, Svc

APPROVERS = """\
key: [who]
source: house
rows:
  - {who: maria, most: "150.00"}
  - {who: jo, most: "5.00"}
"""
RULES = """\
key: [rule]
source: house
rows:
  - {rule: small, most: "10.00", categories: "", reasons: "", way: ""}
  - {rule: late, most: "500.00", categories: TIMELY_FILING, reasons: "29", way: none}
"""
TODAY = dt.date(2026, 9, 16)


class Worked:
    """A desk whose denials are worked."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.route_steps = "[denials]"
        desk.filing_code = "MB"
        self.claim = 0

    def deny(
        self, *remarks: str, reason: str = "50", group: str = "CO", modifiers: tuple[str, ...] = (), amount: str = "150"
    ) -> int:
        """A claim of one line that is denied; returns the denial's id."""
        number = f"SW{len(self.desk.denials()) + 1}"
        self.claim = self.desk.claim(number, Line("E1390", amount, "L1", modifiers=modifiers))
        service = Svc("E1390", amount, "0", (Cas(group, reason, amount),), ref="L1", remarks=remarks)
        self.desk.post(Era([Clp(number, [service], payer_number="ICN77")], trace=number, handling="H"))
        return int(self.desk.denials()[-1].id)

    def asked(self, who: str = "pat", why: str = "the chart shows it") -> Asked:
        config = self.desk.config()
        (config.root / "tables" / "write_off_approvers.yaml").write_text(APPROVERS)
        (config.root / "tables" / "write_off_rules.yaml").write_text(RULES)
        from gateway.config import load

        found = load(config.root, secrets=False)
        return Asked.at(found, who, why, self.desk.clock.now())  # type: ignore[arg-type]

    def do(
        self, verb: Any, denial_id: int, *args: Any, who: str = "pat", why: str = "the chart shows it", **more: Any
    ) -> Any:
        asked = self.asked(who, why)
        first = (self.desk.archive,) if verb.__name__ in ("appeal", "reopen", "correct") else ()
        with self.desk.sql.begin() as connection:
            return verb(connection, *first, denial_id, asked, *args, **more)

    def case(self, denial_id: int) -> Any:
        with self.desk.sql.connect() as connection:
            return connection.execute(select(denial_cases).where(denial_cases.c.denial_id == denial_id)).one()

    def told(self, denial_id: int) -> denial_list.Told:
        with self.desk.sql.connect() as connection:
            found = denial_list.one(connection, denial_id, TODAY)
        assert found is not None
        return found

    def letter(self, done: Done) -> PdfReader:
        with self.desk.sql.connect() as connection:
            found = denial_list.letter(connection, done.act_id)
        assert found is not None
        return PdfReader(io.BytesIO(self.desk.archive.read(found.sha256)))

    def document(self, data: bytes, media_type: str, patient_id: int = 0) -> int:
        stored = self.desk.archive.put(data)
        number = len(self.desk.rows(tables.documents)) + 1
        with self.desk.sql.begin() as connection:
            record(connection, stored, "document", self.desk.clock.now())
            connection.execute(
                insert(tables.documents).values(
                    id=number, patient_id=patient_id or self.claim, claim_id=self.claim, source="by hand",
                    key=str(number), kind="proof_of_delivery", name="pod.pdf", media_type=media_type,
                    sha256=stored.sha256, size=stored.size, dated=dt.date(2026, 9, 1), added_by="pat",
                    created_at=self.desk.clock.now(),
                )
            )  # fmt: skip
        return number

    def balance(self) -> int:
        with self.desk.sql.connect() as connection:
            return claim_balances(connection, [self.claim])[self.claim]


@pytest.fixture
def worked(desk: Desk) -> Worked:
    return Worked(desk)


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, kind)
    return out.getvalue()


# --- letters ---------------------------------------------------------------------------------------


def test_an_appeal_is_a_letter_with_the_facts_and_the_documents_behind_it(worked: Worked) -> None:
    one = worked.deny()
    done = worked.do(denial_claims.appeal, one, why="The sleep study of March shows an AHI of 31.")
    assert done.new
    text = worked.letter(done).pages[0].extract_text()
    for fact in ("ICN77", "SW1", "E1390", "$150.00", "CO-50", "09/15/2026", "AHI of 31", "redetermination", "(none)"):
        assert fact in text, fact
    assert "not medically necessary by the payer's rules" in " ".join(text.split())
    two = worked.deny()
    other = worked.document(picture("TIFF"), "image/tiff")
    whole = worked.letter(worked.do(denial_claims.appeal, two, [other]))
    assert len(whole.pages) == 2
    assert "proof of delivery of 09/01/2026 (pod.pdf)" in whole.pages[0].extract_text()


def test_an_appeal_rests_until_the_payer_decides_and_is_sent_once(worked: Worked) -> None:
    one = worked.deny()
    first = worked.do(denial_claims.appeal, one)
    again = worked.do(denial_claims.appeal, one)
    assert (again.new, again.act_id) == (False, first.act_id)
    (item,) = worked.desk.items("denial")
    assert item.follow_up == TODAY + dt.timedelta(days=60)
    assert (worked.case(one).status, worked.case(one).level) == ("appealed", 1)
    assert worked.desk.told("claim", worked.claim)[-1].startswith(
        f"denial: Denial {one} (CO-50, line 1): Appealed, level 1"
    )


def test_a_lost_appeal_has_the_next_level_counted_from_its_decision(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_claims.appeal, one)
    worked.desk.clock.at = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
    worked.do(denial_claims.decided, one, dt.date(2026, 11, 18), won=False)
    case = worked.case(one)
    assert (case.status, case.level, case.appeal_by) == ("new", 1, dt.date(2026, 11, 18) + dt.timedelta(days=180))
    assert worked.desk.items("denial")[0].appeal_by == case.appeal_by
    assert "level 2 (reconsideration)" in worked.do(denial_claims.appeal, one).what


def test_a_hearing_needs_enough_at_stake(worked: Worked) -> None:
    one = worked.deny()
    with worked.desk.sql.begin() as connection:
        connection.execute(denial_cases.update().values(level=2))
    with pytest.raises(CannotBeDone, match=r"at least \$200\.00"):
        worked.do(denial_claims.appeal, one)


@pytest.mark.parametrize(
    ("remarks", "reason", "why"),
    [(("N265", "MA130"), "16", "MA130"), (("N211",), "29", "too late"), ((), "29", "too late")],
)
def test_what_the_payer_does_not_hear_is_not_appealed(
    worked: Worked, remarks: tuple[str, ...], reason: str, why: str
) -> None:
    one = worked.deny(*remarks, reason=reason)
    for verb in (denial_claims.appeal, denial_claims.reopen):
        with pytest.raises(CannotBeDone, match=why):
            worked.do(verb, one)
    assert worked.told(one).acts == []


def test_after_the_time_a_good_cause_must_be_named(worked: Worked) -> None:
    one = worked.deny()
    worked.desk.clock.at = dt.datetime(2027, 1, 19, 17, tzinfo=dt.UTC)  # 120 days and 5 after 09/15/2026: 01/18/2027
    with pytest.raises(CannotBeDone, match="over on 01/18/2027"):
        worked.do(denial_claims.appeal, one)
    assert worked.do(denial_claims.appeal, one, good_cause=True).new


def test_a_reopening_is_a_letter_too(worked: Worked) -> None:
    one = worked.deny("N519", reason="4")
    done = worked.do(denial_claims.reopen, one, why="The modifier is RR, not NU.")
    assert "RR, not NU" in worked.letter(done).pages[0].extract_text()
    assert worked.case(one).status == "reopening"


@pytest.mark.parametrize("data", [b"%PDF-1.4 nothing in it %%EOF", b"%PDF-"])
def test_a_paper_that_cannot_be_read_stops_the_letter(worked: Worked, data: bytes) -> None:
    one = worked.deny()
    paper = worked.document(data, "application/pdf")
    with pytest.raises(CannotBeDone, match="attach it by hand"):
        worked.do(denial_claims.appeal, one, [paper])
    assert worked.case(one).status == "new"


def test_another_patients_paper_is_not_sent(worked: Worked) -> None:
    worked.deny()
    first = worked.claim
    one = worked.deny()
    paper = worked.document(picture("PNG"), "image/png", patient_id=first)
    with pytest.raises(CannotBeDone, match="not one of this patient"):
        worked.do(denial_claims.appeal, one, [paper])


def test_a_template_of_the_house_goes_before_the_shipped_one(worked: Worked) -> None:
    one = worked.deny()
    folder = worked.asked().config.root / "letters"
    folder.mkdir(exist_ok=True)
    (folder / "appeal-90101.txt").write_text("To $payer about $item: $nothing")
    with pytest.raises(CannotBeDone, match=r"names \$nothing"):
        worked.do(denial_claims.appeal, one)
    (folder / "appeal-90101.txt").write_text("About $item, from our own house. <b> & so on, $$5")
    assert (
        "from our own house. <b> & so on, $5"
        in worked.letter(worked.do(denial_claims.appeal, one)).pages[0].extract_text()
    )


# --- money -----------------------------------------------------------------------------------------


def test_a_write_off_needs_who_and_why(worked: Worked) -> None:
    worked.deny()
    for who, why in (("", "x"), ("pat", " ")):
        with pytest.raises(CannotBeDone, match="who asks for it, and why"):
            worked.asked(who, why)


def test_who_may_not_only_asks_and_somebody_who_may_approves(worked: Worked) -> None:
    one = worked.deny()
    assert "waits for somebody" in worked.do(denial_money.write_off, one).what
    assert worked.balance() == 15000
    (item,) = worked.desk.items("write_off_request")
    assert (item.team, item.cents) == ("management", 15000)
    with pytest.raises(CannotBeDone, match="waits for approval"):
        worked.do(denial_money.write_off, one)
    for nobody in ("pat", "jo"):
        with pytest.raises(CannotBeDone, match="may not approve"):
            worked.do(denial_money.approve, one, who=nobody)
    done = worked.do(denial_money.approve, one, who="maria", why="not worth it")
    assert done.what == "$150.00 is written off, approved by maria, who may up to $150.00."
    assert worked.balance() == 0
    assert worked.desk.accounts("adjustment") == {"adjustment:write-off": 15000}
    assert worked.desk.state(worked.claim) == "closed"
    assert worked.desk.items() == []
    assert worked.case(one).status == "written off"
    assert not worked.do(denial_money.approve, one, who="maria").new
    assert not worked.do(denial_money.write_off, one, who="maria").new
    assert worked.balance() == 0


def test_a_refused_write_off_leaves_the_denial_to_be_worked_and_may_be_asked_again(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_money.write_off, one)
    worked.do(denial_money.refuse, one, who="maria", why="appeal it")
    assert worked.balance() == 15000
    assert [item.kind for item in worked.desk.items()] == ["denial"]
    assert worked.do(denial_money.write_off, one, who="maria").what.startswith("$150.00 is written off")
    assert [row.state for row in worked.desk.rows(write_offs)] == ["refused", "done"]


def test_more_than_somebody_may_waits_for_another(worked: Worked) -> None:
    one = worked.deny(amount="150.01")
    assert "waits" in worked.do(denial_money.write_off, one, who="maria").what
    assert worked.balance() == 15001


def test_a_named_rule_has_its_limit(worked: Worked) -> None:
    one = worked.deny()
    with pytest.raises(CannotBeDone, match=r"at most \$10\.00"):
        worked.do(denial_money.write_off, one, rule="small")
    with pytest.raises(CannotBeDone, match="TIMELY_FILING"):
        worked.do(denial_money.write_off, one, rule="late")
    with pytest.raises(CannotBeDone, match="no write-off rule 'any'"):
        worked.do(denial_money.write_off, one, rule="any")
    late = worked.deny("N211", reason="29")
    assert "under the rule late" in worked.do(denial_money.write_off, late, rule="late").what
    assert worked.balance() == 0


def test_the_patient_pays_only_what_the_payer_says_or_an_abn_covers(worked: Worked) -> None:
    one = worked.deny()
    with pytest.raises(CannotBeDone, match="no GA"):
        worked.do(denial_money.to_patient, one)
    theirs = worked.deny(reason="204", group="PR")
    worked.do(denial_money.to_patient, theirs)
    assert worked.desk.accounts("receivable:patient") == {"receivable:patient:other": 15000}
    assert worked.balance() == 15000, "it is owed by somebody else, not gone"
    signed = worked.deny(modifiers=("RR", "GA"))
    assert "ABN (GA)" in worked.do(denial_money.to_patient, signed).what
    assert not worked.do(denial_money.to_patient, signed).new
    assert worked.desk.accounts("receivable:patient") == {"receivable:patient:other": 30000}
    assert worked.case(signed).status == "patient"


def test_what_the_payer_has_decided_anew_is_no_longer_given_up(worked: Worked) -> None:
    one = worked.deny()
    paid = Svc("E1390", "150", "100", (Cas("CO", "45", "50"),), ref="L1")
    worked.desk.post(Era([Clp("SW1", [paid])], trace="LATER"))
    for verb in (denial_money.write_off, denial_money.to_patient):
        with pytest.raises(CannotBeDone, match="is over"):
            worked.do(verb, one, who="maria")


def test_a_payment_for_what_was_written_off_waits_for_a_person(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_money.write_off, one, who="maria")
    paid = Svc("E1390", "150", "100", (Cas("CO", "45", "50"),), ref="L1")
    worked.desk.post(Era([Clp("SW1", [paid])], trace="LATER"))
    assert "more than is open" in worked.desk.items("posting_exception")[0].reason


# --- the list --------------------------------------------------------------------------------------


def test_the_list_goes_by_the_date_that_costs_money_then_dollars(worked: Worked) -> None:
    small, big = worked.deny(amount="20"), worked.deny(amount="900")
    worked.desk.clock.at = dt.datetime(2027, 1, 8, 17, tzinfo=dt.UTC)
    today = dt.date(2027, 1, 8)
    with worked.desk.sql.begin() as connection:
        soon = tables.work_items.update().where(tables.work_items.c.key == f"denial:{small}")
        connection.execute(soon.values(priority_date=dt.date(2027, 1, 9), assignee="pat"))
        found = denial_list.listed(connection, denial_list.Which(), today)
        mine = denial_list.listed(connection, denial_list.Which(status="in progress"), today)
    assert [(one.id, one.bucket.value, one.status) for one in found] == [
        (small, "7", "in progress"),
        (big, "14", "new"),
    ]
    assert [one.id for one in mine] == [small]


def test_a_denial_that_is_over_is_listed_only_with_all(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_money.write_off, one, who="maria")
    with worked.desk.sql.connect() as connection:
        assert denial_list.listed(connection, denial_list.Which(), TODAY) == []
        (found,) = denial_list.listed(connection, denial_list.Which(everything=True), TODAY)
    assert (found.status, found.ended_on) == ("written off", TODAY)


# --- the claim again -------------------------------------------------------------------------------


def test_what_the_payer_could_not_process_goes_again_also_where_ma130_is_the_second_remark(worked: Worked) -> None:
    one = worked.deny("N265", "MA130", reason="16")
    again = worked.do(denial_claims.resubmit, one, why="the NPI is on file now")
    assert again.new
    assert worked.desk.state(worked.claim) == "ready"
    assert (worked.desk.denials()[0].state, worked.case(one).status) == ("resubmitted", "resubmitted")
    assert worked.desk.items("denial") == []
    assert not worked.do(denial_claims.resubmit, one).new


def test_what_the_payer_has_decided_is_not_sent_again_as_it_was(worked: Worked) -> None:
    one = worked.deny()
    with pytest.raises(CannotBeDone, match="denied as a duplicate"):
        worked.do(denial_claims.resubmit, one)


def test_a_correction_of_what_was_decided_is_a_replacement_where_the_payer_takes_one(worked: Worked) -> None:
    one = worked.deny("N519", reason="4")
    with pytest.raises(CannotBeDone, match=r"R1\.60"):
        worked.do(denial_claims.correct, one, [])
    worked.desk.filing_code = "CI"
    two = worked.deny("N519", reason="4")
    made = worked.do(denial_claims.correct, two, [])
    assert made.new
    assert "replacement enters" in made.what
    assert worked.case(two).status == "resubmitted"
    (item,) = [item for item in worked.desk.items("denial") if item.key == f"denial:{two}"]
    assert item.follow_up == TODAY + dt.timedelta(days=30)
