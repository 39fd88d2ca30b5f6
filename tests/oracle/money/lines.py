"""Which line of the claim each service is of (5.8), and what a payment says of each."""

from __future__ import annotations

from .account import WHOLE, Asked, Waits
from .wire import Billed, Payment, Service


def asked_of(payment: Payment, claim: Billed) -> dict[int, Asked]:
    """By line number, from 1; services of one line are added up. A payer that names no lines speaks of the claim."""
    asked: dict[int, Asked] = {}
    if not payment.services or payment.cas:
        # Adjustments of the claim as a whole belong to no line; the services' charge then goes with them.
        whole = asked.setdefault(WHOLE, Asked(payment.charge, payment.paid, list(payment.cas)))
        for service in payment.services:
            whole.cas += service.cas
        return asked
    referred = {service.ref for service in payment.services} - {""}
    for service in payment.services:
        one = asked.setdefault(_line(service, payment, claim, referred), Asked())
        one.charge += service.charge
        one.paid += service.paid
        one.cas += service.cas
    return asked


def _line(service: Service, payment: Payment, claim: Billed, referred: set[str]) -> int:
    lines = list(enumerate(claim.lines, 1))
    named = [number for number, line in lines if service.ref and line.ref == service.ref]
    if len(named) == 1:
        return named[0]
    # What another service names by its number is that one's.
    lines = [(number, line) for number, line in lines if line.ref not in referred]
    charge, day = abs(service.charge), service.day or payment.day
    codes = [service.original, service.code] if service.original else [service.code]
    for code in codes:
        alike = [
            (number, line)
            for number, line in lines
            if line.code == code and line.charge == charge and (not day or line.day == day)
        ]
        same = [number for number, line in alike if line.modifiers == service.modifiers]
        for found in (same, [number for number, _ in alike]):
            if len(found) == 1:
                return found[0]
            if len(found) > 1:
                raise Waits("two lines")
    found = [number for number, line in lines if line.charge == charge]
    if len(found) == 1:
        return found[0]
    raise Waits("two lines" if found else "no line")
