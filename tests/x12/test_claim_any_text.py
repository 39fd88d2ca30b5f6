"""Whatever stands in the segments: a view never raises, and what it gives is sound where it names no fault."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.x12.acknowledgment import status_levels
from gateway.core.x12.balance import claim_imbalances
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.core.x12.loop import Loop
from gateway.core.x12.remittance import Remittance, provider_adjustments
from gateway.core.x12.segment import Delimiters, Segment

from .build import (
    ACK_999,
    BILLING,
    CLAIM,
    PATIENT,
    PAYMENT,
    STATUS_277CA,
    SUBSCRIBER,
    claim_of,
    file_of,
    items,
    payments_of,
    remittance_file,
)

_TAGS = "CLM SV1 SV5 LX DTP REF NM1 N3 N4 DMG SBR PAT HI CAS AMT SVD LIN CTP LQ FRM MEA CRC CR3 NTE K3 PWK OI MOA"
TAGS = (_TAGS + " CLP SVC DTM MIA QTY PER PLB TS3 BPR TRN N1 STC").split()
TEXT = st.text(st.sampled_from("0123456789.-+ABDEHKRX8 :^>*\u00e9\u00b2"), max_size=12)


@st.composite
def mutated(draw: st.DrawFn, segments: tuple[str, ...]) -> list[str]:
    """The segments with elements cut, changed or put in, and segments dropped, doubled or made up."""
    found: list[str] = []
    for segment in segments:
        kind = draw(st.integers(0, 9))
        if kind == 0:
            continue
        if kind == 1:
            found.append(segment)
        elif kind == 2:
            found.append("*".join([draw(st.sampled_from(TAGS)), *draw(st.lists(TEXT, max_size=8))]))
        elif kind == 3:
            parts = segment.split("*")
            at = draw(st.integers(0, len(parts) - 1))
            parts[at] = draw(TEXT)
            segment = "*".join(parts)
        elif kind == 4:
            segment = segment[: draw(st.integers(1, len(segment)))]
        found.append(segment)
    return found


def look_at(view: object, depth: int = 0) -> None:
    """Ask everything that a view can be asked, and the views in it."""
    for name in dir(type(view)):
        if name.startswith("_") or not isinstance(getattr(type(view), name), property):
            continue
        value = getattr(view, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Loop) and depth < 3:
                look_at(part, depth + 1)
    if isinstance(view, Loop):
        for qualifier in ("", "472", "G1"):
            view.reference(qualifier)
            view.date(qualifier)
            view.amount(qualifier)
            view.find("REF", qualifier)


@settings(deadline=None)
@given(mutated(BILLING), mutated(SUBSCRIBER), st.one_of(st.just([]), mutated(PATIENT)), mutated(CLAIM))
def test_a_claim_never_raises(billing: list[str], subscriber: list[str], patient: list[str], claim: list[str]) -> None:
    view = claim_of(claim, billing=billing, subscriber=subscriber, patient=patient)
    look_at(view)
    assert view.stored.claim == claim
    if not view.faults():
        assert view.id
        assert view.lines
        assert all(line.code for line in view.lines)
        written = [(line.units, line.find("SV1")) for line in view.lines]
        assert all(units == Decimal(sv1[4]) for units, sv1 in written if sv1 is not None)
        assert all(1 <= pointer <= len(view.diagnoses) for line in view.lines for pointer in line.pointers)
        for dated in view.all_dates:
            assert dated.period.start is None or isinstance(dated.period.start, dt.date)


@settings(deadline=None)
@given(mutated(PAYMENT))
def test_a_payment_never_raises(payment: list[str]) -> None:
    view = ClaimPayment(payment, Delimiters())
    look_at(view)
    claim_imbalances(view)
    if not view.faults():
        assert view.claim_id
        assert all(isinstance(line.paid_cents, int) for line in view.lines)


@settings(deadline=None)
@given(mutated(tuple(remittance_file().split("~\n")[3:16])))
def test_a_remittance_s_header_never_raises(header: list[str]) -> None:
    view = Remittance(header, Delimiters())
    look_at(view)
    view.faults()


@settings(deadline=None)
@given(st.lists(TEXT, max_size=20))
def test_a_provider_s_adjustments_never_raise(elements: list[str]) -> None:
    segment = Segment("*".join(["PLB", *elements]), Delimiters())
    assert len(provider_adjustments(segment)) <= 6


@settings(deadline=None)
@given(mutated(STATUS_277CA[19:]), st.sampled_from(["20", "PT", "", "22"]))
def test_a_status_never_raises(segments: list[str], level: str) -> None:
    for view in status_levels(level, segments, Delimiters(), (), 1):
        look_at(view)
        view.faults()


@settings(deadline=None)
@given(mutated(ACK_999))
def test_a_999_never_raises(segments: list[str]) -> None:
    items(file_of(segments, "999", "005010X231A1", "FA"))


@settings(deadline=None)
@given(mutated(PAYMENT))
def test_a_remittance_of_anything_is_read_to_its_end(payment: list[str]) -> None:
    text = remittance_file([payment])
    assert type(items(text)[-1]).__name__ == "RemittanceEnd"
    payments_of(text)
