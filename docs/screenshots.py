"""Pictures of the console for the docs: `make screenshots`.

The demo runs in a folder of its own and goes on with its console open; a browser goes along the tests' table of pages,
and what it sees goes into docs/img/console-*.png, in few colours so that they stay small.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
IMAGES = ROOT / "docs" / "img"
COLOURS = 128
SINGLE = {"batches": "batch", "inquiries": "inquiry"}
DARK = ("queue", "claim")
"""Pages that are shown in the dark, too."""
OPEN = re.compile(r"open at (http://\S+)\s+Sign in as (\S+) with (\S+)")


@contextlib.contextmanager
def demo(claims: int, folder: Path) -> Iterator[tuple[str, str, str]]:
    """The demo, with its console open: address, name and password."""
    command = [sys.executable, "-m", "gateway.cli", "demo", "--serve", "--claims", str(claims), "--folder", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            print(f"  {line.rstrip()}")
            if found := OPEN.search(line):
                yield found[1], found[2], found[3]
                return
        raise SystemExit("the demo ended before its console was open")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def name_of(key: str) -> str:
    """What a page's picture is called: `GET /console/claims/{id}/correct` is claim-correct."""
    path = key.partition("/console/")[2]
    parts = [one for one in path.split("/") if one]
    named = [
        SINGLE.get(one, one.removesuffix("s")) if at + 1 < len(parts) and parts[at + 1].startswith("{") else one
        for at, one in enumerate(parts)
        if not one.startswith("{")
    ]
    return "-".join(named) or "home"


def pages(ids: Mapping[str, str]) -> dict[str, str]:
    """One address of each page of the table that the demo's data can show, by the picture's name."""
    from tests.console.examples import EXAMPLES

    found: dict[str, str] = {}
    for key, example in EXAMPLES.items():
        if not (example.page and key.startswith("GET ")):
            continue
        for address in example.addresses:
            if set(re.findall(r"\{(\w+)\}", address)) <= set(ids):
                found.setdefault(name_of(key), address.format(**ids))
    return found


def keep(picture: bytes, path: Path) -> int:
    """Write a picture in few colours; how many bytes it has."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


def look(address: str, name: str, password: str, shown: Mapping[str, str], only: tuple[str, ...]) -> None:
    """Go along the pages and keep what is seen."""
    from playwright.sync_api import sync_playwright

    path = next((found for one in ("chromium", "google-chrome") if (found := shutil.which(one))), None)
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page: Any = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.goto(address)
        _keep(page, "sign-in", only)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/console/")
        for called, where in shown.items():
            page.goto(f"{address.rstrip('/')}{where}")
            _keep(page, called, only)
            if called in DARK:
                page.emulate_media(color_scheme="dark")
                _keep(page, f"{called}-dark", only)
                page.emulate_media(color_scheme="light")
        browser.close()


def _keep(page: Any, called: str, only: tuple[str, ...]) -> None:
    if only and called not in only:
        return
    # Figures that come beside the page are waited for.
    page.get_by_text("is worked out").first.wait_for(state="detached", timeout=20_000)
    size = keep(page.screenshot(), IMAGES / f"console-{called}.png")
    print(f"  console-{called}.png, {size / 1e3:.0f} KB")


@click.command()
@click.option("--claims", default=300, show_default=True, help="Of the demo.")
@click.option("--only", multiple=True, help="Only these pictures: queue, claim ...")
def main(claims: int, only: tuple[str, ...]) -> None:
    """Take all pictures anew."""
    from benchmarks.pages import ids_of
    from gateway.core.store.engine import make_sync_engine

    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept) / "demo"
        with demo(claims, folder) as (address, name, password):
            engine = make_sync_engine(f"sqlite:///{folder / 'data' / 'business.db'}", read_only=True)
            with engine.connect() as connection:
                shown = pages(ids_of(connection))
            engine.dispose()
            look(address, name, password, shown, only)


if __name__ == "__main__":
    main()
