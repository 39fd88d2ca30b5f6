"""pyx12 as a second opinion: what it says of a file, with the segment at which it says so."""

from __future__ import annotations

import functools
import io
import logging
from collections.abc import Callable
from typing import Any, NamedTuple


class Said(NamedTuple):
    """One thing that pyx12 says. `number` counts segments in the file (ISA is 1); `level` is isa, gs, st, seg or ele;
    `place` the segment, with the element where it is one; `code` its code (IK304, IK403, ...), `words` its text
    without values."""

    number: int
    level: str
    place: str
    code: str
    words: str


FELL_OVER = "pyx12 itself fails"


@functools.cache
def _parts() -> tuple[Callable[..., Any], type[Any], Any]:
    """Its entry, and an error handler of it that keeps what it is told with the segment that was just read. Its maps
    are read once: they hold no state."""
    import pyx12.error_handler
    import pyx12.map_if
    import pyx12.params
    import pyx12.x12n_document

    logging.getLogger("pyx12").setLevel(logging.CRITICAL + 1)
    pyx12.map_if.load_map_file = functools.cache(pyx12.map_if.load_map_file)

    class Keeping(pyx12.error_handler.err_handler):
        said: list[Said] = []  # noqa: RUF012
        src: Any = None

        def add_isa_loop(self, seg: Any, src: Any) -> None:
            type(self).src = src
            super().add_isa_loop(seg, src)

        def _keep(self, level: str, place: str, code: str, words: str) -> None:
            self.said.append(Said(self.src.get_cur_line() if self.src is not None else 0, level, place, code, words))

        def isa_error(self, err_cde: str, err_str: str) -> None:
            self._keep("isa", "", err_cde, err_str)
            super().isa_error(err_cde, err_str)

        def gs_error(self, err_cde: str, err_str: str) -> None:
            self._keep("gs", "", err_cde, err_str)
            super().gs_error(err_cde, err_str)

        def st_error(self, err_cde: str, err_str: str) -> None:
            self._keep("st", "", err_cde, err_str)
            super().st_error(err_cde, err_str)

        def seg_error(self, err_cde: str, err_str: str, err_value: Any = None, src_line: Any = None) -> None:
            self._keep("seg", getattr(self.cur_seg_node, "seg_id", "") or "", err_cde, err_str)
            super().seg_error(err_cde, err_str, err_value, src_line)

        def ele_error(self, err_cde: str, err_str: str, bad_value: Any, refdes: Any = None) -> None:
            place = str(getattr(self.cur_ele_node, "refdes", None) or refdes or "")
            self._keep("ele", place, err_cde, err_str)
            super().ele_error(err_cde, err_str, bad_value, refdes)

    pyx12.error_handler.err_handler = Keeping
    return pyx12.x12n_document.x12n_document, Keeping, pyx12.params.params()


def validate(data: bytes) -> tuple[bool, list[Said]]:
    """Whether pyx12 finds nothing against a file, and what it says. Where it raises, its error is the last thing."""
    document, keeping, parameters = _parts()
    keeping.said = said = []
    keeping.src = None
    try:
        valid = bool(document(parameters, io.StringIO(data.decode("latin-1")), None, None))
    except Exception as error:
        number = keeping.src.get_cur_line() if keeping.src is not None else 0
        said.append(Said(number, "", "", FELL_OVER, type(error).__name__))
        valid = False
    return valid, said
