"""`gateway document`: papers of patients by command, and that purge keeps them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import stat

from sqlalchemy import insert, select

from gateway.config.models import Retention
from gateway.core.store.archive import record
from gateway.core.store.tables import access_log, claims, documents, holds
from gateway.operate.purge import purge

from ..papers import PDF, tiff
from .conftest import Place
from .test_doctor import NOW


def a_held_claim(place: Place) -> tuple[int, int]:
    """A claim that waits for a certificate; its id and that of its hold."""
    (claim, *_) = place.rows(claims)
    place.change(claims.update().where(claims.c.id == claim.id).values(state="held"))
    hold = {"claim_id": claim.id, "type": "CMN", "rule": "CMN", "plugin": "papers", "reason": "Get the certificate."}
    place.change(insert(holds).values(id=9001, opened_at=NOW, team="documentation", station="hold", **hold))
    return claim.id, 9001


def test_a_paper_is_added_releases_its_hold_and_is_listed(lived: Place) -> None:
    claim_id, hold_id = a_held_claim(lived)
    file = lived.folder / "scan.pdf"
    file.write_bytes(PDF)
    words = ("--kind", "certificate", "--releases", str(hold_id), "--dated", "2026-11-02", "--code", "e0601")
    done = lived.run("document", "add", str(file), *words)
    assert done.exit_code == 0, done.output
    assert f"scan.pdf is document 1, of claim {claim_id}." in done.output
    assert f"Hold {hold_id} is released; its claim is ready." in done.output
    again = lived.run("document", "add", str(file), *words)
    assert "scan.pdf is document 1, which was there already" in again.output
    (row,) = csv.DictReader(io.StringIO(lived.run("document", "list", "--code", "E0601", "--csv").output))
    assert (row["kind"], row["media_type"], row["claim_id"]) == ("certificate", "application/pdf", str(claim_id))
    assert "There is none like that." in lived.run("document", "list", "--kind", "eob").output
    assert lived.rows(holds, holds.c.id == hold_id)[0].document_id == 1


def test_the_bytes_say_what_it_is_and_not_the_name(lived: Place) -> None:
    (claim, *_) = lived.rows(claims)
    file = lived.folder / "scan.pdf"
    file.write_bytes(tiff())
    assert lived.run("document", "add", str(file), "--kind", "order", "--claim", str(claim.id)).exit_code == 0
    assert lived.rows(documents)[0].media_type == "image/tiff"
    file.write_bytes(b"PK a letter")
    refused = lived.run("document", "add", str(file), "--kind", "order", "--claim", str(claim.id))
    assert refused.exit_code == 1
    assert "scan.pdf was not added. It is no PDF, TIFF, JPEG or PNG" in refused.output
    nobody = lived.folder / "good.pdf"
    nobody.write_bytes(PDF)
    assert "Say whose it is" in lived.run("document", "add", str(nobody), "--kind", "order").output
    assert lived.count(documents) == 1


def test_a_claim_is_named_by_its_own_number_too(lived: Place) -> None:
    (claim, *_) = lived.rows(claims)
    number = claim.source_claim_number
    file = lived.folder / "scan.pdf"
    file.write_bytes(PDF)
    added = lived.run("document", "add", str(file), "--kind", "order", "--claim", number)
    assert f"scan.pdf is document 1, of claim {claim.id}." in added.output
    (row,) = csv.DictReader(io.StringIO(lived.run("document", "list", "--claim", number, "--csv").output))
    assert row["claim_id"] == str(claim.id)
    for words in (("document", "add", str(file), "--kind", "order"), ("document", "list"), ("requests", "list")):
        told = lived.run(*words, "--claim", "NONE")
        assert (told.exit_code, "There is no claim NONE" in told.output) == (1, True), told.output


def test_a_paper_above_the_limit_is_refused(lived: Place) -> None:
    settings = lived.config_dir / "gateway.yaml"
    settings.write_text(settings.read_text() + "documents: {max_mb: 1}\n")
    file = lived.folder / "scan.pdf"
    file.write_bytes(b"%PDF-1.4" + b" " * (1 << 20) + b"%%EOF")
    refused = lived.run("document", "add", str(file), "--kind", "order", "--claim", "1")
    assert "scan.pdf is larger than 1 MB (documents.max_mb in gateway.yaml)." in refused.output
    assert lived.count(documents) == 0


def test_a_paper_is_saved_for_who_asks_and_never_over_a_file(lived: Place) -> None:
    (claim, *_) = lived.rows(claims)
    file, out = lived.folder / "scan.pdf", lived.folder / "out.pdf"
    file.write_bytes(PDF)
    lived.run("document", "add", str(file), "--kind", "order", "--claim", str(claim.id))
    assert "Document 1 is in" in lived.run("document", "save", "1", str(out)).output
    assert out.read_bytes() == PDF
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "is there already" in lived.run("document", "save", "1", str(out)).output
    assert "There is no document 7." in lived.run("document", "save", "7", str(lived.folder / "x")).output
    assert "document save 1" in {row.what for row in lived.rows(access_log)}
    lived.archive.remove(lived.rows(documents)[0].sha256)
    assert "The archive is damaged" in lived.run("document", "save", "1", str(lived.folder / "y")).output


def test_purge_keeps_papers_also_one_that_came_as_a_file_before(lived: Place) -> None:
    """The twin that is no paper of anybody goes."""
    (claim, *_) = lived.rows(claims)
    file = lived.folder / "scan.pdf"
    other = PDF + b"twin%%EOF"
    old = NOW - dt.timedelta(days=1)
    for data in (PDF, other):
        stored = lived.archive.put(data)
        with lived.sql.begin() as connection:
            record(connection, stored, "inbound", old)
    file.write_bytes(PDF)
    lived.run("document", "add", str(file), "--kind", "order", "--claim", str(claim.id))
    years_on = NOW + dt.timedelta(days=3000)
    purge(lived.sql, lived.archive, Retention(raw_files_days=2555), years_on, dry_run=False)
    with lived.sql.connect() as connection:
        sha256 = connection.execute(select(documents.c.sha256)).scalar_one()
    assert lived.archive.read(sha256) == PDF
    from gateway.core.store.archive import Stored

    assert not lived.archive.verify(Stored.of(other).sha256)


def test_a_backup_brings_papers_back(lived: Place) -> None:
    (claim, *_) = lived.rows(claims)
    file = lived.folder / "scan.pdf"
    file.write_bytes(PDF)
    lived.run("document", "add", str(file), "--kind", "order", "--claim", str(claim.id))
    assert lived.run("backup", str(lived.folder / "copy")).exit_code == 0
    copied = list((lived.folder / "copy" / "archive").glob(f"??/??/{lived.rows(documents)[0].sha256}"))
    assert [one.read_bytes() for one in copied] == [PDF]
