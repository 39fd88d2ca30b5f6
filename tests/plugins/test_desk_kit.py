"""What the kit shows a plugin's desk of patients and rows, and what it takes from it: as the gateway would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from gateway.plugins import (
    API_VERSION,
    ClaimRefused,
    Command,
    Desk,
    Drop,
    PluginSettings,
    Report,
    Route,
    Rows,
    RowTable,
    Rubbish,
    hookimpl,
)
from gateway.plugins.desk import ReadOnly
from gateway.plugins.testing import (
    make_claim,
    make_claim_view,
    make_delivery,
    make_document,
    make_equipment,
    make_history,
    make_line,
    make_line_payment,
    make_order,
    make_patient_view,
    plugin_desk,
)
from gateway.plugins.testing_desk import DeskContext

DAY = dt.date(2026, 2, 1)
VISITS = RowTable("visits", {"serial": str, "day": dt.date, "fee": Decimal}, ("serial", "day"))
CALLS = RowTable("calls", {"month": int}, ("month",), "none")


def doing(run: Any, **given: Any) -> DeskContext:
    """A plugin with two tables whose command `go` is `run(desk)`."""

    class Options(PluginSettings):
        preview: bool = False

    class Doing:
        gateway_api = API_VERSION

        @hookimpl
        def plugin_tables(self) -> list[RowTable]:
            return [VISITS, CALLS]

        @hookimpl
        def plugin_commands(self) -> list[Command]:
            def go(desk: Desk, options: Options) -> Any:
                said = run(desk)
                return desk.preview() if options.preview else said

            return [Command(name="go", help="Go.", run=go, options=Options)]

        @hookimpl
        def plugin_reports(self) -> list[Report]:
            def only_looks(desk: Desk, parameters: None) -> Rows:
                run(desk)
                return Rows(["a"], [])

            return [Report(name="look", title="Look.", run=only_looks)]

    return plugin_desk(Doing, **given)


def seen(run: Any, **given: Any) -> Any:
    """What `run(desk)` sees."""
    found = []
    doing(lambda desk: found.append(run(desk)), **given).command("go")
    return found[0]


# --- patients --------------------------------------------------------------------------------------


def test_a_patient_is_shown_with_all_that_is_known_of_them() -> None:
    lines = [make_history("E0601", "RR", "KH", from_date=DAY)]
    given = make_patient_view(
        7,
        history=lines,
        payments=[make_line_payment("E0601", "RR", from_date=DAY)],
        deliveries=[make_delivery("E0601", delivered_on=DAY)],
        equipment=[make_equipment("E0601", started_on=DAY)],
        orders=[make_order("E0601", ordered_on=DAY)],
        documents=[make_document("order")],
    )
    (view,) = seen(lambda desk: list(desk.patients()), patients=[given])
    assert view.id == 7
    assert view.history == tuple(lines)
    assert view.authorizations == ()
    assert [len(one) for one in (view.payments, view.deliveries, view.equipment, view.orders, view.documents)] == [
        *(1, 1, 1, 1, 1)
    ]
    assert [(rental.code, rental.months_paid) for rental in view.rentals] == [("E0601", 1)]


def test_patients_come_by_their_ids_and_only_those_with_one_of_the_codes() -> None:
    patients = [
        make_patient_view(3, history=[make_history("E0601", from_date=DAY)]),
        make_patient_view(1, deliveries=[make_delivery("A7030", delivered_on=DAY)]),
        make_patient_view(2, equipment=[make_equipment("E1390", started_on=DAY)]),
        make_patient_view(4),
    ]

    def ids(**wanted: Any) -> list[int]:
        found: list[int] = seen(lambda desk: [one.id for one in desk.patients(**wanted)], patients=patients)
        return found

    assert ids() == [1, 2, 3, 4]
    assert ids(codes=["E1390", "E0601"]) == [2, 3]
    assert ids(codes="A7030") == [1]
    assert ids(patient_ids=[4, 1]) == [1, 4]
    assert ids(codes=["E1390"], patient_ids=[1]) == []


def test_two_patients_of_one_id_are_a_mistake_in_the_test() -> None:
    with pytest.raises(ValueError, match="one id"):
        doing(len, patients=[make_patient_view(), make_patient_view()])


def test_a_patient_is_found_by_the_id_of_a_source_or_by_member_id_and_birth_date() -> None:
    born = dt.date(1950, 4, 1)
    patients = [make_patient_view(5, source_ids={"billing": "P-5"}, member_id="1EG4", birth_date=born)]

    def found(**wanted: Any) -> Any:
        return seen(lambda desk: desk.patient(**wanted), patients=patients)

    assert found(source="billing", patient_id="P-5") == 5
    assert found(source="orders", patient_id="P-5") is None
    assert found(member_id="1EG4", birth_date=born) == 5
    assert found(member_id="1EG4", birth_date=born.replace(year=1951)) is None
    assert found(member_id="1EG4") is None


def test_equipment_is_out_until_the_day_on_which_it_ended() -> None:
    today = dt.date(2026, 3, 2)
    patients = [
        make_patient_view(1, equipment=[make_equipment("E0601", serial="S1", started_on=DAY)]),
        make_patient_view(2, equipment=[make_equipment("E0601", serial="S2", started_on=DAY, ended_on=today)]),
        make_patient_view(
            3, equipment=[make_equipment("E0601", serial="S3", started_on=DAY, ended_on=today + dt.timedelta(days=1))]
        ),
        make_patient_view(4, equipment=[make_equipment("E0601", serial="", started_on=DAY)]),
    ]
    out = seen(lambda desk: desk.equipment_out(["S1", "S2", "S3", "S4", ""]), patients=patients, today=today)
    assert {serial: [who for who, _ in pieces] for serial, pieces in out.items()} == {"S1": [1], "S3": [3]}


# --- rows ------------------------------------------------------------------------------------------


def visit(serial: str, day: dt.date = DAY, fee: str = "20.00") -> dict[str, Any]:
    return {"serial": serial, "day": day, "fee": Decimal(fee)}


def test_rows_are_those_of_the_patient_and_of_the_test() -> None:
    given = {
        "patients": [make_patient_view(1, rows={"visits": [visit("S1")]}), make_patient_view(2)],
        "rows": {"visits": [{**visit("S2"), "owner": 2}], "calls": [{"month": 3}]},
    }
    assert seen(lambda desk: [view.rows("visits") for view in desk.patients()], **given) == [
        (visit("S1"),),
        (visit("S2"),),
    ]
    assert seen(lambda desk: [(row["owner"], row["serial"]) for row in desk.rows("visits")], **given) == [
        *((1, "S1"), (2, "S2"))
    ]
    assert seen(lambda desk: list(desk.rows("visits", patient_id=2)), **given) == [{**visit("S2"), "owner": 2}]
    assert seen(lambda desk: list(desk.rows("calls")), **given) == [{"month": 3, "owner": ""}]


def test_rows_that_do_not_fit_their_table_are_a_mistake_in_the_test() -> None:
    with pytest.raises(Rubbish, match="no table of its own"):
        doing(len, rows={"visit": []})
    with pytest.raises(Rubbish, match="column fee"):
        doing(len, patients=[make_patient_view(rows={"visits": [{**visit("S1"), "fee": 20}]})])
    with pytest.raises(ValueError, match="under 'owner'"):
        doing(len, rows={"visits": [visit("S1")]})


def test_a_row_that_is_kept_is_there_for_the_next_call_and_takes_the_place_of_one_with_its_key() -> None:
    fees = iter(["20.00", "25.00"])

    def run(desk: Desk) -> str:
        before = [str(row["fee"]) for row in desk.rows("visits", patient_id=1)]
        desk.keep("visits", visit("S1", fee=next(fees)), patient_id=1)
        return f"{before}"

    desk = doing(run, patients=[make_patient_view(1)])
    assert desk.command("go") == "[]"
    assert [(act.table, act.patient_id, act.values) for act in desk.kept] == [("visits", 1, visit("S1"))]
    assert desk.command("go") == "['20.00']"
    desk = doing(lambda desk: str(list(desk.rows("visits"))), rows={"visits": [{**visit("S1"), "owner": 1}]})
    assert "25.00" not in desk.command("go")


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        ({}, "patient_id is missing"),
        ({"claim_id": 1}, "patient_id is missing"),
        ({"patient_id": 1, "payer_id": "90101"}, "it is of patient"),
    ],
)
def test_a_row_is_kept_for_the_owner_that_its_table_wants(owner: dict[str, Any], words: str) -> None:
    with pytest.raises(Rubbish, match=words):
        doing(lambda desk: desk.keep("visits", visit("S1"), **owner)).command("go")


def test_a_row_of_nobody_has_no_owner() -> None:
    desk = doing(lambda desk: desk.keep("calls", {"month": 4}))
    desk.command("go")
    assert desk.kept[0].values == {"month": 4}
    with pytest.raises(Rubbish, match="it is of none"):
        doing(lambda desk: desk.keep("calls", {"month": 4}, patient_id=1)).command("go")
    with pytest.raises(Rubbish, match="another owner"):
        doing(lambda desk: list(desk.rows("calls", patient_id=1))).command("go")


# --- claims that are made --------------------------------------------------------------------------


def make_again(number: str, key: str = "2026-03", why: str = "The fourth rental month began.") -> Any:
    def run(desk: Desk) -> str:
        claim = desk.claim(1)
        assert claim is not None
        claim.set("CLM01", number)
        return str(desk.make_claim(key, claim, why=why))

    return run


def test_a_claim_is_made_from_one_that_is_there() -> None:
    desk = doing(make_again("SW1001-R4"), whole={1: make_claim(make_line("E0601", "RR", "KJ"))})
    assert desk.command("go") == "True"
    (made,) = desk.made
    assert (made.key, made.number, made.claim.id) == ("2026-03", "SW1001-R4", "SW1001-R4")
    assert made.claim.lines[0].modifiers == ("RR", "KJ")
    assert made.cents == made.claim.charge_cents > 0


def test_lines_of_a_claim_that_is_made_get_numbers_of_their_own() -> None:
    ours, theirs = make_line("E0601", "RR", control_number="1AG2L1"), make_line("A7030", control_number="LN-77")
    desk = doing(make_again("SW1001-R4"), whole={1: make_claim(ours, theirs)})
    desk.command("go")
    assert [line.control_number for line in desk.made[0].claim.lines] == ["", "LN-77"]


def test_the_same_key_makes_nothing_again() -> None:
    desk = doing(make_again("SW1001-R4"), whole={1: make_claim(make_line("E0601", "RR", "KJ"))})
    desk.command("go")
    assert desk.command("go") == "False"
    assert desk.made == []


def test_a_number_that_is_used_already_is_refused() -> None:
    claim = make_claim(make_line("E0601", "RR"))
    for given in ({"whole": {1: claim, 2: make_claim(make_line("E0601"), claim_number="SW7")}}, {"whole": {1: claim}}):
        desk = doing(make_again("SW7"), claims=[make_claim_view(number="SW7", id=2)], **given)
        with pytest.raises(ClaimRefused, match="SW7 \\(CLM01\\) is used already"):
            desk.command("go")
    twice = [make_again("SW8", "one"), make_again("SW8", "two")]
    with pytest.raises(ClaimRefused, match="used already"):
        doing(lambda desk: [run(desk) for run in twice], whole={1: claim}).command("go")


JSON: dict[str, Any] = {
    "id": "MS-1",
    "billing_provider": {
        "last": "EXAMPLE MEDICAL",
        "npi": "1999999984",
        "tax_id": "123456789",
        "address": {"line1": "1 MAIN ST", "city": "AKRON", "state": "OH", "zip": "443011234"},
    },
    "subscriber": {
        "last": "DOE",
        "first": "JANE",
        "member_id": "1EG4TE5MK73",
        "filing_code": "MB",
        "birth_date": "1950-04-01",
        "sex": "F",
        "address": {"line1": "2 OAK ST", "city": "AKRON", "state": "OH", "zip": "44301"},
    },
    "payer": {"name": "NORTHBRIDGE HEALTH PLAN", "id": "90101"},
    "diagnoses": ["J449"],
    "lines": [{"code": "E1390", "modifiers": ["MS"], "charge": "90.00", "from_date": "2026-03-01"}],
}


def test_a_claim_is_made_from_a_mapping_as_json_claims_have_it() -> None:
    desk = doing(lambda desk: str(desk.make_claim("ms-1", JSON, why="A maintenance visit was recorded.")))
    assert desk.command("go") == "True"
    assert (desk.made[0].number, desk.made[0].cents) == ("MS-1", 9000)
    wrong = {**JSON, "lines": [{"code": "E1390", "charge": "90.00"}]}
    with pytest.raises(ClaimRefused, match=r"lines\[0\]\.from_date is missing"):
        doing(lambda desk: desk.make_claim("ms-1", wrong, why="A visit.")).command("go")


def test_only_claims_are_made_with_a_key_a_number_and_a_reason() -> None:
    with pytest.raises(ClaimRefused, match="not a str"):
        doing(lambda desk: desk.make_claim("a", "CLM*1", why="x")).command("go")
    with pytest.raises(ClaimRefused, match="why a claim is made"):
        doing(lambda desk: desk.make_claim("a", JSON, why=" ")).command("go")
    with pytest.raises(ValueError, match="the key of a claim"):
        doing(lambda desk: desk.make_claim("", JSON, why="x")).command("go")


def test_a_report_neither_makes_claims_nor_keeps_rows() -> None:
    for run in (
        lambda desk: desk.make_claim("a", JSON, why="x"),
        lambda desk: desk.keep("calls", {"month": 1}),
    ):
        with pytest.raises(ReadOnly):
            doing(run).report("look")


def test_a_preview_tells_what_would_be_done_and_does_none_of_it() -> None:
    def run(desk: Desk) -> None:
        desk.make_claim("ms-1", JSON, why="A maintenance visit was recorded.")
        desk.keep("visits", visit("S1"), patient_id=3)
        desk.open_item(kind="call", key="1", reason="Call them.", team="intake", amount=Decimal(5))
        desk.close_item("0", "They called.")
        desk.note(4, "A visit is due.")

    desk = doing(run)
    rows = desk.command("go", preview="true")
    assert [(row["does"], row["what"], row["about"], row["dollars"]) for row in rows] == [
        ("make a claim", "MS-1", "payer 90101, 2026-03-01, E1390 MS", "90.00"),
        ("keep a row", "visits", "patient 3", None),
        ("open a work item", "call", "team intake", "5.00"),
        ("close a work item", "0", "", None),
        ("note on a claim", "4", "", None),
    ]
    assert desk.acts == []
    desk.command("go")
    assert len(desk.acts) == 5


# --- drops -----------------------------------------------------------------------------------------


class Ticket(PluginSettings):
    patient: str
    serial: str = ""


def test_a_drop_finds_the_patients_of_its_source_and_keeps_what_it_was_told() -> None:
    class Tickets:
        gateway_api = API_VERSION

        @hookimpl
        def plugin_tables(self) -> list[RowTable]:
            return [RowTable("tickets", {"serial": str}, ("serial",))]

        @hookimpl
        def plugin_drops(self) -> list[Drop]:
            def take(rows: Sequence[Ticket], desk: Desk) -> Rows:
                missing = []
                for row in rows:
                    who = desk.patient(patient_id=row.patient)
                    if who is None:
                        missing.append([row.serial])
                    else:
                        desk.keep("tickets", {"serial": row.serial}, patient_id=who)
                return Rows(["unknown"], missing)

            return [Drop("tickets", "Delivery tickets.", Ticket, take)]

    desk = plugin_desk(Tickets, patients=[make_patient_view(9, source_ids={"vans": "P9"})])
    told = desk.drop("tickets", [{"patient": "P9", "serial": "S1"}, {"patient": "P8", "serial": "S2"}], source="vans")
    assert told == [{"unknown": "S2"}]
    assert [(act.patient_id, act.values) for act in desk.kept] == [(9, {"serial": "S1"})]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"row": None}, "needs the pydantic model"),
        ({"row": int}, "a pydantic model"),
        ({"row": PluginSettings}, "needs fields"),
        ({"name": "Tickets"}, "small letters"),
        ({"help": ""}, "words for people"),
        ({"run": 1}, "needs a function"),
        ({"timeout": 0}, "more than 0"),
        ({"team": " "}, "1 to 30 characters"),
    ],
)
def test_a_drop_that_is_not_as_it_must_be_says_so_when_it_is_made(wrong: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"name": "tickets", "help": "Tickets.", "row": Ticket, "run": len}
    Drop(**good)
    with pytest.raises(ValueError, match=words):
        Drop(**{**good, **wrong})


def test_addresses_below_drops_are_not_a_plugins_to_give() -> None:
    with pytest.raises(ValueError, match="below /drops"):
        Route(method="POST", path="/drops/tickets", run=len)
    Route(method="POST", path="/tickets/drops", run=len)
