"""A file cut into several, each whole in itself: by interchange, by transaction set, or by so many claims.

Segments that need not change keep their bytes, and what stands between them too. New are only the envelopes around
what was cut, and in a set of claims that was cut the numbers of its levels and its count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from .header import parse_isa
from .segment import Delimiters
from .tokens import Token

MOST_NUMBER = 999_999_999
_LONGEST_REFERENCE = 30
_DEPTH = {"20": 0, "22": 1, "23": 2}

Part = Iterator[str]
"""The text of one new file, in pieces; it has to be read to its end before the next one is asked for."""


class CutFault(Exception):
    """The file cannot be cut like this; says why."""


def by_interchange(tokens: Iterable[Token]) -> Iterator[Part]:
    """One file for each interchange, nothing in it changed: put together they are the file again.

    Raises:
        CutFault: something stands before the first interchange.
    """
    source = _Source(tokens)
    if source.token is not None and source.tag != "ISA":
        raise CutFault("Something stands before the first ISA, and belongs to no interchange.")
    while source.token is not None:
        yield _interchange(source)


def _interchange(source: _Source) -> Part:
    yield _text(source.take())
    while source.token is not None and source.tag != "ISA":
        yield _text(source.take())
    # The blanks between two interchanges belong to the first: no file begins with them.
    yield source.take_gap()


def by_set(tokens: Iterable[Token], first: int) -> Iterator[Part]:
    """One file for each transaction set, in an interchange of its own; ISA13 and GS06 are numbered from `first`.

    Raises:
        CutFault: the sets do not stand in groups and interchanges as they must; or no number is left.
    """
    for source, envelope in _sets(tokens, first):
        yield chain(envelope.head(), _whole_set(source), envelope.tail())


def by_claims(tokens: Iterable[Token], most: int, first: int) -> Iterator[Part]:
    """Files of at most so many claims, each with the levels over them, in interchanges of their own numbered from
    `first`. No file holds claims of two transaction sets. BHT03 of the second and later parts of a set says which.

    Raises:
        CutFault: as `by_set`; or a set is none of claims, or its levels cannot be followed.
    """
    number = first
    for source, envelope in _sets(tokens, first):
        claims = _Claims(source)
        part = 0
        while claims.more():
            part += 1
            envelope.number = _checked(number)
            number += 1
            yield chain(envelope.head(), claims.part(most, part), envelope.tail())


# --- tokens


class _Source:
    """Tokens, with a look at the next one. `gap` counts as part of the token it stands before."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = iter(tokens)
        self.token: Token | None = None
        self.tag = ""
        self.delimiters = Delimiters()
        self._next()

    def _next(self) -> None:
        token = next(self._tokens, None)
        self.token = token
        if token is None:
            self.tag = ""
            return
        if token.raw.startswith("ISA") and (isa := parse_isa(token.raw + token.terminator)) is not None:
            self.delimiters = isa.delimiters
            self.tag = "ISA"
        else:
            self.tag = token.raw.split(self.delimiters.element, 1)[0]

    def take(self) -> Token:
        """The next token; it is gone then."""
        token = self.token
        if token is None:
            raise CutFault("The file ends in the middle of a transaction set.")
        self._next()
        return token

    def take_gap(self) -> str:
        """What stands before the next token, and is taken away from it."""
        if self.token is None:
            return ""
        gap = self.token.gap
        self.token = self.token._replace(gap="")
        return gap


def _text(token: Token) -> str:
    return token.gap + token.raw + token.terminator


def _sets(tokens: Iterable[Token], first: int) -> Iterator[tuple[_Source, _Envelope]]:
    """The source at each ST, with the envelope that its set is to stand in; the set is to be taken to its SE."""
    source = _Source(tokens)
    isa = gs = None
    number = first
    while source.token is not None:
        tag = source.tag
        if tag == "ST":
            if isa is None or gs is None:
                raise CutFault("A transaction set stands under no ISA or GS. gateway x12 faults says where.")
            yield source, _Envelope(isa, gs, source.delimiters, _checked(number))
            number += 1
        elif tag == "ISA":
            isa, gs = source.take(), None
        elif tag == "GS":
            gs = source.take()
        elif tag in ("GE", "IEA") or not source.token.raw:
            source.take()
        elif tag == "TA1":
            raise CutFault("It holds a TA1, which answers an interchange and belongs to no set. Cut it by interchange.")
        else:
            raise CutFault("A segment stands outside of the transaction sets. gateway x12 faults says where.")


def _checked(number: int) -> int:
    if number > MOST_NUMBER:
        raise CutFault("There are more parts than control numbers from --first on. Begin with a lower number.")
    return number


class _Envelope:
    """ISA, GS, GE and IEA around one set, as the file has them but for numbers and counts."""

    def __init__(self, isa: Token, gs: Token, delimiters: Delimiters, number: int) -> None:
        self._isa, self._gs = isa, gs
        self._separator = delimiters.element
        self.number = number

    def head(self) -> Iterator[str]:
        """ISA and GS."""
        yield _text(Token("", self._with(self._isa.raw, 13, f"{self.number:09d}"), self._isa.terminator))
        yield _text(self._gs._replace(raw=self._with(self._gs.raw, 6, str(self.number))))

    def tail(self) -> Iterator[str]:
        """GE and IEA, and the line end that stands between segments."""
        gap, end = self._gs.gap, self._gs.terminator
        yield gap + self._separator.join(("GE", "1", str(self.number))) + end
        yield gap + self._separator.join(("IEA", "1", f"{self.number:09d}")) + end + gap

    def _with(self, raw: str, position: int, value: str) -> str:
        elements = raw.split(self._separator)
        if len(elements) <= position:
            raise CutFault("An ISA or GS lacks elements. gateway x12 faults says where.")
        elements[position] = value
        return self._separator.join(elements)


def _whole_set(source: _Source) -> Part:
    yield _text(source.take())
    while source.tag != "SE":
        _inside(source)
        yield _text(source.take())
    yield _text(source.take())


def _inside(source: _Source) -> None:
    if source.tag in ("ISA", "GS", "ST", "GE", "IEA"):
        raise CutFault("A transaction set has no SE. gateway x12 faults says where.")


# --- claims


class _Level:
    """The segments of a level: its HL, and its content."""

    def __init__(self, hl: Token) -> None:
        self.hl = hl
        self.content: list[Token] = []


class _Claims:
    """The claims of one set, taken in parts. The source stands at its ST."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._separator = source.delimiters.element
        self._levels: list[_Level] = []
        self._over = False
        self._st = source.take()
        if [*self._st.raw.split(self._separator), ""][1].strip() != "837":
            raise CutFault("Only claims (837) can be cut by claims. Cut it by set, or by interchange.")
        self._header: list[Token] = []
        while source.tag not in ("HL", "CLM", "SE"):
            _inside(source)
            self._header.append(source.take())

    def more(self) -> bool:
        """Whether a claim is left. Levels before it are taken; after the last one, the SE is."""
        source = self._source
        while not self._over and source.tag != "CLM":
            _inside(source)
            if source.tag == "SE":
                source.take()
                self._over = True
            elif source.tag == "HL":
                self._level(source.take())
            elif self._levels:
                self._levels[-1].content.append(source.take())
            else:
                raise CutFault("A segment stands before the levels of a set of claims, and is none of its header.")
        return not self._over

    def _level(self, hl: Token) -> None:
        depth = _DEPTH.get([*hl.raw.split(self._separator), "", "", ""][3])
        if depth is None or depth > len(self._levels):
            raise CutFault("The levels (HL) of a set of claims cannot be followed. gateway x12 check says where.")
        self._levels = [*self._levels[:depth], _Level(hl)]

    def part(self, most: int, number: int) -> Part:
        """The next claims, from ST to SE."""
        yield _text(self._st)
        count = 1
        for token in self._header:
            count += 1
            yield _text(self._reference(token, number))
        for token in self._claims(most):
            count += 1
            yield _text(token)
        elements = self._st.raw.split(self._separator)
        se = self._separator.join(("SE", str(count + 1), [*elements, "", ""][2]))
        yield _text(Token(self._gap, se, self._st.terminator))

    @property
    def _gap(self) -> str:
        return self._header[0].gap if self._header else self._st.gap

    def _reference(self, token: Token, number: int) -> Token:
        """BHT03 tells batches apart: two with the same would be taken for one."""
        elements = token.raw.split(self._separator)
        if number == 1 or elements[0] != "BHT" or len(elements) < 4:
            return token
        suffix = f"-{number}"
        elements[3] = elements[3][: _LONGEST_REFERENCE - len(suffix)] + suffix
        return token._replace(raw=self._separator.join(elements))

    def _claims(self, most: int) -> Iterator[Token]:
        """Claims with the levels over them, numbered anew. A subscriber is held until it is known whether one of its
        patients follows."""
        written: list[_Level] = []
        numbers = [0, 0, 0]
        levels = claims = 0
        held: list[Token] = []
        subscriber = -1
        while claims < most and self.more():
            for depth, level in enumerate(self._levels):
                if depth < len(written) and written[depth] is level:
                    continue
                written = written[:depth]
                levels += 1
                numbers[depth] = levels
                parent = str(numbers[depth - 1]) if depth else ""
                if depth < 2:
                    yield from held
                    held, subscriber = [], -1
                if depth == 1:
                    subscriber = 0
                elif depth == 2 and subscriber >= 0:
                    held[subscriber] = self._hl(held[subscriber], children="1")
                children = "1" if depth == 0 else "0"
                held += [self._hl(level.hl, str(levels), parent, children), *level.content]
                written.append(level)
            held += self._claim()
            claims += 1
        yield from held

    def _claim(self) -> Iterator[Token]:
        source = self._source
        yield source.take()
        while source.tag not in ("HL", "CLM", "SE"):
            _inside(source)
            yield source.take()

    def _hl(self, token: Token, number: str = "", parent: str | None = None, children: str = "") -> Token:
        elements = [*token.raw.split(self._separator), "", "", "", ""][:5]
        elements[1] = number or elements[1]
        elements[2] = elements[2] if parent is None else parent
        elements[4] = children or elements[4]
        return token._replace(raw=self._separator.join(elements))
