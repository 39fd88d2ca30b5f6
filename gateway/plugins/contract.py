"""What every plugin must keep to, as a suite of tests that it gets for one line:

    class TestMedicaidSpans(PluginContract, plugin=medicaid_spans, settings={"shortest_days": "28"}):
        \"""The rules of the house.\"""

Each test is one sentence of the contract. What the plugin does not do is skipped with the reason. The tests at a
station draw legal claims, payments and denials with hypothesis (`strategies`) and show the smallest one that breaks
the rule. How long a claim takes is reported (`-rP` shows it, junit.xml has it), never judged.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from pydantic import ValidationError

from gateway.core.x12.claim import UNKNOWN_NUMBERS, Claim, Numbers
from gateway.core.x12.stored import StoredClaim

from .chains import STATIONS
from .context import HistoryLine
from .contract_codes import codes_of
from .contract_words import check_decision, check_draft, check_plan
from .declaring import DESK_HOOKS
from .host import Plugin, PluginHost, PluginRefused
from .runner import Decision
from .strategies import INSTALL, PaymentCase, claims, denials, payments
from .tables import Table, Tables
from .testing import TODAY, DeskContext, PluginContext, make_claim, make_line, plugin_context, plugin_desk, read_tables
from .testing_http import FakeHttp

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from gateway.core.model.belongings import Delivery
    from gateway.core.model.posting import Denial

CLAIM_STATIONS = ("confirm", "scrub", "hold")
UNKNOWN = "no_such_setting"
TIMED = 200
"""Claims, payments or denials over which the time is taken."""


class _Lent(Claim):
    """A claim that remembers every handle made of it, so that a test sees what was set even where it is dropped."""

    __slots__ = ("before", "handles")

    def __init__(self, stored: StoredClaim, by: str = "", numbers: Numbers = UNKNOWN_NUMBERS) -> None:
        super().__init__(stored, by, numbers)
        self.before = stored.pack()
        self.handles: list[_Lent] = []

    def handle(self, by: str) -> Claim:
        made = _Lent(self.stored, by)
        made.handles = self.handles
        self.handles.append(made)
        return made


class PluginContract:
    """The suite. A subclass names the plugin, in its first line or as attributes.

    Attributes:
        plugin: its module, an instance, or its class.
        settings: as a chain would have them; the model's defaults without them.
        desk_settings: as gateway.yaml would have them under `desk`, likewise.
        tables: those that it looks into, by name; its own in its folder `tables` are there anyway.
        history: earlier lines of the patient; every test runs with them, and one without any.
        deliveries: what was delivered to the patient, in the same way.
        rows: what its own tables hold, likewise.
        secrets: what `env:NAME` in the settings reveals.
        http: answers to what it calls; nothing goes out.
        payer_id, partner, today: what the context says.
        examples: how many claims, payments or denials each test draws.
    """

    plugin: ClassVar[object] = None
    settings: ClassVar[Mapping[str, Any]] = {}
    desk_settings: ClassVar[Mapping[str, Any]] = {}
    tables: ClassVar[Mapping[str, Table] | Tables] = {}
    history: ClassVar[Sequence[HistoryLine]] = ()
    deliveries: ClassVar[Sequence[Delivery]] = ()
    rows: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}
    http: ClassVar[FakeHttp | None] = None
    payer_id: ClassVar[str] = "90101"
    partner: ClassVar[str] = "practice"
    today: ClassVar[dt.date] = TODAY
    examples: ClassVar[int] = 30

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__()
        for name, value in given.items():
            if name not in PluginContract.__annotations__:
                known = ", ".join(PluginContract.__annotations__)
                raise TypeError(f"PluginContract takes no {name!r}; it takes {known}")
            setattr(cls, name, value)

    # --- what is drawn; a subclass may narrow it

    def claims(self) -> SearchStrategy[Claim]:
        """The claims that the plugin is asked about: any legal one."""
        return claims(self.codes())

    def payments(self) -> SearchStrategy[PaymentCase]:
        """The claim payments with their matches: any that balances."""
        return payments(self.codes())

    def denials(self) -> SearchStrategy[Denial]:
        """The denials."""
        return denials(self.codes())

    def codes(self) -> Sequence[str]:
        """The HCPCS codes that the plugin is about: in its settings, its tables and its code. Every other line that
        is drawn is of one of them, and a plain claim of each is tried first."""
        added = self._added()
        model = added.model("plugin_settings")
        with self._context() as context:
            settings = model.model_validate(dict(self.settings)).model_dump() if model else None
            own = read_tables(Path(added.path) / "tables") if added.path else {}
            return codes_of(added, settings, context.tables, own)

    # --- the plugin itself

    def test_it_loads_and_fits_the_hooks(self) -> None:
        """It states gateway_api, every hook exists, and it takes only arguments that the hook gives."""
        if not self._added().hooks:
            raise AssertionError("The plugin implements no hook, so it does nothing. Put @hookimpl above a function.")

    def test_the_tables_it_cannot_do_without_are_there(self) -> None:
        """A configuration without one of its `gateway_tables`, or of their columns, is refused; so is this suite."""
        with self._context() as context:
            for name, columns in self._added().tables.items():
                if name not in context.tables:
                    raise AssertionError(
                        f"The plugin cannot do without the table {name!r} (gateway_tables). Give it to the contract: "
                        f"tables={{{name!r}: make_table({name!r}, [...])}}."
                    )
                for number, row in enumerate(context.tables[name].rows, 1):
                    for column in columns:
                        if column not in row.values:
                            raise AssertionError(
                                f"Row {number} of the table {name!r} has no column {column!r}, which gateway_tables "
                                f"names; it has {', '.join(row.values)}."
                            )

    def test_its_settings_are_accepted(self) -> None:
        """The given settings, or its defaults where none are given, pass its model."""
        model = self._added().model("plugin_settings")
        if model is None:
            if self.settings:
                raise AssertionError("The plugin has no plugin_settings and takes no settings; give it none.")
            pytest.skip("The plugin takes no settings.")
        try:
            model.model_validate(dict(self.settings))
        except ValidationError as error:
            what = "The given settings are" if self.settings else "Without any setting, its defaults are"
            advice = "" if self.settings else " Give the contract those that it needs: settings={...}."
            raise AssertionError(f"{what} refused: {_first_of(error)}.{advice}") from None

    def test_a_setting_it_does_not_know_is_refused(self) -> None:
        """A key that was misspelled in a chain is told, not passed over."""
        model = self._added().model("plugin_settings")
        if model is None:
            pytest.skip("The plugin takes no settings.")
        try:
            model.model_validate({**self.settings, UNKNOWN: "1"})
        except ValidationError:
            return
        raise AssertionError(
            f"Its model takes a setting that it does not know ({UNKNOWN}), so a misspelled one would go unnoticed. "
            "Derive it from gateway.plugins.PluginSettings."
        )

    # --- claims

    @pytest.mark.parametrize("station", CLAIM_STATIONS)
    def test_it_survives_any_legal_claim(self, station: str) -> None:
        """It raises on none, and answers what its hook allows."""
        with self._at(station) as context:
            self._ask_all(lambda claim: _allowed(context.decide(station, claim)))

    @pytest.mark.parametrize("station", CLAIM_STATIONS)
    def test_what_it_says_of_a_claim_is_for_people(self, station: str) -> None:
        """Findings and holds have a rule, a line that is there, and a plain sentence without the patient's name or
        number, nor anything of Python's."""
        with self._at(station) as context:
            self._ask_all(lambda claim: check_decision(_allowed(context.decide(station, claim)), claim))

    @pytest.mark.parametrize("station", CLAIM_STATIONS)
    def test_the_same_claim_gets_the_same_answer(self, station: str) -> None:
        """Whatever it was asked before: it keeps nothing between calls, and draws no lots."""
        with self._at(station) as context, self._context() as fresh:

            def check(claim: Claim) -> None:
                first = _answer(context.decide(station, claim))
                context.decide(station, make_claim(make_line("A7030", "NU"), claim_number="SW1999"))
                for again, words in ((context, "asked again"), (fresh, "loaded afresh")):
                    if _answer(again.decide(station, claim)) != first:
                        raise AssertionError(
                            f"The same claim gets another answer when the plugin is {words}. A claim is decided more "
                            "than once: keep nothing between calls, and use context.today, never the clock."
                        )

            self._ask_all(check)

    @pytest.mark.parametrize("station", CLAIM_STATIONS)
    def test_it_changes_a_claim_only_where_it_may(self, station: str) -> None:
        """At hold not at all; elsewhere through the claim's own methods, so that each change stands in the log, and
        so that what comes out is still sound."""
        with self._at(station) as context:
            self._ask_all(lambda claim: _check_edits(context, station, claim))

    @pytest.mark.parametrize("station", [name for name in CLAIM_STATIONS if STATIONS[name].edits])
    def test_what_it_set_right_it_leaves_alone(self, station: str) -> None:
        """A corrected claim is decided again (a hold is released, the patient changes): nothing is corrected twice."""
        with self._at(station) as context:

            def check(claim: Claim) -> None:
                if not context.decide(station, claim).edits:
                    return
                corrected = context.claim
                assert corrected is not None
                again = context.decide(station, Claim(corrected.stored)).edits
                if again:
                    raise AssertionError(
                        f"Asked about the claim that it has corrected, it sets {again[0].place} again. Look first "
                        "whether the correction is there."
                    )

            self._ask_all(check)

    @pytest.mark.parametrize("station", CLAIM_STATIONS)
    def test_it_behaves_for_a_patient_without_a_past(self, station: str) -> None:
        """An empty history is an answer, not an accident."""
        with self._at(station, history=()) as context:
            self._ask_all(lambda claim: check_decision(_allowed(context.decide(station, claim)), claim))

    # --- payments and denials

    def test_it_survives_any_payment(self) -> None:
        """It raises on none; a plan adds up to the payment, and says what it says in plain words."""
        with self._at("post") as context:

            def check(case: PaymentCase) -> None:
                decision = _allowed(context.post(case.payment, case.match))
                check_decision(decision)
                if decision.answer is not None:
                    check_plan(decision.answer, case.payment, case.match)

            self._draw(self.payments(), check)

    def test_it_leaves_a_payment_as_it_is(self) -> None:
        """What the payer said is nobody's to change."""
        with self._at("post") as context:

            def check(case: PaymentCase) -> None:
                before, match = list(case.payment.raw), repr(case.match)
                context.post(case.payment, case.match)
                if list(case.payment.raw) != before or repr(case.match) != match:
                    raise AssertionError(
                        "It changes the payment or its match. Leave both as they are; what is to become of them "
                        "stands in the plan."
                    )

            self._draw(self.payments(), check)

    def test_the_same_payment_gets_the_same_answer(self) -> None:
        """Whatever it was asked before."""
        with self._at("post") as context, self._context() as fresh:

            def check(case: PaymentCase) -> None:
                answers = [_answer(one.post(case.payment, case.match)) for one in (context, context, fresh)]
                _all_equal(answers, "payment")

            self._draw(self.payments(), check)

    def test_it_survives_any_denial(self) -> None:
        """It raises on none; a draft has a team and a plain sentence."""
        with self._at("route") as context:

            def check(denial: Denial) -> None:
                decision = _allowed(context.route(denial))
                check_decision(decision)
                if decision.answer is not None:
                    check_draft(decision.answer, "its work item")

            self._draw(self.denials(), check)

    def test_the_same_denial_gets_the_same_answer(self) -> None:
        """Whatever it was asked before."""
        with self._at("route") as context, self._context() as fresh:

            def check(denial: Denial) -> None:
                _all_equal([_answer(one.route(denial)) for one in (context, context, fresh)], "denial")

            self._draw(self.denials(), check)

    # --- beside the chains

    def test_what_it_declares_can_be_used(self) -> None:
        """Every schedule, worklist, report, route, command and metric is as it must be."""
        self._desk()

    def test_what_it_does_beside_the_chains_survives_an_empty_house(self) -> None:
        """No claims, no work items: its schedules, reports and metrics, and what it does when the gateway starts, stops
        or takes a configuration, raise on nothing. A report that must be asked something is passed over."""
        desk = self._desk()
        for schedule in desk.declared.schedules:
            desk.schedule(schedule.name)
        for report in desk.declared.reports:
            fields = report.parameters.model_fields.values() if report.parameters else ()
            if not any(field.is_required() for field in fields):
                desk.report(report.name)
        for metric in desk.declared.metrics:
            desk.metric(metric.name)
        for hook in desk.declared.life:
            desk.tell(hook)

    # --- time

    @pytest.mark.parametrize("station", tuple(STATIONS))
    def test_its_time_is_reported(self, station: str, request: pytest.FixtureRequest) -> None:
        """Microseconds for one claim, payment or denial: the median of many. Reported, never judged."""
        with self._at(station) as context:
            sample: list[Any] = []
            drawn: Any = {"post": self.payments, "route": self.denials}.get(station, self.claims)
            self._draw(drawn(), sample.append)

            def ask(one: Any) -> Decision:
                if station == "post":
                    return context.post(one.payment, one.match)
                return context.route(one) if station == "route" else context.decide(station, one)

            taken = [ask(sample[at % len(sample)]).steps[0].microseconds for at in range(TIMED)]
            middle = round(statistics.median(taken))
            # What record_property does, without its warning about newer junit families.
            request.node.user_properties.append((f"microseconds_{station}", middle))
            print(f"{STATIONS[station].hook}: {middle} microseconds (median of {TIMED})")

    # --- how it is asked

    def _added(self) -> Plugin:
        if self.plugin is None:
            raise AssertionError(
                "The contract does not know the plugin. Name it: class TestMine(PluginContract, plugin=my_plugin)."
            )
        try:
            return PluginHost().add("tested", self.plugin)
        except PluginRefused as error:
            raise AssertionError(str(error)) from None

    def _desk(self) -> DeskContext:
        """What it declares, with nothing to look up; the test is skipped where it declares nothing."""
        if not DESK_HOOKS & self._added().hooks.keys():
            pytest.skip("The plugin declares nothing beside the chains.")
        try:
            return plugin_desk(self.plugin, self.desk_settings, today=self.today, tables=self.tables)
        except PluginRefused as error:
            raise AssertionError(str(error)) from None

    @contextmanager
    def _context(self, history: Sequence[HistoryLine] | None = None) -> Iterator[PluginContext]:
        self._added()
        with plugin_context(
            self.plugin,
            self.settings,
            today=self.today,
            payer_id=self.payer_id,
            partner=self.partner,
            history=self.history if history is None else history,
            tables=self.tables,
            deliveries=self.deliveries if history is None else (),
            rows=self.rows if history is None else {},
            secrets=self.secrets,
            http=self.http,
        ) as context:
            yield context

    @contextmanager
    def _at(self, station: str, history: Sequence[HistoryLine] | None = None) -> Iterator[PluginContext]:
        """The context, where the plugin does something at this station; else the test is skipped."""
        hook = STATIONS[station].hook
        if hook not in self._added().hooks:
            pytest.skip(f"The plugin has no {hook}.")
        with self._context(history) as context:
            yield context

    def _ask_all(self, check: Callable[[Claim], object]) -> None:
        """Every claim that is to be tried: a plain one of each code that the plugin is about, unless a subclass narrows
        what it is asked, then drawn ones."""
        if type(self).claims is PluginContract.claims:
            for code in self.codes():
                for line in (make_line(code, "NU"), make_line(code, "RR", thru_date=TODAY)):
                    claim = make_claim(line, payer_id=self.payer_id)
                    try:
                        check(claim)
                    except Exception as error:
                        error.add_note(_shown(claim))
                        raise
        self._draw(self.claims(), check)

    def _draw(self, strategy: SearchStrategy[Any], check: Callable[[Any], object]) -> None:
        try:
            import hypothesis
        except ImportError:
            raise ModuleNotFoundError(INSTALL, name="hypothesis") from None

        # A machine that is busy makes examples slow, not wrong.
        @hypothesis.settings(
            max_examples=self.examples,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
        )
        @hypothesis.given(strategy)
        def one(drawn: Any) -> None:
            hypothesis.note(_shown(drawn))
            check(drawn)

        one()


def _first_of(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'the settings'}: {first['msg']}"


def _shown(drawn: Any) -> str:
    """The segments of what was drawn, as they stand in a file."""
    if isinstance(drawn, Claim):
        stored = drawn.stored
        segments = [*stored.billing, *stored.subscriber, *stored.patient, *stored.claim]
        return "The claim:\n" + f"{stored.delimiters.segment}\n".join(segments)
    if isinstance(drawn, PaymentCase):
        segments = list(drawn.payment.raw)
        return "The payment:\n" + f"{drawn.payment.delimiters.segment}\n".join(segments) + f"\nits match: {drawn.match}"
    return f"Drawn: {drawn}"


def _allowed(decision: Decision) -> Decision:
    """The decision, where the plugin answered what its hook allows."""
    if decision.failure:
        raise AssertionError(decision.failure)
    return decision


def _answer(decision: Decision) -> tuple[object, ...]:
    """All that was decided, without the time it took."""
    steps = [(step.outcome, step.findings, step.note, step.notes) for step in decision.steps]
    holds = [opened.hold for opened in decision.holds]
    edits = [tuple(edit) for edit in decision.edits]
    return steps, holds, edits, decision.items, decision.rows, decision.quarantine, decision.retry, decision.answer


def _all_equal(answers: Sequence[object], what: str) -> None:
    if any(answer != answers[0] for answer in answers):
        raise AssertionError(
            f"The same {what} gets different answers. It may be decided more than once: keep nothing between calls, "
            "and use context.today, never the clock."
        )


def _check_edits(context: PluginContext, station: str, claim: Claim) -> None:
    """Nothing was set where nothing may be, and everything that changed stands in the log."""
    before = claim.stored.pack()
    lent = _Lent(claim.stored)
    decision = _allowed(context.decide(station, lent))
    edits = [edit for handle in lent.handles for edit in handle.edits]
    if edits and not STATIONS[station].edits:
        raise AssertionError(
            f"It sets {edits[0].place} at {station}, where changes are dropped. Set it in scrub_claim or confirm_claim."
        )
    quiet = [handle for handle in lent.handles if not handle.edits]
    if claim.stored.pack() != before or any(_pieces(handle) != handle.before for handle in quiet):
        raise AssertionError(
            "It changes the claim's segments behind its back. Use the claim's methods (claim.set, line.set_modifiers, "
            "...): only what stands in their log is kept."
        )
    if decision.edits and context.claim is not None:
        faults = context.claim.faults()
        if faults:
            fault = faults[0]
            raise AssertionError(
                f"What it sets makes the claim unsound: {fault.loop} {fault.segment_id}{fault.element:02d}: "
                f"{fault.message}"
            )


def _pieces(handle: Claim) -> bytes:
    """The claim as its parts have it now, edit log or not."""
    claim = [segment for part in (handle._raw, *(line._raw for line in handle.lines)) for segment in part]
    stored = handle.stored
    return StoredClaim(stored.delimiters, stored.billing, stored.subscriber, stored.patient, claim).pack()
