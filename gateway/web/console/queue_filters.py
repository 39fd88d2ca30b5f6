"""What a queue is asked for: the filters of its address, a plugin's worklist among them, and its order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ...core.work import queue
from ...core.work.orders import Order
from ...plugins.declared import Worklist
from ...plugins.declaring import Declared
from ..admission import Server
from ..queue_bodies import NotUnderstood, Where, understood
from .guard import Refused, Visit

_FILTERS = ("team", "kind", "bucket", "assignee", "payer", "rule", "min", "max", "claim_id")
_SWITCHES = ("mine", "unassigned", "today", "follow_up_due", "snoozed")
ORDERS = {
    Order.URGENT: "What costs money first",
    Order.DOLLARS: "Most dollars",
    Order.DUE: "Due soonest",
    Order.OLDEST: "Oldest",
    Order.NEWEST: "Newest",
}


class Asked(NamedTuple):
    """A queue that is asked for. `typed`: its address, as it was typed; `listed`: the worklist, None for the whole
    queue; `of`: the plugin that declares it."""

    typed: dict[str, str]
    wanted: queue.Wanted
    order: Order
    listed: Worklist | None
    of: Declared | None


def worklists(server: Server) -> dict[str, Worklist]:
    """The worklists that plugins in use declare, by plugin and name."""
    return {
        f"{plugin}/{one.name}": one
        for plugin, declared in server.services.config.declared.items()
        for one in declared.worklists
    }


def asked(visit: Visit, query: Mapping[str, str]) -> Asked:
    """What a query asks for.

    Raises:
        Refused: a filter cannot be used, or there is no such list.
    """
    typed = {name: query[name].strip()[:200] for name in _FILTERS if query.get(name, "").strip()}
    typed |= {name: "true" for name in _SWITCHES if query.get(name)}
    try:
        wanted = understood(Where, typed).wanted(visit.who)
        chosen = Order(query["order"]) if query.get("order") else None
    except NotUnderstood as error:
        raise Refused(422, "That filter cannot be used", f"{error}.") from error
    except ValueError:
        raise Refused(422, "No such order", f"A queue is sorted by {', '.join(Order)}.") from None
    name = query.get("list", "")[:100]
    listed = worklists(visit.server).get(name)
    if name and listed is None:
        raise Refused(404, "No such list", "No plugin in use has this list. The queue has those that there are.")
    if listed is not None:
        typed["list"] = name
        wanted = wanted._replace(kinds=tuple(listed.kinds), team=wanted.team or listed.team)
    if chosen is not None:
        typed["order"] = chosen.value
    of = visit.server.services.config.declared[name.partition("/")[0]] if listed is not None else None
    return Asked(typed, wanted, chosen or _usual(listed), listed, of)


def _usual(listed: Worklist | None) -> Order:
    """The order in which a worklist wants to be worked."""
    first = listed.order[0] if listed is not None else ""
    return {"work_by": Order.DUE, "-dollars": Order.DOLLARS}.get(first, Order.URGENT)
