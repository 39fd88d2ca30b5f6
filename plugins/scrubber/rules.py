"""Every rule of the scrubber: sections 1.1 to 1.7 of hme-billing-rules. Those without an id there have one of ours."""

from __future__ import annotations

from gateway.plugins import Rule, RuleState, rule_book

_REJECTS, _HOLDS, _WARNS = RuleState.REJECTS, RuleState.HOLDS, RuleState.WARNS
_CORRECTS, _OFF = RuleState.CORRECTS, RuleState.OFF
_KNOWN = " (as shipped, of patients of whom orders are known: setting orders)."

RULES = rule_book(
    # 1.1 payment categories
    Rule("R1.01", _REJECTS, "An item that is rented or sold says which: exactly one of RR, NU and UE."),
    Rule("R1.02", _REJECTS, "A capped rental has one of KH, KI and KJ, the one of its rental month."),
    Rule("R1.03", _HOLDS, "No rental month is billed past the cap of its item (13 or 15; oxygen has its own plugin)."),
    Rule("R1.04", _HOLDS, "A rental month begins after the one before has ended."),
    Rule("R1.05", _HOLDS, "After a long break a person decides whether a new rental period has begun."),
    Rule("R1.05-BIB", _HOLDS, "A rental that goes on after a long break says why it was not billed."),
    Rule("R1.06", _HOLDS, "A move to the state of another contractor begins no new rental period."),
    Rule(
        "R1.FS-1",
        _REJECTS,
        "What is frequently serviced is only rented (once payment_categories has rows of category FS).",
    ),
    Rule("R1.OX-1", _HOLDS, "Oxygen contents are neither rented nor sold: no RR, NU or UE."),
    Rule("R1.PO-1", _WARNS, "Prosthetics and orthotics take no RR, NU or UE."),
    Rule("R1.TE-1", _OFF, "TENS is rented on trial for two months at most, then bought (no codes are shipped)."),
    Rule(
        "R1.IN-1",
        _OFF,
        "Rentals of an inexpensive item come to no more than its purchase price (holds once purchase_prices has rows).",
    ),
    Rule("R1.BP-1", _WARNS, "An item with a purchase option says what the patient chose: BP, BR or BU."),
    Rule("R1.BP-2", _WARNS, "BP goes with a purchase, BR and BU with a rental, and only on items with the option."),
    # 1.2 modifiers
    Rule("R1.KH-1", _WARNS, "KI and KJ stand on capped rentals only."),
    Rule("R1.KR-1", _HOLDS, "A partial month (KR) is a rental with from and to dates."),
    Rule("R1.RA-1", _HOLDS, "RA stands on the first rental month, or on the purchase, of the replacing item."),
    Rule("R1.RA-2", _HOLDS, "RA comes with a note that says what happened to the item before."),
    Rule("R1.RA-3", _HOLDS, "RA never stands on parts and refills."),
    Rule("R1.RB-1", _HOLDS, "RB comes with a note."),
    Rule("R1.RB-2", _WARNS, "A part that is replaced in a repair (RB) comes with its labor."),
    Rule("R1.10", _CORRECTS, "Modifiers stand in their order: pricing, policy, information."),
    Rule("R1.11", _REJECTS, "No modifier stands twice on a line."),
    Rule("R1.12", _REJECTS, "More than four modifiers need 99."),
    Rule("R1.99-1", _HOLDS, "99 stands in the fourth place, and the note has the others."),
    Rule("R1.KX-1", _REJECTS, "KX never stands beside GA, GZ or GY."),
    Rule("R1.KX-2", _REJECTS, "Where the policy uses them, one of KX, GA, GZ and GY stands on the line."),
    Rule(
        "R1.KX-3",
        _HOLDS,
        "From month 4 of a PAP device on, KX rests on a visit between day 31 and 91 (asked where a record is known).",
    ),
    Rule("R1.GA-1", _WARNS, "Of GA, GZ and GY only one stands on a line."),
    Rule("R1.EY-1", _HOLDS, "EY (no order) is billed only to obtain a denial."),
    Rule("R1.GL-1", _HOLDS, "Glucose supplies say how the patient is treated: KX or KS."),
    Rule("R1.BA-1", _WARNS, "BA stands on an item that goes with enteral or parenteral nutrition of the claim."),
    Rule("R1.BO-1", _HOLDS, "Nutrition taken by mouth (BO) is not covered."),
    Rule("R1.AU-1", _HOLDS, "Tape and adhesive remover say what for: AU, AV or AW."),
    Rule("R1.CG-1", _OFF, "CG stands where the policy wants it (no codes are shipped)."),
    Rule("R1.LT-1", _HOLDS, "Both sides are two lines, one with RT and one with LT."),
    Rule("R1.LT-2", _HOLDS, "A line for one side has one unit."),
    Rule("R1.CB-1", _WARNS, "Modifiers of competitive bidding stand only while a round runs."),
    # 1.3 providers
    Rule(
        "R1.20",
        _REJECTS,
        "The ordering provider stands on each line with name and NPI (2420E), or on the claim for payers of R1.DN-1.",
    ),
    Rule(
        "R1.DN-1",
        _OFF,
        "The practitioner stands on the claim (2310A) where the payer wants it (once rule_payers names payers).",
    ),
    Rule("R1.21", _WARNS, "The ordering provider's name can be matched: four letters of the last, one of the first."),
    Rule("R1.21-1", _REJECTS, "The ordering provider is a person, not an organisation."),
    Rule(
        "R1.21-2",
        _OFF,
        "The ordering provider is on the list of who may order, under that name (rejects once the list is brought in).",
    ),
    Rule("R1.22", _REJECTS, "An NPI has a right check digit."),
    Rule("R1.23", _OFF, "The billing NPI is enrolled with the partner (rejects once the table enrollments has rows)."),
    Rule("R1.24", _REJECTS, "The Medicare number has the form of an MBI."),
    # 1.4 places, diagnoses, units, dates
    Rule("R1.POS-1", _WARNS, "Equipment is for use at home: the place of service counts as one."),
    Rule("R1.POS-2", _HOLDS, "Equipment in a hospital or nursing facility is not paid."),
    Rule("R1.DX-1", _REJECTS, "A pointer means a diagnosis that the claim has."),
    Rule("R1.DX-2", _REJECTS, "A claim has one to twelve diagnoses."),
    Rule("R1.DX-3", _REJECTS, "A diagnosis has the form of an ICD-10 code."),
    Rule("R1.DX-4", _REJECTS, "A line has one to four pointers."),
    Rule("R1.UN-1", _HOLDS, "A rental line has one unit for its month."),
    Rule("R1.UN-2", _HOLDS, "Units are a whole number above zero."),
    Rule("R1.UN-3", _WARNS, "Units stay within what one line of the item holds."),
    Rule("R1.DOS-1", _HOLDS, "The first day of service has come."),
    Rule("R1.DOS-2", _REJECTS, "Each line has its dates, and the last day is not before the first."),
    Rule("R1.30", _HOLDS, "A span of dates stands where the payer wants one."),
    Rule("R1.30-2", _HOLDS, "From and to are the same day where the payer wants no span."),
    Rule("R1.31", _WARNS, "A refill overlaps the supply before by ten days at most."),
    Rule("R1.32", _CORRECTS, "A span of more than a month says for how many days it supplies."),
    Rule("R1.32-2", _WARNS, "More than the usual for one month says for how many it is."),
    Rule("R1.33", _OFF, "A span stays within its month or year (once a payer's row of span_dates says so)."),
    Rule("R1.JUR-1", _HOLDS, "The claim goes to the contractor of the state where the patient lives."),
    Rule("R1.SS-1", _HOLDS, "The patient does not rent a same or similar item in the same month."),
    # 1.5 orders and encounters
    Rule("R1.SWO-1", _HOLDS, "The item has an order that is in force" + _KNOWN),
    Rule(
        "R1.SWO-2",
        _HOLDS,
        "The order is complete: patient, date, description, quantity, practitioner, signature" + _KNOWN,
    ),
    Rule("R1.SWO-3", _WARNS, "The ordering provider of the claim is the one of the order."),
    Rule("R1.WOPD-1", _HOLDS, "For listed items the complete order came before the delivery" + _KNOWN),
    Rule("R1.F2F-1", _HOLDS, "For listed items an encounter stands in the six months before the order" + _KNOWN),
    Rule("R1.40", _REJECTS, "No CMN or DIF is sent (dates of service from 2023 on)."),
    # 1.6 prior authorization, frequency
    Rule(
        "R1.50",
        _HOLDS,
        "An item under prior authorization has its number, of a decision that is affirmed and was valid at delivery "
        "(as shipped, the decision of items of which authorizations are known: setting authorizations).",
    ),
    Rule("R1.50-1", _HOLDS, "Medicare's tracking number (UTN) has 14 characters."),
    Rule("R1.50-2", _HOLDS, "The UTN of a power wheelchair stands on its own line, not on the claim."),
    Rule("R1.50-3", _REJECTS, "No UTN stands on an item that is not under prior authorization."),
    Rule("R1.50-4", _HOLDS, "Two authorizations for one item are two claims."),
    Rule("R1.60", _REJECTS, "A replacement or void goes only to a payer that takes it."),
    Rule("R1.60-1", _HOLDS, "A replacement or void names the payer's claim number (REF F8)."),
    # 1.7 timely filing and front end
    Rule("R1.TF-1", _HOLDS, "The claim is filed in the payer's time."),
    Rule("R1.TF-2", _WARNS, "The end of the payer's filing time is near."),
    Rule("R1.NOC-1", _WARNS, "An unlisted code is described on its line."),
    Rule("R1.DUP-1", _HOLDS, "The same item of the same day was not billed to the payer before."),
    Rule("R1.DUP-2", _HOLDS, "No line stands twice on the claim."),
    Rule("R1.PAD-1", _CORRECTS, "Codes, names and numbers have no blanks around them."),
)


def named(words: str) -> frozenset[str]:
    """Some of the rules, by their ids with blanks between.

    Raises:
        KeyError: there is no such rule.
    """
    return frozenset(RULES[word].id for word in words.split())
