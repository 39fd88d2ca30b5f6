"""What the container file and the unit say must fit what is in the repository."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_container_is_built_from_all_that_the_wheel_holds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], "pyproject.toml", project["project"]["readme"], "LICENSE"}
    copied: set[str] = set()
    for words in re.findall(r"^COPY (?!--)(.+)$", (ROOT / "deploy" / "Containerfile").read_text(), re.M):
        copied.update(words.split()[:-1])
    assert needed <= copied
    assert all((ROOT / name).exists() for name in copied)
