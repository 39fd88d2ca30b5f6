"""What a plugin's own work beside the chains is given: schedules, reports, routes, commands, metrics, and the life of
the gateway.

A desk lives for one call, in a child process. It looks things up, page by page, and collects what the call wants done
(work items to open and close, notes on a claim's timeline). Nothing of that is written while the function runs: when it
has returned, the gateway commits all of it in one transaction, or nothing where it raised.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, Protocol

from typing_extensions import TypeVar

from .desk_views import Act, ClaimView, CloseItem, DenialView, HoldView, ItemView, Note, OpenItem, PaymentView
from .tables import Table, Tables

if TYPE_CHECKING:
    from gateway.core.x12.claim import Claim

SettingsT = TypeVar("SettingsT", default=Any)

OWN_KINDS = frozenset(
    {
        *("rejection", "file_rejection", "hold", "posting_exception", "remittance_exception", "denial", "overdue_ack"),
        *("file_problem", "partner_stopped", "duplicate_claim", "faulty_claim", "plugin_failure", "patient_merge"),
        *("payment_review", "provider_level"),
    }
)
"""Kinds of work items that the gateway itself opens and closes."""
KIND = re.compile(r"[a-z][a-z0-9_]{0,23}")
LONGEST_KEY = 100
LONGEST_REASON = 1000
MOST_ACTS = 10_000


class ReadOnly(Exception):
    """Something was to be done where a plugin may only look: in a report, a metric, or a GET route."""


class DeskLookups(Protocol):
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


class Desk(Generic[SettingsT]):
    """What a plugin works with beside the chains.

    `settings`: of the model that its `desk_settings` returns, as gateway.yaml has them under `desk` (None where it has
    none). `today`: the business date where the supplier keeps its office; `now`: the moment, in UTC. `plugin`: its
    name.
    """

    __slots__ = ("_lookups", "_may_change", "_tables", "acts", "now", "plugin", "settings", "today")

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
    ) -> None:
        self.plugin = plugin
        self.settings = settings
        self.now = now
        self.today = today
        self._tables = tables
        self._lookups = lookups
        self._may_change = may_change
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
    ) -> None:
        """Have a work item opened.

        Args:
            kind: a kind of the plugin's own: up to 24 small letters, digits and underscores.
            key: names its cause, within this plugin. The same key again changes nothing, even after it was closed.
            reason: plain sentences that say what happened and what to do, without names or member ids.
            team: who works it.
            amount: the dollars at stake.
            work_by: when it should be worked; `deadline` is the date that costs money.

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

    def _do(self, act: Act) -> None:
        if not self._may_change:
            raise ReadOnly("here a plugin only looks; do it in a schedule, a command, or a route that is no GET")
        if len(self.acts) >= MOST_ACTS:
            raise ValueError(f"one call does at most {MOST_ACTS:,} things; leave the rest for the next")
        self.acts.append(act)


def _check_key(key: str) -> None:
    if not key.strip() or len(key) > LONGEST_KEY:
        raise ValueError(f"the key of a work item has 1 to {LONGEST_KEY} characters")
