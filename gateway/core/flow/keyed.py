"""Paper explanations of benefits, keyed in: an 835 is made of one and goes the way of every other.

So the same rules post it: what does not balance is told at once, claims are matched, denials are routed, and the
deposit of its check is expected. The file says who keyed it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from ...config.config import Config
from ..model.money import parse_cents, to_dollars, x12_amount
from ..store import files, timeline
from ..store.archive import Archive, Stored
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..x12.balance import PREDETERMINATION, claim_imbalances
from ..x12.items import ReadPayment
from ..x12.reader import read
from ..x12.transactions import transactions
from .post_plan import in_words
from .post_scan import scan
from .receive import Received

ORIGIN = "keyed"
STATION = "key"
MOST_BYTES = 4 << 20
_FORBIDDEN = re.compile(r"[*~:^\x00-\x1f\x7f]")
_METHODS = {"check": "CHK", "eft": "ACH", "none": "NON"}
_REASON = re.compile(r"([A-Z]{2})-([A-Z0-9]{1,5})\s+(-?[0-9.]+)")


class NotKeyed(ValueError):
    """It cannot be keyed like that: the message says where and why. Nothing was recorded."""


class Reason(msgspec.Struct, forbid_unknown_fields=True):
    """One adjustment: group (CO, PR, OA, PI), reason code, dollars."""

    group: str
    reason: str
    amount: str


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One service line as it stands on the paper."""

    code: str
    charge: str
    paid: str
    date: str = ""
    modifiers: list[str] = []
    control_number: str = ""
    adjustments: list[Reason] = []
    remarks: list[str] = []


class KeyedClaim(msgspec.Struct, forbid_unknown_fields=True):
    """One claim. Charge and paid are the lines' sums unless they are given; `status` is CLP02."""

    claim_number: str
    lines: list[Line] = []
    status: str = "1"
    charge: str = ""
    paid: str = ""
    payer_claim_number: str = ""
    member_id: str = ""
    last_name: str = ""
    first_name: str = ""
    adjustments: list[Reason] = []


class Level(msgspec.Struct, forbid_unknown_fields=True):
    """An adjustment at provider level (PLB): positive takes from the payment."""

    code: str
    amount: str
    reference: str = ""


class Eob(msgspec.Struct, forbid_unknown_fields=True):
    """A paper as it is keyed. `number` is the check's; `method` check, eft or none (nothing is paid)."""

    payer: str
    payer_id: str
    number: str
    amount: str
    date: str
    claims: list[KeyedClaim]
    method: str = "check"
    originator: str = ""
    provider_level: list[Level] = []


# --- what was keyed --------------------------------------------------------------------------------


def from_json(data: bytes) -> Eob:
    """An explanation of benefits as JSON; amounts are text, as `"80.00"`.

    Raises:
        NotKeyed: it is not as it must be.
    """
    try:
        return msgspec.json.decode(data, type=Eob)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotKeyed(f"It cannot be read: {error}") from None


def from_csv(data: bytes, *, payer: str, payer_id: str, number: str, amount: str, date: str) -> Eob:
    """An explanation of benefits as CSV, a row a line: claim_number, code, modifiers, date, charge, paid, adjustments
    (`CO-45 50.00 PR-2 20.00`), remarks, control_number, status, payer_claim_number; the rest stands above them.

    Raises:
        NotKeyed: a column is not known, or an adjustment cannot be read.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (csv.Error, UnicodeDecodeError) as error:
        raise NotKeyed(f"It cannot be read: {error}") from None
    return Eob(payer, payer_id, number, amount, date, claims_of(rows, 2))


COLUMNS = (
    *("claim_number", "code", "modifiers", "date", "charge", "paid", "adjustments", "remarks", "control_number"),
    *("status", "payer_claim_number"),
)
"""What a row may say of a line, and of its claim."""


def claims_of(rows: Iterable[Mapping[str, str | None]], first: int = 1) -> list[KeyedClaim]:
    """The claims of rows, a row a line; see `from_csv`. `first`: the number of the first row.

    Raises:
        NotKeyed: a column is not known, or an adjustment cannot be read.
    """
    claims: dict[str, KeyedClaim] = {}
    for at, row in enumerate(rows, first):
        unknown = [str(name) for name in row if name not in COLUMNS]
        if unknown:
            raise NotKeyed(f"Line {at}: there is no column {unknown[0]!r}; there are {', '.join(COLUMNS)}.")
        said = {name: (row.get(name) or "").strip() for name in COLUMNS}
        claim = claims.setdefault(
            said["claim_number"],
            KeyedClaim(said["claim_number"], status=said["status"] or "1"),
        )
        claim.payer_claim_number = claim.payer_claim_number or said["payer_claim_number"]
        claim.lines.append(
            Line(
                said["code"],
                said["charge"],
                said["paid"],
                said["date"],
                said["modifiers"].replace(":", " ").split(),
                said["control_number"],
                _reasons(said["adjustments"], at),
                said["remarks"].split(),
            )
        )
    return list(claims.values())


def _reasons(text: str, number: int) -> list[Reason]:
    found = [Reason(*one) for one in _REASON.findall(text)]
    if _REASON.sub("", text).strip(" ;,"):
        raise NotKeyed(f"Line {number}: adjustments look like `CO-45 50.00 PR-2 20.00`.")
    return found


# --- the 835 of it ---------------------------------------------------------------------------------


def make_835(eob: Eob, usage: str, payee: tuple[str, str, str]) -> bytes:
    """The 835 of what was keyed; `payee` is name, NPI and tax id of the supplier. The same again is the same bytes.

    Raises:
        NotKeyed: a value cannot be read or stand in a file, or the sums do not come out.
    """
    if eob.method not in _METHODS:
        raise NotKeyed(f"method is one of {', '.join(_METHODS)}.")
    if not eob.claims and not eob.provider_level:
        raise NotKeyed("Nothing stands on it.")
    body = list(_body(eob, payee))
    day = _day(eob.date, "date")
    head = (
        f"ISA*00*{'':<10}*00*{'':<10}*ZZ*{'KEYED':<15}*ZZ*{'KEYED':<15}*{day:%y%m%d}*0000*^*00501*000000001*0*{usage}*:~"
        f"GS*HP*KEYED*KEYED*{day:%Y%m%d}*0000*1*X*005010X221A1~"
    )
    segments = ["ST*835*0001", *body, f"SE*{len(body) + 2}*0001"]
    data = (head + "".join(f"{one}~" for one in segments) + "GE*1*1~IEA*1*000000001~").encode("latin-1", "replace")
    _balanced(data)
    return data


def _body(eob: Eob, payee: tuple[str, str, str]) -> Iterator[str]:
    amount, day = _amount(eob.amount, "amount"), f"{_day(eob.date, 'date'):%Y%m%d}"
    method = _METHODS[eob.method] if amount else "NON"
    payer, payer_id = _text(eob.payer, "payer", 60), _text(eob.payer_id, "payer_id", 80)
    name, npi, tax_id = payee
    number = _text(eob.number, "number", 50)
    if not payer or not payer_id or not number:
        raise NotKeyed("payer, payer_id and number (of the check) are needed.")
    yield f"BPR*{'I' if amount else 'H'}*{x12_amount(amount)}*C*{method}************{day}"
    yield f"TRN*1*{number}*{_text(eob.originator, 'originator', 10) or payer_id[:10]}"
    yield f"DTM*405*{day}"
    yield f"N1*PR*{payer}*XV*{payer_id}"
    yield f"N1*PE*{_text(name, 'name', 60)}*XX*{npi}"
    yield f"REF*TJ*{tax_id.replace('-', '')}"
    if eob.claims:
        yield "LX*1"
    for at, claim in enumerate(eob.claims, 1):
        yield from _claim(claim, f"claim {at}")
    year_end = f"{day[:4]}1231"
    for level in eob.provider_level:
        code, cents = _text(level.code, "code", 2), _amount(level.amount, "provider_level")
        yield f"PLB*{npi}*{year_end}*{code}:{_text(level.reference, 'reference', 50)}*{x12_amount(cents)}"


def _claim(claim: KeyedClaim, where: str) -> Iterator[str]:
    number = _text(claim.claim_number, f"{where}: claim_number", 38)
    if not number:
        raise NotKeyed(f"{where}: claim_number is needed.")
    charges = [_amount(one.charge, f"{where}: charge") for one in claim.lines]
    paid = [_amount(one.paid, f"{where}: paid") for one in claim.lines]
    whole = [_amount(one.amount, f"{where}: adjustments") for one in claim.adjustments]
    charge = _amount(claim.charge, f"{where}: charge") if claim.charge else sum(charges)
    total = _amount(claim.paid, f"{where}: paid") if claim.paid else sum(paid) - sum(whole)
    reasons = [*claim.adjustments, *(one for line in claim.lines for one in line.adjustments)]
    patient = sum(_amount(one.amount, where) for one in reasons if one.group == "PR")
    payer_number = _text(claim.payer_claim_number, f"{where}: payer_claim_number", 50)
    status = _text(claim.status, f"{where}: status", 2)
    yield f"CLP*{number}*{status}*{x12_amount(charge)}*{x12_amount(total)}*{x12_amount(patient)}*12*{payer_number}*12*1"
    yield from _cas(claim.adjustments, where)
    last, first = _text(claim.last_name, f"{where}: last_name", 60), _text(claim.first_name, f"{where}: first_name", 35)
    member = _text(claim.member_id, f"{where}: member_id", 80)
    if last or member:
        yield f"NM1*QC*1*{last}*{first}{f'****MI*{member}' if member else ''}"
    for at, line in enumerate(claim.lines):
        place = f"{where}, line {at + 1}"
        code = ":".join(["HC", _text(line.code, f"{place}: code", 48), *(_text(m, place, 2) for m in line.modifiers)])
        yield f"SVC*{code}*{x12_amount(charges[at])}*{x12_amount(paid[at])}"
        if line.date:
            yield f"DTM*472*{_day(line.date, f'{place}: date'):%Y%m%d}"
        yield from _cas(line.adjustments, place)
        if line.control_number:
            yield f"REF*6R*{_text(line.control_number, f'{place}: control_number', 50)}"
        for remark in line.remarks:
            yield f"LQ*HE*{_text(remark, f'{place}: remarks', 30)}"


def _cas(reasons: Sequence[Reason], where: str) -> Iterator[str]:
    for one in reasons:
        if one.group not in ("CO", "PR", "OA", "PI", "CR"):
            raise NotKeyed(f"{where}: a group is CO, PR, OA, PI or CR.")
        cents = _amount(one.amount, f"{where}: adjustments")
        yield f"CAS*{one.group}*{_text(one.reason, f'{where}: reason', 5)}*{x12_amount(cents)}"


def _text(value: str, where: str, most: int) -> str:
    value = value.strip()
    if _FORBIDDEN.search(value) or len(value) > most:
        raise NotKeyed(f"{where}: at most {most} characters, none of * ~ : ^")
    return value


def _amount(text: str, where: str) -> int:
    cents = parse_cents(text.strip().replace(",", "").removeprefix("$"))
    if cents is None:
        raise NotKeyed(f"{where}: an amount like 80.00 is needed.")
    return cents


def _day(text: str, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise NotKeyed(f"{where}: a date like 2026-11-26 is needed.") from None


def _balanced(data: bytes) -> None:
    """A person who keys is told at once what does not come out."""
    for item in transactions(read(io.BytesIO(data))):
        if isinstance(item, ReadPayment) and item.payment.status != PREDETERMINATION:
            wrong = claim_imbalances(item.payment)
            if wrong:
                raise NotKeyed(f"Claim {item.ordinal}: {in_words(wrong[0])}")
    (found,) = scan(io.BytesIO(data))
    if found.fault or found.difference_cents:
        claims = to_dollars(found.claims_cents - found.provider_cents)
        raise NotKeyed(
            found.fault
            or f"The check is ${to_dollars(found.paid_cents):,}, and what stands on the paper adds up to ${claims:,}: "
            f"${to_dollars(abs(found.difference_cents)):,} apart."
        )


# --- taking it in ----------------------------------------------------------------------------------


def party_of(config: Config, eob: Eob, partner: str = "") -> str:
    """The partner in whose turn it posts: the one that is named, else the one that reaches the payer.

    Raises:
        NotKeyed: there is none.
    """
    found = config.partner(partner) if partner else config.partner_for(eob.payer_id)
    if found is None:
        known = ", ".join(sorted(one.name for one in config.partners)) or "none"
        raise NotKeyed(f"Say which partner the payer is reached through; the configuration has: {known}.")
    return found.name


def keep(config: Config, archive: Archive, eob: Eob) -> Stored:
    """Make the 835 of what was keyed, and put it into the archive.

    Raises:
        NotKeyed: see `make_835`.
    """
    organisation = config.gateway.organisation
    payee = (organisation.name, organisation.billing_npis[0], organisation.tax_id)
    return archive.put(make_835(eob, config.gateway.usage, payee))


def register(connection: Connection, party: str, eob: Eob, stored: Stored, who: str, now: dt.datetime) -> Received:
    """Record what was keyed as a file that is to be read. The same keyed again is a duplicate."""
    file_id = allocate(connection, "files", 1)
    first = files.first_with(connection, party, stored.sha256, taken_in=True)
    state = "duplicate" if first is not None else "received"
    reason = f"The same was keyed before, as file {first}." if first is not None else ""
    name = re.sub(r"[^A-Za-z0-9.-]", "_", f"keyed-{eob.number}.835")
    new = files.NewFile("in", ORIGIN, party, name, stored, "", state, reason, duplicate_of=first)
    files.add(connection, new, now, file_id)
    what = f"Keyed by {who} from paper, {stored.size:,} bytes. {reason}".rstrip()
    timeline.add(connection, [timeline.Entry("file", file_id, STATION, what, who=who)], now)
    if first is None:
        put_outbox(connection, "read", str(file_id), {"file_id": file_id}, now)
    return Received(file_id, first or 0)


def told(received: Received) -> dict[str, Any]:
    """What came of it, for a program."""
    return {"file_id": received.file_id, "duplicate_of": received.duplicate_of}
