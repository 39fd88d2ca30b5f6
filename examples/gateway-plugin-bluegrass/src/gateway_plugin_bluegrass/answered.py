"""What the documentation team heard when it asked about use (BG-7), handed in as a document."""

from collections.abc import Sequence

from gateway.core.model.belongings_file import Code, Day, Row
from gateway.plugins import Desk, Drop, Rows

from .settings import DeskSettings
from .use import ASKED

NOT_USED = "bluegrass_not_used"


class Answer(Row):
    """One answer: about whom (`Row`: patient_id, or member_id with birth_date), which item, when, and whether it is
    still used."""

    code: Code
    asked_on: Day
    used: bool


def take(answers: Sequence[Answer], desk: Desk[DeskSettings]) -> Rows | str:
    """Note when it was asked; an item that is not used any more has a work item. Tells the rows whose patient nobody
    knows."""
    unknown = []
    for number, answer in enumerate(answers, 1):
        patient = desk.patient(patient_id=answer.patient_id, member_id=answer.member_id, birth_date=answer.birth_date)
        if patient is None:
            unknown.append((number, answer.code, "no claim or delivery of such a patient has come"))
            continue
        desk.keep(ASKED.name, {"code": answer.code, "asked_on": answer.asked_on}, patient_id=patient)
        if not answer.used:
            desk.open_item(
                kind=NOT_USED,
                key=f"{patient}:{answer.code}:{answer.asked_on}",
                reason=f"{answer.code} is not used any more, as was said on {answer.asked_on:%m/%d/%Y}: have it picked up, "
                "and end the rental in the billing system.",
                team=desk.settings.team,
                rule="BG-7",
                work_by=desk.today,
            )
    if unknown:
        return Rows(("row", "item", "not_noted"), unknown)
    return f"{len(answers):,} answers are noted."


DROP = Drop("answers", "What patients answered who were asked whether they still use an item.", Answer, take)
