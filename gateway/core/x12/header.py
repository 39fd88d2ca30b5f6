"""Where an interchange begins, and what its separators are.

Every function here takes text that starts at a candidate and looks at no more than `LOOKAHEAD` characters of it, so
that the answer does not depend on how the file was read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .segment import Delimiters

LOOKAHEAD = 8192
"""As many characters of what follows decide on a header (at the end of a file: all that is left)."""
GAPS = " \t\r\n"
"""What may stand after a terminator without being data."""
ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
"""The lengths of ISA01 to ISA16; they are the only fixed ones of X12 (12.4 of X12.5)."""
_ISA_SEPARATORS = 16
_LONGEST_ISA = 400
_OVERRUN = re.compile(r"[^A-Za-z0-9 ](?:GS|ST|TA1|IEA)$")
CANDIDATE = re.compile(r"ISA[^A-Za-z0-9 \r\n]|(?<![A-Za-z0-9])(?:GS|ST|TA1)[^A-Za-z0-9 \r\n]")


class Isa(NamedTuple):
    """An ISA that could be read: its text without the terminator, and what is wrong with it: (code, sentence,
    element)."""

    raw: str
    delimiters: Delimiters
    faults: tuple[tuple[str, str, int], ...]


def parse_isa(text: str) -> Isa | None:
    """The ISA at the start of the text; None where no header can be made of it (cut off, or elements missing).

    Found by its 16th separator and not by its length, since padding is often lost.
    """
    separator = text[3:4]
    if not separator or separator.isalnum() or separator in " \r\n":
        return None
    parts = text[:_LONGEST_ISA].split(separator, _ISA_SEPARATORS)
    if len(parts) <= _ISA_SEPARATORS or not (parts[12].strip().isdigit() or parts[13].strip().isdigit()):
        return None
    if any(_OVERRUN.search(part) for part in parts[:_ISA_SEPARATORS]):
        return None
    end = _end(parts[16], separator)
    if end is None:
        return None
    component, at, faults = end
    terminator = parts[16][at]
    raw = separator.join(parts[:16]) + separator + parts[16][:at]
    widths = tuple(len(part) for part in (*parts[1:16], parts[16][:at]))
    if widths != ISA_WIDTHS:
        wrong = next(n for n, (is_, must) in enumerate(zip(widths, ISA_WIDTHS, strict=True), 1) if is_ != must)
        faults = (
            *faults,
            (
                "isa-padding",
                f"The ISA is {len(raw) + 1} characters long, not 106: ISA{wrong:02d} has {widths[wrong - 1]} "
                f"characters, not {ISA_WIDTHS[wrong - 1]}. It was read by its separators.",
                wrong,
            ),
        )
    repetition = _repetition(parts[11], parts[12], separator + component + terminator)
    if len({separator, component, terminator}) < 3 or component.isalnum() or component in GAPS:
        what = "The ISA declares separators that cannot be told apart from each other or from data."
        faults = (*faults, ("isa-delimiters", what, 16))
    return Isa(raw, Delimiters(separator, component, repetition, terminator), faults)


def _repetition(isa11: str, isa12: str, taken: str) -> str:
    """ISA11 separates repetitions from version 00501 on; before, it names a standard (U)."""
    found = isa11.strip()
    if isa12.strip() < "00501" or len(found) != 1 or found.isalnum() or found in taken:
        return ""
    return found


def _end(rest: str, separator: str) -> tuple[str, int, tuple[tuple[str, str, int], ...]] | None:
    """From what follows the 16th separator: ISA16, the place of the terminator, faults."""
    if len(rest) < 2:
        return None
    first, second = rest[0], rest[1]
    if second in "\r\n" and not first.isalnum() and _ends_its_line(rest, first, separator):
        # ISA16 was left out: what stands in its place ends the segments that follow, too.
        component = next(char for char in ":><|" if char not in (first, separator))
        return component, 0, (("isa16-missing", "ISA16 (the component separator) is missing.", 16),)
    if not second.isalnum() and second not in (separator, " "):
        return first, 1, ()
    following = re.search(rf"([^A-Za-z0-9 ])[ \t\r\n]*(?:GS|TA1|IEA|ST){re.escape(separator)}", rest[1:64])
    if following is None or following[1] == separator:
        return None
    at = following.start(1) + 1
    # A line end before GS may only stand behind the true terminator.
    while following[1] in "\r\n" and at > 1 and rest[at - 1] in GAPS:
        at -= 1
    return first, at, ()


def _ends_its_line(rest: str, char: str, separator: str) -> bool:
    """Whether the line after the ISA ends with the character that stands where ISA16 should."""
    line = rest[1:].lstrip(GAPS).split("\n", 1)[0].rstrip("\r ")
    return line.startswith(("GS" + separator, "TA1" + separator, "IEA" + separator)) and line.endswith(char)


def infer_delimiters(text: str) -> Delimiters | None:
    """The separators of a GS, ST or TA1 at the start of the text that stands under no ISA; None where it is none."""
    tag = "TA1" if text.startswith("TA1") else text[:2]
    shape = _SHAPES.get(tag)
    element = text[len(tag) : len(tag) + 1]
    if shape is None or not element or element.isalnum() or element in " \r\n":
        return None
    found = re.match(shape.replace("@", re.escape(element)), text[:256])
    if found is None or found[1] in (element, " ", "\t"):
        return None
    terminator = found[1]
    component = _component(text[:LOOKAHEAD], element, terminator)
    repetition = "" if "^" in (element, component, terminator) else "^"
    return Delimiters(element, component, repetition, terminator)


# `@` stands for the element separator.
_SHAPES = {
    "ST": r"ST@\d{3}@[A-Za-z0-9 ]{1,12}(?:@[A-Za-z0-9]{0,35})?([^A-Za-z0-9])",
    "GS": r"GS@[A-Z]{2}(?:@[^@\r\n]{1,30}){6}@[A-Za-z0-9]{1,12}([^A-Za-z0-9])",
    "TA1": r"TA1@\d{1,9}@\d{6}@\d{4}@[A-Z]@\d{3}([^A-Za-z0-9])",
}


def _component(text: str, element: str, terminator: str) -> str:
    """The component separator, from the first composite that shows one; a colon where none does."""
    e, t = re.escape(element), re.escape(terminator)
    other = rf"([^A-Za-z0-9\s.{e}{t}])"
    for shape in (
        rf"{t}\s{{0,4}}(?:SV1|SV2|SV3|SVC|HI){e}[A-Z]{{2,3}}{other}",
        rf"{t}\s{{0,4}}CLM(?:{e}[^{e}{t}]*){{4}}{e}\w\w{other}",
        rf"{t}\s{{0,4}}STC{e}[A-Z]\w{{1,2}}{other}",
    ):
        found = re.search(shape, text)
        if found:
            return found[1]
    return next(char for char in ":><|" if char not in (element, terminator))
