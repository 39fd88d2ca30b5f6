"""The kit does what its page says: a plugin is tested in three lines."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.core.model.decision import Finding
from gateway.core.model.posting import Denial, Match, WorkItemDraft
from gateway.core.x12.balance import claim_imbalances
from gateway.core.x12.claim import Claim
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import ReadPayment, RemittanceEnd, RemittanceStart, transactions
from gateway.plugins import ClaimContext, PluginSettings, RowTable, Table, Tables, hookimpl
from gateway.plugins.host import PluginRefused
from gateway.plugins.rubbish import Rubbish
from gateway.plugins.testing import (
    TODAY,
    make_claim,
    make_denial,
    make_history,
    make_line,
    make_match,
    make_open_claim,
    make_open_line,
    make_other_payer,
    make_payment,
    make_remittance,
    make_service,
    make_table,
    plugin_context,
    read_tables,
    rules,
)


class Settings(PluginSettings):
    days: int = 30


class Refills:
    """Looks at history, a table, today, and prepares something once."""

    gateway_api = 1
    made = 0

    @hookimpl
    def plugin_settings(self) -> type[Settings]:
        return Settings

    @hookimpl
    async def scrub_claim(self, claim: Claim, context: ClaimContext[Settings]) -> list[Finding]:
        assert context.prepared(_limits)["A7030"] == "1"
        too_soon = [
            line
            for line in context.history(claim)
            if line.from_date and (context.today - line.from_date).days < context.settings.days
        ]
        return [Finding(rule="REFILL", message=f"{line.code} came lately.") for line in too_soon]

    @hookimpl
    def hold_claim(self, claim: Claim) -> None:
        raise LookupError("as it is")


calls: list[Table] = []


def _limits(settings: Settings, tables: Tables) -> dict[str, str]:
    calls.append(tables["limits"])
    return {row.values["code"]: row.values["units"] for row in tables["limits"].on(TODAY)}


LIMITS = {"limits": make_table("limits", [{"code": "A7030", "units": "1", "valid_from": "2026-01-01"}])}


def test_a_plugin_is_asked_with_settings_history_and_tables() -> None:
    lately = make_history("A7030", "NU", from_date=TODAY - dt.timedelta(days=9))
    with plugin_context(Refills, {"days": "10"}, history=[lately], tables=LIMITS) as ctx:
        assert rules(ctx.scrub(make_claim(make_line("A7030", "NU")))) == ["REFILL"]
    with plugin_context(Refills, {"days": "9"}, history=[lately], tables=LIMITS) as ctx:
        assert ctx.scrub(make_claim()).passes


def test_what_is_prepared_is_prepared_once() -> None:
    calls.clear()
    with plugin_context(Refills, tables=LIMITS) as ctx:
        for _ in range(3):
            ctx.scrub(make_claim())
    assert len(calls) == 1


async def test_an_async_test_awaits() -> None:
    with plugin_context(Refills, tables=LIMITS) as ctx:
        assert (await ctx.run("scrub", make_claim())).passes


def test_what_a_plugin_raises_comes_out_as_it_is() -> None:
    with plugin_context(Refills) as ctx, pytest.raises(LookupError, match="as it is"):
        ctx.hold(make_claim())


class Forgets:
    """Keeps a row with a column that its table has not, and notes what is no text."""

    gateway_api = 1

    @hookimpl
    def plugin_tables(self) -> tuple[RowTable, ...]:
        return (RowTable("seen", {"day": dt.date}),)

    @hookimpl
    def scrub_claim(self, claim: Claim, context: ClaimContext) -> None:
        context.keep("seen", {"date": context.today})

    @hookimpl
    def hold_claim(self, claim: Claim) -> str:
        return "a text where a hold is wanted"


def test_what_a_step_keeps_and_cannot_comes_out_of_the_test() -> None:
    with plugin_context(Forgets) as ctx:
        with pytest.raises(Rubbish, match=r"a column that the table seen does not have \(it has day\)"):
            ctx.scrub(make_claim())
        assert "failed in hold" in ctx.hold(make_claim()).failure, "what it answers is told, as in the gateway"


def test_a_decision_says_what_it_is_when_a_test_fails() -> None:
    lately = make_history("A7030", "NU", from_date=TODAY - dt.timedelta(days=9))
    with plugin_context(Refills, {"days": "10"}, history=[lately], tables=LIMITS) as ctx:
        assert repr(ctx.scrub(make_claim())) == "<Decision at scrub, nothing against it>"
    with plugin_context(Forgets) as ctx:
        told = repr(ctx.hold(make_claim()))
    assert told.startswith("<Decision at hold, holds: plugin:tested, failure: 'Plugin tested failed in hold: ")


def test_a_table_says_what_it_has_where_something_else_is_asked_for() -> None:
    table = make_table("limits", [{"code": "A7030", "units": "2", "source": "the contract"}], key="code")
    row = table.find(TODAY, "A7030")
    assert row is not None
    assert row.values["units"] == "2"
    with pytest.raises(KeyError, match=r"no column 'unit' in the table limits \(it has code, units\)"):
        row.values["unit"]
    assert row.values.get("unit") is None
    assert "unit" not in row.values
    with pytest.raises(TypeError, match=r"the key of the table limits is code; find\(day, \.\.\.\) is given 2 values"):
        table.find(TODAY, "A7030", "NU")
    with pytest.raises(KeyError, match=r"there is no table 'limit' \(tables: limits\)"):
        Tables({"limits": table})["limit"]
    with pytest.raises(ValueError, match=r"row 1 of the table limits has no column 'cod' of its key \(it has code\)"):
        make_table("limits", [{"code": "A7030"}], key="cod")


def test_a_station_at_which_the_plugin_does_nothing_is_a_mistake_of_the_test() -> None:
    with plugin_context(Refills) as ctx, pytest.raises(PluginRefused, match="no confirm_claim"):
        ctx.confirm(make_claim())


def test_settings_are_checked_as_in_a_chain() -> None:
    with pytest.raises(ValidationError), plugin_context(Refills, {"dyas": "3"}):
        pass


def test_what_was_set_is_on_the_claim_afterwards() -> None:
    class Sets:
        gateway_api = 1

        @hookimpl
        def confirm_claim(self, claim: Claim) -> None:
            claim.set("CLM05-3", "7")

    with plugin_context(Sets) as ctx:
        ctx.confirm(make_claim())
        assert ctx.claim is not None
        assert ctx.claim.frequency == "7"


def test_the_claims_that_are_made_are_sound() -> None:
    claim = make_claim(
        make_line("E1390", "RR", "KX", charge="98.40", control_number="L1"),
        make_line("E0431", "RR", from_date=dt.date(2026, 1, 1), thru_date=dt.date(2026, 1, 31), charge="17.3"),
        diagnoses=("J449", "I10"),
        filing_code="MB",
        more=["REF*G1*PA100"],
    )
    assert claim.faults() == []
    assert str(claim.charge) == "115.70"
    assert [diagnosis.code for diagnosis in claim.diagnoses] == ["J449", "I10"]
    assert claim.filing_code == "MB"
    assert claim.authorization == "PA100"
    first, second = claim.lines
    assert (first.code, first.modifiers, first.control_number) == ("E1390", ("RR", "KX"), "L1")
    assert (second.dates.start, second.dates.end) == (dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    assert make_claim().faults() == []


def test_a_claim_for_a_child_after_another_payer_has_decided() -> None:
    line = make_line("E1399", "NU", description="BATH RAIL", ahead=["CR3*I*MO*1"], more=["SVD*18003*60*HC:E1399:NU**1"])
    claim = make_claim(
        line,
        relationship="19",
        providers=["NM1*DN*1*ALDERMAN*IVO****XX*1999999018"],
        other_payers=[make_other_payer("P", payer_id="18003", paid="60", adjustments=[("PR", "2", "40")])],
    )
    assert claim.faults() == []
    assert claim.payer_responsibility == "S"
    assert (claim.patient.first, claim.subscriber.first) == ("OLLIE", "POSY")
    assert claim.referring_provider.npi == "1999999018"
    (other,) = claim.other_subscribers
    assert (other.paid_cents, other.adjustments[0].cents, other.payer.id) == (6000, 4000, "18003")
    (only,) = claim.lines
    assert (only.description, only.modifiers, only.adjudications[0].paid_cents) == ("BATH RAIL", ("NU",), 6000)


# --- payments, what they are matched to, denials


def test_an_amount_that_is_none_is_a_mistake_of_the_test() -> None:
    with pytest.raises(ValueError, match="'a lot' is no amount of dollars"):
        make_service("E1390", charge="a lot")


def test_a_payment_adds_up_unless_the_test_says_otherwise() -> None:
    payment = make_payment(
        make_service(
            "E1390", "RR", charge="150", adjustments=[("CO", "45", "50"), ("PR", "2", "20")], remarks=["N115"]
        ),
        make_service("E0431", charge="30.50", billed="E1399", control_number="L2"),
        adjustments=[("CO", "253", "1.60")],
    )
    assert payment.faults() == []
    assert claim_imbalances(payment) == []
    assert (payment.charge_cents, payment.paid_cents, payment.patient_cents) == (18050, 10890, 2000)
    first, second = payment.lines
    assert (first.remark_codes, second.control_number) == (("N115",), "L2")
    assert second.original_procedure is not None
    assert second.original_procedure.code == "E1399"
    assert claim_imbalances(make_payment(make_service("E1390", paid="99")))
    whole = make_payment(charge="100", adjustments=[("CO", "45", "30")])
    assert (whole.lines, whole.paid_cents, claim_imbalances(whole)) == ((), 7000, [])


def test_a_match_has_the_claim_with_everything_open() -> None:
    payment = make_payment()
    match = make_match(payment)
    assert match.claim is not None
    assert match.claim.open_cents == payment.charge_cents
    assert [(one.service, one.line_number) for one in match.lines] == [(0, 1)]
    assert make_match(payment, found=False).claim is None
    denied = make_open_claim(payment, make_open_line(1, "E1390", "RR", charge="150", insurance="0", denied="150"))
    assert make_match(payment, denied).claim == denied
    assert (denied.lines[0].insurance_cents, denied.open_cents) == (0, 15000)
    assert [one.line_id for one in make_match(make_payment(*[make_service("E1390")] * 2), denied).lines] == [1, None]


def test_a_reversal_takes_back_what_stands_on_its_claim() -> None:
    service = make_service("E1390", charge="-150", adjustments=[("CO", "45", "-50")])
    match = make_match(make_payment(service, status="22"))
    assert match.claim is not None
    (posted,) = match.claim.posted
    assert (posted.charge_cents, posted.paid_cents, match.claim.open_cents) == (15000, 10000, 0)
    assert [(one.line_id, one.cents) for one in posted.adjustments] == [(1, 5000)]


def test_a_remittance_of_them_is_read_without_a_fault() -> None:
    payments = [make_payment(), make_payment(make_service("E0601", adjustments=[("CO", "50", "100")]), status="4")]
    data = make_remittance(*payments)
    start, first, second, end = transactions(read(io.BytesIO(data)))
    assert isinstance(start, RemittanceStart)
    assert isinstance(first, ReadPayment)
    assert isinstance(second, ReadPayment)
    assert (first.payment.paid_cents, second.payment.status) == (8000, "4")
    assert isinstance(end, RemittanceEnd)
    assert end.sound
    assert b"BPR*I*80*C*ACH" in data


def test_a_plugin_that_posts_and_routes_is_asked() -> None:
    class Routes:
        gateway_api = 1

        @hookimpl
        def route_denial(self, denial: Denial) -> WorkItemDraft:
            return WorkItemDraft(reason=f"{denial.why} {denial.action}", team=denial.team)

        @hookimpl
        def post_payment(self, payment: ClaimPayment, match: Match) -> None: ...

    with plugin_context(Routes) as ctx:
        assert ctx.route(make_denial(team="appeals")).answer.team == "appeals"
        assert ctx.post(make_payment(), make_match(make_payment())).answer is None


# --- tables


def test_the_tables_in_a_plugins_folder_are_there_and_a_given_one_goes_before(tmp_path: Path) -> None:
    folder = tmp_path / "spans" / "tables"
    folder.mkdir(parents=True)
    (folder / "spans.yaml").write_text(
        "key: code\nsource: manual 4\nrows:\n  - {code: E0260, days: 028, valid_from: 2026-01-01}\n"
    )
    (folder / "places.yaml").write_text("rows: [{code: NO}]\n")
    (tmp_path / "spans" / "__init__.py").write_text(
        "from gateway.plugins import hookimpl\ngateway_api = 1\n@hookimpl\ndef hold_claim(claim): ...\n"
    )
    found = read_tables(folder)
    row = found["spans"].find(TODAY, "E0260")
    assert row is not None
    assert (row.values["days"], row.source, row.valid_from) == ("028", "manual 4", dt.date(2026, 1, 1))
    assert found["places"].rows[0].values["code"] == "NO"
    assert read_tables(tmp_path / "nowhere") == {}
    sys.path.insert(0, str(tmp_path))
    try:
        import spans  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    with plugin_context(spans, tables={"places": make_table("places", [])}) as ctx:
        assert sorted(ctx.tables) == ["places", "spans"]
        assert ctx.tables["places"].rows == ()


# --- the fixtures


def test_the_fixtures_are_there(
    plugin_context: Callable[..., object], claim: Claim, payment: ClaimPayment, match: Match, denial: Denial
) -> None:
    assert claim.faults() == []
    assert match.claim is not None
    assert match.claim.claim_number == payment.claim_id
    assert denial.reason == "50"
    assert plugin_context(Refills, {"days": "3"}, tables=LIMITS)


def test_pytest_loads_nothing_of_the_core_for_them() -> None:
    script = (
        "import sys, gateway.plugins.pytest_plugin\n"
        "heavy = ('gateway.core', 'gateway.config', 'dbos', 'sqlalchemy', 'aiohttp', 'paramiko', 'hypothesis')\n"
        "print([name for name in sys.modules if name.split('.')[0] in heavy or name.startswith(heavy[:2])])\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
