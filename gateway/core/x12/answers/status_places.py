"""Where in an 837P a claim status points to: the other way round of `status_map`, with the one element of each status
that a person looks at first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..acknowledgment import StatusCode


class StatusPlace(NamedTuple):
    """A place in a claim: its loop, and the element as it is written (`NM109`, `REF[G1]02`). `of_line`: it stands on a
    service line."""

    loop: str
    element: str

    @property
    def of_line(self) -> bool:
        return self.loop[:2] == "24"

    def __str__(self) -> str:
        return f"{self.loop} {self.element}"


# Status code to the element; without a loop it is that of the entity (STC01-3).
_ELEMENTS: Mapping[str, str] = {
    "33": "2010BA NM109",
    "88": "2010BA NM109",
    "97": "2010BA NM109",
    "109": "2010BA NM109",
    "116": "2010BB NM109",
    "125": "NM103",
    "126": "N301",
    "128": "2010AA REF[EI]02",
    "132": "NM109",
    "145": "PRV03",
    "153": "NM109",
    "156": "2000B SBR02",
    "157": "DMG03",
    "158": "DMG02",
    "163": "2000B SBR03",
    "164": "NM109",
    "171": "2320 SBR01",
    "178": "2300 CLM02",
    "187": "2400 DTP[472]03",
    "189": "2300 DTP[435]03",
    "218": "2410 LIN03",
    "249": "2300 CLM05-1",
    "252": "2300 REF[G1]02",
    "254": "2300 HI01-2",
    "255": "2300 HI01-2",
    "306": "2400 SV101-7",
    "400": "2300 CLM02",
    "453": "2400 SV101-3",
    "454": "2400 SV101-2",
    "464": "2300 REF[F8]02",
    "476": "2400 SV104",
    "477": "2400 SV107",
    "478": "2300 CLM01",
    "479": "2330B NM109",
    "480": "2320 SBR09",
    "496": "NM109",
    "500": "N403",
    "501": "N402",
    "502": "N401",
    "503": "N301",
    "507": "2400 SV101-2",
    "535": "2300 CLM05-3",
    "562": "NM109",
    "578": "2000B SBR05",
    "698": "2440 LQ02",
}
_ON_LINE: Mapping[str, str] = {
    "178": "2400 SV102",
    "249": "2400 SV105",
    "252": "2400 REF[G1]02",
    "400": "2400 SV102",
}
"""Where a line says it."""

_LOOPS: Mapping[str, str] = {
    "85": "2010AA",
    "87": "2010AB",
    "IL": "2010BA",
    "PR": "2010BB",
    "QC": "2010CA",
    "DN": "2310A",
    "P3": "2310A",
    "82": "2310B",
    "77": "2310C",
    "DQ": "2310D",
    "GB": "2330A",
    "DK": "2420E",
    "QB": "2420B",
}
_LOOPS_OF_LINE: Mapping[str, str] = {"82": "2420A", "77": "2420C", "DQ": "2420D", "DN": "2420F", "P3": "2420F"}
_TAXONOMY = {"2010AA": "2000A"}
"""The level that has the PRV of a party."""


def place_of(code: StatusCode, *, of_line: bool = False, own_patient: bool = True) -> StatusPlace | None:
    """The place that a status speaks of; None where it speaks of none, or of nothing that is in a claim.

    `of_line`: it is said of a service line. `own_patient`: the claim has a patient beside the subscriber (2010CA); else
    the patient is the subscriber.
    """
    found = (_ON_LINE.get(code.status) if of_line else None) or _ELEMENTS.get(code.status)
    if found is None:
        return None
    loop, space, element = found.rpartition(" ")
    if space:
        return StatusPlace(loop, element)
    in_loop = (_LOOPS_OF_LINE.get(code.entity) if of_line else None) or _LOOPS.get(code.entity, "")
    if in_loop == "2010CA" and not own_patient:
        in_loop = "2010BA"
    if not in_loop:
        return None
    return StatusPlace(_TAXONOMY.get(in_loop, in_loop) if element == "PRV03" else in_loop, element)
