"""One mutation before both judges, and the kinds of difference between them (`differences.toml`)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .checked import Seen, check
from .mutate import Mutation, mutation
from .oracle import Said, validate

FILE = Path(__file__).with_name("differences.toml")
PAGE = Path(__file__).parents[3] / "docs" / "pyx12-differences.md"
MUTATIONS = 2_000


class Known(NamedTuple):
    """A kind of difference; see the head of `differences.toml`."""

    kind: str
    says: str
    right: str
    why: str
    ours: str = ""
    pyx12: str = ""
    mutation: str = ""
    file: str = ""
    seen: int = 0
    example: int = 0


class Compared(NamedTuple):
    """What both find first in a mutation."""

    mutation: Mutation
    ours: Seen | None
    pyx12: Said | None

    @property
    def alike(self) -> bool:
        """The same verdict and, where it is a bad one, the same first segment."""
        if self.ours is None or self.pyx12 is None:
            return self.ours is None and self.pyx12 is None
        return self.ours.number == self.pyx12.number

    @property
    def says(self) -> str:
        """Who finds something."""
        if self.ours is not None and self.pyx12 is not None:
            return "both"
        return "ours" if self.ours is not None else "pyx12"

    def __str__(self) -> str:
        one = self.mutation
        return f"mutation {one.number} ({one.file}, {one.what}): ours {self.ours}, pyx12 {self.pyx12}"


def compared(number: int) -> Compared:
    """The mutation of this number before both."""
    made = mutation(number)
    found = check(made.data).found
    valid, said = validate(made.data)
    if not valid and not said:
        raise AssertionError(f"pyx12 refuses mutation {number}, and does not say why")
    return Compared(made, found[0] if found else None, min(said, key=lambda one: one.number) if said else None)


@cache
def known() -> tuple[Known, ...]:
    """The kinds of difference, as they are written down."""
    return tuple(Known(**one) for one in tomllib.loads(FILE.read_text())["difference"])


def kinds_of(one: Compared) -> list[Known]:
    """The kinds that a difference may be of."""
    ours = f"{one.ours.place} {one.ours.ik304} {one.ours.ik403} {one.ours.code}" if one.ours else ""
    theirs = f"{one.pyx12.level} {one.pyx12.place} {one.pyx12.code} {one.pyx12.words}" if one.pyx12 else ""
    return [
        kind
        for kind in known()
        if kind.says == one.says
        and re.search(kind.ours, ours)
        and re.search(kind.pyx12, theirs)
        and re.fullmatch(kind.mutation or ".*", one.mutation.kind)
        and re.fullmatch(kind.file or ".*", one.mutation.file)
    ]


def page() -> str:
    """docs/pyx12-differences.md."""
    kinds = known()
    total = sum(kind.seen for kind in kinds)
    lines = [
        "# Where the checker and pyx12 differ",
        "",
        "The checker of the 837P and 835 guides (levels 1 and 2) is held against",
        "[pyx12](https://pypi.org/project/pyx12/) 4.0, which validates against the same guides.",
        f"{MUTATIONS:,} times one thing is changed in a small valid file: a segment left out, repeated, moved; an",
        "element blank, too long, no date, no number, another code; a wrong count; and so on. Both must give the same",
        f"verdict and name the same segment first. In {MUTATIONS - total:,} they do.",
        f"The other {total} are of these kinds:",
        "",
        "| difference | who finds something | who is right | why | how many | for example |",
        "|---|---|---|---|---|---|",
    ]
    for kind in sorted(kinds, key=lambda one: (one.right, -one.seen)):
        right = {"ours": "the checker", "pyx12": "pyx12", "other level": "both: level 4 or 5"}[kind.right]
        says = {"ours": "the checker", "pyx12": "pyx12", "both": "both, at another segment"}[kind.says]
        example = mutation(kind.example)
        lines.append(
            f"| {kind.kind} | {says} | {right} | {kind.why} | {kind.seen} | "
            f"{example.file}, {example.what} (mutation {kind.example}) |"
        )
    lines += [
        "",
        "Codes are not compared. Where a segment may not stand, pyx12 says 1 (not known) of all; the checker tells a",
        "wrong place (2, 7), a segment that the guide (I4) or the set (6) does not have, and a wrong qualifier (8, 7)",
        "from one another. For an element that the guide does not use it says I10, pyx12 10.",
        "",
        "`make test` repeats a sample of the mutations and each example, `make soak` all of them and the counts",
        "(tests/x12/guides/test_pyx12.py, differences.toml). A difference of no known kind fails the test.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
