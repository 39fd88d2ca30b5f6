"""Does something beside the chains."""

from decimal import Decimal

from gateway.plugins import (
    Command,
    Desk,
    Metric,
    PluginSettings,
    Report,
    Route,
    RouteAnswer,
    Rows,
    Sample,
    Schedule,
    Worklist,
    hookimpl,
)

gateway_api = 1


class Settings(PluginSettings):
    dollars: int = 100


class Asked(PluginSettings):
    least: Decimal = Decimal(0)
    payer: str = ""


def charges(desk, asked):
    found = desk.claims(payer_ids=[asked.payer] if asked.payer else ())
    rows = [(claim.number, claim.from_date, claim.charge) for claim in found if claim.charge >= asked.least]
    return Rows(("claim", "day", "dollars"), rows)


def one_claim(request, desk):
    claim = desk.claim(int(request.path["claim"]))
    if claim is None:
        return RouteAnswer(status=404, detail="No claim has this id.")
    (view,) = [one for one in desk.claims(number=claim.id) if str(one.id) == request.path["claim"]]
    return {"number": view.id, "charge": claim.charge, "lines": len(view.lines), "who": request.who}


def look_at(request, desk):
    body = request.body or {}
    desk.open_item(kind="well_asked", key=body["key"], reason="Somebody asked.", team="billing", payer_id="P1")
    return RouteAnswer({"opened": body["key"]}, status=201)


def greedy(request, desk):
    desk.open_item(kind="well_asked", key="never", reason="A GET only looks.", team="billing")


@hookimpl
def plugin_worklists():
    yield Worklist(name="asked", title="What was asked for", kinds=("well_asked",), columns=("team", "payer", "reason"))
    yield Worklist(
        name="large",
        title="Large claims",
        kinds=("well_large",),
        columns=("dollars", "claim", "reason"),
        order=("-dollars",),
        schedule="large",
    )


@hookimpl
def plugin_reports():
    return [Report(name="charges", title="Charges from an amount on", run=charges, parameters=Asked)]


@hookimpl
def plugin_routes():
    return [
        Route(method="GET", path="/claims/{claim}", run=one_claim),
        Route(method="GET", path="/claims/greedy", run=greedy),
        Route(method="POST", path="/looks", run=look_at, scope="admin"),
    ]


class Reason(PluginSettings):
    key: str
    close: bool = False


def ask(desk, options):
    if options.close:
        desk.close_item(options.key, "Nobody asks any more.")
        return None
    desk.open_item(kind="well_asked", key=options.key, reason="Somebody asked.", team="billing")
    return f"{options.key} is asked for."


@hookimpl
def plugin_commands():
    return [
        Command(name="ask", help="Ask for something.", run=ask, options=Reason),
        Command(name="charges", help="All charges.", run=lambda desk, options: charges(desk, Asked())),
    ]


def by_payer(desk):
    counts = {}
    for claim in desk.claims():
        counts[claim.payer_id] = counts.get(claim.payer_id, 0) + 1
    return [Sample(count, {"payer": payer}) for payer, count in counts.items()]


@hookimpl
def plugin_metrics():
    return [
        Metric(name="claims", help="Claims of a payer.", labels=("payer",), read=by_payer),
        Metric(name="dollars", help="The setting.", read=lambda desk: desk.settings.dollars),
    ]


@hookimpl
def desk_settings():
    return Settings


def look(desk: Desk[Settings]) -> None:
    for claim in desk.claims():
        if claim.charge >= desk.settings.dollars:
            desk.open_item(
                kind="well_large",
                key=f"large:{claim.id}",
                reason=f"A claim over ${desk.settings.dollars}. Look at it.",
                team="billing",
                claim_id=claim.id,
                amount=claim.charge,
                work_by=desk.today,
            )
            desk.note(claim.id, "It is large.")
    desk.note(999_999_999, "nobody")


@hookimpl
def plugin_schedules(settings):
    return [Schedule(name="large", run=look, every="2s")]


@hookimpl
def gateway_started(desk):
    desk.open_item(kind="well_life", key="started", reason="It runs.", team="edi")


@hookimpl
def configuration_taken(desk):
    dollars = desk.settings.dollars
    desk.open_item(kind="well_life", key=f"taken:{dollars}", reason=f"From ${dollars} on.", team="edi")


@hookimpl
def gateway_stopping(desk):
    desk.close_item("started", "It stops.")
