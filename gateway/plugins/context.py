"""What a plugin is given beside the claim, payment or denial: its settings, the day, the look-ups. No way into
the store.

A context lives for one call. `Lookups` is the other side of it: what the station that runs the chain provides, already
fetched for a whole chunk.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol

from typing_extensions import TypeVar

from .past import LinePayment, WaitingItem
from .rubbish import Rubbish
from .tables import Table, Tables

if TYPE_CHECKING:
    from gateway.core.model.belongings import Authorization, Delivery, Document, Equipment, Order
    from gateway.core.model.posting import WorkItemDraft
    from gateway.core.model.practitioners import Practitioner
    from gateway.core.x12.claim import Claim

    from .beside import Beside
    from .chains import Step
    from .http import Http, Outgoing
    from .rentals import Rental
    from .rows import RowTable

T = TypeVar("T")
SettingsT = TypeVar("SettingsT", default=Any)


class HistoryLine(NamedTuple):
    """A service line that this patient had before, across payers, newest claim last.

    `state` is the claim's (`gateway.core.model.states`); a line of a claim decided earlier in the same chunk is here
    too. Codes are upper case; `units` as billed.
    """

    claim_number: str
    line: int
    code: str
    modifiers: tuple[str, ...]
    from_date: dt.date | None
    thru_date: dt.date | None
    units: str
    charge_cents: int
    payer_id: str
    state: str
    frequency: str = "1"


class Lookups(Protocol):
    """What the station provides to contexts; each look-up is one query for the whole chunk."""

    def history(self, claim: Any = None) -> Sequence[HistoryLine]:
        """Lines of the patient's claims, oldest first."""

    def payments(self) -> Sequence[LinePayment]:
        """What was paid on the patient's lines, in the order in which it was posted."""

    def deliveries(self) -> Sequence[Delivery]:
        """What was delivered to the patient, oldest first."""

    def equipment(self) -> Sequence[Equipment]:
        """The equipment that the patient has or had, oldest first."""

    def orders(self) -> Sequence[Order]:
        """Practitioners' orders for the patient, oldest first."""

    def authorizations(self) -> Sequence[Authorization]:
        """Prior authorizations of the patient, oldest first."""

    def documents(self) -> Sequence[Document]:
        """Papers of the patient, oldest first."""

    def practitioner(self, npi: str) -> Practitioner | None:
        """What the list of who may order equipment says of an NPI; None where there is no list."""

    def work_items(self) -> Sequence[WaitingItem]:
        """Open work items of the patient's claims, oldest first."""

    def rows(self, plugin: str, table: RowTable, payer_id: str) -> Sequence[Mapping[str, Any]]:
        """Rows of a table of the plugin's own, of the owner that it says."""

    def has_owner(self, of: str) -> bool:
        """Whether there is a patient (claim) whose a row could be."""


class NoLookups:
    """A patient without a past: for tests, and for stations at which there is none."""

    def history(self, claim: Any = None) -> Sequence[HistoryLine]:
        return ()

    def payments(self) -> Sequence[LinePayment]:
        return ()

    def deliveries(self) -> Sequence[Delivery]:
        return ()

    def equipment(self) -> Sequence[Equipment]:
        return ()

    def orders(self) -> Sequence[Order]:
        return ()

    def authorizations(self) -> Sequence[Authorization]:
        return ()

    def documents(self) -> Sequence[Document]:
        return ()

    def practitioner(self, npi: str) -> Practitioner | None:
        return None

    def work_items(self) -> Sequence[WaitingItem]:
        return ()

    def rows(self, plugin: str, table: RowTable, payer_id: str) -> Sequence[Mapping[str, Any]]:
        return ()

    def has_owner(self, of: str) -> bool:
        return True


_NOT_MADE: Any = object()


class Prepared:
    """What a step has prepared once and uses for every claim; one for each step of a compiled chain."""

    __slots__ = ("_made", "tables")

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._made: dict[Callable[..., Any], Any] = {}

    def get(self, make: Callable[[Any, Tables], T], settings: Any) -> T:
        """What `make` returned the first time."""
        made: T = self._made.get(make, _NOT_MADE)
        if made is _NOT_MADE:
            made = self._made[make] = make(settings, self.tables)
        return made


class Ground(NamedTuple):
    """What the contexts of all steps of a station share."""

    today: dt.date
    payer_id: str
    partner: str
    chain: str
    lookups: Lookups
    outgoing: Outgoing


class Context(Generic[SettingsT]):
    """What every hook of a station is given.

    `settings`: the step's settings as the chain has them, of the model that the plugin's `plugin_settings` returns
    (None where it has none). `today`: the business date where the supplier keeps its office. `payer_id`, `partner`,
    `chain`: who pays, who carries, and the name of the chain that runs.
    """

    __slots__ = ("_beside", "_ground", "_step")

    def __init__(self, step: Step, ground: Ground) -> None:
        # One is made for each call of each step: as little as can be.
        self._step = step
        self._ground = ground
        self._beside: Beside | None = None

    @property
    def settings(self) -> SettingsT:
        """The step's settings."""
        found: SettingsT = self._step.settings
        return found

    @property
    def today(self) -> dt.date:
        """The business date where the supplier keeps its office."""
        return self._ground.today

    @property
    def payer_id(self) -> str:
        """Who pays."""
        return self._ground.payer_id

    @property
    def partner(self) -> str:
        """Who carries."""
        return self._ground.partner

    @property
    def chain(self) -> str:
        """The name of the chain that runs."""
        return self._ground.chain

    def table(self, name: str) -> Table:
        """An effective-dated table of the configuration.

        Raises:
            KeyError: there is no such table.
        """
        return self._step.prepared.tables[name]

    def prepared(self, make: Callable[[SettingsT, Tables], T]) -> T:
        """What `make(settings, tables)` returns, called once for each step of a chain and kept while the
        configuration is in force: rules compiled from tables, not looked up anew for every claim. `make` is a plain
        function of the module (not a lambda), and what it returns is never changed."""
        step = self._step
        return step.prepared.get(make, step.settings)

    def history(self, claim: Claim | None = None) -> Sequence[HistoryLine]:
        """Service lines of this patient's claims, across payers, oldest first, with what earlier claims of the chunk
        decided; empty for a patient without a past. The claim that is asked about is known and may be left out. While a
        claim is decided its own lines are not among them; at `post` and `route` they are."""
        return self._ground.lookups.history(claim)

    def payments(self, claim: Claim | None = None) -> Sequence[LinePayment]:
        """What was paid on this patient's lines, in the order in which it was posted: one record for each claim payment
        and line. At `post` and `route` with what earlier payments of the chunk pay, and without the one that is being
        decided."""
        return self._ground.lookups.payments()

    def rentals(self, claim: Claim | None = None) -> Sequence[Rental]:
        """What this patient rented, by item: months billed and paid, gaps, modifiers, payers. Facts, derived from
        `history` and `payments`."""
        from .rentals import rentals_of

        return rentals_of(self._ground.lookups.history(claim), self._ground.lookups.payments())

    def deliveries(self, claim: Claim | None = None) -> Sequence[Delivery]:
        """What was delivered to this patient, as `gateway deliveries import` and the API brought it, oldest first."""
        return self._ground.lookups.deliveries()

    def equipment(self, claim: Claim | None = None) -> Sequence[Equipment]:
        """The equipment that this patient has or had, as `gateway equipment import` and the API brought it."""
        return self._ground.lookups.equipment()

    def orders(self, claim: Claim | None = None) -> Sequence[Order]:
        """What practitioners ordered for this patient, as it was brought in, by order date, oldest first."""
        return self._ground.lookups.orders()

    def authorizations(self, claim: Claim | None = None) -> Sequence[Authorization]:
        """Prior authorizations of this patient, of every payer, oldest first."""
        return self._ground.lookups.authorizations()

    def documents(self, claim: Claim | None = None) -> Sequence[Document]:
        """Papers of this patient that are in the archive, oldest first."""
        return self._ground.lookups.documents()

    def practitioner(self, npi: str) -> Practitioner | None:
        """What the list of practitioners who may order equipment (`gateway practitioners import`) says of an NPI:
        whether they are on it, the letters of their name that are compared (`is_called`), and of which day it is. None
        where no list was brought in."""
        return self._ground.lookups.practitioner(npi)

    def work_items(self, claim: Claim | None = None) -> Sequence[WaitingItem]:
        """The open work items of this patient's claims, oldest first, as they were when the chunk was decided; with
        what earlier claims of the chunk open. Which claim is asked about is known; it may be left out."""
        return self._ground.lookups.work_items()

    def rows(self, name: str, claim: Claim | None = None) -> Sequence[Mapping[str, Any]]:
        """The rows of this plugin's table (`plugin_tables`) that belong to the patient (or to the claim, the payer,
        nobody, as the table says), each a dict, in the order in which they were kept; with what earlier claims of the
        chunk keep."""
        return self._ground.lookups.rows(self._step.plugin.name, self._own(name), self.payer_id)

    def keep(self, name: str, values: Mapping[str, Any]) -> None:
        """Keep a row in this plugin's table: a new one, or, where its owner has one with the same key, in its place as
        a whole. It is written with the decision; `rows` shows it from the next claim on. Dropped where the step fails;
        at `post` and `route` also where the payment does not post. At most 100 for one claim or payment."""
        from .rows import KeptRow

        table = self._own(name)
        if not self._ground.lookups.has_owner(table.of):
            raise Rubbish(f"it keeps a row of a {table.of} where no claim of ours is known")
        self._leaves().row(KeptRow(self._step.plugin.name, table, self.payer_id, table.row(values)))

    def _own(self, name: str) -> RowTable:
        tables = self._step.plugin.row_tables
        found = tables.get(name)
        if found is None:
            raise Rubbish(f"it has no table of its own with that name (it declares {', '.join(tables) or 'none'})")
        return found

    @property
    def http(self) -> Http:
        """A client for the addresses that the chain names at this step (`http: [https://host/path]`): `await
        context.http.get(url)`, `.post(url, json=...)`. It keeps to the step's time. The same claim may be decided more
        than once, so a call must do no harm when it is made again: send `context.http.key(claim)` along."""
        left = self._leaves()
        if left.http is None:
            from .http import Http

            step = self._step
            left.http = Http(step.plugin.name, step.http, step.timeout, self._ground.outgoing)
        return left.http

    def note(self, text: str) -> None:
        """Put a sentence on the timeline, in this step's record. At most 10 for one claim or payment, of 300 characters
        each, without names and member ids. Dropped where the step fails."""
        self._leaves().note(text)

    def open_item(self, draft: WorkItemDraft, *, line: int = 0) -> None:
        """Open a work item that does not keep the claim back: something that a person should do meanwhile.

        `line` is the service line that it is about (0: the whole claim); the draft needs a `rule`. It is opened with
        the decision, once for each claim, plugin, rule and line: one that was closed stays closed. Dropped where the
        step fails; at `post` and `route` also where the payment does not post."""
        self._leaves().item(draft, line)

    def _leaves(self) -> Beside:
        if self._beside is None:
            from .beside import Beside

            self._beside = Beside()
        return self._beside


class ClaimContext(Context[SettingsT]):
    """The context of `confirm_claim`, `scrub_claim` and `hold_claim`."""

    __slots__ = ()


class PaymentContext(Context[SettingsT]):
    """The context of `post_payment` and `route_denial`. Its patient is that of the claim that the payment is for;
    where no claim of ours was found, nobody."""

    __slots__ = ()
