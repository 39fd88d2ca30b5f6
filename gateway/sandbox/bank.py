"""The practice bank: a BAI2 file of the payments that the practice clearinghouse made, as a supplier's bank sends it.

Transfers bear the addenda of their remittance (CCD+ TRN); checks come as items of a lockbox deposit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from .remit import payer_tax_id
from .settings import SandboxPartner
from .state import Paid

SENDER, RECEIVER, ACCOUNT = "999999992", "STILLWATER", "0000987654"


def bank_file(payments: Sequence[Paid], partner: SandboxPartner, day: dt.date) -> bytes:
    """The money of one day."""
    money = [one for one in payments if one.cents]
    checks = [one for one in money if partner.behaviour_of(one.payer).pays_by == "CHK"]
    transfers = [one for one in money if one not in checks]
    details = []
    for number, one in enumerate(transfers, 1):
        details.append(f"16,142,{one.cents},Z,{day:%y%m%d}{number:05d},,ORIG CO NAME:{one.payer}  HCCLAIMPMT")
        details.append(f"88,TRN*1*{one.trace}*1{payer_tax_id(one.payer)}\\")
    if checks:
        details.append(f"16,115,{sum(one.cents for one in checks)},Z,{day:%y%m%d}00000,,LOCKBOX")
        details += [f"16,116,{one.cents},Z,,{one.trace},CHECK" for one in checks]
    details_cents = sum(one.cents for one in money) + sum(one.cents for one in checks)
    total = sum(one.cents for one in money) + details_cents
    inner = [f"03,{ACCOUNT},,010,{sum(one.cents for one in money)},,/", *details]
    lines = [
        f"01,{SENDER},{RECEIVER},{day:%y%m%d},1800,1,,,2/",
        f"02,{RECEIVER},{SENDER},1,{day:%y%m%d},,USD,2/",
        *inner,
        f"49,{total},{len(inner) + 1}/",
        f"98,{total},1,{len(inner) + 3}/",
        f"99,{total},1,{len(inner) + 5}/",
    ]
    return ("\n".join(lines) + "\n").encode()
