"""What a plugin's own work beside the chains is given: schedules, reports, routes, commands, metrics, and the life of
the gateway.

A desk lives for one call, in a child process. It looks things up, page by page, and collects what the call wants done
(work items to open and close, notes on a claim's timeline, rows to keep, deliveries and equipment to record, claims to
make). Nothing of that is written while the function runs: when it has returned, the gateway commits all of it in one
transaction, or nothing where it raised.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, Protocol

from typing_extensions import TypeVar

from .desk_claims import ClaimRefused, to_make
from .desk_patients import PatientLookups, PatientView
from .desk_views import (
    TOLD,
    Act,
    AskStatus,
    BalanceView,
    ClaimView,
    CloseItem,
    DenialView,
    HoldView,
    ItemView,
    KeepRow,
    Note,
    OpenItem,
    PaymentView,
    TellDelivery,
    TellEquipment,
    told,
)
from .rows import RowTable
from .rubbish import Rubbish
from .tables import Table, Tables

if TYPE_CHECKING:
    from gateway.core.model.belongings import Equipment
    from gateway.core.model.belongings_file import DeliveryRow, EquipmentRow
    from gateway.core.x12.claim import Claim

    from .declared import Rows

SettingsT = TypeVar("SettingsT", default=Any)

OWN_KINDS = frozenset(
    {
        *("rejection", "file_rejection", "hold", "posting_exception", "remittance_exception", "denial", "overdue_ack"),
        *("file_problem", "partner_stopped", "duplicate_claim", "faulty_claim", "plugin_failure", "patient_merge"),
        *("payment_review", "underpayment", "provider_level", "takeback", "claim_not_made", "deposit_match"),
        *("money_unidentified", "money_without_era", "era_without_money", "bank_review", "write_off_request"),
        *("next_payer", "patient_money"),
    }
)
"""Kinds of work items that the gateway itself opens and closes."""
KIND = re.compile(r"[a-z][a-z0-9_]{0,23}")
LONGEST_KEY = 100
LONGEST_REASON = 1000
MOST_ACTS = 50_000


class ReadOnly(Exception):
    """Something was to be done where a plugin may only look: in a report, a metric, or a GET route."""


class DeskLookups(PatientLookups, Protocol):
    """The other side of a desk: what can be looked up, each in pages, in the order of ids. Filters that are empty let
    everything pass."""

    def claims(
        self,
        states: Collection[str],
        payer_ids: Collection[str],
        partner: str,
        patient_id: int | None,
        number: str,
        from_day: dt.date | None,
        to_day: dt.date | None,
    ) -> Iterator[ClaimView]:
        """Claims whose first day of service lies between the two days."""

    def claim(self, claim_id: int) -> Claim | None:
        """A whole claim; None where there is none."""

    def items(
        self, kinds: Collection[str], teams: Collection[str], claim_id: int | None, state: str
    ) -> Iterator[ItemView]:
        """Work items."""

    def holds(self, plugin: str, rules: Collection[str], claim_id: int | None, standing: bool) -> Iterator[HoldView]:
        """Holds; with `standing`, those that are not released."""

    def denials(self, states: Collection[str], payer_ids: Collection[str]) -> Iterator[DenialView]:
        """Denials."""

    def payments(
        self, payer_ids: Collection[str], claim_id: int | None, from_day: dt.date | None, to_day: dt.date | None
    ) -> Iterator[PaymentView]:
        """Claim payments by the payer's payment date."""

    def balances(
        self, owed_by: str, states: Collection[str], payer_ids: Collection[str], claim_ids: Collection[int]
    ) -> Iterator[BalanceView]:
        """What is owed on claims."""


OWED_BY = ("payer", "patient", "")
"""Whose balances can be asked for; empty: anybody's."""


class Desk(Generic[SettingsT]):
    """What a plugin works with beside the chains.

    `settings`: of the model that its `desk_settings` returns, as gateway.yaml has them under `desk` (None where it has
    none). `today`: the business date where the supplier keeps its office; `now`: the moment, in UTC. `plugin`: its
    name. `source`: in a drop, whose document it is; empty elsewhere.
    """

    __slots__ = (
        *("_keys", "_lookups", "_may_change", "_numbers", "_row_tables", "_tables"),
        *("acts", "now", "plugin", "settings", "source", "today"),
    )

    def __init__(
        self,
        plugin: str,
        settings: SettingsT,
        now: dt.datetime,
        today: dt.date,
        tables: Tables,
        lookups: DeskLookups,
        *,
        may_change: bool = True,
        row_tables: Mapping[str, RowTable] | None = None,
        source: str = "",
    ) -> None:
        self.plugin = plugin
        self.source = source
        self.settings = settings
        self.now = now
        self.today = today
        self._tables = tables
        self._lookups = lookups
        self._may_change = may_change
        self._row_tables = row_tables or {}
        self._keys: set[str] = set()
        self._numbers: set[str] = set()
        self.acts: list[Act] = []
        """What is to be done when the function has returned, in its order."""

    # --- looking

    def table(self, name: str) -> Table:
        """An effective-dated table of the configuration.

        Raises:
            KeyError: there is no such table.
        """
        return self._tables[name]

    def claims(
        self,
        *,
        states: Collection[str] = (),
        payer_ids: Collection[str] = (),
        partner: str = "",
        patient_id: int | None = None,
        number: str = "",
        from_day: dt.date | None = None,
        to_day: dt.date | None = None,
    ) -> Iterator[ClaimView]:
        """Claims, oldest first, with their lines; all that are given must hold. `number` is the source's; the days are
        those on which the service began. However many there are, few are in memory at a time."""
        return self._lookups.claims(states, payer_ids, partner, patient_id, number, from_day, to_day)

    def claim(self, claim_id: int) -> Claim | None:
        """A claim with all of its segments, as it stands now; None where there is none. Nothing that is set on it is
        kept."""
        return self._lookups.claim(claim_id)

    def items(
        self,
        *,
        kinds: Collection[str] = (),
        teams: Collection[str] = (),
        claim_id: int | None = None,
        state: str = "open",
    ) -> Iterator[ItemView]:
        """Work items of the whole gateway, oldest first. `state`: open, closed, or empty for both."""
        return self._lookups.items(kinds, teams, claim_id, state)

    def holds(
        self, *, plugin: str = "", rules: Collection[str] = (), claim_id: int | None = None, standing: bool = True
    ) -> Iterator[HoldView]:
        """Holds, oldest first; with `standing=False` those that were released as well. `plugin`: the one whose step
        opened them."""
        return self._lookups.holds(plugin, rules, claim_id, standing)

    def denials(self, *, states: Collection[str] = ("open",), payer_ids: Collection[str] = ()) -> Iterator[DenialView]:
        """Denials, oldest first."""
        return self._lookups.denials(states, payer_ids)

    def payments(
        self,
        *,
        payer_ids: Collection[str] = (),
        claim_id: int | None = None,
        from_day: dt.date | None = None,
        to_day: dt.date | None = None,
    ) -> Iterator[PaymentView]:
        """Claim payments, oldest first, by the payer's payment date."""
        return self._lookups.payments(payer_ids, claim_id, from_day, to_day)

    def balances(
        self,
        *,
        owed_by: str = "",
        states: Collection[str] = (),
        payer_ids: Collection[str] = (),
        claim_ids: Collection[int] = (),
    ) -> Iterator[BalanceView]:
        """What is owed on claims as the ledger has it, oldest claims first; claims on which nothing is owed are not
        among them. `owed_by`: `payer` for those on which payers owe more than nothing, `patient` for those on which the
        patient does; `states` as in `claims`. However many there are, few are in memory at a time.

        Raises:
            ValueError: `owed_by` is none of these.
        """
        if owed_by not in OWED_BY:
            raise ValueError(f"balances are owed by payer or patient, not by {owed_by!r}")
        return self._lookups.balances(owed_by, states, payer_ids, claim_ids)

    def patients(self, *, codes: Collection[str] = (), patient_ids: Collection[int] = ()) -> Iterator[PatientView]:
        """Patients, by their ids; those that were merged into another are part of that one. `codes`: only those who
        have history, deliveries or equipment of one of these HCPCS codes. However many there are, few are in memory at
        a time, and what a view shows is looked up for several of them at once."""
        return self._lookups.patients(_several(codes), patient_ids)

    def patient(
        self, *, source: str = "", patient_id: str = "", member_id: str = "", birth_date: dt.date | None = None
    ) -> int | None:
        """Our id of a patient: whom a source knows under its own `patient_id`, or who has this member id and birth
        date; None where there is nobody. `source` is, unless it is named, that of the document (`desk.source`)."""
        return self._lookups.patient(source or self.source, patient_id, member_id, birth_date)

    def rows(
        self, table: str, *, patient_id: int | None = None, claim_id: int | None = None, payer_id: str = ""
    ) -> Iterator[Mapping[str, Any]]:
        """Rows of this plugin's own table (`plugin_tables`), of one owner in the order in which they were kept; without
        an owner all of them, by owner. Each has its columns and `owner`: the id of the patient or claim, the payer's
        id, or "" where the table is nobody's. What this call keeps is not among them.

        Raises:
            Rubbish: it declares no such table, or the table is not of such owners.
        """
        own = self._own(table)
        given = {"patient": patient_id, "claim": claim_id, "payer": payer_id or None}
        owner = given.pop(own.of, None)
        if any(one is not None for one in given.values()):
            raise Rubbish(f"it asks the table {table} for rows of another owner: it is of {own.of}")
        return self._lookups.rows(own, owner)

    def equipment_out(self, serials: Collection[str]) -> dict[str, list[tuple[int, Equipment]]]:
        """Who has equipment with these serial numbers today: by serial number, our patient id and the piece. Pieces
        that were given back or replaced (`ended_on` has come) are not out; numbers that nobody has are not in it."""
        return self._lookups.equipment_out(_several(serials), self.today)

    # --- what is to be done

    def open_item(
        self,
        *,
        kind: str,
        key: str,
        reason: str,
        team: str,
        claim_id: int | None = None,
        rule: str = "",
        amount: Decimal = Decimal(0),
        work_by: dt.date | None = None,
        deadline: dt.date | None = None,
        payer_id: str = "",
        partner: str = "",
        refile_by: dt.date | None = None,
    ) -> None:
        """Have a work item opened.

        Args:
            kind: a kind of the plugin's own: up to 24 small letters, digits and underscores.
            key: names its cause, within this plugin. The same key again changes nothing, even after it was closed.
            reason: plain sentences that say what happened and what to do, without names or member ids.
            team: who works it.
            amount: the dollars at stake.
            work_by: when it should be worked; `deadline` is the date that costs money.
            refile_by: the last day to file its claim, which costs money as well.

        Raises:
            ReadOnly: in a report, a metric or a GET route.
            ValueError: one of these is not as it must be.
        """
        from gateway.core.model.money import to_cents

        if not KIND.fullmatch(kind) or kind in OWN_KINDS:
            why = "is one of the gateway's own" if kind in OWN_KINDS else "is not made of small letters, digits and _"
            raise ValueError(f"the kind of a work item {why}; take another of at most 24 characters")
        if not reason.strip() or len(reason) > LONGEST_REASON:
            raise ValueError(f"the reason of a work item has 1 to {LONGEST_REASON} characters")
        for what, text, longest in (
            ("team", team, 30),
            ("rule", rule, 40),
            ("payer_id", payer_id, 80),
            ("partner", partner, 80),
        ):
            if len(text) > longest or (what == "team" and not text.strip()):
                raise ValueError(f"the {what} of a work item has at most {longest} characters; a team has one at least")
        _check_key(key)
        self._do(
            OpenItem(
                kind=kind,
                key=key,
                reason=reason,
                team=team,
                claim_id=claim_id,
                rule=rule,
                cents=to_cents(amount),
                work_by=work_by,
                deadline=deadline,
                payer_id=payer_id,
                partner=partner,
                refile_by=refile_by,
            )
        )

    def close_item(self, key: str, outcome: str) -> None:
        """Have a work item of this plugin's own closed, by the key under which it was opened; one that is not open
        stays as it is. `outcome`: why, in at most 200 characters.

        Raises:
            ReadOnly, ValueError: as for `open_item`.
        """
        _check_key(key)
        if not outcome.strip() or len(outcome) > 200:
            raise ValueError("the outcome of a work item has 1 to 200 characters")
        self._do(CloseItem(key=key, outcome=outcome))

    def note(self, claim_id: int, what: str) -> None:
        """Have a sentence put on a claim's timeline, under this plugin's name.

        Raises:
            ReadOnly, ValueError: as for `open_item`.
        """
        if not what.strip() or len(what) > LONGEST_REASON:
            raise ValueError(f"a note has 1 to {LONGEST_REASON} characters")
        self._do(Note(claim_id=claim_id, what=what))

    def ask_status(self, claim_id: int) -> None:
        """Have the payer asked how a claim stands (276), where its partner offers that (`claim_status`); elsewhere
        nothing is asked. A claim is asked about once a day. The answer stands on the claim's timeline, and moves the
        next date of its item of the kind `follow_up`.

        Raises:
            ReadOnly: as for `open_item`.
        """
        self._do(AskStatus(claim_id=claim_id))

    def keep(
        self,
        table: str,
        values: Mapping[str, Any],
        *,
        patient_id: int | None = None,
        claim_id: int | None = None,
        payer_id: str = "",
    ) -> None:
        """Have a row written to this plugin's own table (`plugin_tables`): a new one, or, where its owner has one with
        the same key, in its place as a whole. Columns that `values` does not name are empty.

        Raises:
            ReadOnly: as for `open_item`.
            Rubbish: it declares no such table, a value is not as its column wants it, or the owner is missing or of
                another kind.
        """
        own = self._own(table)
        row = dict(zip(own.columns, own.row(values), strict=True))
        given = {"patient": patient_id, "claim": claim_id, "payer": payer_id or None}
        if own.of != "none" and given.pop(own.of) is None:
            raise Rubbish(f"it keeps a row of the table {table} and does not say whose: {own.of}_id is missing")
        if any(one is not None for one in given.values()):
            raise Rubbish(f"it keeps a row of the table {table} for another owner: it is of {own.of}")
        if len(payer_id) > 80:
            raise Rubbish(f"it keeps a row of the table {table} for a payer whose id has more than 80 characters")
        self._do(KeepRow(table=table, values=row, patient_id=patient_id, claim_id=claim_id, payer_id=payer_id))

    def deliver(self, row: DeliveryRow, *, source: str = "") -> None:
        """Have a delivery stand in the registry of what patients were given, which every plugin looks at
        (`deliveries` of a patient and of a step's context). Who is not known yet becomes a patient. The same delivery
        again (patient, order, item, serial and lot number, day) changes quantity, proof and claim.

        Args:
            row: the delivery, as a row of a document of deliveries.
            source: the system that tells of it; that of the document (`desk.source`) unless it is named.

        Raises:
            ReadOnly: as for `open_item`.
            ValueError: outside a drop, and no source is named.
        """
        if not (source or self.source):
            raise ValueError("outside a drop a delivery needs the source that tells of it")
        self._do(TellDelivery(source=source or self.source, row=row.model_dump(mode="json", exclude_defaults=True)))

    def equip(self, row: EquipmentRow, *, source: str = "") -> None:
        """Have a piece of equipment stand in the registry of what patients have, which every plugin looks at
        (`equipment` of a patient and of a step's context). Who is not known yet becomes a patient. The same piece again
        (patient, item, serial number, first day) changes its last day and whose it is: a plugin that only knows how it
        began looks first whether it is there.

        Args:
            row: the piece, as a row of a document of equipment.
            source: the system that tells of it; that of the document (`desk.source`) unless it is named.

        Raises:
            ReadOnly: as for `open_item`.
            ValueError: outside a drop, and no source is named.
        """
        if not (source or self.source):
            raise ValueError("outside a drop equipment needs the source that tells of it")
        self._do(TellEquipment(source=source or self.source, row=row.model_dump(mode="json", exclude_defaults=True)))

    def make_claim(self, key: str, claim: Claim | Mapping[str, Any], *, why: str) -> bool:
        """Have a claim made: it enters the gateway at intake, as if a source called `plugin:<name>` had sent it, is
        checked by its guide and decided by its chain.

        Args:
            key: names its cause, within this plugin. The same key again makes nothing, whatever the claim is.
            claim: a claim, such as `desk.claim(id)` with what must differ set; or a mapping in the form of JSON claims
                (docs/operations.md). Its number (CLM01) must be one that no claim bears.
            why: a sentence for its timeline, at most 300 characters, without names or member ids.

        Returns:
            Whether it will be made; False where the key has made one before.

        Raises:
            ReadOnly: as for `open_item`.
            ClaimRefused: it is no claim, or its number is used already.
            ValueError: the key is not as it must be.
        """
        _check_key(key, "claim that is made")
        self._may_do()
        if key in self._keys or self._lookups.made(key):
            return False
        act = to_make(key, claim, why)
        if act.number in self._numbers or self._lookups.number_used(act.number):
            raise ClaimRefused(f"the number {act.number} (CLM01) is used already; give the new claim one of its own")
        self._do(act)
        self._keys.add(key)
        self._numbers.add(act.number)
        return True

    def preview(self) -> Rows:
        """What this call wants done so far, as a table for people; and none of it is done. For a command with an option
        such as `preview`: work everything out as always, and return this at the end."""
        from .declared import Rows

        rows = list(told(self.acts))
        self.acts.clear()
        self._keys.clear()
        self._numbers.clear()
        return Rows(TOLD, rows)

    def _own(self, table: str) -> RowTable:
        found = self._row_tables.get(table)
        if found is None:
            known = ", ".join(self._row_tables) or "none"
            raise Rubbish(f"it has no table of its own with that name (it declares {known})")
        return found

    def _may_do(self) -> None:
        if not self._may_change:
            raise ReadOnly(
                "here a plugin only looks; do it in a schedule, a command, a drop, or a route that is no GET"
            )

    def _do(self, act: Act) -> None:
        self._may_do()
        if len(self.acts) >= MOST_ACTS:
            raise ValueError(f"one call does at most {MOST_ACTS:,} things; leave the rest for the next")
        self.acts.append(act)


def _check_key(key: str, what: str = "work item") -> None:
    if not key.strip() or len(key) > LONGEST_KEY:
        raise ValueError(f"the key of a {what} has 1 to {LONGEST_KEY} characters")


def _several(words: Collection[str]) -> Collection[str]:
    # One word where several may stand is that word.
    return (words,) if isinstance(words, str) else words
