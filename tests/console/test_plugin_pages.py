"""A plugin's pages in the console: what it answers is laid out, and nothing that it says becomes part of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.core.store.tables import access_log
from gateway.plugins.declared import Route
from gateway.server import Gateway
from gateway.web.console import declared_pages

from ..web import running
from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLUGIN = '''"""Pages of a plugin for tests."""
from decimal import Decimal
from gateway.plugins import Route, RouteAnswer, Rows, hookimpl

gateway_api = 1

@hookimpl
def plugin_routes():
    def page(path, run, title):
        return Route(method="GET", path=path, run=run, page=title, help="Only for tests.")
    yield page("/months/{code}", months, "Months of a rental")
    yield page("/all", lambda request, desk: Rows(("item", "dollars"), [("<script>x</script>", Decimal("12.50"))] * 3),
               "Everything")
    yield page("/ill", lambda request, desk: {}["nothing"], "Ill")
    yield page("/words", lambda request, desk: RouteAnswer(text="plain <b>words</b>"), "Words")
    yield Route(method="GET", path="/hidden", run=lambda request, desk: 1)

def months(request, desk):
    if request.path["code"] == "X":
        return RouteAnswer(status=404, detail="Nobody rents X.")
    return {"code": request.path["code"], "who_asks": request.who, "lines": [{"line": 1, "left": None, "due": True}]}
'''


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paged(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    folder: Path = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
        config = running.write_config(folder, more="web: {port: 0}\nplugins_dir: plugins\ndesk:\n  sheets:\n")
        (config / "plugins").mkdir()
        (config / "plugins" / "sheets.py").write_text(PLUGIN)
        gateway = Gateway(running.read_config(config), executor="pages")
        await gateway.start()
        try:
            found = Office(gateway, f"http://127.0.0.1:{gateway.port}")
            await found.user("viewer", "viewer")
            yield found
        finally:
            await gateway.stop()


async def test_nobody_sees_them_who_is_not_signed_in(paged: Office) -> None:
    import aiohttp

    async with aiohttp.request("GET", f"{paged.address}/console/pages/sheets/all", allow_redirects=False) as answer:
        assert answer.status == 303


async def test_they_stand_in_the_navigation_and_their_list(paged: Office) -> None:
    async with paged.signed_in("viewer") as viewer:
        _, home = await viewer.get("/console/")
        assert '<a href="/console/pages"' in home
        _, listed = await viewer.get("/console/pages")
    for title in ("Months of a rental", "Everything", "Words"):
        assert title in listed
    assert "sheets/hidden" not in listed


async def test_a_page_asks_for_what_stands_in_its_path_and_shows_the_answer(paged: Office) -> None:
    async with paged.signed_in("viewer") as viewer:
        status, asks = await viewer.get("/console/pages/sheets/months")
        assert (status, 'name="code"' in asks, "press Show" in asks) == (200, True, True)
        status, shown = await viewer.get("/console/pages/sheets/months?code=E1390")
        assert status == 200
        assert "<dt>Code</dt><dd>E1390</dd>" in shown
        assert "<dt>Who asks</dt><dd>viewer</dd>" in shown
        assert "<td>1</td><td></td><td>yes</td>" in shown
        status, none = await viewer.get("/console/pages/sheets/months?code=X")
        assert (status, "Nobody rents X." in none) == (404, True)
    looks = await paged.rows(access_log, access_log.c.who == "viewer")
    assert any(row.what == "GET /console/pages/sheets/months" for row in looks)


async def test_what_a_plugin_says_is_text_and_nothing_else(paged: Office) -> None:
    async with paged.signed_in("viewer") as viewer:
        _, shown = await viewer.get("/console/pages/sheets/all")
        assert "<script>x" not in shown
        assert shown.count("&lt;script&gt;x") == 3
        _, words = await viewer.get("/console/pages/sheets/words")
        assert "<pre>plain &lt;b&gt;words" in words
        status, text = await viewer.get("/console/pages/sheets/all?format=csv")
    assert (status, text.splitlines()[0]) == (200, "item,dollars")


async def test_what_is_not_there_or_fails_is_told(paged: Office) -> None:
    async with paged.signed_in("viewer") as viewer:
        for path, status, words in (
            ("sheets/hidden", 404, "No plugin in use has a page"),
            ("nobody/all", 404, "No plugin in use has a page"),
            ("sheets/months?code=%00", 400, "no text"),
            (f"sheets/months?code={'x' * 300}", 422, "longer than"),
            ("sheets/ill", 500, "A work item tells the EDI team"),
        ):
            got, told = await viewer.get(f"/console/pages/{path}")
            assert (got, words in told) == (status, True), (path, got)


async def test_an_answer_is_laid_out_by_its_shape() -> None:
    assert declared_pages.lay([]).text == "[]"
    assert declared_pages.lay(None).text == ""
    assert declared_pages.lay(5).text == "5"
    laid = declared_pages.lay({"a_b": {"c": 1}, "t": {"columns": ["x"], "rows": [[1], [2]]}})
    assert laid.values == [("A b", '{"c": 1}')]
    assert laid.tables[0].rows == [["1"], ["2"]]


@pytest.mark.parametrize("more", [{"method": "POST"}, {"scope": "admin"}, {"page": " "}, {"page": "x" * 201}])
async def test_only_a_look_for_everybody_is_a_page(more: dict[str, str]) -> None:
    values = {"method": "GET", "path": "/a", "page": "A page", **more}
    with pytest.raises(ValueError, match="page"):
        Route(run=lambda request, desk: 1, **values)
