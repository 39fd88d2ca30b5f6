"""What values of X12 mean, in our own short words, for people who look at a file: codes, dates, amounts.

Codes that are not here are shown as they stand: nothing is made up for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from ..x12.guides.answer_codes import AK9_CODES, IK3_CODES, IK4_CODES, IK5_CODES, TA1_NOTES
from ..x12.guides.model import Element, Kind
from ..x12.values import parse_cents, parse_date, parse_period
from .code_words import CATEGORIES, CLAIM_STATUSES, ENTITIES, STATUSES
from .money import to_dollars

PLACES = {
    "01": "pharmacy",
    "02": "telehealth, patient not at home",
    "03": "school",
    "04": "homeless shelter",
    "09": "prison",
    "10": "telehealth, patient at home",
    "11": "office",
    "12": "home",
    "13": "assisted living",
    "14": "group home",
    "15": "mobile unit",
    "16": "temporary lodging",
    "17": "walk-in clinic in a store",
    "19": "hospital outpatient, off campus",
    "20": "urgent care",
    "21": "inpatient hospital",
    "22": "hospital outpatient, on campus",
    "23": "emergency room",
    "24": "ambulatory surgical center",
    "25": "birthing center",
    "26": "military treatment facility",
    "31": "skilled nursing facility",
    "32": "nursing facility",
    "33": "custodial care facility",
    "34": "hospice",
    "41": "ambulance, land",
    "42": "ambulance, air or water",
    "49": "independent clinic",
    "50": "federally qualified health center",
    "51": "inpatient psychiatric facility",
    "53": "community mental health center",
    "54": "intermediate care facility",
    "60": "mass immunization center",
    "61": "inpatient rehabilitation facility",
    "62": "outpatient rehabilitation facility",
    "65": "dialysis facility",
    "71": "public health clinic",
    "72": "rural health clinic",
    "81": "independent laboratory",
    "99": "other place",
}
"""CMS's places of service."""
FILING = {
    "11": "other program",
    "12": "PPO",
    "13": "POS plan",
    "14": "EPO",
    "15": "indemnity",
    "16": "Medicare Advantage HMO",
    "17": "dental plan",
    "AM": "automobile insurance",
    "BL": "Blue Cross Blue Shield",
    "CH": "TRICARE",
    "CI": "commercial insurance",
    "DS": "disability",
    "FI": "federal employees",
    "HM": "HMO",
    "LM": "liability insurance",
    "MA": "Medicare Part A",
    "MB": "Medicare Part B",
    "MC": "Medicaid",
    "OF": "other federal program",
    "TV": "Title V",
    "VA": "Veterans Affairs",
    "WC": "workers' compensation",
    "ZZ": "not known",
}
_GROUPS = {
    "CO": "contractual",
    "CR": "correction",
    "OA": "other",
    "PI": "payer's own reduction",
    "PR": "patient's share",
}
_RELATIONSHIPS = {"01": "spouse", "18": "the subscriber", "19": "child", "20": "employee", "21": "not known"}
_ORDER = {"P": "primary", "S": "secondary", "T": "tertiary"}
_FREQUENCIES = {"1": "original", "7": "replacement", "8": "void"}
_LEVELS = {
    "19": "billing provider",
    "20": "information source",
    "21": "information receiver",
    "22": "subscriber",
    "23": "patient",
    "PT": "patient",
}
_ROLES = {**ENTITIES, "PE": "payee", "TT": "forwarded to", "74": "corrected patient"}
_YES_NO = {"Y": "yes", "N": "no", "W": "not applicable", "U": "not known"}
_VERDICTS = {
    "A": "accepted",
    "E": "accepted, errors noted",
    "P": "partly accepted",
    "R": "rejected",
}
_PAYMENTS = {"ACH": "electronic, ACH", "BOP": "the payer's choice", "CHK": "check", "FWT": "wire", "NON": "no payment"}
_UNITS = {"UN": "units", "MJ": "minutes", "DA": "days", "MO": "months", "LB": "pounds", "F2": "international units"}
_SEXES = {"F": "female", "M": "male", "U": "not known"}

_BY_NUMBER: Mapping[str, Mapping[str, str]] = {
    "98": _ROLES,
    "355": _UNITS,
    "591": _PAYMENTS,
    "618": IK5_CODES,
    "620": IK3_CODES,
    "621": IK4_CODES,
    "715": _VERDICTS,
    "716": AK9_CODES,
    "717": _VERDICTS,
    "735": _LEVELS,
    "1029": CLAIM_STATUSES,
    "1032": FILING,
    "1033": _GROUPS,
    "1068": _SEXES,
    "1069": _RELATIONSHIPS,
    "1073": _YES_NO,
    "1138": _ORDER,
    "I17": _VERDICTS,
    "I18": TA1_NOTES,
}
"""By the number of the data element."""
_BY_LIST: Mapping[str, Mapping[str, str]] = {
    "pos": PLACES,
    "frequency": _FREQUENCIES,
    "claim_status_category": CATEGORIES,
    "claim_status": STATUSES,
}
"""By the name of the list that the guide gives."""
_AMOUNT = "782"
_TIMES = (4, 6, 8)

Meanings = Callable[[str, str], str]
"""What a code of a list (`carc`, `rarc`) means in the tables of the configuration; empty where it is not there."""


def meaning(element: Element, value: str, form: str = "", tables: Meanings | None = None) -> str:
    """What a value says to a biller: `01/31/2026`, `$1,234.50`, `home`; empty where the value says it itself.

    Args:
        element: the element or component of the guide.
        value: what stands there.
        form: how a date is written, where another element says it (D8, RD8, DT, TM).
        tables: the meanings that are kept in tables.
    """
    data = element.data
    if data is None or not value:
        return ""
    if element.external in _BY_LIST:
        return _BY_LIST[element.external].get(value, "")
    if element.external and tables is not None and (found := tables(element.external, value)):
        return found
    if element.date_by:
        return _period(form, value)
    if data.kind is Kind.DATE:
        return _date(value)
    if data.kind is Kind.TIME:
        return _time(value)
    if data.number == _AMOUNT:
        return _dollars(value)
    return _BY_NUMBER.get(data.number, {}).get(value, "")


def group_words(code: str) -> str:
    """What a group of adjustments is (CO, PR ...), in our own words; empty for one that is not known."""
    return _GROUPS.get(code, "")


def _date(value: str) -> str:
    found = parse_date(f"20{value}" if len(value) == 6 else value)
    return _shown(found) if found is not None else ""


def _shown(day: dt.date) -> str:
    return f"{day:%m/%d/%Y}"


def _period(form: str, value: str) -> str:
    if form == "TM":
        return _time(value)
    period = parse_period(form, value)
    if period is None or period.start is None or period.end is None:
        return ""
    if form == "DT":
        return f"{_shown(period.start)} {_time(value[8:])}".strip()
    return _shown(period.start) if form == "D8" else f"{_shown(period.start)} to {_shown(period.end)}"


def _time(value: str) -> str:
    if not (value.isascii() and value.isdigit() and len(value) in _TIMES) or value[:2] > "23" or value[2:4] > "59":
        return ""
    return f"{value[:2]}:{value[2:4]}"


def _dollars(value: str) -> str:
    cents = parse_cents(value)
    if cents is None:
        return ""
    return f"{'-' if cents < 0 else ''}${to_dollars(abs(cents)):,}"
