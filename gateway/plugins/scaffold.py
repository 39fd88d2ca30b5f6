"""`gateway plugin new NAME`: a plugin of one's own to begin with, complete: a package, a rule that works, its tests.

What is written stands in the folder `templates` beside this module; `$name` and its like are filled in.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple

import click

from gateway.lazy_group import LazyGroup

from .discovery import Finder
from .host import suggestion

NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


class NotWritten(click.ClickException):
    """Nothing was written; the message says why, and what to do."""

    exit_code = 2


class Rule(NamedTuple):
    """What the rule of a template does, and its settings as the README lists them: name, default, meaning. `station` is
    empty for what works beside the chains."""

    station: str
    does: str
    settings: tuple[tuple[str, str, str], ...]
    example: str


RULES: dict[str, Rule] = {
    "scrub_claim": Rule(
        "scrub",
        "a rental line with fewer days than this payer wants is held",
        (
            ("modifier", "RR", "lines with this modifier are looked at"),
            ("shortest_days", "2", "days that such a line must span"),
        ),
        "shortest_days: 28",
    ),
    "confirm_claim": Rule(
        "confirm",
        "a line whose service has not begun is held",
        (("days_ahead", "0", "days before the service at which it may be billed already"),),
        "days_ahead: 3",
    ),
    "hold_claim": Rule(
        "hold",
        "an item that wants a prior authorization waits for its number",
        (("codes", "E0277, K0823", "HCPCS codes that want one"),),
        "codes: [E0277, K0823, K0825]",
    ),
    "post_payment": Rule(
        "post",
        "a payment that is larger than usual is not posted but waits for a second look",
        (("largest_dollars", "5000", "the largest payment that goes on"),),
        "largest_dollars: 2000",
    ),
    "route_denial": Rule(
        "route",
        "a denial for want of an authorization becomes a work item of the team that asks for authorizations",
        (
            ("reasons", "15, 197, 198", "reason codes (CARC) that are meant"),
            ("team", "authorization", "who works it"),
            ("business_days", "3", "by when"),
        ),
        "business_days: 5",
    ),
    "plugin_schedules": Rule(
        "",
        "every business day, claims of which their payer has said nothing for long become work",
        (
            ("payer_ids", "90101", "whose claims are looked at"),
            ("days", "21", "after how many days"),
            ("team", "billing", "who asks"),
        ),
        "days: 14",
    ),
}
"""What can be begun with, by hook."""


# Commands that know more than the doors do; imported when they are called.
LATER = {
    "run": ("gateway.operate.desk_commands:run", "Run a command that a plugin declares."),
    "turn": ("gateway.operate.desk_commands:turn", "Have done now what a plugin's schedule does."),
}


@click.group(cls=LazyGroup, lazy=LATER)
def plugin() -> None:
    """Begin a plugin of your own, run a command of one, or have done now what it does at its time. (`gateway plugins`
    lists those there are.)"""


@plugin.command()
@click.argument("name")
@click.option("--hook", default="scrub_claim", show_default=True, help=f"What it does: {', '.join(RULES)}.")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder below which it is written; here, if not.",
)
def new(name: str, hook: str, into: Path) -> None:
    """Write a plugin package NAME: settings, a rule that works, and tests that pass."""
    _check_name(name)
    if hook not in RULES:
        raise NotWritten(
            f"There is nothing to begin a {hook!r} with.{suggestion(hook, RULES)} Choose one of: {', '.join(RULES)}."
        )
    folder = into / name
    if folder.exists():
        raise NotWritten(f"{folder} is there already, and is left as it is. Choose another name, or another --into.")
    try:
        for place, text in files(name, hook).items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritten(f"{folder} cannot be written: {error.strerror}. Name another folder with --into.") from None
    click.echo(f"{folder} is written: a rule in {hook}, its settings and its tests.\n")
    click.echo("Next:")
    click.echo(f"  cd {folder}")
    click.echo("  python -m pytest              its tests, and what every plugin must keep to")
    then = f"a chain may name it: `plugin: {name}`" if RULES[hook].station else f"gateway.yaml names it: `desk: {name}`"
    click.echo(f"  python -m pip install -e .    then {then}")


def files(name: str, hook: str) -> dict[str, str]:
    """The text of every file of a new plugin, by its path in the package's folder."""
    rule = RULES[hook]
    words = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "title": name.replace("_", " ").strip().capitalize(),
        "camel": "".join(part.capitalize() for part in name.split("_")),
        "rule": f"{name.replace('_', '-').upper()}-1",
        "hook": hook,
        "station": rule.station,
        "does": rule.does,
        "settings": "\n".join(
            f"| `{setting}` | {default} | {meaning} |" for setting, default, meaning in rule.settings
        ),
        "example": rule.example,
        "kind": f"{name[:17]}_silent",
    }
    templates = resources.files(__package__) / "templates"

    def filled(template: str) -> str:
        return Template((templates / f"{template}.txt").read_text(encoding="utf-8")).substitute(words)

    words["use"] = filled("use_in_chain.md" if rule.station else "use_at_desk.md").rstrip()
    return {
        "pyproject.toml": filled("pyproject.toml"),
        "README.md": filled("README.md"),
        f"src/{name}/__init__.py": filled(f"{hook}.py"),
        f"src/{name}/py.typed": "",
        f"tests/test_{name}.py": filled(f"test_{hook}.py"),
    }


def _check_name(name: str) -> None:
    """Raises NotWritten where a plugin cannot be called so."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]
        meant = f" {near!r} would do." if NAME.fullmatch(near) and not keyword.iskeyword(near) else ""
        raise NotWritten(
            f"A plugin cannot be called {name!r}. Its name is a Python module's: 2 to 40 lower-case letters, digits "
            f"and underscores, a letter first.{meant}"
        )
    finder = Finder()
    if name in finder.names:
        found = finder.candidate(name)
        raise NotWritten(f"There is a plugin {name!r} already ({found.origin}, {found.where}). Choose another name.")
    if importlib.util.find_spec(name) is not None:
        raise NotWritten(
            f"Python has a module {name!r} already, which a plugin of that name would hide. Choose another, such as "
            f"'{name}_rules'."
        )
