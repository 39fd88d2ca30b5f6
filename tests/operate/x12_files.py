"""What the tests of `gateway x12` share: files, and the command. Everybody in them is invented."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result

from gateway.cli import cli

from ..flow.out.made import Made, make_837

Put = Callable[..., Path]
GOOD = Made(number="A-1001")


def x12(*words: str | Path, code: int | None = 0) -> Result:
    done = CliRunner().invoke(cli, ["-c", "no/such/config", "x12", *map(str, words)], catch_exceptions=False)
    assert code is None or done.exit_code == code, done.output
    return done


def mutants(data: bytes, seed: int, number: int) -> list[bytes]:
    rng = random.Random(seed)
    found = []
    for _ in range(number):
        made = bytearray(data)
        for _ in range(rng.randint(1, 5)):
            at = rng.randrange(len(made))
            to = min(len(made), at + rng.randint(1, 60))
            new = [b"", made[at:to] * 2, bytes([rng.randrange(256)]), bytes(rng.choices(b"*~:^ A1\nISE", k=9))]
            made[at:to] = new[rng.randrange(4)]
        found.append(bytes(made))
    return found


def family(*, mixed: bool = False) -> bytes:
    """Claims of three subscribers; those of the second are for two dependents. `mixed`: and one for himself, which no
    guide allows."""
    insured = Made(last="MARSH", first="TOM", member="2EG4TE5MK72").subscriber()
    insured[0] = "SBR*P********MB"
    body = [*insured[:2], insured[-1]] + (Made(number="A-9").claim() if mixed else [])
    for number, first in ((4, "BEN"), (5, "ANN")):
        patient = [f"NM1*QC*1*MARSH*{first}", "N3*12 MILL RD", "N4*DAYTON*OH*45402", f"DMG*D8*2015040{number}*M"]
        body += [f"HL*{number}*3*23*0", "PAT*19", *patient, *Made(number=f"A-{number}").claim()]
    body += Made(number="A-6").claim()
    last = Made(number="A-7", last="REED")
    whole = make_837([GOOD, last]).replace(b"HL*3*1*22*0", b"HL*6*1*22*0")
    inner = "".join(f"{one}~\n" for one in ["HL*3*1*22*1", *body]).encode()
    text = whole.replace(b"HL*6*", inner + b"HL*6*")
    return re.sub(rb"SE\*\d+", b"SE*%d" % text[text.index(b"ST*837") : text.index(b"GE*")].count(b"~"), text)
