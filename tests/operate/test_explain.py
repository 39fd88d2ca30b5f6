"""`gateway explain` says what would happen, with the stations' own code, and changes nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.core.store.tables import adjustments, claim_lines, claim_payments, claims, files, line_payments, transfers
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837, as_json

from ..flow.out.made import Made, make_837
from ..posting.made import Cas, Clp, Era, Svc, make_835
from ..web.test_api import TODAY
from .conftest import Place
from .still import killed_writer, move_to_postgres, nothing_changes

PEOPLE = list(generate_claims(30, 9, TODAY))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, lived: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place that has lived, with its rows on SQLite and on PostgreSQL."""
    if request.param == "postgres":
        move_to_postgres(lived, request.getfixturevalue("postgres_url"), monkeypatch)
    return lived


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Where somebody keeps files to ask about, away from the gateway."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


def file(desk: Path, data: bytes, name: str = "new.837") -> str:
    path = desk / name
    path.write_bytes(data)
    return str(path)


def said(place: Place, *words: str, code: int = 0) -> str:
    done = place.run("explain", *words)
    assert done.exit_code == code, done.output
    return done.output


def facts(place: Place, *words: str, kind: str = "", code: int = 0) -> list[dict[str, Any]]:
    found = json.loads(said(place, *words, "--format", "json", code=code))["found"]
    return [one for one in found if kind in ("", one["kind"])]


def waiting_claim(place: Place) -> tuple[Any, list[Any]]:
    """A claim on which everything is open, and its lines."""
    claim = place.rows(claims, claims.c.state == "held")[0]
    return claim, place.rows(claim_lines, claim_lines.c.claim_id == claim.id)


def paying(claim: Any, lines: list[Any], *, short: int = 0, cas: tuple[Cas, ...] = (), **more: Any) -> Clp:
    """A payment of a claim in full, but for `short` cents of the first line, which `cas` explains."""
    services = [
        Svc(
            line.code,
            f"{line.charge_cents / 100:.2f}",
            f"{(line.charge_cents - (short if not number else 0)) / 100:.2f}",
            cas if not number else (),
            ref=line.control_number,
            date=f"{line.from_date:%Y%m%d}",
        )
        for number, line in enumerate(lines)
    ]
    return Clp(claim.claim_number, services, **more)


# --- files of which nothing can be decided ---------------------------------------------------------


def test_what_is_no_x12_at_all_is_said_in_a_sentence(place: Place, desk: Path) -> None:
    output = said(place, file(desk, b"Dear partner, please find attached", "letter.txt"), code=1)
    assert "letter.txt: nothing that can be read" in output
    assert "No transaction set can be read in it" in output
    assert "Nothing is to be decided in it." in output


def test_json_that_breaks_off_says_where(place: Place, desk: Path) -> None:
    data = as_json(PEOPLE[:2])
    output = said(place, file(desk, data[: len(data) // 2], "half.json"), code=1)
    assert "It is no JSON that can be read." in output


def test_faults_of_the_structure_are_told_first(place: Place, desk: Path) -> None:
    output = said(place, file(desk, make_837([Made()], se01=99)), code=1)
    first, claim = output.index("fault in its structure"), output.index("Claim 1, C-1")
    assert first < claim
    assert re.search(r"byte \d+, segment \d+: ", output)
    assert "Claim 1, C-1, $150.00" in output
    assert "cannot be worked on" in output


def test_an_answer_is_named_and_trace_is_the_way_to_it(place: Place, desk: Path) -> None:
    for kind, words in (("999", "the answer to groups and transaction sets"), ("277CA", "claim statuses")):
        row = place.rows(files, files.c.kind == kind)[0]
        path = file(desk, place.archive.read(row.sha256), f"{kind}.x12")
        output = said(place, path, code=1)
        assert words in output
        assert f"gateway trace {path}" in output


def test_a_source_or_partner_that_does_not_exist_is_told_which_there_are(place: Place, desk: Path) -> None:
    path = file(desk, make_837([Made()]))
    assert "billing, orders" in said(place, path, "--source", "nobody", code=2)
    assert "practice" in said(place, path, "--partner", "nobody", code=2)


def test_a_number_that_is_not_in_the_file_is_said(place: Place, desk: Path) -> None:
    output = said(place, file(desk, make_837([Made()])), "--claim", "C-2", code=1)
    assert "Nothing in it has the number C-2." in output


# --- claims ----------------------------------------------------------------------------------------


def test_what_is_explained_is_what_did_happen(place: Place, desk: Path) -> None:
    """The files that came in are explained as if they came for the first time: chains and holds are the same."""
    for name in ("monday.837", "monday.json"):
        row = place.rows(files, files.c.name == name)[0]
        file_id = row.id
        path = file(desk, place.archive.read(row.sha256), name)
        happened = place.rows(claims, claims.c.file_id == file_id)
        code = int(any(row.state == "held" for row in happened))
        told = facts(place, path, code=code)
        assert [one["number"] for one in told] == [row.source_claim_number for row in happened]
        assert [one["chain"] for one in told] == [row.chain for row in happened]
        assert [one["partner"] for one in told] == [row.partner for row in happened]
        assert [not one["goes"] for one in told] == [row.state == "held" for row in happened]
        assert f"The same bytes came before, as file {file_id}" in said(place, path, code=code)


def test_each_claim_says_its_chain_its_steps_its_partner_and_its_segments(place: Place, desk: Path) -> None:
    path = file(desk, make_837([Made(number="C-1", payer="17013"), Made(number="C-2", payer="90101", filing="CI")]))
    output = said(place, path, "--claim", "C-2")
    assert "Claim 1" not in output
    for words in (
        "chain     default: it is for everything",
        "not medicare-dme: filing code CI is not MA or MB",
        "scrub     scrubber 0.1.0: ",
        "sent      to practice",
        "CLM*C-2*150*",
    ):
        assert words in output, words
    medicare = said(place, path, "--claim", "C-1", code=1)
    assert "chain     medicare-dme: everything it asks for fits" in medicare
    assert "not tried, because the first that matches counts: default" in medicare
    assert "hold      oxygen 0.1.0: " in medicare


def test_a_number_that_came_before_would_be_held(place: Place, desk: Path) -> None:
    known = place.rows(claims, claims.c.source == "billing", claims.c.state == "paid")[0]
    twice = [Made(number=known.claim_number), Made(number="N-1"), Made(number="N-1", member="9EG4TE5MK72")]
    told = facts(place, file(desk, make_837(twice)), code=1)
    rules = [{hold["rule"] for hold in one["holds"]} for one in told]
    assert "duplicate-claim-number" in rules[0]
    assert f"as claim {known.id}." in str(told[0]["holds"])
    assert "duplicate-claim-number" not in rules[1]
    assert "earlier in this file" in str(told[2]["holds"])


def test_a_claim_of_the_other_environment_would_be_held(place: Place, desk: Path) -> None:
    output = said(place, file(desk, make_837([Made()], usage="P")), code=1)
    assert "SYS hold [usage] for billing: It came marked as production" in output


def test_a_payer_that_nobody_reaches_is_sent_to_nobody(place: Place, desk: Path) -> None:
    partner = place.config_dir / "partners" / "practice.yaml"
    partner.write_text(partner.read_text().replace('  - "*" ', '  - "17013" '))
    output = said(place, file(desk, make_837([Made(payer="90101", filing="CI")])), code=1)
    assert "to nobody: no partner reaches this payer" in output
    assert "[no-partner]" in output


TABLE = """
@hookimpl
def plugin_tables():
    return [RowTable("seen", {"number": str}, of="payer")]
"""


def add_plugin(place: Place, body: str, more: str = "") -> None:
    """A plugin of this place's own, the last of every chain's scrub."""
    folder = place.folder / "own"
    folder.mkdir()
    (folder / "own.py").write_text(
        "from gateway.plugins import RowTable, hookimpl\n\ngateway_api = 1\n\n"
        f"@hookimpl\ndef scrub_claim(claim, context):\n{body}{more}"
    )
    main = place.config_dir / "gateway.yaml"
    main.write_text(main.read_text() + "plugins_dir: ../own\n")
    chain = place.config_dir / "chains" / "default.yaml"
    chain.write_text(chain.read_text().replace("    - plugin: scrubber\n", "    - plugin: scrubber\n    - own\n"))


def test_what_a_step_changes_is_told_with_the_old_and_the_new_value(lived: Place, desk: Path) -> None:
    add_plugin(lived, "    claim.set('CLM05-3', '7')\n    claim.set('2010BA N403', '99999')\n")
    path = file(desk, make_837([Made(payer="90101", filing="CI")]))
    output = said(lived, path)
    assert re.search(r"own 0\+[0-9a-f]{10}: goes on", output)
    assert "own sets 2300 CLM05-3 from '1' to '7'" in output
    assert "own sets 2010BA N403 (shown with --patient)" in output
    assert re.search(r"^ +- CLM\*C-1\*150\*\*\*12:B:1\*", output, re.M)
    assert re.search(r"^ +\+ CLM\*C-1\*150\*\*\*12:B:7\*", output, re.M)
    assert "from '45402' to '99999'" in said(lived, path, "--patient")


def test_a_plugin_that_fails_would_hold_the_claim(lived: Place, desk: Path) -> None:
    add_plugin(lived, "    raise RuntimeError('secret words')\n")
    output = said(lived, file(desk, make_837([Made(payer="90101", filing="CI")])), code=1)
    assert "SYS hold [plugin:own] by own for edi: Plugin own failed in scrub: RuntimeError" in output
    assert "secret words" not in output


def test_a_plugin_whose_tables_are_made_at_the_next_start_finds_them_empty(place: Place, desk: Path) -> None:
    add_plugin(place, "    context.note(f'{len(context.rows(\"seen\"))} rows.')\n", TABLE)
    output = said(place, file(desk, make_837([Made(payer="90101", filing="CI")])))
    assert re.search(r"own 0\+[0-9a-f]{10}: nothing to object", output)
    assert "notes: 0 rows." in output


def test_no_patient_is_named_unless_asked_for(place: Place, desk: Path) -> None:
    row = place.rows(files, files.c.name == "monday.837")[0]
    path = file(desk, place.archive.read(row.sha256), row.name)
    people = {claim.member_id for claim in place.rows(claims, claims.c.file_id == row.id)}
    for form in ("text", "json"):
        output = place.run("explain", path, "--format", form).output
        assert not [one for one in people if one in output]
        shown = place.run("explain", path, "--patient", "--format", form).output
        assert all(one in shown for one in people)


# --- payments --------------------------------------------------------------------------------------


def test_a_payment_says_which_claim_why_and_what_is_posted(place: Place, desk: Path) -> None:
    claim, lines = waiting_claim(place)
    charge = f"${claim.charge_cents / 100:,.2f}"
    path = file(desk, make_835(Era([paying(claim, lines)])), "new.835")
    output = said(place, path)
    for words in (
        "it adds up and would be posted",
        f"Found by its claim number {claim.claim_number} (CLP01).",
        f"(id {claim.id}), held, {charge} open",
        "autoposting 1.0: decides",
        f"{charge} from 'with the payers' to 'remitted, not posted'",
        "is closed afterwards",
        "2 would go, 0 would wait. Nothing was written.",
    ):
        assert words in output, words


def test_a_denial_says_its_team_and_dates(place: Place, desk: Path) -> None:
    claim, lines = waiting_claim(place)
    denied = paying(claim, lines, short=1500, cas=(Cas("CO", "109", "15"),))
    output = said(place, file(desk, make_835(Era([denied])), "new.835"))
    assert re.search(r"denial for eligibility, work by \d\d/\d\d/\d{4}: Denied: \$15.00 on line 1", output)
    assert "$15.00 from 'with the payers' to 'denied, being worked'" in output


def test_a_payment_for_nobody_waits_and_says_why(place: Place, desk: Path) -> None:
    stranger = Clp("NOBODY-7", [Svc("E1390", "150", "150")])
    output = said(place, file(desk, make_835(Era([stranger])), "new.835"), code=1)
    assert "for posting: No claim of ours has the number NOBODY-7 (CLP01)" in output


def test_a_remittance_that_does_not_add_up_posts_nothing(place: Place, desk: Path) -> None:
    claim, lines = waiting_claim(place)
    output = said(place, file(desk, make_835(Era([paying(claim, lines)], total="1")), "new.835"), code=1)
    assert "$1.00: exception" in output
    assert "It does not add up: the payment is $1.00" in output
    assert "nothing of it is posted" in output


def test_a_remittance_that_came_before_is_told_as_a_copy(place: Place, desk: Path) -> None:
    row = place.rows(files, files.c.kind == "835")[0]
    output = said(place, file(desk, place.archive.read(row.sha256), "again.835"), code=1)
    assert f"The same bytes came before, as file {row.id}" in output
    assert "The same contents as remittance " in output


def test_two_payments_for_one_claim_come_one_after_the_other(place: Place, desk: Path) -> None:
    claim, lines = waiting_claim(place)
    both = [paying(claim, lines), paying(claim, lines)]
    told = facts(place, file(desk, make_835(Era(both)), "new.835"), kind="payment")
    assert [one["state"] for one in told] == ["posted", "later"]
    twice = make_835(Era([paying(claim, lines)])) * 2
    assert "The same contents as transaction set 1 of this file" in said(place, file(desk, twice, "2.835"), code=1)


def test_a_set_that_does_not_post_leaves_its_claims_to_the_next(place: Place, desk: Path) -> None:
    claim, lines = waiting_claim(place)
    wrong = Era([paying(claim, lines)], total="1", st02="0001", trace="EFT1")
    right = Era([paying(claim, lines)], st02="0002", trace="EFT2")
    path = file(desk, make_835(wrong, right), "new.835")
    assert [one["state"] for one in facts(place, path, kind="remittance", code=1)] == ["exception", "posting"]
    output = said(place, path, code=1)
    assert output.count("posts by itself") == 1
    assert output.count("after an earlier one") == 0


def test_a_reversal_says_what_is_taken_back(place: Place, desk: Path) -> None:
    payment = next(
        row
        for row in place.rows(claim_payments, claim_payments.c.state == "posted", claim_payments.c.status == "1")
        if place.count(claim_payments, claim_payments.c.claim_id == row.claim_id) == 1
    )
    services = [
        Svc(
            line.code,
            f"{-line.charge_cents / 100:.2f}",
            f"{-line.paid_cents / 100:.2f}",
            [
                Cas(one.group_code, one.reason_code, f"{-one.cents / 100:.2f}")
                for one in place.rows(adjustments, adjustments.c.claim_payment_id == payment.id)
                if one.line_id == line.line_id
            ],
        )
        for line in place.rows(line_payments, line_payments.c.claim_payment_id == payment.id)
    ]
    back = Clp(payment.claim_number, services, status="22", patient="0", payer_number=payment.payer_claim_number)
    paid = payment.paid_cents / 100
    output = said(place, file(desk, make_835(Era([back])), "new.835"))
    assert f"Reversed: ${paid:,.2f} that the payer had paid" in output
    assert f"${paid:,.2f} from 'remitted, not posted' to 'with the payers'" in output
    with place.sql.connect() as connection:
        moved = connection.execute(select(transfers.c.id).where(transfers.c.claim_payment_id == payment.id)).all()
    assert len(moved) > 1


# --- without a database ----------------------------------------------------------------------------


def test_without_history_nothing_has_come_before(place: Place, desk: Path) -> None:
    known = place.rows(claims, claims.c.source == "billing", claims.c.state == "paid")[0]
    told = facts(place, file(desk, make_837([Made(number=known.claim_number)])), "--no-history", code=1)
    assert "duplicate" not in str(told[0]["holds"])
    claim, lines = waiting_claim(place)
    path = file(desk, make_835(Era([paying(claim, lines)])), "new.835")
    output = said(place, path, "--no-history", code=1)
    assert "Without the database (as asked)" in output
    assert "Our claims were not looked at, so nobody knows which one this payment is for." in output


def test_before_the_first_start_claims_are_explained_all_the_same(lived: Place, desk: Path) -> None:
    data = lived.folder / "data"
    data.rename(lived.folder / "elsewhere")
    output = said(lived, file(desk, as_837(PEOPLE[:5], TODAY)), code=1)
    assert "Without the database (there is none yet)" in output
    assert "Claim 5, " in output
    assert not data.exists()


# --- it changes nothing ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["837", "json", "835", "999"])
def test_nothing_is_written_anywhere(place: Place, desk: Path, kind: str) -> None:
    claim, lines = waiting_claim(place)
    data = {
        "837": as_837(PEOPLE[:20], TODAY),
        "json": as_json(PEOPLE[20:]),
        "835": make_835(Era([paying(claim, lines, short=1500, cas=(Cas("CO", "109", "15"),))])),
        "999": place.archive.read(place.rows(files, files.c.kind == "999")[0].sha256),
    }[kind]
    path = file(desk, data, f"new.{kind}")
    with nothing_changes(place, desk):
        done = place.run("explain", path)
    assert done.exit_code in (0, 1)
    assert ("Nothing was written." in done.output) is (kind != "999")


def test_what_a_killed_writer_left_is_read_and_left(lived: Place, desk: Path) -> None:
    lived.change(update(claims).where(claims.c.id == 1).values(version=7))
    log = killed_writer(lived)
    path = file(desk, as_837(PEOPLE[:5], TODAY))
    with nothing_changes(lived, desk):
        said(lived, path, code=1)
    assert log.stat().st_size


def test_the_connection_of_a_look_cannot_write(place: Place) -> None:
    from sqlalchemy.exc import DBAPIError

    from gateway.operate.looking import looking

    with looking(place.config) as engine, engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(update(claims).values(version=0))


def test_no_engine_and_no_transport_is_even_imported(lived: Place, desk: Path) -> None:
    path = file(desk, as_837(PEOPLE[:2], TODAY))
    program = (
        "import sys\nfrom gateway.cli import cli\n"
        "try:\n    cli(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = ('dbos', 'paramiko', 'aiohttp', 'gateway.core.engine.dbos_engine')\n"
        "print('imported:', [name for name in heavy if name in sys.modules])"
    )
    words = [sys.executable, "-c", program, "-c", str(lived.config_dir), "explain", path]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert "Claim 2, " in done.stdout
    assert done.stdout.splitlines()[-1] == "imported: []"


# --- the docs --------------------------------------------------------------------------------------


def test_the_sample_in_the_docs_is_what_the_command_says(lived: Place, desk: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    sample = re.search(r"```\n\$ gateway explain (\S+)\n(.*?)```", page, re.S)
    assert sample is not None
    claim = Made(number="A-1001", payer="90101", filing="CI")
    output = said(lived, file(desk, make_837([claim]), sample[1]))

    def plain(text: str) -> str:
        return re.sub(r"as of \S+ with configuration \w+", "as of DAY with configuration N", text).strip()

    assert plain(sample[2]) == plain(output)
