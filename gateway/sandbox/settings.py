"""What the practice clearinghouse does, and for whom: a pydantic model, loadable from YAML.

seed: 7
partners:
  - user: stillwater
    password: practice
    receiver_id: SANDBOX
    delays: {payer: 2, remittance: 5}
    behaviour: {denied_lines: 0.08}
    payers:
      "90101": {drop_modifiers: true}
    faults:
      - {answer: "999", nth: 2, do: no_answer}
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from gateway.config.faults import explain
from gateway.config.values import GsId, IsaId, LineEnding, Model, Qualifier
from gateway.config.yaml_source import read_yaml
from gateway.core.x12.guides.answer_codes import IK5_CODES, TA1_NOTES

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[float, Field(ge=0.0)]
Kind = Literal["TA1", "999", "277CA", "277CA-payer", "277", "835"]
Folder = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_. -]+(/[A-Za-z0-9_. -]+)*$")]


class Behaviour(Model):
    """How claims are answered. Shares are of 1, drawn from the seed and the claim number, never from the order of
    arrival."""

    check_claims: bool = True
    """Refuse what a payer's front end refuses: what breaks the claim's guide, a Medicare number of the wrong form, a
    modifier twice, a rental without RR, an NPI whose check digit is wrong, frequency 7 or 8 to Medicare."""
    unknown_ids: tuple[str, ...] = ()
    """Member ids that no payer knows: claims with one of them are refused by the clearinghouse (277CA A7:164:IL)."""
    rejected: Share = 0.04
    """Claims refused at the front end although nothing is wrong with them that can be seen from here."""
    rejected_by_payer: Share = 0.5
    """Of the refused ones, those that pass the clearinghouse and are refused by the payer."""
    denied_lines: Share = 0.08
    unknown_member: Share = 0.004
    """Claims for a patient the payer does not know (CLP02 4)."""
    deductible: Share = 0.06
    """Claims of which the first line meets a deductible (PR-1)."""
    copay: Share = 0.25
    """Claims of commercial payers with a copay (PR-3) in place of coinsurance (PR-2)."""
    sequestration: bool = True
    """Medicare's CO-253."""
    corrected: Share = 0.02
    """Of the paid claims: paid short first, then reversed (CLP02 22) and paid right."""
    taken_back: Share = 0.01
    """Of the paid claims: reversed later, without a correction."""
    takeback: Literal["now", "postponed", "mixed"] = "mixed"
    """Whether a reversal without a correction lowers that payment, or is put off (PLB WO) to the next one."""
    interest: Share = 0.02
    """Of the claims a commercial payer pays: those with interest (PLB L6)."""
    crossover: bool = True
    """Medicare forwards to the second payer (CLP02 19, MA18)."""
    crossover_pays: bool = True
    """What was forwarded is paid by the second payer, in a remittance of its own."""
    zero_pay_apart: bool = True
    """Claims of which nothing is paid come in a payment of their own (BPR H, NON)."""
    zero_pay_trace: str = ""
    """What TRN02 of a zero payment says; some payers send the same each time. Empty: a number as ever."""
    deny_duplicates: bool = True
    """A claim number that was paid already is denied as a duplicate (OA-18)."""
    drop_modifiers: bool = False
    """Remittances leave out the modifiers of the procedure."""
    change_codes: dict[str, str] = Field(default_factory=dict)
    """Procedure codes that the payer changes; the one that was billed then stands in SVC06."""
    claim_level_only: bool = False
    """Remittances come without service lines."""
    echo_references: bool = True
    """REF*6R comes back on the lines."""
    fee_percent: int = Field(default=0, ge=0, le=400)
    """Percent of the fee table that this payer allows; 0: by kind (Medicare 100, Medicaid 80, others 115)."""
    pays_by: Literal["ACH", "CHK"] = "ACH"


class Delays(Model):
    """Seconds until an answer lies in the partner's folder, counted from the arrival of the file; `remittance` and
    what follows from the payer's acceptance."""

    acknowledgment: Seconds = 0.2
    """TA1 and 999."""
    clearinghouse: Seconds = 0.5
    payer: Seconds = 1.0
    remittance: Seconds = 2.0
    correction: Seconds = 2.0
    """From the payment to its reversal, with or without a correction."""
    crossover: Seconds = 1.0
    """From the first payer's payment to the second's."""


class ScriptedFault(Model):
    """Something goes wrong: with the n-th answer of a kind to this partner, or with the n-th file or set from it.

    no_answer, late (by `seconds`), twice (again under another name, `seconds` later), out_of_order (the TA1 after
    the 999; the 999 after the 277CA; the 277CA before the 999; the payer's 277CA after the 835), cut (half of the
    file; after `seconds`, if any, the whole), wrong_counts (SE01 is one too many); of `interchange`: reject (TA1 R
    with `code`), no_answer; of `set`: reject (999 with IK5 R and `code`).
    """

    answer: Kind | Literal["interchange", "set"]
    nth: int | None = Field(default=1, ge=1)
    """Counted from 1; none: each one."""
    do: Literal["no_answer", "late", "twice", "out_of_order", "cut", "wrong_counts", "reject"]
    seconds: Seconds = 0.0
    code: str = ""
    """TA105 or IK502 of a refusal; 022 and 5 without it."""

    @model_validator(mode="after")
    def _fits(self) -> ScriptedFault:
        incoming = self.answer in ("interchange", "set")
        if incoming and self.do not in ("reject", "no_answer"):
            raise ValueError(f"an {self.answer} from the partner can be rejected or left unanswered, not {self.do}")
        if not incoming and self.do == "reject":
            raise ValueError("reject is for an interchange or a set from the partner")
        known = sorted((TA1_NOTES.keys() if self.answer == "interchange" else IK5_CODES.keys()) - {"000"})
        if self.do == "reject" and self.code and self.code not in known:
            raise ValueError(f"{self.code} is no code that refuses an {self.answer}; there are: {', '.join(known)}")
        if self.answer == "set" and self.do == "no_answer":
            raise ValueError("a set is left unanswered with answer: 999")
        if self.answer == "835" and self.do == "out_of_order":
            raise ValueError("an 835 comes early where the payer's 277CA comes late: answer: 277CA-payer")
        if self.do == "late" and not self.seconds:
            raise ValueError("late by how many seconds")
        return self


class SandboxPartner(Model):
    """One user of the clearinghouse, with a home of their own."""

    user: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    password: str | None = None
    """None, and no key: one is made at the first start and kept in the sandbox's folder."""
    authorized_keys: tuple[str, ...] = ()
    """Public keys, as in OpenSSH's authorized_keys."""
    receiver_qualifier: Qualifier = "ZZ"
    receiver_id: IsaId = "SANDBOX"
    """Who the clearinghouse is: the ISA08 that it takes, and the ISA06 of its answers."""
    group_id: GsId | None = None
    sender_ids: tuple[IsaId, ...] = ()
    """The ISA06 that it knows; empty: anybody's."""
    usage: Literal["T", "P"] = "T"
    """The ISA15 that it takes."""
    incoming: Folder = "to"
    """Where the partner puts files."""
    outgoing: Folder = "from"
    """Where answers lie."""
    outgoing_by_kind: dict[Kind, Folder] = Field(default_factory=dict)
    after_pickup: Literal["leave", "delete", "move"] = "leave"
    """What happens to a file that was taken; moved ones go to `archive` below the incoming folder."""
    names: str = "{kind}_{stamp}_{number:09d}.x12"
    """Names of answers: kind, stamp (CCYYMMDDhhmmss), number (the answer's ISA13)."""
    incomplete_after: Seconds = 60.0
    """How long a file without its IEA may wait for the rest before it is refused (TA1 023)."""
    ta1: Literal["asked", "always", "refusals"] = "asked"
    """When a TA1 comes: asked for in ISA14, always, or only for refusals (which come in any case)."""
    acks: Literal["all", "negative"] = "all"
    """Whether 999s come for what is accepted too."""
    remittance_files: Literal["per_payment", "per_payer", "together"] = "per_payment"
    """How payments (ST) are put into files."""
    unlinked_npis: tuple[str, ...] = ()
    """Billing NPIs that are not linked to the submitter: all their claims are refused at once, at the level of the
    provider (277CA A8:496:85)."""
    line_ending: LineEnding = ""
    """What follows each segment terminator in answers."""
    delays: Delays = Delays()
    behaviour: Behaviour = Behaviour()
    payers: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By payer id: what differs from `behaviour`."""
    faults: tuple[ScriptedFault, ...] = ()

    @model_validator(mode="after")
    def _payers_behave(self) -> SandboxPartner:
        for payer in self.payers:
            self.behaviour_of(payer)
        if self.incoming == self.outgoing or self.incoming in self.outgoing_by_kind.values():
            raise ValueError("incoming and outgoing are two folders")
        return self

    def behaviour_of(self, payer: str) -> Behaviour:
        """How this payer answers."""
        own = self.payers.get(payer)
        return Behaviour.model_validate({**self.behaviour.model_dump(), **own}) if own else self.behaviour


class SandboxSettings(Model):
    """The whole clearinghouse."""

    host: Literal["127.0.0.1", "::1", "localhost"] = "127.0.0.1"
    """Loopback: nothing else is offered."""
    port: int = Field(default=0, ge=0, le=65535)
    """0: any that is free."""
    seed: int = 1
    time_zone: str = "America/New_York"
    """Where its dates are taken."""
    fees: Path | None = None
    """The fee table; `config/tables/fees.yaml` of the gateway without it."""
    allowed_percent: int = Field(default=70, ge=0, le=100)
    """What is allowed of the charge for a code that the fee table does not have."""
    partners: tuple[SandboxPartner, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _users_differ(self) -> SandboxSettings:
        users = [partner.user for partner in self.partners]
        if len(set(users)) != len(users):
            raise ValueError("each partner has a user of its own")
        return self

    def partner(self, user: str) -> SandboxPartner:
        """The partner of a user. Raises KeyError."""
        for partner in self.partners:
            if partner.user == user:
                return partner
        raise KeyError(user)


@lru_cache(maxsize=1)
def default_settings() -> SandboxSettings:
    """One partner, `stillwater`, with everything as it comes."""
    return SandboxSettings(partners=(SandboxPartner(user="stillwater"),))


def load_settings(path: Path) -> SandboxSettings:
    """The settings in a YAML file.

    Raises:
        ValueError: with every fault of the file, a line each, with its place.
    """
    document, faults = read_yaml(path, path.name)
    if document is not None and not faults:
        try:
            return SandboxSettings.model_validate(document.data)
        except ValidationError as error:
            faults = explain(error, document, SandboxSettings)
    raise ValueError("\n".join(str(fault) for fault in faults))
