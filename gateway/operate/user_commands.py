"""`gateway user`: who signs in to the console, with which role, for which teams."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from .commands import change

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.store.users import User


@click.group()
def user() -> None:
    """People who sign in to the console: their roles, teams and passwords."""


_ROLE = click.option(
    "--role",
    type=click.Choice(["viewer", "biller", "poster", "manager", "administrator"]),
    required=True,
    help="viewer looks; biller works queues; poster also fixes payments; manager also for other teams; administrator "
    "everything.",
)
_TEAMS = click.option("--team", "teams", multiple=True, help="Whose work is theirs; may be repeated. Without: all.")
_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from the input instead of asking.")


def _password(stdin: bool) -> str:
    """A password that can be taken, from the input or asked for twice, and as it is kept."""
    from ..core.store import users

    if stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password (at least 12 characters)", hide_input=True, confirmation_prompt=True)
    try:
        users.check_password(password)
    except users.NoUser as error:
        raise click.ClickException(str(error)) from error
    return users.hashed(password)


def _changed(config_path: Path, function: Callable[..., User], *args: Any, **named: Any) -> User:
    from ..core.store.users import NoUser

    try:
        return change(require(config_path, secrets=False), lambda sql: function(sql, *args, **named))
    except NoUser as error:
        raise click.ClickException(str(error)) from error


@user.command("add")
@click.argument("name")
@_ROLE
@_TEAMS
@click.option("--full-name", default="", help="As others call them.")
@_STDIN
@click.pass_obj
def add(config_path: Path, name: str, role: str, teams: tuple[str, ...], full_name: str, password_stdin: bool) -> None:
    """Let NAME sign in."""
    from ..core.clock import SystemClock
    from ..core.store import users

    kept = _password(password_stdin)
    made = _changed(config_path, users.add, name, kept, role, SystemClock().now(), full_name=full_name, teams=teams)
    click.echo(f"{made.name} may sign in as {made.role}{_for(made.teams)}.")


def _for(teams: tuple[str, ...]) -> str:
    return f", for {', '.join(teams)}" if teams else ""


@user.command("list")
@click.pass_obj
def list_(config_path: Path) -> None:
    """Everybody who signs in, or did."""
    from ..core.clock import SystemClock
    from ..core.store import users

    now = SystemClock().now()
    found = change(require(config_path, secrets=False), users.every)
    for one in found:
        last = f"last signed in {one.signed_in_at:%m/%d/%Y}" if one.signed_in_at else "never signed in"
        if one.disabled_at is not None:
            last = f"comes in no more since {one.disabled_at:%m/%d/%Y}"
        elif one.locked_until is not None and one.locked_until > now:
            last = f"locked out until {one.locked_until:%H:%M} UTC by wrong passwords"
        click.echo(f"{one.name:<24} {one.role:<14} {', '.join(one.teams) or 'all teams':<28} {last}")
    if not found:
        click.echo("Nobody yet. Make the first: gateway user add NAME --role administrator")


@user.command("change")
@click.argument("name")
@_ROLE
@_TEAMS
@click.pass_obj
def change_(config_path: Path, name: str, role: str, teams: tuple[str, ...]) -> None:
    """Give NAME another role and other teams."""
    from ..core.store import users

    made = _changed(config_path, users.change, name, role, teams)
    click.echo(f"{made.name} is {made.role} now{_for(made.teams)}.")


@user.command("password")
@click.argument("name")
@_STDIN
@click.pass_obj
def password(config_path: Path, name: str, password_stdin: bool) -> None:
    """Set another password; NAME has to sign in again everywhere."""
    from ..core.store import users

    kept = _password(password_stdin)
    made = _changed(config_path, users.set_password, name, kept)
    click.echo(f"{made.name} has another password, and signs in again.")


@user.command("disable")
@click.argument("name")
@click.pass_obj
def disable(config_path: Path, name: str) -> None:
    """Let NAME come in no more, from now on."""
    from ..core.clock import SystemClock
    from ..core.store import users

    click.echo(f"{_changed(config_path, users.disable, name, SystemClock().now()).name} comes in no more.")


@user.command("enable")
@click.argument("name")
@click.pass_obj
def enable(config_path: Path, name: str) -> None:
    """Let NAME come in again, also one that wrong passwords have locked out."""
    from ..core.store import users

    click.echo(f"{_changed(config_path, users.enable, name).name} may sign in.")
