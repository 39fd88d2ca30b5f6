"""Papers are what their bytes say, and whole."""

from __future__ import annotations

import pytest

from gateway.core.model.papers import JPEG as A_JPEG
from gateway.core.model.papers import PDF as A_PDF
from gateway.core.model.papers import PNG as A_PNG
from gateway.core.model.papers import TIFF as A_TIFF
from gateway.core.model.papers import MediaType, NoPaper, media_type

from ..papers import JPEG, PDF, PNG, tiff


@pytest.mark.parametrize(
    ("data", "kind"),
    [(PDF, A_PDF), (PNG, A_PNG), (JPEG, A_JPEG), (tiff("<"), A_TIFF), (tiff(">"), A_TIFF), (tiff(at=5000), A_TIFF)],
)
def test_a_paper_is_what_its_bytes_say(data: bytes, kind: MediaType) -> None:
    assert media_type(data) == kind


@pytest.mark.parametrize("data", [PDF[:-8], PNG[:-12], JPEG[:-2], tiff()[:-10], tiff(at=5000)[:4000], b"II*\x00"])
def test_what_was_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(NoPaper, match="cut off"):
        media_type(data)


@pytest.mark.parametrize("data", [b"PK\x03\x04 a letter", b"<html>%PDF-1.4 %%EOF</html>", b"ISA*00*", b"MZ", b" "])
def test_anything_else_is_no_paper(data: bytes) -> None:
    with pytest.raises(NoPaper, match="no PDF, TIFF, JPEG or PNG"):
        media_type(data)


def test_an_empty_file_is_no_paper() -> None:
    with pytest.raises(NoPaper, match="empty"):
        media_type(b"")


def test_a_tiff_without_a_page_is_refused() -> None:
    with pytest.raises(NoPaper, match="TIFF"):
        media_type(tiff(entries=0))
