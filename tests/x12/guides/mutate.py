"""Small valid files, and single mutations of them. A mutation's number says everything about it: the same number is
always the same file."""

from __future__ import annotations

import datetime as dt
import io
import random
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from gateway.core.x12.items import ReadClaim
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import transactions
from gateway.core.x12.writer import InterchangeHead, write_sets
from gateway.sandbox.adjudicate import adjudicate
from gateway.sandbox.cases import Case
from gateway.sandbox.fees import load_fees
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.incoming import case_of
from gateway.sandbox.remit import X221, Entry, Payment, Plb, remittance
from gateway.sandbox.settings import Behaviour
from gateway.sandbox.write import as_837

TODAY = dt.date(2026, 11, 20)
BASES = 60
"""Different files of each kind that are mutated."""


class Mutation(NamedTuple):
    """One mutation: its kind, of which file (837, 835), what was done in words without values, the file, and the
    segment (counted in the file that comes out, ISA is 1) where it was done."""

    number: int
    kind: str
    file: str
    what: str
    data: bytes
    at: int


# --- valid files


@lru_cache(maxsize=2 * BASES)
def base(file: str, seed: int) -> tuple[str, ...]:
    """The segments of a valid file of one to three claims, ISA to IEA."""
    claims = as_837(generate_claims(1 + seed % 3, seed, TODAY, fault_share=0.0), TODAY)
    data = claims if file == "837" else _remittance(claims)
    return tuple(segment.strip() for segment in data.decode("latin-1").split("~") if segment.strip())


def _remittance(claims: bytes) -> bytes:
    cases = [case_of(one.claim, "") for one in transactions(read(io.BytesIO(claims))) if isinstance(one, ReadClaim)]
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.payer_id, case.payee.npi), []).append(case)
    head = InterchangeHead(
        sender_qualifier="ZZ",
        sender="PRACTICECH",
        receiver_qualifier="ZZ",
        receiver="STILLWATER",
        group_sender="PRACTICECH",
        group_receiver="STILLWATER",
        isa13="000000001",
        gs06="1",
        usage="T",
        at=dt.datetime.combine(TODAY, dt.time(6, 0), tzinfo=dt.UTC),
        version=X221,
        function="HP",
    )
    behaviour, fees = Behaviour(), load_fees(None)
    sets = []
    for number, together in enumerate(groups.values(), 1):
        entries = [Entry(case, adjudicate(case, behaviour, fees, 17).first) for case in together]
        payment = Payment(
            payer_id=together[0].payer_id,
            payer_name=together[0].payer_name,
            payee=together[0].payee,
            entries=entries,
            adjustments=[Plb("L6", "INTEREST", -125)],
            trace=f"EFT{number:09d}",
            day=f"{TODAY:%Y%m%d}",
            received=f"{TODAY:%Y%m%d}",
        )
        sets.append(("835", f"{number:04d}", remittance(payment, behaviour)))
    return b"".join(write_sets(head, sets))


# --- mutations: each takes the segments and where to do it, and says what it did; None where it cannot be done there

Done = tuple[list[str], str, int] | None
Do = Callable[[list[str], int, random.Random], Done]


def _elements(
    segments: list[str], at: int, rng: random.Random, wanted: str, change: Callable[[str], str], words: str
) -> Done:
    """Change one element, or component, whose value looks like `wanted`."""
    parts = segments[at].split("*")
    tag, places = parts[0], []
    for position, value in enumerate(parts[1:], 1):
        if ":" in value:
            inner = value.split(":")
            places += [(position, at) for at, one in enumerate(inner, 1) if one and re.fullmatch(wanted, one)]
        elif value and re.fullmatch(wanted, value):
            places.append((position, 0))
    if not places:
        return None
    position, component = rng.choice(places)
    if component:
        inner = parts[position].split(":")
        inner[component - 1] = change(inner[component - 1])
        parts[position] = ":".join(inner)
    else:
        parts[position] = change(parts[position])
    made = "*".join(parts)
    if made == segments[at]:
        return None
    name = f"{tag}{position:02d}" + (f"-{component}" if component else "")
    return [*segments[:at], made, *segments[at + 1 :]], f"{name}: {words}", at


def _value(wanted: str, change: Callable[[str, random.Random], str], words: str) -> Do:
    return lambda segments, at, rng: _elements(segments, at, rng, wanted, lambda value: change(value, rng), words)


def _drop(segments: list[str], at: int, rng: random.Random) -> Done:
    return [*segments[:at], *segments[at + 1 :]], f"{segments[at][:3].rstrip('*')} left out", at


def _repeat(segments: list[str], at: int, rng: random.Random) -> Done:
    times = rng.choice((1, 1, 2, 12))
    words = f"{segments[at].split('*')[0]} {times} times more"
    return [*segments[: at + 1], *[segments[at]] * times, *segments[at + 1 :]], words, at + 1


def _swap(segments: list[str], at: int, rng: random.Random) -> Done:
    if at + 1 >= len(segments) - 3 or segments[at] == segments[at + 1]:
        return None
    one, other = segments[at : at + 2]
    words = f"{one.split('*')[0]} and {other.split('*')[0]} change places"
    return [*segments[:at], other, one, *segments[at + 2 :]], words, at


def _move(segments: list[str], at: int, rng: random.Random) -> Done:
    to = rng.randrange(3, len(segments) - 3)
    rest = [*segments[:at], *segments[at + 1 :]]
    return [*rest[:to], segments[at], *rest[to:]], f"{segments[at].split('*')[0]} moved elsewhere", min(at, to)


def _copy(segments: list[str], at: int, rng: random.Random) -> Done:
    to = rng.randrange(3, len(segments) - 3)
    return [*segments[:to], segments[at], *segments[to:]], f"{segments[at].split('*')[0]} once more elsewhere", to


def _unknown(segments: list[str], at: int, rng: random.Random) -> Done:
    made = rng.choice(("ZZZ*1", "XQ1*A*B", "CL1*1*1*01", "SV2*0300*HC:A4253*10*UN*1", "UNO", "N2*MORE", "TS3*1*11"))
    return [*segments[:at], made, *segments[at:]], f"{made.split('*')[0]} put in", at


def _extra(segments: list[str], at: int, rng: random.Random) -> Done:
    more = rng.choice(("*X", "*1*2", "*" * 25 + "X"))
    words = f"{segments[at].split('*')[0]}: elements more at the end"
    return [*segments[:at], segments[at] + more, *segments[at + 1 :]], words, at


def _trailing(segments: list[str], at: int, rng: random.Random) -> Done:
    words = f"{segments[at].split('*')[0]}: empty elements at the end"
    return [*segments[:at], segments[at] + rng.choice(("*", "**")), *segments[at + 1 :]], words, at


def _shift(segments: list[str], at: int, rng: random.Random) -> Done:
    parts = segments[at].split("*")
    position = rng.randrange(1, len(parts))
    if rng.random() < 0.5:
        made, words = [*parts[:position], "", *parts[position:]], f"an empty element before {parts[0]}{position:02d}"
    else:
        made, words = (
            [*parts[:position], *parts[position + 1 :]],
            f"{parts[0]}{position:02d} taken out, the rest moves up",
        )
    return [*segments[:at], "*".join(made), *segments[at + 1 :]], words, at


def _fill(segments: list[str], at: int, rng: random.Random) -> Done:
    parts = segments[at].split("*")
    empty = [position for position, value in enumerate(parts) if not value]
    if not empty:
        return None
    position = rng.choice(empty)
    parts[position] = rng.choice(("X", "1", "20260101", "ABC"))
    return [*segments[:at], "*".join(parts), *segments[at + 1 :]], f"{parts[0]}{position:02d}: an empty one filled", at


def _count(segments: list[str], at: int, rng: random.Random) -> Done:
    """A count or a control number of the envelope."""
    tag, position = rng.choice((("SE", 1), ("SE", 2), ("GE", 1), ("GE", 2), ("IEA", 1), ("IEA", 2), ("ST", 2)))
    where = rng.choice([number for number, one in enumerate(segments) if one.startswith(tag + "*")])
    parts = segments[where].split("*")
    parts[position] = f"{int(parts[position]) + rng.choice((1, 2, 10)):0{len(parts[position])}d}"
    return [*segments[:where], "*".join(parts), *segments[where + 1 :]], f"{tag}{position:02d}: another number", where


def _trailer(segments: list[str], at: int, rng: random.Random) -> Done:
    tag = rng.choice(("SE", "GE", "IEA"))
    where = rng.choice([number for number, one in enumerate(segments) if one.startswith(tag + "*")])
    return [*segments[:where], *segments[where + 1 :]], f"{tag} left out", where


def _lone_digits(value: str, rng: random.Random) -> str:
    at = rng.randrange(len(value))
    return value[:at] + rng.choice("AZ$,") + value[at + 1 :]


KINDS: dict[str, Do] = {
    "segment left out": _drop,
    "segment repeated": _repeat,
    "segments in another order": _swap,
    "segment moved": _move,
    "segment copied elsewhere": _copy,
    "segment put in": _unknown,
    "element blank": _value(".+", lambda value, rng: "", "blank"),
    "element of blanks": _value(".+", lambda value, rng: rng.choice((" ", "   ")), "blanks only"),
    "value too long": _value(".+", lambda value, rng: value + "1234567890" * rng.choice((1, 3, 9)), "longer"),
    "value too short": _value("..+", lambda value, rng: value[: rng.choice((1, len(value) - 1))], "shorter"),
    "another code": _value(
        "[A-Z0-9]{1,3}", lambda value, rng: rng.choice(("ZZ9", "Q", "QX", "0", "99")), "another code"
    ),
    "lower case": _value(".*[A-Z].*", lambda value, rng: value.lower(), "lower case"),
    "bad date": _value(
        r"\d{8}(-\d{8})?",
        lambda value, rng: rng.choice(
            ("20261301", "20260230", "20260431", "2026110", "261101", "20261101-20260230", "2026110A", "00000000")
        ),
        "no such date",
    ),
    "another good date": _value(
        r"(19|20)\d{6}", lambda value, rng: rng.choice(("20240229", "20000229", "19000101", "20261231")), "another date"
    ),
    "letters in numbers": _value(r"-?\d+(\.\d+)?", _lone_digits, "no number"),
    "number written otherwise": _value(
        r"-?\d+(\.\d+)?",
        lambda value, rng: (
            rng.choice(("+", "-", "0", "00")) + value
            if rng.random() < 0.5
            else value + rng.choice((".", ".0", ".005", ".12345", "E1"))
        ),
        "written otherwise",
    ),
    "blank around a value": _value(
        ".+", lambda value, rng: rng.choice((value + " ", " " + value, value + "   ")), "a blank before or behind"
    ),
    "odd character": _value(
        ".+",
        lambda value, rng: value[:1] + rng.choice(("^", "\t", "\x07", "\xe9", "`", "|", "@", "#")) + value[1:],
        "an odd character",
    ),
    "component more": _value(
        ".+", lambda value, rng: value + rng.choice((":X", ":", ":1:2:3:4:5:6:7:8:9")), "components more"
    ),
    "element more": _extra,
    "empty elements at the end": _trailing,
    "elements shifted": _shift,
    "unused element filled": _fill,
    "another count": _count,
    "trailer left out": _trailer,
}


def mutation(number: int) -> Mutation:
    """The mutation of this number; SE01 of what comes out has the right count, unless that is the mutation."""
    rng = random.Random(number)
    names = list(KINDS)
    kind = names[number % len(names)]
    file = ("837", "835")[number // len(names) % 2]
    segments = list(base(file, rng.randrange(BASES)))
    while True:
        at = rng.randrange(2, len(segments) - 2)
        done = KINDS[kind](segments, at, rng)
        if done is not None and done[0] != segments:
            break
    made, what, where = done
    if not kind.startswith(("another count", "trailer")):
        made = _counted(made)
    data = ("~\n".join(made) + "~\n").encode("latin-1")
    return Mutation(number, kind, file, what, data, where + 1)


def _counted(segments: list[str]) -> list[str]:
    """SE01 made right."""
    made, start = list(segments), 0
    for number, segment in enumerate(segments):
        if segment.startswith("ST*"):
            start = number
        elif re.fullmatch(r"SE\*\d+\*\w+", segment):
            made[number] = f"SE*{number - start + 1}*{segment.split('*')[2]}"
    return made


def untouched(file: str, seed: int) -> bytes:
    """The file that is mutated, as it is."""
    return ("~\n".join(base(file, seed)) + "~\n").encode("latin-1")
