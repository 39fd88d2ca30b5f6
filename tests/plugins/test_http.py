"""What a plugin may call: against a real server on this machine, bad cases first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import ValidationError

from gateway.plugins import HttpFailed, hookimpl, outgoing
from gateway.plugins.chains import STATIONS, Chain, Step, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.host import PluginHost
from gateway.plugins.http import Http, allowed, place_fault
from gateway.plugins.outgoing import OutgoingCalls
from gateway.plugins.runner import NoMark, Runner
from gateway.plugins.tables import Tables
from gateway.plugins.testing import TODAY, FakeHttp, make_answer, make_claim, plugin_context

SECRET_PATH = "/check/MEMBER-77"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("http://payer.example/v1", "must begin with https://"),
        ("ftp://payer.example", "must be a URL"),
        ("payer.example", "must be a URL"),
        ("https://", "must be a URL"),
        ("https://me:secret@payer.example", "must not hold a name or password"),
        ("https://payer.example/v1?x=1", "without ? or #"),
        ("https://payer.example/a/../b", "without ? or # or .."),
        ("https://payer.example:port", "it is no URL"),
    ],
)
def test_what_a_chain_may_not_name(place: str, told: str) -> None:
    assert told in place_fault(place)
    with pytest.raises(ValidationError, match="an address that may be called"):
        StepSpec.model_validate({"plugin": "x", "http": [place]})


def test_what_a_chain_may_name() -> None:
    for place in (
        "https://payer.example",
        "https://payer.example:8443/v1/",
        "http://127.0.0.1:9",
        "http://localhost/x",
    ):
        assert place_fault(place) == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/v1/x",
        "http://payer.example/v1/x",
        "https://payer.example:444/v1/x",
        "https://payer.example/v12",
        "https://payer.example/",
        "https://payer.example/v1/../admin",
        "https://payer.example/v1/%2e%2e/admin",
        "https://payer.example/v1/%252e%252e/admin",
        "https://payer.example@other.example/v1/x",
        "https://payer.example\\@other.example/v1/x",
        "https://payer.example/v1/x\r\nHost: other",
        "https://payer.example:port/v1",
    ],
)
def test_what_does_not_lie_under_it_is_not_called(url: str) -> None:
    assert not allowed(url, ["https://payer.example/v1"])


def test_what_lies_under_it_is() -> None:
    for url in ("https://payer.example/v1", "https://payer.example/v1/a?b=c", "https://PAYER.example:443/v1/x"):
        assert allowed(url, ["https://payer.example/v1/"])


class Served:
    """A server on this machine, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path_qs, await request.read()))
        what = request.path.split("/")[1]
        if what == "slow":
            await asyncio.sleep(30)
        if what == "large":
            return web.Response(body=b"x" * (2 << 20))
        if what == "away":
            raise web.HTTPFound("https://other.example/elsewhere")
        if what == "near":
            raise web.HTTPFound("/check/1")
        if what == "around":
            raise web.HTTPFound("/around")
        if what == "text":
            return web.Response(text="no json", status=503)
        return web.json_response({"covered": True})


@pytest_asyncio.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    outgoing._lately.clear()
    yield made
    await runner.cleanup()


async def called(served: Served, call: Callable[[Http], Awaitable[Any]], seconds: float = 10.0) -> Any:
    """What a call brings."""
    calls = OutgoingCalls()
    try:
        return await call(Http("tested", [served.url], seconds, calls))
    finally:
        await calls.close()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/large", "127.0.0.1 answers more than 1 MB"),
        ("/away", "redirects to an address that its chain does not name"),
        ("/around", "redirects more than 3 times"),
    ],
)
async def test_what_comes_back_wrong_is_told_without_the_url(served: Served, path: str, told: str) -> None:
    with pytest.raises(HttpFailed) as failed:
        await called(served, lambda http: http.get(f"{served.url}{path}?member=MEMBER-77"))
    assert told in str(failed.value)
    assert "MEMBER-77" not in str(failed.value)
    assert "other.example" not in str(failed.value)


async def test_a_slow_answer_ends_within_the_steps_time(served: Served) -> None:
    with pytest.raises(HttpFailed, match=r"127.0.0.1 did not answer in 0\.\d s"):
        await called(served, lambda http: http.get(f"{served.url}/slow"), seconds=0.4)


async def test_a_host_that_is_not_there_is_told(served: Served) -> None:
    served.url = "http://127.0.0.1:1"
    with pytest.raises(HttpFailed, match=r"127.0.0.1 cannot be called \(ClientConnectorError\)"):
        await called(served, lambda http: http.get("http://127.0.0.1:1/x"))


async def test_an_address_that_the_chain_does_not_name_is_not_called(served: Served) -> None:
    with pytest.raises(HttpFailed, match="an address that its chain does not name under http"):
        await called(served, lambda http: http.get("https://other.example/check"))
    with pytest.raises(HttpFailed, match="more than one line"):
        await called(served, lambda http: http.get(f"{served.url}/check", headers={"X": "1\r\nHost: other"}))
    with pytest.raises(HttpFailed, match="sends more than 1 MB"):
        await called(served, lambda http: http.post(f"{served.url}/check", data=b"x" * (1 << 20) + b"x"))
    assert served.asked == []


async def test_ten_calls_are_enough(served: Served) -> None:
    async def many(http: Http) -> None:
        for _ in range(11):
            await http.get(f"{served.url}/check/1")

    with pytest.raises(HttpFailed, match="more than 10 calls"):
        await called(served, many)
    assert len(served.asked) == 10


async def test_the_calls_of_a_plugin_wait_for_their_turn(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(outgoing.asyncio, "sleep", sleep)
    calls = OutgoingCalls(stopwatch=lambda: 100.0)
    for _ in range(outgoing.A_SECOND + 2):
        await calls._wait_its_turn("busy")
    await calls._wait_its_turn("another")
    assert waited == [1.0, 1.0]


async def test_get_and_post_bring_answers_whatever_their_status(served: Served) -> None:
    async def both(http: Http) -> list[Any]:
        return [
            await http.get(f"{served.url}/check", params={"code": "E0260 RR"}),
            await http.post(f"{served.url}/check", json={"code": "E0260"}, headers={"Idempotency-Key": "1"}),
            await http.get(f"{served.url}/near"),
            await http.post(f"{served.url}/near"),
            await http.get(f"{served.url}/text"),
        ]

    got, posted, followed, redirected, refused = await called(served, both)
    assert got.ok
    assert got.json() == posted.json() == followed.json() == {"covered": True}
    assert (redirected.status, redirected.ok) == (302, False), "a POST is not sent on"
    assert (refused.status, refused.text) == (503, "no json")
    with pytest.raises(HttpFailed, match="no JSON"):
        refused.json()
    assert served.asked[0][:2] == ("GET", "/check?code=E0260+RR")
    assert served.asked[1] == ("POST", "/check", b'{"code":"E0260"}')


class Calls:
    """Asks a payer whether a claim is covered."""

    gateway_api = 1

    @hookimpl
    async def scrub_claim(self, claim: Any, context: Any) -> None:
        answer = await context.http.get(f"{context.settings or context._step.http[0]}{SECRET_PATH}")
        context.note(f"Covered: {answer.json()['covered']}.")


def decided(places: list[str], **more: Any) -> Any:
    step = Step(0, PluginHost().add("calls", Calls), STATIONS["scrub"],
                StepSpec.model_validate({"plugin": "calls", "http": places}), None, Tables())  # fmt: skip
    runner = Runner(today=TODAY, lookups=NoLookups(), mark=NoMark(), **more)
    chain = Chain("tested", None, {"scrub": (step,)})
    return runner.claim(0, chain, "scrub", make_claim(), "90101", "practice")


async def test_in_a_chain_a_call_is_counted_and_what_fails_is_a_hold_that_says_why(served: Served) -> None:
    calls = OutgoingCalls()
    decision, _ = await decided([served.url], outgoing=calls)
    assert (decision.steps[0].notes, decision.steps[0].calls) == (("Covered: True.",), 1)
    decision, _ = await decided([f"{served.url}/text"], outgoing=calls)
    assert "what came back is no JSON" in decision.holds[0].hold.reason
    assert decision.steps[0].calls == 1
    await calls.close()


async def test_nothing_goes_out_where_nothing_is_committed(served: Served) -> None:
    decision, _ = await decided([served.url])
    assert "nothing is called from here" in decision.holds[0].hold.reason
    assert served.asked == []


def test_the_kit_answers_and_remembers() -> None:
    url = f"https://payer.example{SECRET_PATH}"

    class Asks(Calls):
        @hookimpl
        async def scrub_claim(self, claim: Any, context: Any) -> None:
            answer = await context.http.post(url, json={}, headers={"Idempotency-Key": context.http.key(claim)})
            context.note(f"It said {answer.status}.")

    fake = FakeHttp({url: make_answer({"covered": True}, status=202)})
    with plugin_context(Asks, http=fake) as ctx:
        for _ in range(2):
            assert ctx.scrub(make_claim()).steps[0].notes == ("It said 202.",)
    first, second = (call.headers["Idempotency-Key"] for call in fake.calls)
    assert first == second
    assert first.startswith("SW1001-")
    with plugin_context(Asks) as ctx:
        assert "its chain does not name" in ctx.scrub(make_claim()).failure
    with plugin_context(Asks, http=FakeHttp({url: HttpFailed("payer.example did not answer in 1.6 s")})) as ctx:
        assert "did not answer" in ctx.scrub(make_claim()).failure
