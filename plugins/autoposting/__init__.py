"""Posts claim payments by themselves: what each adjustment becomes, which amounts are denials, who owes the rest.

In a chain:

    stations:
      post:
        - plugin: autoposting
          settings: {claim_level: post, review_contractual_share: 100}

A payment that cannot be posted for certain is not posted: it waits as an exception, with the reason. A denial is never
written off here. The rules are hme-billing-rules 5.4 to 5.9; what a reason means stands in the tables carc and rarc.
"""

from __future__ import annotations

from pydantic import BaseModel

from gateway.core.model.carc import Reasons
from gateway.core.model.decision import Hold, Outcome
from gateway.core.model.posting import Match, PostingPlan, WorkItemDraft
from gateway.core.x12.remittance import ClaimPayment
from gateway.plugins import PaymentContext, Tables, hookimpl

from .cannot import Cannot
from .plan import plan_adjudication
from .reverse import plan_reversal
from .settings import AutopostingSettings

gateway_api = 1
gateway_tables = ("carc", "rarc")
version = "1.0"

ADJUDICATED = frozenset({"1", "2", "3", "4", "19", "20", "21"})
"""CLP02 of a claim that was decided on: as primary, secondary, tertiary; denied; decided and forwarded."""
REVERSAL = "22"
NOT_OURS_FORWARDED = "23"
PREDETERMINATION = "25"


@hookimpl
def plugin_settings() -> type[BaseModel]:
    """The model of this plugin's settings in a chain."""
    return AutopostingSettings


def _reasons(settings: AutopostingSettings, tables: Tables) -> Reasons:
    return Reasons(tables["carc"], tables["rarc"])


@hookimpl
def post_payment(
    payment: ClaimPayment, match: Match, context: PaymentContext[AutopostingSettings]
) -> PostingPlan | Outcome | None:
    """The plan of a payment by its CLP02; a Hold says why it cannot be posted."""
    status = payment.status
    try:
        if status in ADJUDICATED:
            return plan_adjudication(payment, match, context.prepared(_reasons), context.today, context.settings)
        if status == REVERSAL:
            return plan_reversal(payment, match)
    except Cannot as cannot:
        return Hold(reason=str(cannot), rule=cannot.rule, team="posting")
    if status == PREDETERMINATION:
        return PostingPlan(
            information=True, notes=("A pre-determination: it says what would be paid, and pays nothing.",)
        )
    if status == NOT_OURS_FORWARDED:
        return _forwarded(payment)
    return Hold(
        reason=f"Claim status {status or '(none)'} (CLP02) is not one that posts by itself. Look at what the payer "
        "means, and post it by hand.",
        rule="clp02",
        team="posting",
    )


def _forwarded(payment: ClaimPayment) -> PostingPlan | Outcome:
    """Not this payer's claim, sent on to another one: nothing to post, but somebody must watch for the other."""
    if payment.paid_cents:
        return Hold(
            reason="The payer says that the claim is not its own (CLP02 is 23), and yet pays. Ask the payer.",
            rule="clp02",
            team="posting",
        )
    carrier = "another payer" if not payment.crossover_carrier else "the payer that the remittance names"
    return PostingPlan(
        information=True,
        reviews=(
            WorkItemDraft(
                reason=f"The payer says that the claim is not its own and has sent it on to {carrier}. Set the right "
                "payer on the claim and watch for its answer.",
                team="coordination",
                business_days=15,
                cents=payment.charge_cents,
                rule="forwarded",
            ),
        ),
        notes=("Not this payer's claim; it was sent on.",),
    )
