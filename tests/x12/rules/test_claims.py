"""What goes beyond the guide of one segment: each rule is broken by one change to a claim that keeps to all of them."""

from __future__ import annotations

import io
import random
import re
from pathlib import Path

import pytest

from gateway.core.model.code_words import ENTITIES, STATUSES
from gateway.core.x12.guides.answer_codes import IK3_CODES, IK4_CODES
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.words import Words
from gateway.core.x12.items import ReadClaim
from gateway.core.x12.reader import read
from gateway.core.x12.rules import CLAIM_RULES, RULES, RuleFinding, claim_findings, merged
from gateway.core.x12.rules.laid import Laid
from gateway.core.x12.rules.plain import plain
from gateway.core.x12.stored import StoredClaim
from gateway.core.x12.transactions import claims
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837

from ..build import CLAIM, claim_of, file_of
from ..guides.facts import SAMPLES
from . import cases
from .cases import BASES, CASES, Case, changed, codes_of, findings
from .page import PAGE, page

X12S = sorted((SAMPLES / "stupidedi" / "005010").glob("X222*/pass/*.edi")) if SAMPLES.exists() else []
WORDS = Words(guide("837p"))
OF_CLAIMS = sorted(name for name in RULES if name[:2] in ("G3", "G4") and name not in cases.OF_PAYMENTS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.place}-{case.codes}-{case.after[:24]}")
def test_one_change_is_found_at_its_place_with_its_codes(case: Case) -> None:
    found = findings(changed(case))
    beyond = case.codes.split()[-1] in RULES
    told = [(one.place, codes_of(one)) for one in found if not beyond or isinstance(one, RuleFinding)]
    assert told[0] == (case.place, case.codes)
    if beyond:
        assert len(found) == 1, "one change, one finding"


@pytest.mark.parametrize("base", BASES)
def test_their_untouched_twins_keep_to_everything(base: str) -> None:
    assert findings(list(BASES[base])) == []


def test_every_rule_of_claims_has_a_case_that_breaks_it() -> None:
    assert sorted({case.codes.split()[-1] for case in CASES} & set(RULES)) == OF_CLAIMS


def test_every_status_has_words_and_every_rule_says_something() -> None:
    for rule in RULES.values():
        assert rule.says.endswith(".")
        assert bool(rule.ik403) is (rule.ik304 == "8")
        assert rule.ik304 in IK3_CODES
        assert not rule.ik403 or rule.ik403 in IK4_CODES
        category, number, *entity = rule.status.split(":") if rule.status else ("A6", "21")
        assert category in ("A6", "A7", "A8")
        assert number in STATUSES
        assert not entity or entity[0] in ENTITIES


def test_what_concerns_a_level_concerns_its_claims() -> None:
    body = list(BASES["plain"])
    claim = body[body.index("CLM*A1001*615.5***12:B:1*Y*A*Y*Y") :]
    second = [segment.replace("CLM*A1001*615.5", "CLM*A1009*615.5") for segment in claim]
    body[body.index("HL*2*1*22*0")] = "HL*2*1*22*1"
    (found,) = findings(body + second)
    assert (codes_of(found), found.claims) == ("8 I12 G4.03", (1, 2))
    body[body.index("HL*2*1*22*1")] = "HL*2*1*22*0"
    second[0] = second[0].replace("615.5", "600")
    (found,) = findings(body + second)
    assert (codes_of(found), found.claims) == ("8 I12 G3.01", (2, 2))


def test_what_is_wrong_with_a_provider_is_told_once_for_all_its_claims() -> None:
    body = list(BASES["plain"])
    body[body.index("NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*1999999018")] = "NM1*85*2*EXAMPLE OXYGEN SUPPLY"
    claim = body[body.index("CLM*A1001*615.5***12:B:1*Y*A*Y*Y") :]
    third = [segment.replace("CLM*A1001*615.5", "CLM*A1003*600") for segment in claim]
    found = [one for one in findings(body + claim + third) if isinstance(one, RuleFinding)]
    assert len(found) == 4
    assert [(one.rule.id, one.claims) for one in merged(found)] == [("G4.14", (1, 3)), ("G3.01", (3, 3))]


def test_what_is_missing_stands_where_it_should_and_names_the_reason() -> None:
    case = next(one for one in CASES if one.codes == "I6 G4.30" and one.base == "cmn")
    (found,) = findings(changed(case))
    assert isinstance(found, RuleFinding)
    assert found.trigger is not None
    body = ["ST", *changed(case)]
    assert body[found.position - 1].startswith("HI*"), "in front of the diagnoses, where references end"
    assert body[found.trigger.position - 1].startswith("CLM*")
    assert (found.trigger.element, found.trigger.component) == (5, 3)


def test_places_are_not_known_in_a_claim_without_a_file() -> None:
    wrong = [segment.replace("615.5", "600") for segment in CLAIM]
    (found,) = claim_findings(claim_of(wrong))
    assert (found.position, found.place, found.claims) == (0, "2300 CLM02", (0, 0))


def test_a_finding_shows_no_value_unless_it_is_a_code() -> None:
    for case in CASES:
        for found in findings(changed(case)):
            said = f"{WORDS.of(found)} {found!r}"
            for secret in ("ABELSON", "ADA", "BEN", "1EG4TE5MK73", "MEMBER7", "19400203", "20150405", "400203", "ELM"):
                assert secret not in said, said


def test_every_sentence_is_one_of_what_is_wrong_and_one_of_what_to_do() -> None:
    for case in CASES:
        for found in findings(changed(case)):
            said = WORDS.of(found)
            assert said.startswith(f"Loop {found.place}: " if found.loop else f"{found.place}: ")
            assert said.endswith(".")
            assert ". " in said, f"{said} does not say what to do"
            assert "  " not in said
            assert not re.search(r"\b(the|a|is) \1\b", said)


def test_the_page_of_findings_says_what_is_said() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.x12.rules.page"
    assert sum(line.startswith(("| Loop ", "| BHT")) for line in page().splitlines()) >= 100


# --- plain claims go no further


def _is_sound(stored: StoredClaim) -> bool:
    laid = Laid(stored)
    return not any(True for rule in CLAIM_RULES for _ in rule(laid))


def test_a_claim_that_breaks_a_rule_is_never_taken_for_a_plain_one() -> None:
    """Random damage to claims of every kind: what is taken for plain keeps to every rule."""
    rng = random.Random(int(cases.SEED))
    data = as_837(generate_claims(60, rng.randrange(1000), cases.TODAY, fault_share=0.3), cases.TODAY)
    made = [item.stored for item in claims(read(io.BytesIO(data)))]
    made += [claim_of().stored, *(_stored(list(body)) for body in BASES.values())]
    sound = 0
    for stored in made:
        sound += plain(stored)
        for _ in range(40):
            broken = _damaged(stored, rng)
            assert not plain(broken) or _is_sound(broken), (cases.SEED, broken)
    assert sound > len(made) // 2, "most claims are plain"


def _stored(body: list[str]) -> StoredClaim:
    data = file_of(body, "837", "005010X222A1", "HC").encode()
    return next(iter(claims(read(io.BytesIO(data))))).stored


def _damaged(stored: StoredClaim, rng: random.Random) -> StoredClaim:
    parts = [list(part) for part in stored[1:]]
    part = rng.choice([part for part in parts if part])
    at = rng.randrange(len(part))
    separator, component, _, _ = stored.delimiters
    elements = part[at].split(separator)
    match rng.randrange(6):
        case 0:
            del part[at]
        case 1:
            part.insert(at, part[at])
        case 2:
            part.insert(at, rng.choice(cases.STRAY))
        case 3 if len(elements) > 1:
            elements[rng.randrange(1, len(elements))] = rng.choice(cases.VALUES)
            part[at] = separator.join(elements)
        case 4:
            part[at] = separator.join([*elements, rng.choice(cases.VALUES)])
        case _:
            pieces = part[at].split(component)
            pieces[rng.randrange(len(pieces))] = rng.choice(cases.VALUES)
            part[at] = component.join(pieces)
    return StoredClaim(stored.delimiters, *parts)


@pytest.mark.skipif(not X12S, reason="X12's examples are not here (../shared/samples)")
@pytest.mark.parametrize("path", X12S, ids=lambda path: Path(path).stem[:40])
def test_x12s_own_examples_keep_to_every_rule_of_levels_3_and_4(path: Path) -> None:
    with path.open("rb") as stream:
        found = list(claims(read(stream)))
        assert found
        for item in found:
            assert isinstance(item, ReadClaim)
            assert claim_findings(item.claim, first=item.set.segment_number, ordinal=1) == []
