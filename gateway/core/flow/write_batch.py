"""Writing a batch: from stored claims to the bytes that leave, and reading them back before they do.

Everything comes from what was allocated, so writing again gives the same bytes. What is read back is compared with the
database, not with what the writer believed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from ...config.config import Config
from ...config.partner import Partner
from ..model.money import to_dollars
from ..store import batches as batch_store
from ..x12 import delimit
from ..x12.delimit import WriterFault
from ..x12.reader import read
from ..x12.second_opinion import Envelope, NoOpinion, suspicions
from ..x12.segment import Delimiters
from ..x12.stored import StoredClaim
from ..x12.transactions import ClaimSetEnd, FileFault, ReadClaim, UnknownSet, transactions
from ..x12.values import cents as cents_of
from ..x12.writer import ClaimHead, ClaimSet, InterchangeHead, write_claims
from .claim_check import action_of, check_claim, codes_of, in_words
from .services import Papers
from .submitter import per, plain


class Written(TypedDict):
    """A batch in the archive. `taken_out`: claims that cannot be written to this partner, with why (then nothing was
    written). `blanked`: claims in whose free text a separator became a blank, with where. `refused`: why the whole
    batch cannot be written."""

    sha256: str
    size: int
    note: str
    taken_out: list[tuple[int, str]]
    blanked: list[tuple[int, str]]
    refused: str


def order_of(rows: Sequence[Any]) -> list[Any]:
    """The order in which claims are written: equal billing providers, subscribers and patients together, so that
    they share a level (a subscriber's own claims before their dependents'); among equals the one that came first."""
    return sorted(rows, key=lambda row: (*_levels(row.content), row.id))


def _levels(content: bytes) -> tuple[bytes, bytes]:
    """A packed claim's bytes up to the end of its subscriber, and its patient's: what `x12.writer.ancestors` gives,
    without taking the claim apart (`StoredClaim.pack`: each part ends with one terminator more)."""
    end = content[2:3]
    both = end + end
    # The separators stand first, with the terminator after each of the last two.
    at = content.find(end, 3) + 1
    for _ in range(2):
        at = at + 1 if content.startswith(end, at) else content.find(both, at) + 2
    patient = b"" if content.startswith(end, at) else content[at : content.find(both, at)]
    return content[:at], patient


class _Claim(NamedTuple):
    claim_id: int
    st02: str
    stored: StoredClaim


def write_batch(papers: Papers, partner: Partner, batch_id: int) -> Written:
    """Write a batch into the archive, from what the database says of it."""
    with papers.reads.connect() as connection:
        batch = batch_store.get(connection, batch_id)
        rows = batch_store.contents(connection, batch_id)
    claims = [_as_sent(papers, row) for row in rows]
    result = Written(sha256="", size=0, note="", taken_out=[], blanked=[], refused="")
    result["taken_out"] = list(_not_by_the_guide(papers, partner, claims))
    if result["taken_out"]:
        return result
    wanted = marks_of(partner)
    marks = None if partner.delimiters.fixed else delimit.choose((one.stored for one in claims), wanted)
    if marks is None:
        marks = wanted
        claims = _fitted(claims, marks, result)
        if result["taken_out"]:
            return result
    elif marks != wanted:
        result["note"] = "Other separators than usual were taken, because data holds the usual ones."
    head, start = _heads(partner, batch, marks)
    try:
        stored = papers.archive.put_chunks(
            write_claims(
                head,
                start,
                _sets(claims),
                marks,
                line_ending=partner.delimiters.line_ending,
                max_claims=partner.max_claims_per_set,
            )
        )
    except WriterFault as fault:
        result["taken_out"] = [(one.claim_id, why) for one in claims if (why := _why_not(one.stored, marks))]
        if not result["taken_out"]:
            result["refused"] = f"It cannot be written: {fault}."
        return result
    result["sha256"], result["size"] = stored
    return result


def _not_by_the_guide(papers: Papers, partner: Partner, claims: Sequence[_Claim]) -> Iterator[tuple[int, str]]:
    """The claims that must not leave because of what the guide finds in them, with why."""
    codes = codes_of(papers.config) if partner.check.codes != "report" else None
    for one in claims:
        noted = [found for found in check_claim(one.stored, codes) if action_of(partner.check, found) != "report"]
        if noted:
            yield one.claim_id, f"It does not keep to its guide. {in_words(noted)}"


def marks_of(partner: Partner) -> Delimiters:
    """The separators that a partner is sent, where data allows it."""
    return Delimiters(*(getattr(partner.delimiters, name) for name in Delimiters._fields))


def _as_sent(papers: Papers, row: Row[Any]) -> _Claim:
    """A claim under the payer id that its partner knows."""
    stored = as_sent(papers.config, row.payer_id, StoredClaim.unpack(row.content))
    return _Claim(row.claim_id, row.st02, stored)


def as_sent(config: Config, payer_id: str, stored: StoredClaim) -> StoredClaim:
    """A claim under the payer id that its partner knows."""
    sent_id = config.sent_payer_id(payer_id)
    if sent_id != payer_id:
        element = stored.delimiters.element
        start = f"NM1{element}PR{element}"
        subscriber = []
        for raw in stored.subscriber:
            if raw.startswith(start):
                elements = raw.split(element)
                if len(elements) > 9:
                    elements[9] = sent_id
                    raw = element.join(elements)
            subscriber.append(raw)
        stored = stored._replace(subscriber=subscriber)
    return stored


def _fitted(claims: list[_Claim], marks: Delimiters, result: Written) -> list[_Claim]:
    """The claims for separators that cannot be changed; what happened to them goes into `result`."""
    claims_as_sent = []
    for one in claims:
        fits = fitted(one.stored, marks)
        if fits.why_not:
            result["taken_out"].append((one.claim_id, fits.why_not))
        elif fits.blanked:
            result["blanked"].append((one.claim_id, fits.blanked))
        claims_as_sent.append(one._replace(stored=fits.stored))
    return claims_as_sent


class Fitted(NamedTuple):
    """A claim for separators that cannot be changed: what became a blank, or why it cannot be sent, in words."""

    stored: StoredClaim
    blanked: str
    why_not: str


def fitted(stored: StoredClaim, marks: Delimiters) -> Fitted:
    """One claim for a partner that takes no other separators than these."""
    stored, blanked, conflicts = delimit.fit(stored, marks)
    if conflicts:
        where = ", ".join(sorted({f"{found.segment_id}{found.element:02d}" for found in conflicts}))
        why = (
            f"It holds a character that this partner uses as a separator, in {where}, where a blank would change "
            "what it says. Correct it at its source and send it again."
        )
        return Fitted(stored, "", why)
    if blanked:
        where = ", ".join(sorted({f"{found.segment_id}{found.element:02d}" for found in blanked}))
        return Fitted(stored, f"A separator in free text ({where}) goes out as a blank.", "")
    return Fitted(stored, "", "")


def _why_not(stored: StoredClaim, marks: Delimiters) -> str:
    """Why a claim cannot be written with these separators; empty where it can."""
    try:
        for part in (stored.billing, stored.subscriber, stored.patient, stored.claim):
            delimit.translated(part, stored.delimiters, marks)
    except WriterFault as fault:
        return f"It cannot be written: {fault}. Correct it at its source and send it again."
    return ""


def _sets(claims: Sequence[_Claim]) -> Iterator[ClaimSet]:
    """The transaction sets, in the order of the claims."""
    for number in dict.fromkeys(one.st02 for one in claims):
        yield ClaimSet(number, [one.stored for one in claims if one.st02 == number])


def _heads(partner: Partner, batch: Row[Any], marks: Delimiters) -> tuple[InterchangeHead, ClaimHead]:
    """Envelope and header, from the partner's settings and what was allocated."""
    ids = partner.interchange
    at: dt.datetime = batch.created_at.astimezone(ZoneInfo(partner.batch.time_zone))
    head = InterchangeHead(
        sender_qualifier=ids.sender_qualifier,
        sender=ids.sender_id.strip(),
        receiver_qualifier=ids.receiver_qualifier,
        receiver=ids.receiver_id.strip(),
        group_sender=ids.gs02.strip(),
        group_receiver=ids.gs03.strip(),
        isa13=batch.isa13,
        gs06=batch.gs06,
        usage=batch.usage,
        at=at,
        version=partner.version,
        acknowledgment_requested=ids.acknowledgment_requested,
    )

    submitter, whom = partner.submitter, partner.receiver
    name, sender = plain(submitter.name, marks), plain(submitter.id or ids.sender_id.strip(), marks)
    receiver, receiver_id = plain(whom.name, marks), plain(whom.id or ids.receiver_id.strip(), marks)
    start = ClaimHead(
        batch.bht03,
        (
            ("NM1", "41", "2", name, "", "", "", "", "46", sender),
            per(submitter.contact, marks),
        ),
        (("NM1", "40", "2", receiver, "", "", "", "", "46", receiver_id),),
    )
    return head, start


# --- read back -------------------------------------------------------------------------------------


def check_batch(papers: Papers, partner: Partner, batch_id: int, sha256: str) -> dict[str, Any]:
    """Read what was written and compare it with what was meant.

    Returns `wrong`, what is not right (empty where all is), and a `note` for the timeline.
    """
    with papers.reads.connect() as connection:
        batch = batch_store.get(connection, batch_id)
        numbers = batch_store.numbers(connection, batch_id)
    first = int(batch.first_st02)
    meant = Envelope(batch.isa13, batch.gs06, tuple(dict.fromkeys(st02 for _, st02 in numbers)))
    note = ""
    wrong = _read_back(papers, sha256, batch, meant, Counter(number for number, _ in numbers))
    if any(not first <= int(st02) < first + batch.sets for st02 in meant.st02):
        wrong.append("A transaction set has a number that was not allocated for it.")
    if not wrong and partner.second_opinion:
        try:
            wrong += suspicions(papers.archive.read(sha256), meant)
            note = "badx12 agrees with its envelope."
        except NoOpinion as error:
            note = f"No second opinion: {error}"
    return {"wrong": wrong, "note": note}


def _read_back(papers: Papers, sha256: str, batch: Row[Any], meant: Envelope, numbers: Counter[str]) -> list[str]:
    wrong: list[str] = []
    found: Counter[str] = Counter()
    sets: list[str] = []
    cents = 0

    def compare(what: str, is_: object, should: object) -> None:
        if is_ != should:
            wrong.append(f"{what} is {is_} and should be {should}.")

    with papers.archive.open(sha256) as stream:
        for item in transactions(read(stream)):
            if isinstance(item, ReadClaim):
                clm = [*item.stored.claim[0].split(item.stored.delimiters.element), "", ""]
                found[clm[1]] += 1
                cents += cents_of(clm[2]) or 0
            elif isinstance(item, ClaimSetEnd):
                sets.append(item.set.st02)
                envelope = item.set.envelope
                compare("ISA13", envelope.isa13, batch.isa13)
                compare("GS06", envelope.gs06, batch.gs06)
                compare("ISA15", envelope.usage, batch.usage)
                compare("BHT03", item.set.bht03, batch.bht03)
                wrong += [fault.message for fault in item.set.faults[:5]]
                if not item.sound:
                    wrong.append(f"Transaction set {item.set.st02} is not sound.")
            elif isinstance(item, FileFault):
                wrong.append(item.fault.message)
            elif isinstance(item, UnknownSet):
                wrong.append(f"It holds a transaction set {item.set.kind}.")
    compare("The transaction sets", " ".join(sets), " ".join(meant.st02))
    compare("The number of claims", sum(found.values()), batch.claims)
    compare("The charge of all claims", f"${to_dollars(cents):,}", f"${to_dollars(batch.cents):,}")
    if found != numbers:
        wrong.append("The claims in it are not those of the batch.")
    return wrong
