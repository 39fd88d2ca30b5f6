"""The demo's console: who may come in, until when it stays, and what its pictures are called."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest

from gateway.sandbox import demo_console

from .conftest import Office
from .examples import EXAMPLES

pytestmark = pytest.mark.asyncio(loop_scope="module")


def screenshots() -> ModuleType:
    """The script that takes the pictures."""
    path = Path(__file__).parents[2] / "docs" / "screenshots.py"
    spec = importlib.util.spec_from_file_location("screenshots", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_whoever_has_the_demos_key_comes_in_and_it_stays_until_it_is_ended(office: Office) -> None:
    key = await demo_console.let_in(office.gateway)
    said: list[str] = []
    staying = asyncio.create_task(demo_console.stay(key, said.append, browse=False))
    async with aiohttp.ClientSession() as http:
        form = {"name": key.name, "password": key.password}
        async with http.post(
            f"{key.address}console/sign-in", data=form, headers={"Origin": key.address}, allow_redirects=False
        ) as answer:
            assert answer.status == 303
    assert not staying.done()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(staying, 5)
    found = screenshots().OPEN.search("\n".join(said))
    assert found is not None
    assert found.groups() == tuple(key)


async def test_each_page_has_a_picture_of_its_own_name() -> None:
    script = screenshots()
    names = [script.name_of(key) for key, one in EXAMPLES.items() if one.page and key.startswith("GET ")]
    assert len(set(names)) == len(names)
    assert {"home", "queue", "item", "claim", "claims", "claim-correct", "batch", "admin-users"} <= set(names)


async def test_pictures_in_the_docs_are_small() -> None:
    pictures = list((Path(__file__).parents[2] / "docs" / "img").glob("console-*.png"))
    assert len(pictures) >= 15
    assert [one.name for one in pictures if one.stat().st_size > 150_000] == []
