"""config/tests/*.yaml: what the configuration is expected to do with a file, so that a change of it is tried before it
matters (`gateway config test`).

    description: Medicare oxygen
    today: 2026-11-23                  # as of this day; without it, today
    given: [files/earlier.837]         # taken in before, in order: the patients' history, and what payments are for
    orders: [files/orders.json]        # what is known of the patients, as gateway orders import takes it; so, too,
                                       # authorizations, deliveries, equipment
    documents: [{kind: order, patient_id: P-9, dated: 2026-11-02}]
    file: files/monday.837             # 837P, JSON claims or 835; paths count from this folder
    claims:
      - {number: SW1001, chain: medicare-dme, partner: practice, state: held, holds: [R1.11]}
    payments:
      - {number: SW1001, state: posted, ledger: ["$74.32 from 'with the payers' to 'remitted, not posted'"]}
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from gateway.core.model.papers import KINDS

from .faults import ConfigFault, Document, Loc, relative
from .mending import read_on
from .values import Model
from .yaml_source import read_yaml

FOLDER = "tests"


def _paper(value: str) -> str:
    if value not in KINDS:
        raise ValueError(f"one of {', '.join(KINDS)}")
    return value


PaperKind = Annotated[str, AfterValidator(_paper)]


class ClaimExpected(Model):
    """What is expected of one claim; what is not named is not looked at.

    `holds`: the rules of all its holds, in any order. `findings`: rules that must stand on it, of whatever severity.
    """

    number: str
    chain: str | None = None
    partner: str | None = None
    state: Literal["ready", "held", "faulty"] | None = None
    holds: tuple[str, ...] | None = None
    findings: tuple[str, ...] = ()


class PaymentExpected(Model):
    """What is expected of one claim payment; what is not named is not looked at.

    `team`: who works it, where it waits. `ledger`: all that moves, as `gateway explain` says it. `work`: how its work
    items begin, such as `denial for documentation`, one for each.
    """

    number: str
    chain: str | None = None
    state: Literal["posted", "exception", "information", "later"] | None = None
    team: str | None = None
    claim_state: str | None = None
    ledger: tuple[str, ...] | None = None
    work: tuple[str, ...] | None = None


class DocumentGiven(Model):
    """A paper that is on file: whose, by the source's id of the patient or its number of a claim that is given, and of
    which day. Its bytes matter to nobody; `file` where they shall be those of one beside the test."""

    kind: PaperKind
    patient_id: str = ""
    claim_number: str = ""
    dated: dt.date | None = None
    codes: tuple[str, ...] = ()
    order_number: str = ""
    file: Path | None = None

    @model_validator(mode="after")
    def _is_somebodys(self) -> DocumentGiven:
        if not self.patient_id and not self.claim_number:
            raise ValueError("patient_id or claim_number, to say whose it is")
        return self


BROUGHT = ("deliveries", "equipment", "orders", "authorizations")
"""What can be given of patients in files, in the order in which it is taken in."""


class TestSpec(Model):
    """One file of config/tests."""

    __test__ = False  # pytest shall not take it for a test

    description: str = ""
    today: dt.date | None = None
    source: str = ""
    partner: str = ""
    given: tuple[Path, ...] = ()
    deliveries: tuple[Path, ...] = ()
    equipment: tuple[Path, ...] = ()
    orders: tuple[Path, ...] = ()
    authorizations: tuple[Path, ...] = ()
    documents: tuple[DocumentGiven, ...] = ()
    file: Path
    claims: tuple[ClaimExpected, ...] = Field(default=())
    payments: tuple[PaymentExpected, ...] = Field(default=())

    @model_validator(mode="after")
    def _expects_something(self) -> TestSpec:
        if not self.claims and not self.payments:
            raise ValueError("claims or payments, with what is expected of them")
        return self


class ConfigTest(NamedTuple):
    """A test as read, with the places of what it says."""

    name: str
    spec: TestSpec
    document: Document
    folder: Path

    def path(self, file: Path) -> Path:
        """A file of the test; relative paths count from its folder."""
        return self.folder / file


def read_tests(root: Path) -> tuple[list[ConfigTest], list[ConfigFault]]:
    """Every test of a configuration, in the order of the file names, and what is wrong with their files."""
    tests: list[ConfigTest] = []
    faults: list[ConfigFault] = []
    for path in sorted((root / FOLDER).glob("*.yaml")):
        document, found = read_yaml(path, relative(path))
        faults += found
        if document is None:
            continue
        before = len(faults)
        read = read_on(TestSpec, document, lambda now: TestSpec.model_validate(now.data), faults)
        if read is None:
            continue
        test = ConfigTest(path.stem, read.model, read.document, path.parent)
        for loc, file in _files(test.spec):
            if not test.path(file).is_file():
                faults.append(read.document.fault(loc, f"there is no file {file}", "a path from this folder"))
        if len(faults) == before:
            tests.append(test)
    return tests, faults


def _files(spec: TestSpec) -> Iterator[tuple[Loc, Path]]:
    """Every file that a test names, with where it does."""
    yield ("file",), spec.file
    for name in ("given", *BROUGHT):
        for at, file in enumerate(getattr(spec, name)):
            yield (name, at), file
    for at, one in enumerate(spec.documents):
        if one.file is not None:
            yield ("documents", at, "file"), one.file
