# mypy: disable-error-code="empty-body"
"""Every hook, in the order in which a claim and its answers meet them.

A plugin implements any of them, with any of their arguments. The chain runner, not pluggy, calls the stations'
hooks: one step after the other in the order of the chain's file, each isolated from the others, awaited where it
is async. A hook of a station never writes and never sees a transaction: it decides, and the station commits what
all steps decided. It may be called again for the same claim (a restart, a changed patient), so it must answer the
same to the same.

If a step raises or runs past its time limit, what it changed is dropped and its chain's `on_error` says what
happens to this one claim, payment or denial; the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from . import hookspec

if TYPE_CHECKING:
    from pydantic import BaseModel

    from gateway.core.model.decision import Finding, Hold, Outcome
    from gateway.core.model.posting import Denial, Match, PostingPlan, WorkItemDraft
    from gateway.core.x12.claim import Claim
    from gateway.core.x12.remittance import ClaimPayment

    from .alarms import AlarmMessage
    from .context import ClaimContext, PaymentContext
    from .declared import Command, Drop, Metric, Report, Route, Schedule, Worklist
    from .desk import Desk
    from .rows import RowTable
    from .tables import Tables
    from .transport import Transport


# --- claims go out ---------------------------------------------------------------------------------


@hookspec
def confirm_claim(claim: Claim, context: ClaimContext) -> Iterable[Finding] | Outcome | None:
    """Look at a claim as its order left it: complete, delivered, priced.

    Called once for each claim each time it is decided, first of all stations. May set elements of `claim`; later
    steps see them. Findings of severity HOLD or REJECT, or a Hold, keep the claim back; None lets it pass.
    If it raises, the claim is held (system) with the plugin's name.
    """


@hookspec
def scrub_claim(claim: Claim, context: ClaimContext) -> Iterable[Finding] | Outcome | None:
    """Look for what a payer would refuse, and set right what can be set right.

    Called once for each claim each time it is about to leave, after `confirm_claim`, before holds are decided. May
    set elements of `claim`. Findings of severity HOLD or REJECT keep the claim back; WARN and INFO stand on its
    timeline; None lets it pass. May be async, may yield its findings.
    If it raises, the claim is held (system) with the plugin's name.
    """


@hookspec
def hold_claim(claim: Claim, context: ClaimContext) -> Iterable[Hold] | Outcome | None:
    """Say what must be there before the claim may leave: a prescription, an authorization, a person's look.

    Called once for each claim after it is scrubbed. Several holds may stand side by side; the claim leaves when the
    last one is released. Changes to `claim` are dropped here. None: nothing to wait for.
    If it raises, the claim is held (system) with the plugin's name.
    """


# --- money comes in --------------------------------------------------------------------------------


@hookspec
def post_payment(payment: ClaimPayment, match: Match, context: PaymentContext) -> PostingPlan | Outcome | None:
    """Say what a claim payment does to the accounts.

    Called once for each claim payment (CLP) of a remittance that balances, after the payment has been matched.
    The first step of the chain that returns a plan decides; later ones are not asked. Stop, Hold and Quarantine
    make it a posting exception with that reason. None: the next step. A payment that no step plans is an exception.
    If it raises, the payment is a posting exception with the plugin's name; the others post.
    """


@hookspec
def route_denial(denial: Denial, context: PaymentContext) -> WorkItemDraft | Outcome | None:
    """Say who works a denial, by when, and what they should do.

    Called once for each denial that a posted payment carries, after its plan is made. The first step that returns a
    draft decides. A denial that no step routes goes to the denials team with the default deadline.
    If it raises, the denial goes there too, and the plugin's failure stands on the timeline.
    """


# --- lines to the partners -------------------------------------------------------------------------


@hookspec
def transport_settings() -> type[BaseModel]:
    """The model of a partner's `transport.settings`, where this plugin carries files.

    Called when a configuration is read that has a partner with this transport. Importing the model must pull in
    nothing heavy. If it raises, the configuration is refused.
    """


@hookspec(firstresult=True)
def open_transport(partner: str, settings: BaseModel) -> Transport | None:
    """Make the line to a partner.

    Called on a worker thread for each session with the partner, with settings of the model that this plugin's
    `transport_settings` returned; at most `max_connections` are in use. Returns a transport that is not connected
    yet (the caller connects and closes it); None where the settings are not this plugin's. Raises TransportError.
    """


# --- declarations ----------------------------------------------------------------------------------


@hookspec
def plugin_settings() -> type[BaseModel]:
    """The model of this plugin's settings in a step of a chain (`context.settings`).

    Called when a configuration is read. Importing the model must pull in nothing heavy. A plugin without it takes
    no settings. If it raises, the configuration is refused.
    """


@hookspec
def plugin_tables() -> Sequence[RowTable]:
    """The tables in which this plugin keeps rows of its own (`context.rows`, `context.keep`).

    Called once, when the plugin is loaded. The gateway makes them when it starts, and adds columns that a later version
    declares. If it raises, or declares what cannot be, the plugin is refused; if a table does not fit the rows that are
    there, the gateway does not start, and a reload keeps the configuration before.
    """


@hookspec
def check_settings(settings: BaseModel | None, tables: Tables) -> Iterable[str] | None:
    """Say what is wrong with settings that the model lets pass: against each other, or against the tables.

    Called for each step of each chain when a configuration is read: at the start, by `gateway config check`, and at a
    reload. Each sentence becomes a fault at the step's settings; with any of them the configuration is refused, and
    at a reload the one before stays in force. `settings` is None for a plugin that takes none. None: all is well.
    If it raises, the configuration is refused.
    """


@hookspec
def desk_settings() -> type[BaseModel]:
    """The model of this plugin's settings under `desk` in gateway.yaml (`desk.settings`).

    Called when a configuration is read. They are for what the plugin does beside the chains; what its steps take is in
    `plugin_settings`. A plugin without it takes none there. If it raises, the configuration is refused.
    """


@hookspec
def plugin_schedules(settings: BaseModel | None) -> Iterable[Schedule]:
    """The work of this plugin that comes round.

    Called when a configuration is read, with its settings under `desk`. Each turn is taken once, by one process, as
    durable work: the function runs in a child process with a time limit, and what it wants done is committed in one
    transaction with the mark that it is done. A turn whose function raises or hangs is a failure with a work item for
    the edi team; the next turn comes all the same. It may run twice for one turn (a restart), so it must use keys.
    If it raises, or one of them is not as it must be, the configuration is refused.
    """


@hookspec
def plugin_worklists(settings: BaseModel | None) -> Iterable[Worklist]:
    """Lists of open work items, for people: `gateway worklists`, `gateway queue list --worklist NAME`, the API.

    Called when a configuration is read, with its settings under `desk`. A worklist may show work items of the plugin's
    own kinds and of the gateway's. If it raises, or one of them is not as it must be, the configuration is refused.
    """


@hookspec
def plugin_reports(settings: BaseModel | None) -> Iterable[Report]:
    """Tables that are worked out when somebody asks: `gateway report run`, the API.

    Called when a configuration is read, with its settings under `desk`. A report only looks. Whoever asked is told when
    it raises or runs past its time limit; nothing else is harmed, and a work item tells the edi team.
    If the hook itself raises, or one of them is not as it must be, the configuration is refused.
    """


@hookspec
def plugin_routes(settings: BaseModel | None) -> Iterable[Route]:
    """Addresses of the HTTP API below `/api/v1/plugins/<plugin>`.

    Called when a configuration is read, with its settings under `desk`. Each request needs a token of the route's scope
    and is in the access log; its function runs in a child process with a time limit. One that raises is answered with
    a problem document that says so in plain words, and a work item tells the edi team.
    If the hook itself raises, or one of them is not as it must be, the configuration is refused.
    """


@hookspec
def plugin_commands(settings: BaseModel | None) -> Iterable[Command]:
    """Commands of the command line: `gateway plugin run <plugin> <command>`.

    Called when a configuration is read, with its settings under `desk`. What a command wants done is committed when it
    has returned. If it raises, nothing is done, and whoever called it is told.
    If the hook itself raises, or one of them is not as it must be, the configuration is refused.
    """


@hookspec
def plugin_metrics(settings: BaseModel | None) -> Iterable[Metric]:
    """Numbers for the monitoring, at `/metrics`.

    Called when a configuration is read, with its settings under `desk`. Their functions are asked at each scrape, in a
    child process; one that raises or is late is left out that time and counted as a failure.
    If the hook itself raises, or one of them is not as it must be, the configuration is refused.
    """


@hookspec
def plugin_drops(settings: BaseModel | None) -> Iterable[Drop]:
    """Documents of rows (CSV or JSON) that this plugin takes: `gateway drop <plugin> <name> FILE`, the API, and folders
    of sources that name it.

    Called when a configuration is read, with its settings under `desk`. Each document is kept as it came, checked row
    by row against the drop's model and taken whole or refused whole; then the drop's function runs in a child process
    with a time limit, and what it wants done is committed in one transaction with the mark that the document is read.
    The same document again does nothing. If the function raises or hangs, nothing of the document is done, and it
    waits for the drop's team until `gateway replay file`.
    If the hook itself raises, or one of them is not as it must be, the configuration is refused.
    """


# --- people outside --------------------------------------------------------------------------------


@hookspec
def send_alarms(message: AlarmMessage, desk: Desk) -> None:
    """Tell people who do not look at the console: a partner cannot be reached, answers are overdue, a date is near.

    Called once for each message, for every plugin under `desk` that has it, in a child process with sixty seconds; what
    it wants done is committed afterwards. A message has nothing about patients in it, and what it becomes must have
    none either. If it raises `NotSent` (whose words are shown to people), or anything else, or hangs, a work item tells
    the edi team, and it is called again with the same message, after a minute and then ever later, for a day. After a
    restart it may be called again for a message that went out: pass `message.id` on, so that the other side can tell.
    """


# --- the life of the gateway -----------------------------------------------------------------------


@hookspec
def gateway_started(desk: Desk) -> None:
    """The gateway runs.

    Called once in each process that has started, beside its work, in a child process with ten seconds; what it wants
    done is committed afterwards. If it raises or hangs, the gateway goes on; a work item tells the edi team.
    """


@hookspec
def gateway_stopping(desk: Desk) -> None:
    """The gateway is about to stop, on request.

    Called once in each process that stops, before its work ends, in a child process with ten seconds. It is not called
    when the process is killed or the machine fails, so nothing may depend on it. If it raises or hangs, the gateway
    stops all the same.
    """


@hookspec
def configuration_taken(desk: Desk) -> None:
    """Another configuration is in force.

    Called once in each process that has taken it, for the plugins that the new one uses, with their new settings; in a
    child process with ten seconds. A plugin that does not want a configuration refuses it in `check_settings`; here it
    is too late. If it raises or hangs, the configuration stays in force; a work item tells the edi team.
    """
