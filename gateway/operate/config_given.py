"""What a config test gives beside claims: orders, authorizations, deliveries, equipment and papers of the patients,
taken into the test's own store as their commands would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import Engine

from ..config import Config
from ..config.expectations import BROUGHT, ConfigTest, DocumentGiven
from ..config.faults import ConfigFault
from ..core.flow.belongings import KINDS, take_in
from ..core.flow.documents import Belongs, CannotBeAdded, NewDocument, add_document
from ..core.model.belongings_file import DocumentRefused
from ..core.model.papers import NoPaper, media_type
from ..core.store.archive import Archive

_BY = "config test"


def given(
    config: Config, test: ConfigTest, source: str, engine: Engine, store: Archive, now: dt.datetime
) -> Iterator[ConfigFault]:
    """Take in what a test gives; yields what of it cannot be taken, at its place."""
    for name in BROUGHT:
        for index, file in enumerate(getattr(test.spec, name)):
            data = test.path(file).read_bytes()
            try:
                rows = KINDS[name].read(data)
            except DocumentRefused as error:
                yield test.document.fault((name, index), f"{file} cannot be taken in: {error}")
                continue
            zone = config.gateway.organisation.time_zone
            with engine.begin() as connection:
                take_in(connection, KINDS[name], source, file.name, store.put(data), rows, zone, now)
    for index, one in enumerate(test.spec.documents):
        try:
            _add(test, one, index, source, engine, store, now)
        except (CannotBeAdded, NoPaper) as error:
            yield test.document.fault(("documents", index), f"it cannot be added: {error}")


def _add(
    test: ConfigTest, one: DocumentGiven, index: int, source: str, engine: Engine, store: Archive, now: dt.datetime
) -> None:
    # A paper that stands for none: what matters here is that it is on file, and of which day.
    data = test.path(one.file).read_bytes() if one.file is not None else f"%PDF-1.4\n% {index}\n%%EOF\n".encode()
    new = NewDocument(
        one.kind,
        one.file.name if one.file is not None else f"{one.kind}.pdf",
        media_type(data),
        store.put(data),
        Belongs(None, None, source, one.claim_number, one.patient_id),
        one.dated,
        tuple(code.upper() for code in one.codes),
        one.order_number,
    )
    with engine.begin() as connection:
        add_document(connection, new, _BY, now)
