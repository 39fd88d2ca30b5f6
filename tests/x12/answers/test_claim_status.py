"""The 277CA: what it says at each level, with counts and charges that add up, and that it is right itself."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from gateway.core.x12.acknowledgment import ClaimStatus, StatusCode, StatusLevel
from gateway.core.x12.answers.checking import Checking
from gateway.core.x12.answers.claim_status import (
    MOST_STATUSES,
    BatchSaid,
    ClaimSaid,
    LineSaid,
    Name,
    ProviderSaid,
    claim_status,
)
from gateway.core.x12.answers.said import billing_name, by_provider, claim_said, lines_at, statuses_of, submitter_name
from gateway.core.x12.items import ReadStatus
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.transactions import ReadClaim, transactions

from ...flow.out.made import Line, Made, make_837
from ...sandbox.test_money import pyx12_faults
from .made import AT, MARKS, against_guide, interchange, spoilt

TAKEN = (StatusCode("A1", "19", "PR"),)
REFUSED = (StatusCode("A7", "562", "85"),)
US = Name("PRACTICE CLEARINGHOUSE", id="CLHR00")
THEM = Name("STILLWATER", id="STILL1")
SUPPLIER = Name("STILLWATER HOME MEDICAL", qualifier="XX", id="1999999000")


def claim(
    number: str, cents: int, statuses: tuple[StatusCode, ...] = TAKEN, lines: Sequence[LineSaid] = ()
) -> ClaimSaid:
    patient = Name("QUILL", "JANE", id="1EG4TE5MK72")
    return ClaimSaid(number, patient, cents, statuses, "20261101", "20261103", "", "", tuple(lines))


def batch(*providers: ProviderSaid, statuses: tuple[StatusCode, ...] = ()) -> BatchSaid:
    return BatchSaid(US, False, THEM, "B1", "000000001", AT, providers, statuses)


def told(said: BatchSaid, marks: Delimiters = MARKS) -> list[str]:
    body = list(claim_status(said, marks))
    assert against_guide("277", body, marks) == []
    return body


def levels(body: Sequence[str]) -> list[StatusLevel]:
    text = interchange("277", [body])
    return [one.status for one in transactions(read(io.BytesIO(text.encode()))) if isinstance(one, ReadStatus)]


def test_every_level_counts_what_stands_below_it() -> None:
    other = Name("LAKE", "ANN", "B", "JR", "FI", "960000017")
    body = told(
        batch(
            ProviderSaid(SUPPLIER, [claim("C-1", 15_000), claim("C-2", 2_050, REFUSED), claim("C-3", 100)]),
            ProviderSaid(other, [claim("C-4", 7_000, REFUSED)]),
        )
    )
    _, batch_level, first, *_ = found = levels(body)
    assert [(one.accepted_count, one.rejected_count) for one in found if one.level in ("21", "19")] == [
        (2, 2),
        (2, 1),
        (0, 1),
    ]
    assert (batch_level.accepted_cents, batch_level.rejected_cents) == (15_100, 9_050)
    assert (first.accepted_cents, first.rejected_cents) == (15_100, 2_050)
    assert [text for text in body if text.startswith("STC")] == [
        "STC*A1:19:PR*20261123*WQ*241.5",
        "STC*A1:19:PR**WQ*171.5",
        "STC*A1:19:PR*20261123*WQ*150",
        "STC*A7:562:85*20261123*U*20.5",
        "STC*A1:19:PR*20261123*WQ*1",
        "STC*A1:19:PR**WQ*70",
        "STC*A7:562:85*20261123*U*70",
    ]
    assert "NM1*85*1*LAKE*ANN*B**JR*FI*960000017" in body
    assert [one.claim_number for one in found if isinstance(one, ClaimStatus)] == ["C-1", "C-2", "C-3", "C-4"]
    assert pyx12_faults(interchange("277", [body])) == []


def test_a_provider_that_is_refused_takes_its_claims_with_it() -> None:
    said = ProviderSaid(SUPPLIER, [claim("C-1", 15_000), claim("C-2", 2_000)], (StatusCode("A8", "496", "85"),))
    body = told(batch(said))
    assert [text for text in body if text[:3] in ("HL*", "QTY", "AMT")] == [
        *("HL*1**20*1", "HL*2*1*21*1", "QTY*AA*2", "AMT*YY*170"),
        *("HL*3*2*19*0", "QTY*QC*2", "AMT*YY*170"),
    ]
    assert "STC*A8:496:85**U*170" in body


def test_a_batch_that_is_refused_says_nothing_of_its_claims() -> None:
    body = told(batch(ProviderSaid(SUPPLIER, [claim("C-1", 15_000)]), statuses=(StatusCode("A3", "24", "41"),)))
    assert body[6:] == [
        *("HL*2*1*21*0", "NM1*41*2*STILLWATER*****46*STILL1", "TRN*2*B1"),
        *("STC*A3:24:41*20261123*U*150", "QTY*AA*1", "AMT*YY*150"),
    ]


def test_a_claim_with_many_statuses_has_three_to_an_stc_and_no_end_of_none() -> None:
    statuses = tuple(StatusCode("A7", str(number), "") for number in range(100, 120))
    body = told(batch(ProviderSaid(SUPPLIER, [claim("C-1", 15_000, statuses)])))
    found = levels(body)[-1].statuses
    assert [len(one.codes) for one in found] == [3, 3, 3]
    assert sum(len(one.codes) for one in found) == MOST_STATUSES


def test_what_a_claim_does_not_say_is_said_to_be_unknown() -> None:
    bare = ClaimSaid("", Name(""), 0, REFUSED, lines=(LineSaid((), 0, "x", "", "", "", REFUSED),))
    body = told(
        batch(ProviderSaid(Name("", qualifier="FI"), [bare]))._replace(reference="", trace="", submitter=Name(""))
    )
    assert "NM1*QC*1*UNKNOWN*****MI*UNKNOWN" in body
    assert "NM1*85*2*UNKNOWN*****FI*UNKNOWN" in body
    assert "DTP*472*D8*20261123" in body
    assert "SVC*HC:UNKNOWN*0" in body


def test_separators_of_ours_in_a_value_become_blanks() -> None:
    odd = claim("C*1:2~", 100)._replace(patient=Name("O*BRIEN^", "JA~NE", id="A:1"))
    body = told(batch(ProviderSaid(SUPPLIER, [odd])))
    assert "TRN*2*C 1 2" in body
    assert "NM1*QC*1*O BRIEN*JA NE****MI*A 1" in body


def test_letters_with_an_accent_are_written_without() -> None:
    odd = claim("C-1", 100)._replace(patient=Name("MU\xd1OZ", "JOS\xc3\x89", id="A\xb51"))
    body = told(batch(ProviderSaid(SUPPLIER, [odd])))
    assert "NM1*QC*1*MUNOZ*JOSE****MI*A?1" in body


# --- from what was found


def said_of(data: bytes) -> BatchSaid:
    """A file, checked and answered as a clearinghouse would: claims with findings are refused."""
    checking = Checking()
    read_claims = [
        (one, checking.set.claims_so_far)
        for one in transactions(checking.watch(read(io.BytesIO(data))))
        if isinstance(one, ReadClaim) and checking.set is not None
    ]
    assert checking.set is not None
    made = []
    for one, number in read_claims:
        theirs = checking.set.of_claim(number)
        own, lines = statuses_of(theirs, lines_at(one.claim, one.set.position(one.segment_number)))
        made.append((billing_name(one.claim), claim_said(one.claim, own or TAKEN, lines)))
    submitter = submitter_name(read_claims[0][0].set.submitter)
    return BatchSaid(US, False, submitter, read_claims[0][0].set.bht03, "1", AT, by_provider(made))


TWO_LINES = make_837(
    [Made("C-1", lines=[Line(), Line(code="E0431", control="L2")]), Made("C-2", lines=[Line(), Line(control="L4")])]
)


@pytest.mark.parametrize(
    ("change", "number", "claim_status", "line"),
    [
        ((b"CLM*C-2*300*", b"CLM*C-2*3OO*"), "C-2", "A7:178", ""),
        ((b"HI*ABK:J449~", b"HI*ABK:J~"), "C-1", "", ""),
        ((b"SV1*HC:E0431:RR*150", b"SV1*HC:E0431:R*150"), "C-1", "A3:247", "L2 A7:453"),
        ((b"SV1*HC:E0431:RR*150*UN*1*12**1~\n", b""), "C-1", "A3:247", "L2 A6:507"),
        ((b"DTP*472*D8*20261101~", b"DTP*472*D8*20261131~"), "C-1", "A3:247", "1 A7:187"),
        ((b"REF*EA*C-2", b"REF*ZZ*C-2"), "C-2", "A7:684", ""),
    ],
)
def test_a_finding_becomes_a_status_at_its_place(
    change: tuple[bytes, bytes], number: str, claim_status: str, line: str
) -> None:
    said = said_of(spoilt(change, data=TWO_LINES))
    body = told(said)
    refused = [one for one in levels(body) if isinstance(one, ClaimStatus) and one.statuses[0].action == "U"]
    if not claim_status:
        assert refused == []  # the guide has no length of its own for a code of another list
        return
    (one,) = refused
    assert one.claim_number == number
    assert [_shown(code) for status in one.statuses for code in status.codes] == [claim_status]
    lines = [f"{each.control_number} {_shown(code)}" for each in one.lines for s in each.statuses for code in s.codes]
    assert lines == ([line] if line else [])
    assert (levels(body)[1].accepted_count, levels(body)[1].rejected_count) == (1, 1)


def _shown(code: StatusCode) -> str:
    return ":".join(part for part in code if part)


def test_a_fault_of_the_billing_provider_is_told_of_all_its_claims() -> None:
    body = told(said_of(spoilt((b"N4*DAYTON*OH*454021111", b"N4*DAYTON*OHIO*454021111"), data=TWO_LINES)))
    assert [text for text in body if text.startswith("STC*A7")] == ["STC*A7:501:85*20261123*U*300"] * 2
