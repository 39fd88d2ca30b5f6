"""Prior authorization (hme-billing-rules 1.6): R1.50 and the tracking number's form and place."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from gateway.core.model.belongings import Authorization, Decided
from gateway.core.model.decision import HoldType, Severity

from .findings import Findings
from .line import Line
from .past import Past
from .records import Listed
from .settings import Papers
from .whole import Whole

UTN = re.compile(r"[A-Z0-9]{14}", re.ASCII)
POWER = "power mobility"
TEAM = "authorization"
LINE_PLACE, CLAIM_PLACE = "2400 REF02", "2300 REF02"


def check_authorizations(whole: Whole, out: Findings) -> None:
    """Each listed item has its authorization, in its place."""
    numbered = whole.has("REF", "G1")
    on_claim = whole.claim.authorization if numbered else ""
    found: list[tuple[Line, Listed | None, str]] = []
    for line in whole.lines:
        listed = None
        if not line.maintenance:
            listed = whole.book.authorized.find(whole.payer_id, whole.payer_class, line.code, line.day)
        found.append((line, listed, line.raw.reference("G1") if numbered else ""))
    if not on_claim and not any(listed or own for _, listed, own in found):
        return
    _place(whole, found, on_claim, out)
    for line, listed, own in found:
        if listed is not None:
            _authorized(line, listed, own or on_claim, whole, out)


def _say(
    out: Findings, rule: str, message: str, line: Line | None, place: str = LINE_PLACE, most: Severity | None = None
) -> None:
    out.say(rule, message, line=line, place=place, most=most, team=TEAM, hold_type=HoldType.AUTHORIZATION)


def _place(whole: Whole, found: Sequence[tuple[Line, Listed | None, str]], on_claim: str, out: Findings) -> None:
    """R1.50-2 to R1.50-4: where numbers stand, and on what."""
    listed = [(line, one, own) for line, one, own in found if one is not None]
    power = any(one.group == POWER for _, one, _ in listed)
    if on_claim:
        if not listed:
            _say(
                out,
                "R1.50-3",
                "The claim has an authorization number, and none of its items is under prior authorization. It cannot "
                "be processed; remove the number.",
                None,
                CLAIM_PLACE,
            )
        elif power and len(found) > 1:
            _say(
                out,
                "R1.50-2",
                "The authorization of a power wheelchair stands on the claim, where it counts for the accessories too "
                "and they deny. Move it to the line of the wheelchair.",
                None,
                CLAIM_PLACE,
            )
    for line, one, own in found:
        # Accessories of a power wheelchair may be authorized with it, if the supplier wants.
        if own and one is None and not power:
            _say(
                out,
                "R1.50-3",
                "has an authorization number, and is not under prior authorization: the claim cannot be processed. "
                "Remove the number.",
                line,
            )
    numbers: dict[str, set[str]] = {}
    for line, _, own in listed:
        number = own or on_claim
        if number:
            numbers.setdefault(line.code, set()).add(number)
        if len(numbers.get(line.code, ())) > 1:
            _say(
                out,
                "R1.50-4",
                "is on the claim with two authorizations. Bill each on a claim of its own, with RT or LT.",
                line,
            )


def _authorized(line: Line, listed: Listed, number: str, whole: Whole, out: Findings) -> None:
    """R1.50 for one line, with the authorizations that are on file."""
    book, past, most = whole.book, whole.past, listed.check
    if book.settings.authorizations is Papers.OFF and number:
        known: list[Authorization] = []
    else:
        known = [one for one in past.authorizations() if book.same_payer(one.payer_id, past.payer_id)]
    if not number:
        ready = any(line.code in one.codes and one.decided is Decided.AFFIRMED for one in known)
        do = "An affirmed one is on file: put its number on the line." if ready else "Get the payer's decision."
        _say(out, "R1.50", f"needs prior authorization ({listed.group}), and has no number. {do}", line, most=most)
        return
    if not UTN.fullmatch(number):
        _say(
            out,
            "R1.50-1",
            f"the authorization number has {len(number)} characters; Medicare's has 14 letters and digits.",
            line,
            most=most,
        )
    if book.settings.authorizations is Papers.OFF:
        return
    same = [one for one in known if one.number == number]
    if same:
        wrong = _why_not(line, listed, same[-1], past)
    elif book.settings.authorizations is Papers.REQUIRED or any(line.code in one.codes for one in known):
        wrong = "its number is on no authorization that is on file. Correct the number, or record the decision"
    else:
        wrong = ""
    if wrong:
        _say(out, "R1.50", f"{wrong}.", line, most=most)


def _why_not(line: Line, listed: Listed, one: Authorization, past: Past) -> str:
    """Why an authorization is not good for a line; empty where it is."""
    if one.decided is not Decided.AFFIRMED:
        return f"the payer's decision is: {one.decided.value}. It needs one that is affirmed"
    if line.code not in one.codes:
        return "its authorization is for other items. Put the number of its own on the line"
    if one.modifiers and not line.have.issuperset(one.modifiers):
        return f"its authorization is for {', '.join(one.modifiers)}. Correct the side, or the number"
    delivered = past.handed_over(line)
    if delivered is None:
        return ""
    first, last = valid_days(one, listed)
    if (first is not None and delivered < first) or (last is not None and delivered > last):
        begins = f"from {first:%m/%d/%Y} " if first is not None else ""
        ends = f"to {last:%m/%d/%Y}" if last is not None else "on"
        return f"its authorization is good {begins}{ends}, and the delivery was on {delivered:%m/%d/%Y}"
    return ""


def valid_days(one: Authorization, listed: Listed) -> tuple[dt.date | None, dt.date | None]:
    """The first and last day on which the item may be delivered: as the payer said, else from the decision on for as
    long as its group is good (None: not known)."""
    first, last = one.valid_from or one.decided_on, one.valid_to
    if last is None and listed.valid is not None and one.decided_on is not None:
        last = listed.valid.after(one.decided_on)
    return first, last
