"""docs/posting.md says what is so: its commands can be typed, its samples are taken, its scores are the code's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from gateway.cli import cli
from gateway.core.model.posting import SCORES, How

from .conftest import Desk, Line
from .made import Clp, Era, Svc

PAGE = (Path(__file__).parents[2] / "docs" / "posting.md").read_text()


def commands() -> list[str]:
    """Every command of the page, in boxes and in the text."""
    typed = re.findall(r"^\$ gateway (.*)$", PAGE, re.MULTILINE)
    return typed + [one.replace("\n", " ") for one in re.findall(r"`gateway ([^`]+)`", PAGE)]


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_page_can_be_typed(line: str) -> None:
    words = shlex.split(line)
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, (line, name)
        command, context = found, click.Context(found, parent=context)
    options = {name for one in command.params for name in one.opts}
    assert {word for word in words if word.startswith("--")} <= options, line
    arguments = [one for one in command.params if isinstance(one, click.Argument) and one.required]
    assert len(words) >= len(arguments), line


def test_the_scores_of_the_page_are_those_of_the_code() -> None:
    section = PAGE.split("## How a claim and its lines are found")[1].split("## ")[0]
    told = [int(score) for score in re.findall(r"^\|[^|]*\|[^|]*\| (\d+) \|", section, re.MULTILINE)]
    assert sorted(told) == sorted(score for how, score in SCORES.items() if how not in (How.PERSON, How.NOTHING))


def test_the_samples_of_the_page_are_taken_and_do_what_it_says(desk: Desk) -> None:
    habits, chain = re.findall(r"```yaml\n# config/\S+\n(.*?)```", PAGE, re.DOTALL)
    desk.tables["payer_habits"] = f"key: [payer]\n{habits}"
    (desk.folder / "config" / "chains").mkdir(parents=True)
    (desk.folder / "config" / "chains" / "payer-90199.yaml").write_text(chain)
    desk.claim("SW1", Line("E1390", "150", "L1"), Line("A7030", "50", "L2"))
    desk.post(Era([Clp("SW1", charge="200", paid="200", status="5")], payer_id="90101"))
    assert desk.payments()[0].state == "exception", "another payer's status 5 waits"
    other = Svc("E1390", "150", "150", ref="L1")
    desk.claim("SW2", Line("E1390", "150", "L1"), payer="90199")
    desk.post(Era([Clp("SW2", [other], status="5")], payer_id="90199", trace="B"))
    assert desk.payments()[1].state == "posted"
