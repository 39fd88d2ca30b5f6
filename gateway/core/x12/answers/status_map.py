"""Which claim status a finding has in a 277CA: category, status code, and the entity that it speaks of.

Categories: A6 something is missing, A7 something is not valid, A8 two things do not fit together, A3 it cannot be
processed as it stands. Where the table knows the element, its own status stands; else 684 (a syntax error, told in the
999).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ..acknowledgment import StatusCode
from ..guides.answer_codes import ElementCode, SegmentCode
from ..guides.compiled import key_codes
from ..guides.model import Segment
from ..guides.notation import guide
from ..guides.walk import Finding

SYNTAX = "684"
UNBALANCED = StatusCode("A7", "400", "")
READ_THE_LINE = StatusCode("A3", "247", "")
"""Says at the claim that the status stands at a line."""

OF_SEGMENT: Mapping[SegmentCode, str] = {
    SegmentCode.UNKNOWN: "A3",
    SegmentCode.UNEXPECTED: "A3",
    SegmentCode.MISSING: "A6",
    SegmentCode.LOOP_TOO_OFTEN: "A3",
    SegmentCode.TOO_OFTEN: "A3",
    SegmentCode.NOT_IN_SET: "A3",
    SegmentCode.OUT_OF_ORDER: "A3",
    SegmentCode.ELEMENTS_WRONG: "A7",
    SegmentCode.NOT_USED: "A3",
    SegmentCode.SITUATION_MISSING: "A6",
    SegmentCode.LOOP_TOO_FEW: "A6",
    SegmentCode.TOO_FEW: "A6",
    SegmentCode.SITUATION_NOT_USED: "A8",
}
"""The category for IK304."""

OF_ELEMENT: Mapping[ElementCode, str] = {
    ElementCode.MISSING: "A6",
    ElementCode.CONDITION_MISSING: "A6",
    ElementCode.TOO_MANY_ELEMENTS: "A7",
    ElementCode.TOO_SHORT: "A7",
    ElementCode.TOO_LONG: "A7",
    ElementCode.BAD_CHARACTER: "A7",
    ElementCode.BAD_CODE: "A7",
    ElementCode.BAD_DATE: "A7",
    ElementCode.BAD_TIME: "A7",
    ElementCode.EXCLUDED: "A8",
    ElementCode.TOO_MANY_REPEATS: "A7",
    ElementCode.TOO_MANY_COMPONENTS: "A7",
    ElementCode.CODE_NOT_USED: "A7",
    ElementCode.SITUATION_MISSING: "A6",
    ElementCode.NOT_USED: "A7",
    ElementCode.TOO_FEW_REPEATS: "A6",
    ElementCode.BAD_FORM: "A7",
    ElementCode.SITUATION_NOT_USED: "A8",
}
"""The category for IK403."""

STATUSES: Mapping[str, str] = {
    # Who it is: name, address, ids. The entity stands beside it.
    "NM1": "125",
    "NM103": "125",
    "NM104": "125",
    "NM105": "125",
    "NM107": "125",
    "NM108": "562",
    "NM109": "562",
    "N3": "126",
    "N301": "503",
    "N302": "503",
    "N4": "126",
    "N401": "502",
    "N402": "501",
    "N403": "500",
    "PRV": "145",
    "PRV03": "145",
    "2010AA REF": "128",
    "DMG": "158",
    "DMG02": "158",
    "DMG03": "157",
    "2010BA NM108": "164",
    "2010BA NM109": "164",
    "2330A NM108": "164",
    "2330A NM109": "164",
    "2010BB NM108": "153",
    "2010BB NM109": "153",
    "2330B NM108": "479",
    "2330B NM109": "479",
    "2000B SBR02": "156",
    "2000C PAT": "156",
    "2000C PAT01": "156",
    # The claim.
    "2300 CLM01": "478",
    "2300 CLM02": "178",
    "2300 CLM05": "249",
    "2300 CLM05-1": "249",
    "2300 CLM05-3": "535",
    "2300 HI*ABK": "254",
    "2300 HI*ABK01": "254",
    "2300 HI*ABK02": "255",
    "2300 HI*ABK03": "255",
    "2300 HI*ABK04": "255",
    "2300 HI*ABK05": "255",
    "2300 HI*ABK06": "255",
    "2300 HI*ABK07": "255",
    "2300 HI*ABK08": "255",
    "2300 HI*ABK09": "255",
    "2300 HI*ABK10": "255",
    "2300 HI*ABK11": "255",
    "2300 HI*ABK12": "255",
    "2300 REF*F8": "464",
    "2300 REF*G1": "252",
    "2300 DTP*435": "189",
    # Other insurance.
    "2320 SBR09": "480",
    "2320 CAS": "286",
    "2320 AMT": "286",
    "2430 SVD": "286",
    "2430 CAS": "286",
    "2430 DTP": "286",
    # The line.
    "2400 SV1": "507",
    "2400 SV101": "507",
    "2400 SV101-1": "507",
    "2400 SV101-2": "507",
    "2400 SV101-3": "453",
    "2400 SV101-4": "453",
    "2400 SV101-5": "453",
    "2400 SV101-6": "453",
    "2400 SV101-7": "306",
    "2400 SV102": "178",
    "2400 SV103": "476",
    "2400 SV104": "476",
    "2400 SV105": "249",
    "2400 SV107": "477",
    "2400 DTP*472": "187",
    "2400 REF*G1": "252",
    "2410 LIN": "218",
    "2410 LIN03": "218",
    "2440 LQ": "698",
    "2440 FRM": "698",
}
"""The status code for an element, or a whole segment, of an 837P: by loop (or for all loops), tag, the qualifier that
tells it from others of its tag (`REF*F8`), element and component. What is more exact goes before what is less."""

ENTITIES: Mapping[str, str] = {
    "1000A": "41",
    "1000B": "40",
    "2000A": "85",
    "2010AA": "85",
    "2010AB": "87",
    "2010AC": "87",
    "2000B": "IL",
    "2010BA": "IL",
    "2010BB": "PR",
    "2000C": "QC",
    "2010CA": "QC",
    "2310A": "DN",
    "2310B": "82",
    "2310C": "77",
    "2310D": "DQ",
    "2330A": "GB",
    "2330B": "PR",
    "2330C": "DN",
    "2330D": "82",
    "2330E": "77",
    "2330F": "DQ",
    "2330G": "85",
    "2420A": "82",
    "2420B": "QB",
    "2420C": "77",
    "2420D": "DQ",
    "2420E": "DK",
    "2420F": "DN",
}
"""Whom a loop names, in the codes of STC01-3."""

OF_ENTITIES = frozenset(
    {"125", "126", "128", "145", "153", "156", "157", "158", "164", "500", "501", "502", "503", "562"}
)
"""Status codes that speak of an entity, which must then be named."""


def status_of(finding: Finding) -> StatusCode:
    """Category, status code and entity for a finding in an 837P."""
    if finding.level == 3:
        return UNBALANCED
    code = _status(finding)
    entity = ENTITIES.get(finding.loop, "") if code in OF_ENTITIES else ""
    if code in OF_ENTITIES and not entity:
        code = SYNTAX  # of whom it speaks cannot be said
    return StatusCode(_category(finding), code, entity)


def _category(finding: Finding) -> str:
    if finding.fault is not None:
        return OF_ELEMENT.get(finding.ik403, "A7")  # type: ignore[call-overload,no-any-return]
    return OF_SEGMENT.get(finding.ik304, "A3")  # type: ignore[call-overload,no-any-return]


def _status(finding: Finding) -> str:
    category = _category(finding)
    if finding.fault is None and category == "A3":
        return SYNTAX
    tags = [f"{finding.tag}*{key}" for key in _keys().get((finding.loop, finding.tag, finding.name), ())]
    for tag in (*tags, finding.tag):
        for place in (f"{finding.loop} {tag}", tag):
            for element in _elements(finding):
                if found := STATUSES.get(place + element):
                    return found
    return SYNTAX


def _elements(finding: Finding) -> tuple[str, ...]:
    fault = finding.fault
    if fault is None:
        return ("",)
    whole = f"{fault.position:02d}"
    return (f"{whole}-{fault.component}", whole, "") if fault.component else (whole, "")


@cache
def _keys() -> Mapping[tuple[str, str, str], tuple[str, ...]]:
    """The qualifiers of each segment of the 837P that has one, by loop, tag and the guide's name for it."""
    return {
        (loop.id, child.tag, child.name): key_codes(child.keys[0])
        for loop in guide("837p").root.loops()
        for child in loop.children
        if isinstance(child, Segment) and child.keys
    }
