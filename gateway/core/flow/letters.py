"""Letters to payers about denials, as PDF: a template of the house with the facts of the claim filled in, and the
documents that belong to it behind it.

Templates are text (config/letters): a line is a paragraph, `$patient` and the like are filled in; `appeal-90101.txt`
goes before `appeal.txt` for the payer 90101. The same letter of the same day has the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from ...config import Config
from ...config.shipped import shipped_config
from ..model.money import to_dollars
from ..x12.claim import Claim
from .again import CannotBeDone

FIELDS = (
    *("organisation", "npi", "tax_id", "today", "payer", "level_name", "patient", "member_id", "birth_date"),
    *("claim_number", "payer_claim_number", "service_dates", "item", "charge", "denied", "reason_codes", "reason"),
    *("notice_date", "appeal_by", "why", "documents", "who"),
)
"""What a template may name, with a $ before it."""

_MARGIN, _SIZE, _LEADING, _COLUMN = 64, 10.5, 14, 130
_FACT = re.compile(r"(\S[^:]{0,40}:) {2,}(.*)")
"""A line such as `Patient:     $patient`: two columns."""


class Paper(NamedTuple):
    """A document that goes behind a letter: what it is called, its media type, its bytes."""

    name: str
    media_type: str
    data: bytes


class Facts(NamedTuple):
    """What a letter is about, beside what its claim says itself. `line` counts from 1; 0 is the whole claim."""

    line: int
    denied_cents: int
    reason_codes: str
    reason: str
    payer_claim_number: str
    noticed_on: dt.date
    appeal_by: dt.date | None
    level_name: str
    why: str
    who: str


def template_of(root: Path, kind: str, payer_id: str) -> str:
    """The text of a template: the payer's own, the house's, else the one that comes with the gateway.

    Raises:
        CannotBeDone: it cannot be read.
    """
    names = [f"{kind}.txt"]
    if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", payer_id):
        names.insert(0, f"{kind}-{payer_id}.txt")
    for folder in (root / "letters", shipped_config() / "letters"):
        for name in names:
            if (folder / name).is_file():
                try:
                    return (folder / name).read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    reason = type(error).__name__
                    raise CannotBeDone(f"The template letters/{name} cannot be read ({reason}).") from error
    raise CannotBeDone(f"There is no template letters/{kind}.txt in the configuration. Put one there.")


def values_of(config: Config, claim: Claim, facts: Facts, papers: Sequence[str], today: dt.date) -> dict[str, str]:
    """What stands for each name of a template."""
    organisation = config.gateway.organisation
    patient = claim.patient
    lines = [claim.lines[facts.line - 1]] if 1 <= facts.line <= len(claim.lines) else list(claim.lines)
    charge = lines[0].charge if len(lines) == 1 else claim.charge
    dates = sorted({day for line in lines for day in (line.dates.start, line.dates.end) if day is not None})
    return {
        "organisation": organisation.name,
        "npi": claim.billing_provider.npi or organisation.billing_npis[0],
        "tax_id": organisation.tax_id,
        "today": f"{today:%m/%d/%Y}",
        "payer": claim.payer.name,
        "level_name": facts.level_name,
        "patient": patient.name,
        "member_id": patient.member_id or claim.subscriber.member_id,
        "birth_date": f"{patient.birth_date:%m/%d/%Y}" if patient.birth_date is not None else "",
        "claim_number": claim.id,
        "payer_claim_number": facts.payer_claim_number or "not known to us",
        "service_dates": " to ".join(f"{day:%m/%d/%Y}" for day in (dates[:1] + dates[1:][-1:])),
        "item": ", ".join(" ".join((line.code, *line.modifiers)) for line in lines),
        "charge": f"{charge:,.2f}",
        "denied": f"{to_dollars(facts.denied_cents):,}",
        "reason_codes": facts.reason_codes,
        "reason": facts.reason,
        "notice_date": f"{facts.noticed_on:%m/%d/%Y}",
        "appeal_by": f"{facts.appeal_by:%m/%d/%Y}" if facts.appeal_by is not None else "",
        "why": facts.why,
        "documents": "\n".join(f"{at}. {name}" for at, name in enumerate(papers, 1)) or "(none)",
        "who": facts.who,
    }


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with its names filled in.

    Raises:
        CannotBeDone: it names something that there is not.
    """
    try:
        return Template(template).substitute(values)
    except KeyError as error:
        known = ", ".join(f"${name}" for name in FIELDS)
        raise CannotBeDone(
            f"The letter's template names ${error.args[0]}, which there is not. There are: {known}."
        ) from None
    except ValueError:
        raise CannotBeDone("A $ in the letter's template stands before no name; write $$ for a dollar sign.") from None


def as_pdf(text: str, papers: Iterable[Paper] = ()) -> bytes:
    """A letter, and the papers behind it, as one PDF.

    Raises:
        CannotBeDone: a paper cannot be put behind it.
    """
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError

    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(_letter(text))))
    for paper in papers:
        data = paper.data if paper.media_type == "application/pdf" else _picture(paper)
        try:
            writer.append(PdfReader(io.BytesIO(data)), import_outline=False)
        except (PyPdfError, ValueError, KeyError, TypeError, OSError, NotImplementedError) as error:
            raise CannotBeDone(
                f"{paper.name} cannot be put behind the letter ({type(error).__name__}). Leave it out and attach it by "
                "hand, or add the document anew as another file."
            ) from error
    writer.metadata = None
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _letter(text: str) -> bytes:
    from reportlab.lib.pagesizes import LETTER
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, XPreformatted

    if "Vera" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))  # it comes with reportlab
    style = ParagraphStyle("letter", fontName="Vera", fontSize=_SIZE, leading=_LEADING, bulletFontName="Vera")
    style.bulletFontSize = _SIZE
    fact = ParagraphStyle("fact", parent=style, leftIndent=_COLUMN)
    parts: list[Any] = []
    for line in text.expandtabs(4).splitlines():
        if told := _FACT.fullmatch(line):
            parts.append(Paragraph(_plain(told[2]), fact, bulletText=told[1]))
            continue
        for piece in _wrapped(line):
            parts.append(XPreformatted(_plain(piece), style) if piece.strip() else Spacer(1, _LEADING))
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out,
        pagesize=LETTER,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        invariant=1,
    )
    page.build(parts or [Spacer(1, 1)])
    return out.getvalue()


def _plain(text: str) -> str:
    """Text as a paragraph takes it: nothing in it is markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _wrapped(line: str) -> list[str]:
    """A line in pieces that fit the page's width; what stands in columns keeps its blanks."""
    from reportlab.lib.pagesizes import LETTER
    from reportlab.pdfbase.pdfmetrics import stringWidth

    width = LETTER[0] - 2 * _MARGIN - 12
    pieces, rest = [], line.rstrip()
    while stringWidth(rest, "Vera", _SIZE) > width:
        fits = len(rest)
        while stringWidth(rest[:fits], "Vera", _SIZE) > width:
            fits -= 1
        at = rest.rfind(" ", 1, fits + 1)
        at = at if at > 0 and rest[:at].strip() else fits
        pieces.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*pieces, rest]


def _picture(paper: Paper) -> bytes:
    """A picture (TIFF, JPEG, PNG), a page each of its frames."""
    from PIL import Image, ImageSequence
    from reportlab.lib.pagesizes import LETTER
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    sheet = Canvas(out, pagesize=LETTER, invariant=1)
    try:
        with Image.open(io.BytesIO(paper.data)) as picture:
            for frame in ImageSequence.Iterator(picture):
                page = frame.convert("RGB")
                scale = min((LETTER[0] - 72) / page.width, (LETTER[1] - 72) / page.height)
                sheet.drawImage(
                    ImageReader(page), 36, LETTER[1] - 36 - page.height * scale, page.width * scale, page.height * scale
                )
                sheet.showPage()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise CannotBeDone(
            f"{paper.name} cannot be put behind the letter ({type(error).__name__}). Leave it out, and attach it by "
            "hand."
        ) from error
    sheet.save()
    return out.getvalue()
