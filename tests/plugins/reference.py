"""Writes docs/plugin-reference.md: `python -m tests.plugins.reference`. A test holds the page to what this makes."""

from __future__ import annotations

import ast
import dataclasses
import enum
import functools
import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gateway import plugins
from gateway.core.model import belongings, decision, posting
from gateway.core.x12 import (
    claim,
    claim_payment,
    diagnosis,
    editing,
    line_loops,
    loop,
    other_payer,
    party,
    procedure,
    segment,
    service_line,
    values,
)
from gateway.plugins import answers, desk_views, http, rentals, rows, runner, testing, testing_desk

PAGE = Path(__file__).parents[2] / "docs" / "plugin-reference.md"
HEAD = """# What a plugin is given, and what it makes

Written by `python -m tests.plugins.reference` from the code itself: every object of [plugins.md](plugins.md) with its
fields and methods, their types, and what the test kit's builders take. Where no value stands under "if left out", one
must be given; `name=` is given by its name alone. `Decimal` amounts (`charge`, `paid`, `amount`) are dollars, names
that end in `_cents` whole cents; `dt` is Python's `datetime`. Codes and values of tables are text.

"""


class Part(NamedTuple):
    """A part of the page. What it shows: classes, and functions with their module's name for importing them."""

    title: str
    words: str
    shown: tuple[Any, ...]


PARTS = (
    Part(
        "A claim",
        "`claim` of `confirm_claim`, `scrub_claim` and `hold_claim`; also what `desk.claim(id)` and `make_claim` give. "
        "What is not there is `''`, `None` or empty, never an error.",
        (
            *(claim.Claim, service_line.ServiceLine, party.Party, party.Subscriber, party.Patient),
            *(party.BillingProvider, other_payer.OtherSubscriber, loop.Loop, values.Period, diagnosis.Diagnosis),
            *(procedure.Procedure, line_loops.DmeService, line_loops.Certification, line_loops.Drug),
            *(line_loops.Adjudication, line_loops.Form, line_loops.FormAnswer, party.Address, party.Contact),
            *(loop.Reference, loop.Dated, loop.Amount, loop.Quantity, loop.Note, loop.Attachment, loop.Condition),
            *(loop.Measurement, loop.Adjustment, segment.Segment, editing.Edit, editing.EditError),
        ),
    ),
    Part(
        "A payment and what it was matched to",
        "`payment`, `match` and `denial` of `post_payment` and `route_denial`.",
        (
            *(claim_payment.ClaimPayment, claim_payment.ServicePayment, claim_payment.Remarks, posting.Match),
            *(posting.How, posting.LineMatch, posting.Candidate, posting.OpenClaim, posting.OpenLine),
            *(posting.PostedPayment, posting.PostedLine, posting.PostedAdjustment, posting.Denial),
        ),
    ),
    Part(
        "What a step answers",
        "From `gateway.core.model.decision`, and from `PostingPlan` on `gateway.core.model.posting`.",
        (
            *(decision.Finding, decision.Severity, decision.Hold, decision.HoldType, decision.Continue, decision.Stop),
            *(decision.Quarantine, decision.RetryAfter, posting.PostingPlan, posting.LinePosting),
            *(posting.AdjustmentPosting, posting.Kind, posting.Reopened, posting.Next, posting.NextStep),
            *(posting.WorkItemDraft, plugins.Rule, plugins.RuleState),
        ),
    ),
    Part(
        "The context, and the patient's past",
        "`context` of a step and what its look-ups give; from `gateway.plugins`; deliveries, equipment, orders, "
        "authorizations and documents from `gateway.core.model.belongings`.",
        (
            *(plugins.Context, plugins.Table, plugins.Row, plugins.Tables, plugins.HistoryLine, plugins.LinePayment),
            *(plugins.Reason, plugins.Rental, rentals.RentalMonth, plugins.Gap, belongings.Delivery, belongings.Proof),
            *(belongings.Equipment, belongings.Ownership, belongings.Order, belongings.Authorization),
            *(belongings.Decided, belongings.Document, plugins.WaitingItem, plugins.RowTable, http.Http),
            *(plugins.HttpAnswer, plugins.Secret, plugins.Rule, plugins.RuleState, plugins.Rubbish),
        ),
    ),
    Part(
        "The desk, and what is declared beside the chains",
        "From `gateway.plugins`.",
        (
            *(plugins.Desk, plugins.ClaimView, plugins.LineView, plugins.ItemView, plugins.HoldView),
            *(plugins.DenialView, plugins.PaymentView, plugins.BalanceView, plugins.Schedule, plugins.Worklist),
            plugins.Report,
            *(plugins.Alarm, plugins.AlarmMessage, plugins.NotSent),
            *(plugins.Rows, plugins.Route, plugins.RouteRequest, plugins.RouteAnswer, plugins.Command),
            *(plugins.Metric, plugins.Sample, plugins.Drop, plugins.PatientView, plugins.ClaimRefused),
        ),
    ),
    Part(
        "In a test",
        "From `gateway.plugins.testing`: what runs a plugin, what comes back, and what is made up for it.",
        (
            *(testing.plugin_context, testing.PluginContext, runner.Decision, runner.OpenedHold, runner.OpenedItem),
            *(rows.KeptRow, answers.StepRecord, testing.plugin_desk, testing.DeskContext, testing_desk.Answered),
            testing.rules,
            *(getattr(testing, name) for name in testing.__all__ if name.startswith(("make_", "read_"))),
            *(testing.FakeHttp, http.Call, desk_views.OpenItem, desk_views.CloseItem, desk_views.Note),
            *(desk_views.KeepRow, desk_views.TellDelivery, desk_views.TellEquipment, desk_views.MakeClaim),
        ),
    ),
)
INNER = frozenset(
    # The gateway's own side of these objects: a plugin has no use for it.
    (
        *("by", "handle", "kill", "lend", "stored", "raw", "add_line_control_numbers", "delimiters"),
        *("fault", "row", "send", "places", "calls", "declared", "limit", "shape", "match", "samples"),
    )
)


class Entry(NamedTuple):
    """A row of a table; `default` is None where a value must be given."""

    name: str
    type: str
    default: str | None
    words: str


def _text(words: str | None) -> str:
    """A docstring as one paragraph for each of its own, without its Args."""
    plain = inspect.cleandoc(words or "").split("\nArgs:")[0]
    plain = re.sub(r"\n*Raises:\n", "\n\nRaises: ", plain)
    return "\n\n".join(" ".join(part.split()) for part in plain.split("\n\n")).strip()


def _told(words: str | None) -> dict[str, str]:
    """What the Args of a docstring say of each argument."""
    _, _, rest = inspect.cleandoc(words or "").partition("\nArgs:\n")
    listed = textwrap.dedent(rest.split("\nRaises:")[0])
    found = re.findall(r"^(\w+): (.*(?:\n(?:[ \t]+.*)?(?=\n|$))*)", listed, flags=re.M)
    return {name: " ".join(text.split()) for name, text in found}


def _type(annotation: object) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    if isinstance(annotation, typing.ForwardRef):
        return annotation.__forward_arg__
    written = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:gateway|typing|collections|datetime)(?:\.\w+)*\.(?=\w)", "", written).strip("'")


def _default(value: object) -> str | None:
    if value is inspect.Parameter.empty:
        return None
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, msgspec.Struct):
        return f"{type(value).__name__}(...)"
    return str(value) if type(value).__module__ == "datetime" else repr(value)


STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def _starred(one: inspect.Parameter) -> str:
    return f"{STARS.get(one.kind, '')}{one.name}"


def _arguments(function: Callable[..., Any]) -> Iterator[Entry]:
    told = _told(function.__doc__)
    for one in inspect.signature(function).parameters.values():
        default = "none" if one.kind in STARS else _default(one.default)
        name = f"{one.name}=" if one.kind is inspect.Parameter.KEYWORD_ONLY else _starred(one)
        yield Entry(name, _type(one.annotation), default, told.get(one.name, ""))


def _call(name: str, function: Callable[..., Any]) -> Entry:
    signature = inspect.signature(function)
    taken = []
    for one in list(signature.parameters.values())[1:]:
        default = _default(one.default)
        if one.kind is inspect.Parameter.KEYWORD_ONLY and not any(word.startswith("*") for word in taken):
            taken.append("*")
        taken.append(f"{_starred(one)}: {_type(one.annotation)}" + ("" if default is None else f" = {default}"))
    if name == "__getitem__":
        return Entry(f"[{', '.join(taken)}]", _type(signature.return_annotation), None, _text(function.__doc__))
    waits = "await " if inspect.iscoroutinefunction(function) else ""
    return Entry(
        f"{waits}{name}({', '.join(taken)})", _type(signature.return_annotation), None, _text(function.__doc__)
    )


@functools.cache
def _set_when_made(kind: type) -> Mapping[str, str]:
    """The types of what `__init__` sets, as they are written there."""
    function = vars(kind).get("__init__")
    if not inspect.isfunction(function):
        return {}
    body = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    given = {name: _type(one.annotation) for name, one in inspect.signature(function).parameters.items()}
    found = {}
    for node in ast.walk(body):
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0]
        if not isinstance(target, ast.Attribute) or target.attr.startswith("_"):
            continue
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(node, ast.AnnAssign):
            found[target.attr] = ast.unparse(node.annotation)
        elif isinstance(value, ast.Name):
            found[target.attr] = given.get(value.id, "")
        elif isinstance(value, ast.Call):
            # `tuple(rows)`: a tuple of what was given.
            of = [given.get(one.id, "") for one in value.args if isinstance(one, ast.Name)]
            inner = re.search(r"\[(.+)\]", of[0]) if of else None
            found[target.attr] = f"tuple[{inner[1]}, ...]" if inner and ast.unparse(value.func) == "tuple" else ""
        else:
            found[target.attr] = type(value.value).__name__ if isinstance(value, ast.Constant) else ""
    return found


def _fields(kind: type) -> Iterator[Entry]:
    """The fields of a record, with what they are if they are left out."""
    notes: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        notes.update((name, _type(note)) for name, note in vars(base).get("__annotations__", {}).items())
    if issubclass(kind, msgspec.Struct):
        for one in msgspec.structs.fields(kind):
            value = inspect.Parameter.empty if one.required else one.default
            if one.default_factory is not msgspec.NODEFAULT:
                value = one.default_factory()
            yield Entry(one.name, notes[one.name], _default(value), "")
    elif dataclasses.is_dataclass(kind):
        for field in dataclasses.fields(kind):
            value = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
            if field.default_factory is not dataclasses.MISSING:
                value = field.default_factory()
            yield Entry(field.name, notes[field.name], _default(value), "")
    elif hasattr(kind, "_fields"):
        defaults = getattr(kind, "_field_defaults", {})
        for name in kind._fields:
            yield Entry(name, notes[name], _default(defaults.get(name, inspect.Parameter.empty)), "")
    else:
        for name, written in _set_when_made(kind).items():
            if name not in INNER:
                yield Entry(name, written, None, "")


def _members(kind: type) -> Iterator[Entry]:
    """Its own properties, then its own methods; those of `Loop` have a table of their own."""
    own: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("gateway.") and (base is kind or base not in (loop.Loop, party.Party)):
            own.update(vars(base))
    shown = {
        name: value
        for name, value in own.items()
        if name == "__getitem__" or not (name.startswith("_") or name in INNER)
    }
    for name, value in shown.items():
        if isinstance(value, property) and value.fget is not None:
            words = _text(inspect.getdoc(getattr(kind, name)))
            yield Entry(name, _type(inspect.signature(value.fget).return_annotation), None, words)
    for name, value in shown.items():
        if inspect.isfunction(value):
            yield _call(name, value)


def _prose(text: str) -> str:
    """Paragraphs in lines of the page's length."""
    parts = (textwrap.fill(one, 120, break_long_words=False, break_on_hyphens=False) for one in text.split("\n\n"))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("\n\n", " ").replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def _table(entries: list[Entry], first: str) -> Iterator[str]:
    optional = any(one.default is not None for one in entries)
    words = any(one.words for one in entries)
    heads = [first, "type", *(["if left out"] if optional else []), *(["what"] if words else [])]
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for one in entries:
        cells = [_code(one.name), _code(one.type)]
        cells += [_code(one.default or "")] if optional else []
        cells += [_cell(one.words)] if words else []
        yield f"| {' | '.join(cells)} |"
    yield ""


def _class(kind: type) -> Iterator[str]:
    yield f"### {kind.__name__}\n"
    words = _text(kind.__doc__) if "__doc__" in vars(kind) else ""
    if words and not words.startswith(f"{kind.__name__}("):
        yield _prose(words)
    if issubclass(kind, enum.Enum):
        yield _prose(", ".join(f"`{one.name}` (`{one.value}`)" for one in kind))
        return
    also = [base for base in (party.Party, loop.Loop) if base is not kind and issubclass(kind, base)]
    if also:
        names = " and ".join(f"[{base.__name__}](#{base.__name__.lower()})" for base in also)
        yield f"It has everything of {names} as well.\n"
    fields = list(_fields(kind))
    if fields:
        yield from _table(fields, "field")
    members = list(_members(kind))
    if members:
        yield from _table(members, "it has")


def _function(function: Callable[..., Any]) -> Iterator[str]:
    yield f"### {function.__name__}\n"
    # A context manager gives what it yields.
    gives = re.sub(r"^Iterator\[(.*)\]$", r"\1", _type(inspect.signature(function).return_annotation))
    yield _prose(f"{_text(function.__doc__)} Gives `{gives}`.")
    entries = list(_arguments(function))
    if entries:
        yield from _table(entries, "argument")


def page() -> str:
    """The whole page."""
    made = [HEAD]
    for part in PARTS:
        made.append(f"## {part.title}\n\n{_prose(part.words)}\n")
        for shown in part.shown:
            lines = _class(shown) if isinstance(shown, type) else _function(shown)
            made.append("\n".join(lines) + "\n")
    return re.sub(r"\n{3,}", "\n\n", "".join(made)).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
