"""Another subscriber and payer of a claim: 2320 with its 2330s (coordination of benefits)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from .loop import Loop
from .party import Party, Subscriber
from .spans import Span, head_spans


class OtherSubscriber(Loop):
    """One 2320: who else covers the patient, what that payer decided on the claim, and the 2330s."""

    __slots__ = ()

    def _spans(self) -> list[Span]:
        return head_spans(self._raw, self.delimiters.element)

    def _own(self) -> Sequence[str]:
        return self._raw[: self._spans()[0].end]

    def _parts(self, loop: str) -> list[Sequence[str]]:
        return [self._raw[span.start : span.end] for span in self._spans() if span.loop == loop]

    @property
    def subscriber(self) -> Subscriber:
        """SBR of 2320 and 2330A."""
        person = next(iter(self._parts("2330A")), ())
        return Subscriber([*self._own()[:1], *person], self.delimiters)

    @property
    def payer(self) -> Party:
        """2330B."""
        return Party(next(iter(self._parts("2330B")), ()), self.delimiters)

    @property
    def providers(self) -> tuple[Party, ...]:
        """2330C to 2330G."""
        return tuple(
            Party(self._raw[span.start : span.end], self.delimiters)
            for span in self._spans()
            if span.loop.startswith("2330") and span.loop not in ("2330A", "2330B")
        )

    @property
    def responsibility(self) -> str:
        """SBR01: P, S, T ..."""
        return self._element("SBR", 1)

    @property
    def filing_code(self) -> str:
        """SBR09."""
        return self._element("SBR", 9)

    @property
    def paid_cents(self) -> int | None:
        """AMT*D: what this payer paid, in cents; None where it is not given."""
        return self.amount_cents("D")

    @property
    def remaining_cents(self) -> int | None:
        """AMT*EAF: what the patient still owes, in cents; None where it is not given."""
        return self.amount_cents("EAF")

    @property
    def non_covered_cents(self) -> int | None:
        """AMT*A8: charges this payer does not cover, in cents; None where it is not given."""
        return self.amount_cents("A8")

    @property
    def benefits_assigned(self) -> str:
        """OI03: Y, N or W."""
        return self._element("OI", 3)

    @property
    def release(self) -> str:
        """OI06: I or Y."""
        return self._element("OI", 6)

    @property
    def remark_codes(self) -> tuple[str, ...]:
        """MOA03 to MOA07."""
        return tuple(code for code in self._elements("MOA")[3:8] if code)

    @property
    def paid_date(self) -> dt.date | None:
        """DTP*573 of 2330B: when this payer decided on the claim."""
        return self.payer.date("573").start

    @property
    def claim_control_number(self) -> str:
        """REF*F8 of 2330B: this payer's number for the claim."""
        return self.payer.reference("F8")
