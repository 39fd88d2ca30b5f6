"""Codes that others keep: each list asked with a code that holds and with one that does not."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence

import pytest

from gateway.core.model.known_codes import ALWAYS, DatedCodes, KnownCodes, Span, npi_is_right
from gateway.core.x12.items import ReadPayment
from gateway.core.x12.reader import read
from gateway.core.x12.rules import RULES, Codes, RuleFinding
from gateway.core.x12.rules import codes as codes_of_rules
from gateway.core.x12.rules.code_sets import RULE_OF
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.transactions import claims, transactions
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837

from ..build import BILLING, CLAIM, PAYMENT, SUBSCRIBER, changed, claim_of, payment_of
from ..guides.facts import SAMPLES
from .cases import TODAY

CLAIM_LINE = "SV1*HC:E1390:RR:KH:KX*461.1*UN*1***1:2"
NAME, CITY, HI = BILLING[1], BILLING[3], "HI*ABK:J449*ABF:G4733"
YEAR = Span(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
SINCE = (Span(dt.date(2010, 1, 1), ALWAYS),)
UNTIL_2015 = (Span(dt.date(2010, 1, 1), dt.date(2015, 12, 31)),)
TABLES = {
    "hcpcs": DatedCodes({"E1390": SINCE, "E1391": SINCE, "E0431": SINCE, "E0450": UNTIL_2015}, [YEAR]),
    "modifier": DatedCodes(dict.fromkeys(("RR", "KH", "KX"), SINCE), [YEAR]),
    "icd10": DatedCodes({"J449": SINCE, "G4733": SINCE, "I10": (YEAR,)}, [YEAR]),
}
CODES = Codes(KnownCodes(TABLES))
X12S = SAMPLES / "stupidedi" / "005010"


def found(
    claim: Sequence[str] = CLAIM, *, billing: Sequence[str] = BILLING, subscriber: Sequence[str] = SUBSCRIBER
) -> list[RuleFinding]:
    return CODES.of_claim(claim_of(claim, billing=billing, subscriber=subscriber), ordinal=1)


def of_claim(before: str, after: str) -> list[RuleFinding]:
    return found(changed(CLAIM, before, after))


BAD = [
    ("G5.01", "2300 CLM05-1", of_claim(CLAIM[0], CLAIM[0].replace("12:B", "97:B"))),
    ("G5.02", "2010AA N402", found(billing=changed(BILLING, CITY, "N4*SPRINGFIELD*XX*627010000"))),
    ("G5.02", "2300 CLM11-4", of_claim(CLAIM[0], f"{CLAIM[0]}**AA:::XX")),
    ("G5.03", "2010BA N403", found(subscriber=changed(SUBSCRIBER, SUBSCRIBER[3], "N4*SPRINGFIELD*IL*6270"))),
    ("G5.03", "2010BA N403", found(subscriber=changed(SUBSCRIBER, SUBSCRIBER[3], "N4*TORONTO*ON*62704*CA"))),
    ("G5.04", "2010AA NM109", found(billing=changed(BILLING, NAME, NAME.replace("1999999018", "1999999019")))),
    ("G5.05", "2000A PRV03", found(billing=changed(BILLING, BILLING[0], "PRV*BI*PXC*332B00000Y"))),
    ("G5.06", "2400 SV101-2", of_claim(CLAIM_LINE, CLAIM_LINE.replace("E1390", "E0450"))),
    ("G5.06", "2400 SV101-2", of_claim(CLAIM_LINE, CLAIM_LINE.replace("E1390", "E9999"))),
    ("G5.07", "2400 SV101-4", of_claim(CLAIM_LINE, CLAIM_LINE.replace("KH", "ZQ"))),
    ("G5.08", "2300 HI02-2", of_claim(HI, HI.replace("G4733", "G473"))),
    ("G5.08", "2300 HI02-2", of_claim(HI, HI.replace("G4733", "G47.33"))),
    ("G5.09", "2300 HI01-1", of_claim(HI, "HI*BK:496")),
    ("G5.12", "2410 LIN03", found([*CLAIM, "LIN**N4*123-456", "CTP****1*UN"])),
    ("G5.13", "2300 CLM05-3", of_claim(CLAIM[0], CLAIM[0].replace("12:B:1", "12:B:?"))),
    ("G5.14", "2300 HI01-2", of_claim("NTE*ADD*FIRST NOTE", "HI*BG:A1B")),
    ("G5.15", "2010AA N301", found(billing=changed(BILLING, BILLING[2], "N3*P.O. Box 77"))),
    ("G5.16", "2010AA N403", found(billing=changed(BILLING, CITY, "N4*SPRINGFIELD*IL*62701"))),
]


@pytest.mark.parametrize(("rule", "place", "told"), BAD, ids=[f"{rule}-{place}" for rule, place, _ in BAD])
def test_a_code_that_does_not_hold(rule: str, place: str, told: list[RuleFinding]) -> None:
    (one,) = told
    assert (one.rule.id, one.place, one.level, one.claims) == (rule, place, 5, (1, 1))
    assert one.words.endswith(".")
    assert "ELM" not in one.words


def test_its_twin_whose_codes_hold() -> None:
    assert found() == []
    assert found(changed(CLAIM, "NTE*ADD*FIRST NOTE", "HI*BG:A1")) == []
    assert found([*CLAIM, "LIN**N4*00026063512", "CTP****1*UN"]) == []
    assert found(subscriber=changed(SUBSCRIBER, SUBSCRIBER[3], "N4*TORONTO*ON*M5V 2T6*CA")) == []
    assert found(subscriber=changed(SUBSCRIBER, SUBSCRIBER[3], "N4*LIMA*XX*15001*PE")) == [], "nobody here knows Peru's"


def test_a_code_is_looked_at_on_its_own_line_s_day() -> None:
    """The second line is of a year in which the code had not ended."""
    line = CLAIM.index("SV1*HC:E0431:RR*154.4*UN*1***1")
    old = [*CLAIM]
    old[line], old[line + 1] = "SV1*HC:E0450:RR*154.4*UN*1***1", "DTP*472*D8*20151105"
    assert [one.place for one in found(old) if one.rule.id == "G5.06"] == []
    old[line + 1] = "DTP*472*D8*20260105"
    assert [one.place for one in found(old)] == ["2400 SV101-2"]


def test_what_was_right_once_is_right_only_there() -> None:
    """Right segments are remembered: on their day, and once everything was asked of them."""
    codes = Codes(KnownCodes(TABLES))
    old = changed(CLAIM, CLAIM_LINE, CLAIM_LINE.replace("E1390", "E0450"))
    before = changed(old, "DTP*472*RD8*20260105-20260204", "DTP*472*D8*20151105")
    for _ in range(2):
        assert [one for one in codes.of_claim(claim_of(before)) if one.rule.id == "G5.06"] == []
        assert [one.place for one in codes.of_claim(claim_of(old))] == ["2400 SV101-2"]
    other_list = "HI*BK:496"
    assert codes.of_segment("837p", other_list, Delimiters(), day=dt.date(2026, 1, 5)) == [], "the claim says it"
    for _ in range(2):
        assert [one.rule.id for one in codes.of_claim(claim_of(changed(CLAIM, HI, other_list)))] == ["G5.09"]


def test_what_is_remembered_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_of_rules, "_KEPT", 40)
    monkeypatch.setattr(codes_of_rules, "_DAYS_KEPT", 10)
    codes = Codes(KnownCodes(TABLES))
    for number in range(60):
        day = f"2026{number % 12 + 1:02d}{number % 28 + 1:02d}"
        dated = changed(CLAIM, "DTP*472*RD8*20260105-20260204", f"DTP*472*D8*{day}")
        assert codes.of_claim(claim_of(dated)) == []
        assert 0 < len(codes._right) <= 10
        assert sum(map(len, codes._right.values())) <= 40


def test_without_a_table_there_is_a_note_and_no_finding() -> None:
    known = KnownCodes()
    wrong = changed(CLAIM, CLAIM_LINE, CLAIM_LINE.replace("E1390", "E9999").replace("KH", "ZQ"))
    assert Codes(known).of_claim(claim_of(wrong)) == []
    assert [note.split(" are not checked")[0] for note in known.unchecked()] == [
        "The HCPCS codes of claims",
        "The modifiers of claims",
        "The diagnoses (ICD-10-CM) of claims",
    ]
    assert all("gateway tables import" in note for note in known.unchecked())
    assert KnownCodes(TABLES).unchecked() == []


def test_what_a_table_does_not_cover_is_not_known() -> None:
    table = TABLES["hcpcs"]
    day = dt.date(2026, 5, 1)
    assert table.known("E1390", day) is True
    assert table.known("E9999", day) is False
    assert table.known("E9999", dt.date(2027, 5, 1)) is None, "a new code of next year's file, perhaps"
    assert table.known("E0450", dt.date(2027, 5, 1)) is False, "it has ended"
    assert table.known("E9999", None) is None
    known = KnownCodes(TABLES)
    assert known.known("hcpcs", "99213", day) is None, "a code of the AMA's"
    assert known.known("hcpcs", "D0120", day) is None, "a code of the ADA's"
    assert known.known("modifier", "59", day) is None, "a modifier of the AMA's"
    assert known.known("currency", "USD", day) is None


@pytest.mark.parametrize(
    ("npi", "right"), [("1234567893", True), ("1234567892", False), ("3234567893", False), ("", False)]
)
def test_the_check_digit_of_an_npi(npi: str, right: bool) -> None:
    assert npi_is_right(npi) is right


def test_every_list_has_been_asked() -> None:
    asked = {rule for rule, _, _ in BAD} | {"G5.10", "G5.11", "G5.17", "G5.18"}
    assert asked == {name for name in RULES if name.startswith("G5")}
    assert {rule.id for rule in RULE_OF.values()} <= asked


def test_reasons_and_remarks_of_a_remittance() -> None:
    wrong = changed(changed(PAYMENT, "CAS*CO*45*104.4", "CAS*CO*45X*104.4"), "LQ*HE*N115", "LQ*HE*115")
    told = CODES.of_payment(payment_of(wrong), ordinal=3)
    assert [(one.rule.id, one.place, one.claims) for one in told] == [
        ("G5.11", "2110 LQ02", (3, 3)),
        ("G5.10", "2110 CAS02", (3, 3)),
    ]
    assert CODES.of_payment(payment_of(PAYMENT)) == []


@pytest.mark.parametrize(
    ("status", "rules"),
    [("A7:562:85", []), ("A9:562:85", ["G5.17"]), ("A7:36:85", ["G5.18"]), ("A7:9999", []), ("A7:X", ["G5.18"])],
)
def test_the_status_of_a_claim(status: str, rules: list[str]) -> None:
    told = CODES.of_segment("277ca", f"STC*{status}*20260106*U*400", Delimiters(), loop="2200D", position=7)
    assert [one.rule.id for one in told] == rules


def test_all_claims_of_the_sandbox_hold() -> None:
    data = as_837(generate_claims(200, 5, TODAY, fault_share=0.0), TODAY)
    codes = Codes(KnownCodes())
    for item in claims(read(io.BytesIO(data))):
        assert codes.of_claim(item.claim) == []


DIFFERENCES = {
    "COB-claim-from-billing-provider-to-payer-a": (
        "G5.04 2010AA NM109",
        "G5.04 2310B NM109",
        "G5.04 2310C NM109",
        "G5.16 2010AA N403",
        "G5.16 2310C N403",
    ),
    "COB-claim-from-billing-provider-to-payer-b": (
        "G5.03 2010AB N403",
        "G5.04 2010AA NM109",
        "G5.04 2310B NM109",
        "G5.04 2310C NM109",
        "G5.16 2010AA N403",
        "G5.16 2310C N403",
    ),
    "COB-claim-from-payer-a-to-payer-b-in-payer-to-payer": (
        "G5.04 2010AA NM109",
        "G5.04 2310B NM109",
        "G5.04 2310C NM109",
        "G5.16 2010AA N403",
        "G5.16 2310C N403",
    ),
    "ambulance": ("G5.04 2010AA NM109",),
    "anesthesia": (
        "G5.04 2010AA NM109",
        "G5.04 2310B NM109",
        "G5.04 2310C NM109",
        "G5.16 2010AA N403",
        "G5.16 2310C N403",
    ),
    "chiropractic": (
        "G5.04 2010AA NM109",
        "G5.16 2010AA N403",
    ),
    "commercial-health-insurance": (
        "G5.04 2010AA NM109",
        "G5.05 2000A PRV03",
        "G5.16 2010AA N403",
    ),
    "drug-administered-in-the-physician-office": ("G5.16 2010AA N403",),
    "encounter": (
        "G5.04 2010AA NM109",
        "G5.04 2310C NM109",
        "G5.05 2000A PRV03",
        "G5.16 2010AA N403",
        "G5.16 2310C N403",
    ),
    "home-infusion-therapy-pharmacy-_adjudicated-with-HCPCS-in-lo": ("G5.16 2010AA N403",),
    "home-infusion-therapy-pharmacy-_adjudicated-with-NDC-in-loop": ("G5.16 2010AA N403",),
    "medicare-secondary-payer-COB": (
        "G5.04 2010AA NM109",
        "G5.04 2310B NM109",
        "G5.16 2010AA N403",
    ),
    "out-of-network-repriced-claim": ("G5.04 2310B NM109",),
    "oxygen": (
        "G5.04 2010AA NM109",
        "G5.04 2420E NM109",
        "G5.04 2420E NM109",
        "G5.16 2010AA N403",
    ),
    "ppo-repriced-claim": (
        "G5.04 2010AA NM109",
        "G5.04 2310A NM109",
        "G5.15 2010AA N301",
    ),
    "wheelchair": (
        "G5.04 2010AA NM109",
        "G5.04 2420E NM109",
        "G5.16 2010AA N403",
    ),
}
"""Which codes of X12's examples of an 837P do not hold, by file (the first 60 characters of its name)."""


@pytest.mark.skipif(not X12S.exists(), reason="X12's examples are not here (../shared/samples)")
def test_where_x12s_own_examples_do_not_hold() -> None:
    """Invented NPIs and taxonomies, short ZIP codes, a post office box: X12's examples are older than the lists."""
    codes = Codes(KnownCodes())
    told: dict[str, list[str]] = {}
    for path in sorted(X12S.glob("X222*/pass/*.edi")):
        with path.open("rb") as stream:
            for item in claims(read(stream)):
                found = [f"{one.rule.id} {one.place}" for one in codes.of_claim(item.claim)]
                told.setdefault(path.stem[:60], []).extend(found)
    assert {name: tuple(sorted(found)) for name, found in told.items()} == DIFFERENCES
    for path in sorted(X12S.glob("X221A1*/pass/*.edi")):
        with path.open("rb") as stream:
            payments = [item for item in transactions(read(stream)) if isinstance(item, ReadPayment)]
            assert [one for item in payments for one in codes.of_payment(item.payment)] == []
