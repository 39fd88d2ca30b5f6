"""What partners send, as small texts. Everybody is invented."""

from __future__ import annotations

from collections.abc import Sequence


def envelope(
    groups: Sequence[tuple[str, str, Sequence[Sequence[str]]]] = (),
    *,
    ta1: Sequence[str] = (),
    isa13: str = "000000701",
    cut: int = 0,
) -> bytes:
    """One interchange: `groups` are (GS01, version, sets), each set its segments between ST and SE; `cut` bytes are
    missing at the end."""
    made = [
        f"ISA*00*          *00*          *ZZ*{'SANDBOX':<15}*ZZ*{'STILLWATER':<15}*261123*1200*^*00501*{isa13}*0*T*:",
        *ta1,
    ]
    for number, (function, version, sets) in enumerate(groups, 1):
        made.append(f"GS*{function}*SANDBOX*STILLWATER*20261123*1200*{number}*X*{version}")
        for index, segments in enumerate(sets, 1):
            kind = {"FA": "999", "HN": "277", "HP": "835", "BE": "834"}[function]
            made.append(f"ST*{kind}*{index:04d}*{version}")
            made += segments
            made.append(f"SE*{len(segments) + 2}*{index:04d}")
        made.append(f"GE*{len(sets)}*{number}")
    made.append(f"IEA*{len(groups)}*{isa13}")
    data = "".join(segment + "~\n" for segment in made).encode("latin-1")
    return data[: len(data) - cut]


def ta1(isa13: str = "000000001", code: str = "A", note: str = "000") -> str:
    return f"TA1*{isa13}*261123*1200*{code}*{note}"


def ack_999(gs06: str = "1", st02: str = "0001", code: str = "A") -> tuple[str, str, list[list[str]]]:
    """A 999 about one transaction set."""
    segments = [
        f"AK1*HC*{gs06}*005010X222A1",
        f"AK2*837*{st02}*005010X222A1",
        f"IK5*{code}" + ("*5" if code == "R" else ""),
        f"AK9*{code}*1*1*{int(code != 'R')}",
    ]
    return "FA", "005010X231A1", [segments]


def status_277ca(bht03: str, claims: Sequence[tuple[str, str]], source: str = "PR") -> tuple[str, str, list[list[str]]]:
    """A 277CA about claims: (CLM01, category). `source` PR is the payer, AY the clearinghouse."""
    segments = [
        "BHT*0085*08*77*20261123*1200*TH",
        "HL*1**20*1",
        f"NM1*{source}*2*NORTHBRIDGE HEALTH PLAN*****PI*90101",
        "TRN*1*R1",
        "DTP*050*D8*20261123",
        "DTP*009*D8*20261123",
        "HL*2*1*21*1",
        "NM1*41*2*STILLWATER HOME MEDICAL*****46*STILLWATER",
        f"TRN*2*{bht03}",
        "STC*A1:19:PR*20261123*WQ*300",
        "HL*3*2*19*1",
        "NM1*85*2*STILLWATER HOME MEDICAL*****XX*1999999000",
    ]
    for number, (claim, code) in enumerate(claims, 4):
        segments += [
            f"HL*{number}*3*PT",
            "NM1*QC*1*QUILL*JANE****MI*1EG4TE5MK72",
            f"TRN*2*{claim}",
            f"STC*{code}:{'20' if code == 'A2' else '562'}*20261123*{'WQ' if code == 'A2' else 'U'}*150",
            f"REF*1K*ICN{claim}",
            "DTP*472*D8*20261101",
        ]
    return "HN", "005010X214", [segments]


def enrollment_834() -> tuple[str, str, list[list[str]]]:
    """A set that nobody here works on."""
    return "BE", "005010X220A1", [["BGN*00*1*20261123*1200****2", "INS*Y*18*021*20*A***FT"]]
