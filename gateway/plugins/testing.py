"""The kit with which a plugin is tested, in three lines:

    with plugin_context(my_plugin, {"days": "10"}) as ctx:
        decision = ctx.scrub(make_claim(make_line("E1390", "RR")))
        assert rules(decision) == ["R1.02"]

The plugin runs as in a chain: the same runner, the same checks of its settings and answers. What it raises comes out
of the test as it is, instead of becoming a hold. `contract` has a whole suite that any plugin gets for one line.
Everybody here is invented.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.core.model.belongings import Authorization, Delivery, Document, Equipment, Order
from gateway.core.model.practitioners import Practitioner
from gateway.core.x12.claim import Claim
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.stored import StoredClaim

from . import context
from .chains import STATIONS, Chain, Step, StepSpec
from .context import HistoryLine
from .host import PluginHost, PluginRefused
from .http import HttpFailed, NoCalls
from .past import LinePayment, WaitingItem
from .rubbish import Rubbish
from .runner import Decision, NoMark, Runner
from .settings import SecretMissing
from .tables import Row, Table, Tables, row_values
from .testing_desk import (
    DeskContext,
    make_balance_view,
    make_claim_view,
    make_denial_view,
    make_hold_view,
    make_item_view,
    make_patient_view,
    make_payment_view,
    plugin_desk,
)
from .testing_http import FakeHttp, make_answer
from .testing_money import (
    make_denial,
    make_match,
    make_open_claim,
    make_open_line,
    make_payment,
    make_remittance,
    make_service,
)
from .testing_past import (
    TODAY,
    Given,
    make_authorization,
    make_delivery,
    make_document,
    make_equipment,
    make_history,
    make_line_payment,
    make_order,
    make_practitioner,
    make_waiting,
)

__all__ = [
    "TODAY",
    "DeskContext",
    "FakeHttp",
    "PluginContext",
    "make_answer",
    "make_authorization",
    "make_balance_view",
    "make_claim",
    "make_claim_view",
    "make_delivery",
    "make_denial",
    "make_denial_view",
    "make_document",
    "make_equipment",
    "make_history",
    "make_hold_view",
    "make_item_view",
    "make_line",
    "make_line_payment",
    "make_match",
    "make_open_claim",
    "make_open_line",
    "make_order",
    "make_other_payer",
    "make_patient_view",
    "make_payment",
    "make_payment_view",
    "make_practitioner",
    "make_remittance",
    "make_service",
    "make_table",
    "make_waiting",
    "plugin_context",
    "plugin_desk",
    "read_tables",
    "rules",
]


class _Raising(Runner):
    """Lets through what a plugin raises."""

    def blame(self, step: Step, error: BaseException) -> str:
        raise error

    def told(self, error: Rubbish | SecretMissing | HttpFailed) -> str:
        """What it keeps, notes or opens and cannot is raised where its own code calls; what it answers is not."""
        if isinstance(error, Rubbish) and any(
            frame.f_code.co_filename == context.__file__ for frame, _ in traceback.walk_tb(error.__traceback__)
        ):
            raise error
        return super().told(error)


class PluginContext:
    """A plugin in a chain of its own. `claim` is the claim as the last call left it; `tables` are those it may ask."""

    def __init__(self, chain: Chain, runner: Runner, payer_id: str, partner: str, tables: Tables) -> None:
        self.tables = tables
        self._chain = chain
        self._runner = runner
        self._payer_id = payer_id
        self._partner = partner
        self.claim: Claim | None = None

    def decide(self, station: str, claim: Claim) -> Decision:
        """What is decided about a claim at `confirm`, `scrub` or `hold`."""
        return self._now(self.run(station, claim))

    def confirm(self, claim: Claim) -> Decision:
        """What `confirm_claim` decides about a claim."""
        return self._now(self.run("confirm", claim))

    def scrub(self, claim: Claim) -> Decision:
        """What `scrub_claim` decides about a claim."""
        return self._now(self.run("scrub", claim))

    def hold(self, claim: Claim) -> Decision:
        """What `hold_claim` decides about a claim."""
        return self._now(self.run("hold", claim))

    def post(self, payment: Any, match: Any) -> Decision:
        """What `post_payment` decides about a claim payment; the plan is `decision.answer`."""
        return self._now(self._runner.payment(0, self._has("post"), payment, match, self._payer_id, self._partner))

    def route(self, denial: Any) -> Decision:
        """What `route_denial` decides about a denial; the draft is `decision.answer`."""
        return self._now(self._runner.denial(0, self._has("route"), denial, self._payer_id, self._partner))

    async def run(self, station: str, claim: Claim) -> Decision:
        """The same for a test that is async itself: `await ctx.run("scrub", claim)`."""
        decision, self.claim = await self._runner.claim(
            0, self._has(station), station, claim, self._payer_id, self._partner
        )
        return decision

    def _has(self, station: str) -> Chain:
        if not self._chain.steps(station):
            raise PluginRefused(f"The plugin has no {STATIONS[station].hook}; it does nothing at {station}.")
        return self._chain

    @staticmethod
    def _now(decision: Any) -> Decision:
        made: Decision = asyncio.run(decision)
        return made


@contextmanager
def plugin_context(
    plugin: object,
    settings: Mapping[str, Any] | None = None,
    *,
    name: str = "tested",
    today: dt.date = TODAY,
    payer_id: str = "90101",
    partner: str = "practice",
    history: Sequence[HistoryLine] = (),
    payments: Sequence[LinePayment] = (),
    deliveries: Sequence[Delivery] = (),
    equipment: Sequence[Equipment] = (),
    orders: Sequence[Order] = (),
    authorizations: Sequence[Authorization] = (),
    documents: Sequence[Document] = (),
    practitioners: Sequence[Practitioner] | None = None,
    work_items: Sequence[WaitingItem] = (),
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    tables: Mapping[str, Table] | Tables | None = None,
    secrets: Mapping[str, str] | None = None,
    http: FakeHttp | None = None,
) -> Iterator[PluginContext]:
    """A plugin, ready to be asked.

    Args:
        plugin: its module, an instance, or its class.
        name: what it is called on holds and in the log of edits.
        settings: as they would stand in a chain's file; its model's defaults without them.
        today: the business date.
        payer_id: who pays.
        partner: who carries.
        history: earlier lines of the patient, see `make_history`.
        payments: what was paid on the patient's lines, see `make_line_payment`.
        deliveries: what was delivered to them, see `make_delivery`.
        equipment: what they have, see `make_equipment`.
        orders: what was ordered for them, see `make_order`.
        authorizations: their prior authorizations, see `make_authorization`.
        documents: their papers, see `make_document`.
        practitioners: who is on the list of those who may order equipment, see `make_practitioner`; None: there is no
            list.
        work_items: what is open about their claims, see `make_waiting`.
        rows: what the plugin's own tables (`plugin_tables`) hold, by the table's name: dicts of columns.
        tables: a mapping by name, see `make_table`. Those in the plugin's own folder `tables` are there as well, as in
            a chain.
        http: answers to what it calls, see `FakeHttp`; without it nothing is called.
        secrets: what `env:NAME` in the settings reveals, by NAME, while the context lasts.

    Raises:
        PluginRefused: the plugin does not fit the hooks.
        pydantic.ValidationError: its model refuses the settings.
    """
    host = PluginHost()
    added = host.add(name, plugin)
    model = added.model("plugin_settings")
    if model is None and settings:
        raise PluginRefused(f"Plugin {name!r} takes no settings.")
    checked = model.model_validate(dict(settings or {})) if model else None
    given = {word: tables[word] for word in tables} if tables else {}
    known = Tables({**(read_tables(Path(added.path) / "tables") if added.path else {}), **given})
    for word in rows or {}:
        if word not in added.row_tables:
            declared = ", ".join(added.row_tables) or "none"
            raise PluginRefused(f"Plugin {name!r} has no table {word!r} of its own; it declares {declared}.")
    spec = StepSpec(plugin=name, http=http.places if http is not None else ())
    steps = {
        station.name: (Step(number, added, station, spec, checked, known),)
        for number, station in enumerate(STATIONS.values())
        if station.hook in added.hooks
    }
    outgoing = http or NoCalls("a test does not call out; give it a FakeHttp")
    runner = _Raising(
        outgoing=outgoing,
        today=today,
        lookups=Given(
            history,
            payments,
            deliveries,
            equipment,
            work_items,
            rows or {},
            orders,
            authorizations,
            documents,
            practitioners,
        ),
        mark=NoMark(),
    )
    with _in_the_environment(secrets or {}):
        yield PluginContext(Chain("tested", None, steps), runner, payer_id, partner, known)


@contextmanager
def _in_the_environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def rules(decision: Decision) -> list[str]:
    """The rules of all findings and holds of a decision, in order, each once: what most tests compare."""
    found = [finding.rule for step in decision.steps for finding in step.findings]
    found += [opened.hold.rule for opened in decision.holds]
    return list(dict.fromkeys(found))


# --- builders --------------------------------------------------------------------------------------

_DELIMITERS = Delimiters()


def make_line(
    code: str,
    *modifiers: str,
    charge: str = "100",
    units: str = "1",
    from_date: dt.date = TODAY - dt.timedelta(days=30),
    thru_date: dt.date | None = None,
    pointers: Sequence[int] = (1,),
    control_number: str = "",
    description: str = "",
    ahead: Iterable[str] = (),
    more: Iterable[str] = (),
) -> list[str]:
    """A service line, as the segments of its loop 2400 without LX. `ahead` are further segments between SV1 and DTP
    (SV5, PWK, CR3, CRC), `more` those after DTP and REF (notes, drugs, providers, other payers' decisions)."""
    procedure = ":".join(("HC", code, *modifiers))
    if description:
        procedure += ":" * (5 - len(modifiers)) + description
    days = f"D8*{from_date:%Y%m%d}" if thru_date is None else f"RD8*{from_date:%Y%m%d}-{thru_date:%Y%m%d}"
    segments = [
        f"SV1*{procedure}*{charge}*UN*{units}***{':'.join(str(pointer) for pointer in pointers)}",
        *ahead,
        f"DTP*472*{days}",
    ]
    if control_number:
        segments.append(f"REF*6R*{control_number}")
    return [*segments, *more]


def make_claim(
    *lines: list[str],
    claim_number: str = "SW1001",
    frequency: str = "1",
    place_of_service: str = "12",
    diagnoses: Sequence[str] = ("J449",),
    filing_code: str = "CI",
    payer_id: str = "90101",
    payer_name: str = "NORTHBRIDGE HEALTH PLAN",
    member_id: str = "SWT900000001",
    born: dt.date = dt.date(1950, 6, 15),
    last: str = "FERNSBY",
    first: str = "POSY",
    relationship: str = "18",
    more: Iterable[str] = (),
    providers: Iterable[str] = (),
    other_payers: Sequence[list[str]] = (),
) -> Claim:
    """A claim for an invented patient, with `make_line`s (one oxygen concentrator without any).

    Args:
        relationship: 18: the patient is the subscriber; any other makes a patient of their own (2000C), for instance
            19, a child.
        more: further segments of loop 2300, after AMT and before HI (DTP, REF, NTE ...).
        providers: segments of the loops 2310 (NM1*DN, NM1*82 ...).
        other_payers: loops 2320, see `make_other_payer`.
    """
    lines = lines or (make_line("E1390", "RR"),)
    cents = sum(_charge_cents(line) for line in lines)
    codes = "*".join(f"{'ABK' if not index else 'ABF'}:{code}" for index, code in enumerate(diagnoses))
    claim = [
        f"CLM*{claim_number}*{cents // 100}{f'.{cents % 100:02d}' if cents % 100 else ''}***"
        f"{place_of_service}:B:{frequency}*Y*A*Y*Y",
        *more,
    ]
    if codes:
        claim.append(f"HI*{codes}")
    claim += providers
    for payer in other_payers:
        claim += payer
    for number, line in enumerate(lines, start=1):
        claim += [f"LX*{number}", *line]
    billing = ["NM1*85*2*STILLWATER HOME MEDICAL*****XX*1999999000", "N3*100 ALDER STREET", "N4*COLUMBUS*OH*432150001"]
    billing.append("REF*EI*960000017")
    itself = relationship == "18"
    home = ["N3*7 WILLOW STREET", "N4*COLUMBUS*OH*43215", f"DMG*D8*{born:%Y%m%d}*F"]
    subscriber = [
        f"SBR*{_responsibility(other_payers)}*{'18' if itself else ''}*******{filing_code}",
        f"NM1*IL*1*{last}*{first}****MI*{member_id}",
        *home,
        f"NM1*PR*2*{payer_name}*****PI*{payer_id}",
    ]
    patient = [] if itself else [f"PAT*{relationship}", f"NM1*QC*1*{last}*OLLIE", *home]
    return Claim(StoredClaim(_DELIMITERS, billing, subscriber, patient, claim), "test")


def _responsibility(other_payers: Sequence[list[str]]) -> str:
    """SBR01 of the payer that is billed: the first place that none of the others has."""
    taken = {payer[0].split("*")[1] for payer in other_payers}
    return next(place for place in "PSTABCDEFGH" if place not in taken)


def make_other_payer(
    responsibility: str = "S",
    *,
    filing_code: str = "CI",
    payer_id: str = "90201",
    payer_name: str = "LANTERN SUPPLEMENT",
    member_id: str = "SWT900000077",
    last: str = "FERNSBY",
    first: str = "POSY",
    relationship: str = "18",
    paid: str = "",
    adjustments: Iterable[tuple[str, str, str]] = (),
) -> list[str]:
    """Another payer of a claim, as the segments of its loop 2320: one that comes later (S, T), or, with `paid` and
    `adjustments`, one that has decided before (P). `relationship`: of the patient to the insured (SBR02)."""
    segments = [f"SBR*{responsibility}*{relationship}*******{filing_code}"]
    segments += [f"CAS*{group}*{reason}*{amount}" for group, reason, amount in adjustments]
    if paid:
        segments.append(f"AMT*D*{paid}")
    return [
        *segments,
        "OI***Y***Y",
        f"NM1*IL*1*{last}*{first}****MI*{member_id}",
        f"NM1*PR*2*{payer_name}*****PI*{payer_id}",
    ]


def _charge_cents(line: list[str]) -> int:
    whole, _, part = line[0].split("*")[2].partition(".")
    return int(whole or 0) * 100 + int((part + "00")[:2])


def make_table(name: str, rows: Iterable[Mapping[str, str]], key: str | Sequence[str] = ("code",)) -> Table:
    """A table of rows as its file would have them: `valid_from`, `valid_to` and `source` among the values.

    Args:
        name: what it is called.
        rows: a dict for each row, every value as text.
        key: the columns by which `find` looks; one may be given as it is, as in a file.

    Raises:
        ValueError: a row has not the columns of the key; a table that nothing would be found in.
    """
    rows = list(rows)
    key = (key,) if isinstance(key, str) else tuple(key)
    for number, row in enumerate(rows, 1):
        for column in key:
            if column not in row:
                has = ", ".join(row)
                raise ValueError(f"row {number} of the table {name} has no column {column!r} of its key (it has {has})")

    def date(text: str | None) -> dt.date | None:
        return dt.date.fromisoformat(text) if text else None

    return Table(
        name,
        [
            Row(
                row_values(
                    name,
                    {word: value for word, value in row.items() if word not in ("valid_from", "valid_to", "source")},
                ),
                date(row.get("valid_from")),
                date(row.get("valid_to")),
                row.get("source", ""),
            )
            for row in rows
        ],
        key,
    )


def read_tables(folder: Path | str) -> dict[str, Table]:
    """The tables of a folder of files, by name: those that come with a plugin, or a copy of config/tables.

    They are read, not checked: `gateway config check` does that. A folder that is not there has none.
    """
    import yaml

    found = {}
    for file in sorted(Path(folder).glob("*.yaml")):
        # Every scalar as the text that stands there, as a configuration is read.
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        key = data.get("key") or ()
        common = {"source": data.get("source", "")}
        found[file.stem] = make_table(file.stem, [{**common, **row} for row in data["rows"]], key)
    return found
