"""What the front end refuses: claim status categories and codes as a clearinghouse and a payer give them.

Codes: hme-billing-rules 1.7 (CEDI's edits) and 7.3. A fault of one line is at claim level only a pointer to it
(A3:247), and stands in full at the line.
"""

from __future__ import annotations

from gateway.config.values import luhn_npi

from .cases import Case, Refusal, Status
from .draws import Draws
from .people import is_mbi
from .settings import Behaviour

_LINE = (Status("A3", "247"),)
# Rentals that no payer takes without RR (hme-billing-rules R1.01); what may be bought as well is not here.
_RENTED = frozenset(
    {"E1390", "E1391", "E1392", "E0431", "E0433", "E0434", "E0439", "K0738", "E0601", "E0470", "E0260", "E0277"}
    | {"K0001", "K0003", "K0004", "K0195", "K0823", "E0570"}
)

# Refusals for which nothing can be seen in the claim: (by the payer, status), as likely each.
_SOUND: tuple[tuple[bool, Status], ...] = (
    (False, Status("A8", "496", "85")),
    (False, Status("A7", "562", "85")),
    (False, Status("A3", "116")),
    (False, Status("A7", "187")),
    (True, Status("A7", "254")),
    (True, Status("A3", "33", "IL")),
    (True, Status("A7", "164", "IL")),
    (True, Status("A3", "88", "IL")),
    (True, Status("A6", "132", "DK")),
)
_CLEARINGHOUSE = tuple(status for by_payer, status in _SOUND if not by_payer)
_PAYER = tuple(status for by_payer, status in _SOUND if by_payer)


def _checked(case: Case) -> Refusal | None:
    """The refusal of what is visibly wrong, or None."""
    if case.kind == "medicare":
        if not is_mbi(case.subscriber.id):
            return Refusal(False, (Status("A7", "164", "IL"),))
        if case.frequency in ("7", "8"):
            return Refusal(False, (Status("A7", "535"),))
    if not case.lines or sum(line.charge for line in case.lines) != case.charge:
        return Refusal(False, (Status("A7", "178"),))
    if not luhn_npi(case.payee.npi):
        return Refusal(False, (Status("A7", "562", "85"),))
    lines: list[tuple[int, tuple[Status, ...]]] = []
    for index, line in enumerate(case.lines):
        if len(set(line.modifiers)) < len(line.modifiers):
            lines.append((index, (Status("A7", "453"),)))
        elif case.kind == "medicare" and line.code in _RENTED and not {"RR", "NU", "UE", "MS"} & set(line.modifiers):
            lines.append((index, (Status("A7", "507"),)))
        elif line.ordering_npi and not luhn_npi(line.ordering_npi):
            lines.append((index, (Status("A7", "562", "DK"),)))
    return Refusal(False, _LINE, tuple(lines)) if lines else None


def refuse(case: Case, behaviour: Behaviour, draws: Draws) -> Refusal | None:
    """Whether, by whom and why a claim is refused before anybody decides on it."""
    if case.subscriber.id in behaviour.unknown_ids:
        return Refusal(False, (Status("A7", "164", "IL"),))
    if behaviour.check_claims:
        refusal = _checked(case)
        if refusal is not None:
            return refusal
    if not draws.chance("refused", behaviour.rejected):
        return None
    by_payer = draws.chance("refused by payer", behaviour.rejected_by_payer)
    return Refusal(by_payer, (draws.choose("refusal", _PAYER if by_payer else _CLEARINGHOUSE),))
