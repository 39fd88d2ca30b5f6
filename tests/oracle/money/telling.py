"""Short words with which the tests of this folder write claims and remittances. Amounts are dollars as text."""

from __future__ import annotations

from collections.abc import Sequence

from .wire import cents

ISA = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*SUPPLIER       *260915*1200*^*00501*000000901*0*T*:~"


def dollars(amount: int) -> str:
    """Cents as a payer writes them."""
    sign, whole, part = "-" if amount < 0 else "", *divmod(abs(amount), 100)
    return f"{sign}{whole}" + (f".{part:02d}" if part else "")


def claim(number: str, *lines: tuple[str, str], others: int = 0, member: str = "M1", payer: str = "90101") -> str:
    """A claim with lines of (code and modifiers, charge), of 1 September."""
    total = dollars(sum(cents(charge) for _, charge in lines))
    rows = ["HL*1**22*0", f"NM1*IL*1*FERNSBY*POSY****MI*{member}", f"NM1*PR*2*PAYER*****PI*{payer}"]
    rows.append(f"CLM*{number}*{total}***12:B:1*Y*A*Y*Y")
    rows += ["SBR*S*18*******CI"] * others
    for at, (code, charge) in enumerate(lines, 1):
        rows += [f"LX*{at}", f"SV1*HC:{code}*{charge}*UN*1***1", "DTP*472*D8*20260901", f"REF*6R*{number}L{at}"]
    return "~".join([ISA[:-1], "ST*837*0001", *rows, "SE*9*0001", ""])


def svc(code: str, charge: str, paid: str, *cas: str, ref: str = "", original: str = "", day: str = "20260901") -> str:
    """A service; `cas` as `CO 45 50`."""
    rows = [f"SVC*HC:{code}*{charge}*{paid}" + (f"***HC:{original}" if original else "")]
    rows += [f"DTM*472*{day}"] if day else []
    rows += [f"CAS*{one.replace(' ', '*')}" for one in cas]
    return "~".join([*rows, *([f"REF*6R*{ref}"] if ref else [])])


def clp(head: str, *rows: str, icn: str = "ICN1", member: str = "M1") -> str:
    """A payment of a claim; `head` as `SW1 1 150 80`."""
    return "~".join([f"CLP*{head.replace(' ', '*')}*0*12*{icn}", f"NM1*QC*1*FERNSBY*POSY****MI*{member}", *rows])


def era(total: str, *rows: str, plb: Sequence[str] = (), trace: str = "EFT1", handling: str = "I") -> str:
    """A file with one remittance; `plb` as `WO:REF 50`."""
    method = "ACH" if cents(total) else "NON"
    body = [
        f"BPR*{handling}*{total}*C*{method}************20260915",
        f"TRN*1*{trace}*1960000022",
        "N1*PR*PAYER*XV*90101",
        "N1*PE*SUPPLIER*XX*1999999000",
        *rows,
        *(f"PLB*1999999000*20261231*{one.replace(' ', '*')}" for one in plb),
    ]
    return "~".join([ISA[:-1], "ST*835*0001", *body, f"SE*{len(body)}*0001", "GE*1*1", ""])
