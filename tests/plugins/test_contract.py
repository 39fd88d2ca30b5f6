"""The contract finds what plugins do wrong, says it in a sentence, and lets the good ones pass. The bad ones first."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from hypothesis import Phase, settings
from pydantic import BaseModel

from gateway.core.model.decision import Continue, Finding, Hold, Outcome, Quarantine, Severity, Stop
from gateway.core.model.posting import (
    AdjustmentPosting,
    Denial,
    Kind,
    LinePosting,
    Match,
    PostingPlan,
    WorkItemDraft,
)
from gateway.core.x12.claim import Claim
from gateway.core.x12.remittance import ClaimPayment
from gateway.plugins import ClaimContext, PluginSettings, hookimpl
from gateway.plugins.contract import PluginContract
from gateway.plugins.testing import make_table

ROOT = Path(__file__).parents[2]
QUIET = ("-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function")


@pytest.fixture(autouse=True)
def _no_shrinking() -> Iterator[None]:
    """That it is found is enough here; how small it can be made is hypothesis's business."""
    before = settings.get_current_profile_name()
    settings.register_profile("found", parent=settings(), phases=[Phase.generate])
    settings.load_profile("found")
    yield
    settings.load_profile(before)


def broken(plugin: object, test: str, *arguments: Any, **given: Any) -> str:
    """What the contract says against a plugin."""

    class Tested(PluginContract, plugin=plugin, **given):
        examples = 60

    with pytest.raises(AssertionError) as caught:
        getattr(Tested(), f"test_{test}")(*arguments)
    return str(caught.value)


def skipped(plugin: object, test: str, *arguments: Any) -> str:
    class Tested(PluginContract, plugin=plugin):
        pass

    with pytest.raises(pytest.skip.Exception) as caught:
        getattr(Tested(), f"test_{test}")(*arguments)
    return str(caught.value)


class Plugin:
    gateway_api = 1


def scrubbing(answer: Any) -> object:
    """A plugin whose scrub_claim is this function of a claim."""

    class Scrubs(Plugin):
        @hookimpl
        def scrub_claim(self, claim: Claim) -> Any:
            return answer(claim)

    return Scrubs()


def holding(answer: Any) -> object:
    class Holds(Plugin):
        @hookimpl
        def hold_claim(self, claim: Claim) -> Any:
            return answer(claim)

    return Holds()


def posting(answer: Any) -> object:
    class Posts(Plugin):
        @hookimpl
        def post_payment(self, payment: ClaimPayment, match: Match) -> Any:
            return answer(payment, match)

    return Posts()


# --- the plugin itself


def test_a_contract_without_a_plugin() -> None:
    class Nothing(PluginContract):
        pass

    with pytest.raises(AssertionError, match=r"Name it: class TestMine\(PluginContract, plugin=my_plugin\)"):
        Nothing().test_it_loads_and_fits_the_hooks()


def test_a_word_that_the_contract_does_not_know() -> None:
    with pytest.raises(TypeError, match="takes no 'setings'; it takes plugin, settings"):

        class Misspelled(PluginContract, plugin=Plugin, setings={}):
            pass


def test_a_misspelled_hook() -> None:
    class Misspelled(Plugin):
        @hookimpl
        def scrub_clam(self, claim: Claim) -> None: ...

    assert "Did you mean 'scrub_claim'?" in broken(Misspelled, "it_loads_and_fits_the_hooks")


def test_no_hook_at_all() -> None:
    assert "implements no hook" in broken(Plugin, "it_loads_and_fits_the_hooks")


def test_a_table_that_is_not_given() -> None:
    class Looks(Plugin):
        gateway_tables = ("limits",)

        @hookimpl
        def scrub_claim(self, claim: Claim) -> None: ...

    said = broken(Looks, "the_tables_it_cannot_do_without_are_there")
    assert "tables={'limits': make_table('limits', [...])}" in said
    limits = {"limits": make_table("limits", [{"code": "E1390"}])}

    class Given(PluginContract, plugin=Looks, tables=limits):
        pass

    Given().test_the_tables_it_cannot_do_without_are_there()


def test_a_table_without_a_column_that_it_reads() -> None:
    class Looks(Plugin):
        gateway_tables: ClassVar = {"limits": ("code", "units")}

        @hookimpl
        def scrub_claim(self, claim: Claim) -> None: ...

    limits = {"limits": make_table("limits", [{"code": "E1390", "unit": "2"}])}
    said = broken(Looks, "the_tables_it_cannot_do_without_are_there", tables=limits)
    assert "Row 1 of the table 'limits' has no column 'units'" in said


class Mask(PluginSettings):
    items: tuple[str, ...] = ("not a code",)


class LooksAtFew(Plugin):
    """Raises on what it is for, and on nothing else."""

    @hookimpl
    def plugin_settings(self) -> type[Mask]:
        return Mask

    @hookimpl
    def scrub_claim(self, claim: Claim, context: ClaimContext[Mask]) -> None:
        limits = context.table("limits")
        for line in claim.lines:
            if limits.find(context.today, line.code) or line.code in context.settings.items:
                raise TypeError("tuple indices must be integers or slices, not str")


# Put together here, so that it stands in no code, where it would be found as well.
IN_A_TABLE, IN_SETTINGS, IN_CODE = f"A{9274}", f"A{7999}", "A9999"


@pytest.mark.parametrize("code", [IN_A_TABLE, IN_SETTINGS, IN_CODE])
def test_a_plugin_that_raises_on_the_few_items_that_it_is_for_never_passes(code: str) -> None:
    limits = {"limits": make_table("limits", [{"code": IN_A_TABLE, "units": "2"}] if code == IN_A_TABLE else [])}
    settings = {"items": () if code == IN_A_TABLE else (code,)}

    class Tested(PluginContract, plugin=LooksAtFew, tables=limits, settings=settings, examples=1):
        pass

    assert code in Tested().codes()
    with pytest.raises(TypeError) as caught:
        Tested().test_it_survives_any_legal_claim("scrub")
    assert f"SV1*HC:{code}" in "".join(caught.value.__notes__)


def test_codes_that_are_asked_for_come_every_other_time() -> None:
    drawn: list[str] = []

    class Tested(PluginContract, plugin=LooksAtFew, tables={"limits": make_table("limits", [])}, examples=200):
        def codes(self) -> tuple[str, ...]:
            return ("A9283",)

    Tested()._draw(Tested().claims(), lambda claim: drawn.extend(line.code for line in claim.lines))
    assert drawn.count("A9283") > len(drawn) / 5, "seldom less than two in five, of so many"


class Days(PluginSettings):
    days: int


class Loose(BaseModel):
    days: int = 3


def with_settings(model: type[BaseModel]) -> object:
    class Settled(Plugin):
        @hookimpl
        def plugin_settings(self) -> type[BaseModel]:
            return model

    return Settled()


def test_settings_that_are_refused() -> None:
    assert "its defaults are refused: days: Field required" in broken(with_settings(Days), "its_settings_are_accepted")
    said = broken(with_settings(Days), "its_settings_are_accepted", settings={"days": "some"})
    assert said.startswith("The given settings are refused: days: Input should be a valid integer")
    assert "takes no settings; give it none" in broken(Plugin, "its_settings_are_accepted", settings={"days": "3"})


def test_a_model_that_passes_over_what_was_misspelled() -> None:
    said = broken(with_settings(Loose), "a_setting_it_does_not_know_is_refused")
    assert "Derive it from gateway.plugins.PluginSettings" in said


# --- claims


def test_a_rule_that_raises_for_some_claim_only() -> None:
    def first_modifier(claim: Claim) -> None:
        for line in claim.lines:
            line.modifiers[0]

    class Tested(PluginContract, plugin=scrubbing(first_modifier)):
        pass

    with pytest.raises(IndexError) as caught:
        Tested().test_it_survives_any_legal_claim("scrub")
    notes = "\n".join(caught.value.__notes__)
    assert "The claim:" in notes
    assert "CLM*" in notes


def test_an_answer_that_the_hook_does_not_allow() -> None:
    said = broken(scrubbing(lambda claim: "fine"), "it_survives_any_legal_claim", "scrub")
    assert "answered a str where findings, holds or an outcome are wanted" in said


def found(message: str, **more: Any) -> object:
    return scrubbing(lambda claim: Finding(**{"rule": "R-1", "message": message, **more}))


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "says nothing"),
        ("missing modifier on the line.", "begins with a capital"),
        ("The line needs a modifier", "ends with a full stop"),
        ("Wrong.", "no sentence"),
        ("The line\nneeds a modifier.", "no sentence"),
        ("The charge is Decimal('98.40') and too high.", "'Decimal(' is Python's"),
        ("The modifiers are ('RR', 'KX') and should not be.", "is Python's"),
        ("The date is None and should be given.", "'None' is Python's"),
        ("The severity is <Severity.HOLD: 'hold'> here.", "is Python's"),
        ("The line {number} needs a modifier.", "'{number}' is Python's"),
        ("It failed with a ValueError in the rule.", "'ValueError' is Python's"),
        ("See <gateway.core.x12.claim.Claim object at 0x7f0000> for it.", "is Python's"),
    ],
)
def test_a_message_that_is_not_for_people(message: str, words: str) -> None:
    assert words in broken(found(message), "what_it_says_of_a_claim_is_for_people", "scrub")


def test_a_message_that_names_the_patient() -> None:
    named = scrubbing(lambda claim: Finding(rule="R-1", message=f"Ask {claim.patient.last} for the card."))
    said = broken(named, "what_it_says_of_a_claim_is_for_people", "scrub")
    assert "tells the patient's last name" in said
    numbered = holding(lambda claim: Hold(reason=f"Look up {claim.subscriber.member_id} at the payer."))
    assert "tells the patient's member id" in broken(numbered, "what_it_says_of_a_claim_is_for_people", "hold")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rule": ""}, "has the rule ''"),
        ({"rule": "the modifier rule"}, "A rule is a short id without blanks"),
        ({"line": 99}, "is about line 99, which the claim does not have"),
        ({"team": " "}, "has no team"),
    ],
)
def test_a_finding_that_leads_nowhere(more: dict[str, Any], words: str) -> None:
    plugin = found("The line needs a modifier.", severity=Severity.HOLD, **more)
    assert words in broken(plugin, "what_it_says_of_a_claim_is_for_people", "scrub")


@pytest.mark.parametrize(
    "outcome", [Quarantine("odd"), Stop("odd"), Hold(reason="odd"), Continue((Finding(rule="R-1", message="odd"),))]
)
def test_an_outcome_with_a_poor_reason(outcome: Outcome) -> None:
    assert "no sentence" in broken(scrubbing(lambda _: outcome), "what_it_says_of_a_claim_is_for_people", "scrub")


def test_a_severity_that_there_is_not_is_no_answer() -> None:
    said = broken(found("The line needs a modifier.", severity="grave"), "it_survives_any_legal_claim", "scrub")
    assert "its Finding cannot be kept" in said


def test_a_plugin_that_counts() -> None:
    class Counts(Plugin):
        count = 0

        @hookimpl
        def scrub_claim(self, claim: Claim) -> Iterator[Finding]:
            self.count += 1
            yield Finding(rule="R-1", message=f"Claim {self.count} of today was looked at.")

    assert "keep nothing between calls" in broken(Counts(), "the_same_claim_gets_the_same_answer", "scrub")


def test_a_plugin_that_sets_something_at_hold() -> None:
    said = broken(holding(lambda claim: claim.set("CLM05-3", "7")), "it_changes_a_claim_only_where_it_may", "hold")
    assert "It sets 2300 CLM05-3 at hold, where changes are dropped" in said


def test_a_plugin_that_changes_segments_behind_the_claims_back() -> None:
    def behind(claim: Claim) -> None:
        claim.stored.subscriber[0] = "SBR*S*18"

    said = broken(scrubbing(behind), "it_changes_a_claim_only_where_it_may", "scrub")
    assert "behind its back" in said
    said = broken(scrubbing(lambda claim: claim._raw.append("K3*X")), "it_changes_a_claim_only_where_it_may", "scrub")
    assert "behind its back" in said


def test_a_plugin_that_makes_a_claim_unsound() -> None:
    said = broken(
        scrubbing(lambda claim: claim.set("CLM02", "much")), "it_changes_a_claim_only_where_it_may", "scrub"
    )  # fmt: skip
    assert "makes the claim unsound: 2300 CLM02: The amount is not plain dollars and cents." in said


def test_a_correction_that_is_made_twice() -> None:
    said = broken(
        scrubbing(lambda claim: claim.add_note("CORRECTED")), "what_it_set_right_it_leaves_alone", "scrub"
    )  # fmt: skip
    assert "it sets 2300 NTE again" in said


def test_a_plugin_that_takes_a_past_for_granted() -> None:
    class Past(Plugin):
        @hookimpl
        def hold_claim(self, claim: Claim, context: ClaimContext) -> None:
            context.history(claim)[0]

    class Tested(PluginContract, plugin=Past):
        pass

    with pytest.raises(IndexError):
        Tested().test_it_behaves_for_a_patient_without_a_past("hold")


# --- payments and denials


def plan(payment: ClaimPayment, match: Match, *, paid: int | None = None, kind: Kind = Kind.OPEN) -> PostingPlan | Hold:
    """Everything on the claim as a whole; a Hold where there is no claim."""
    if match.claim is None:
        return Hold(reason="No claim of ours has this number. Find out what was paid.")
    reasons = [one for part in (payment, *payment.lines) for one in part.adjustments]
    posted = tuple(AdjustmentPosting(one.group, one.reason, one.cents, kind) for one in reasons)
    cents = payment.paid_cents if paid is None else paid
    return PostingPlan(lines=(LinePosting(None, -1, "", payment.charge_cents, cents, posted),))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda payment, match: plan(payment, match, paid=1), "and the payer pays $"),
        (lambda payment, match: plan(payment, match, kind=Kind.DENIAL), "and its denials come to $0.00"),
        (
            lambda payment, match: None if match.claim else PostingPlan(),
            "The plan posts, and the payment was matched to no claim.",
        ),
        (lambda payment, match: PostingPlan(reverses=77) if match.claim else None, "does not stand on the claim"),
        (lambda payment, match: PostingPlan(information=True, notes=("odd",)), "no sentence"),
        (
            lambda payment, match: PostingPlan(information=True, reviews=(WorkItemDraft(reason="Look.", team=""),)),
            "no sentence",
        ),
        (lambda payment, match: [], "answered a list where a PostingPlan or an outcome is wanted"),
    ],
)
def test_a_plan_that_does_not_add_up_or_says_nothing(answer: Any, words: str) -> None:
    assert words in broken(posting(answer), "it_survives_any_payment")


def test_a_plugin_that_changes_the_payment() -> None:
    def scribble(payment: ClaimPayment, match: Match) -> None:
        cast(list[str], payment.raw).append("LQ*HE*N115")

    assert "It changes the payment" in broken(posting(scribble), "it_leaves_a_payment_as_it_is")


def test_a_plugin_that_takes_the_usual_separators_for_granted() -> None:
    def cut(claim: Claim) -> None:
        for line in claim.lines:
            line.segments[1].raw.split("*")[1].split(":")[1]

    class Tested(PluginContract, plugin=scrubbing(cut)):
        pass

    with pytest.raises(IndexError):
        Tested().test_it_survives_any_legal_claim("scrub")


def test_a_line_of_another_claim() -> None:
    def stray(payment: ClaimPayment, match: Match) -> Any:
        made = plan(payment, match)
        if isinstance(made, Hold):
            return made
        return PostingPlan(lines=(LinePosting(99, 0, "", 0, payment.paid_cents),))

    assert "a line of another claim" in broken(posting(stray), "it_survives_any_payment")


def test_a_denial_routed_to_nobody() -> None:
    class Routes(Plugin):
        @hookimpl
        def route_denial(self, denial: Denial) -> WorkItemDraft:
            return WorkItemDraft(reason="Appeal it with the records.", team="")

    assert "has no team" in broken(Routes, "it_survives_any_denial")


# --- the good ones


def test_what_a_plugin_lacks_is_skipped_with_a_sentence() -> None:
    plugin = scrubbing(lambda claim: None)
    assert skipped(plugin, "it_survives_any_legal_claim", "hold") == "The plugin has no hold_claim."
    assert skipped(plugin, "it_survives_any_payment") == "The plugin has no post_payment."
    assert skipped(plugin, "it_survives_any_denial") == "The plugin has no route_denial."
    assert skipped(plugin, "its_settings_are_accepted") == "The plugin takes no settings."


class Everything(Plugin):
    """Does a little at every station."""

    @hookimpl
    def plugin_settings(self) -> type[Days]:
        return Days

    @hookimpl
    async def confirm_claim(self, claim: Claim) -> Continue:
        return Continue(note="Looked at every line.")

    @hookimpl
    def scrub_claim(self, claim: Claim) -> Iterator[Finding]:
        for line in claim.lines:
            if "KX" in line.modifiers and line.modifiers[0] != "KX":
                line.set_modifiers(["KX", *[one for one in line.modifiers if one != "KX"]])
                yield Finding(rule="X-1", message=f"Line {line.number}: KX was put first.", line=line.number)

    @hookimpl
    def hold_claim(self, claim: Claim, context: ClaimContext[Days]) -> list[Hold]:
        old = claim.from_date and (context.today - claim.from_date).days > context.settings.days
        reason = f"The service is more than {context.settings.days} days old. Ask for a delay reason."
        return [Hold(reason=reason, rule="X-2", team="billing")] if old else []

    @hookimpl
    def post_payment(self, payment: ClaimPayment, match: Match) -> Any:
        return plan(payment, match)

    @hookimpl
    def route_denial(self, denial: Denial) -> WorkItemDraft:
        owed = Decimal(denial.cents).scaleb(-2)
        return WorkItemDraft(reason=f"The payer refuses ${owed:,}. {denial.action}", team=denial.team)


class TestEverything(PluginContract, plugin=Everything, settings={"days": "300"}):
    """The suite, as a plugin's own tests have it."""


def test_the_suite_runs_without_any_setup_of_its_own(tmp_path: Path) -> None:
    """As an integrator has it: a plugin and three lines of test, in a folder of their own."""
    (tmp_path / "courteous.py").write_text(
        textwrap.dedent("""
        from gateway.core.model.decision import Finding
        from gateway.plugins import hookimpl

        gateway_api = 1

        @hookimpl
        def scrub_claim(claim):
            if len(claim.lines) > 3:
                yield Finding(rule="C-1", message="More than three lines. Look whether they belong together.")
        """)
    )
    (tmp_path / "test_courteous.py").write_text(
        textwrap.dedent("""
        import courteous
        from gateway.plugins.contract import PluginContract

        class TestCourteous(PluginContract, plugin=courteous):
            pass

        def test_fixtures(claim, plugin_context):
            assert plugin_context(courteous).scrub(claim).passes
        """)
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rsP", "-W", "error", "--junitxml=report.xml", *QUIET],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "The plugin has no hold_claim." in ran.stdout
    assert "scrub_claim: " in ran.stdout
    assert 'name="microseconds_scrub"' in (tmp_path / "report.xml").read_text()
