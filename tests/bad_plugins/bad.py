"""Plugins that do what no plugin should, each for one claim or payment alone."""

from __future__ import annotations

from typing import NamedTuple

# What all of them share. `trouble` is the body of each; None elsewhere.
_FRAME = """\
import asyncio, ctypes, decimal, os, signal, sqlite3, sys, threading, time
from pathlib import Path
from gateway.core.model.decision import Continue, Finding, Hold, RetryAfter
from gateway.core.model.posting import PostingPlan, WorkItemDraft
from gateway.plugins import hookimpl

gateway_api = 1
WHOM = {whom!r}
URL = {url!r}
KEPT = []

{trouble}

@hookimpl
def {hook}({argument}, context):
    if {argument}.{number} in WHOM:
        return trouble({argument}, context)
"""

_ARGUMENTS = {
    "confirm": ("confirm_claim", "claim", "id"),
    "scrub": ("scrub_claim", "claim", "id"),
    "hold": ("hold_claim", "claim", "id"),
    "route": ("route_denial", "denial", "claim_number"),
}
_POST = """\

@hookimpl
def post_payment(payment, match, context):
    if payment.claim_id in WHOM:
        return trouble(payment, context, match)
"""


class Bad(NamedTuple):
    """A badness: the body of `trouble(claim, context)`, the station, and words of the reason with which its claim waits
    (empty: it is harmless, nobody waits). `timeout` of its step."""

    name: str
    body: str
    says: str = ""
    station: str = "scrub"
    head: str = "def trouble(claim, context, match=None):"
    timeout: str = "30s"

    def code(self, whom: list[str], url: str) -> str:
        """The plugin's file. `whom`: the claim numbers on which it does it; `url`: the gateway's database."""
        trouble = self.head + "".join(f"\n    {line}" for line in self.body.strip().splitlines())
        if self.station == "post":
            hook, argument, number = "hold_claim", "claim", "id"
            frame = _FRAME[: _FRAME.index("@hookimpl")] + _POST.lstrip()
        else:
            hook, argument, number = _ARGUMENTS[self.station]
            frame = _FRAME
        return frame.format(trouble=trouble, whom=whom, url=url, hook=hook, argument=argument, number=number)

    def step(self) -> str:
        """Its step in a chain."""
        return f"    - {{plugin: {self.name}, timeout: {self.timeout}}}\n"


_HELD_LOCK = """
if URL.startswith("sqlite"):
    connection = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
else:
    import psycopg
    connection = psycopg.connect(URL)
    connection.execute("LOCK TABLE claims IN ACCESS SHARE MODE")
KEPT.append(connection)
"""
_FOREIGN = """
class Evil:
    @property
    def __class__(self):
        raise RuntimeError("evil")
    def __iter__(self):
        raise RuntimeError("evil")
return Evil()
"""

CLAIMS = (
    Bad("raises", 'raise ValueError(claim.id)', "failed in scrub: ValueError at raises.py:"),
    Bad("hangs", "while True: pass", "failed in confirm: it did not end in its time (over 1 s)", "confirm",
        timeout="1s"),
    Bad("sleeps", "await asyncio.sleep(3600)", "it did not end in its time", "hold",
        "async def trouble(claim, context):", timeout="1s"),
    Bad("waits_for_itself", "lock = threading.Lock(); lock.acquire(); lock.acquire()", "it did not end in its time",
        timeout="1s"),
    Bad("says_rubbish", "return 42", "answered a int where"),
    Bad("says_nul", 'return Finding(rule="X", message="a\\0b")', "a NUL character"),
    Bad("says_half_a_letter", 'return Finding(rule="X", message="\\ud800")', "no plain data"),
    Bad("says_no_number", 'return RetryAfter(float("nan"), "later")', "out of bounds"),
    Bad("says_a_far_line", 'return Hold(reason="x", line=2 ** 40)', "its line is out of bounds", "hold"),
    Bad("says_much", 'return Finding(rule="X", message="x" * 50_000_000)', "larger than 256 kB"),
    Bad("says_no_note", "return Continue(note=[1])", "cannot be kept"),
    Bad("never_ends", 'while True: yield Finding(rule="X", message="x")', "more than 1000 findings", "confirm"),
    Bad("says_evil", _FOREIGN, "RuntimeError at says_evil.py:"),
    Bad("wants_2_gb", "KEPT.append(bytearray(b'x') * (2 << 30))", "failed in scrub: "),
    Bad("grows", "while True: KEPT.append(bytearray(b'x') * (8 << 20)); time.sleep(0.02)", "failed in hold: ", "hold",
        timeout="60s"),
    Bad("exits", "sys.exit(3)", "it asked the process to exit"),
    Bad("ends_the_process", "os._exit(3)", "it ended the process in which it ran"),
    Bad("closes_everything", "os.closerange(0, 256)", "it ended the process in which it ran", "hold"),
    Bad("interrupts", "raise KeyboardInterrupt", "KeyboardInterrupt at interrupts.py:"),
    Bad("cancels", "raise asyncio.CancelledError", "CancelledError at cancels.py:", "confirm"),
    Bad("goes_round", "trouble(claim, context)", "RecursionError at goes_round.py:"),
    Bad("sets_what_is_none", 'claim.set("CLM05-3", "\\u03a9")', "EditError at sets_what_is_none.py:"),
    Bad("changes_its_settings", "context.table('carc').rows[0].values['code'] = 'X'",
        "TypeError at changes_its_settings.py:"),
    # Nobody waits for these: what they did is undone, or their process is replaced.
    Bad("forks", "os.fork()"),
    Bad("leaves_a_thread", "threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()"),
    Bad("leaves_a_process", "import subprocess; subprocess.Popen(['sleep', '3600'])"),
    Bad("leaves_files_open", "KEPT.extend(open('/dev/null') for _ in range(40))"),
    Bad("keeps_a_lock", _HELD_LOCK),
    Bad("leaves_a_task", "task = asyncio.get_running_loop().create_task(asyncio.sleep(0.01))\n"
        "task.add_done_callback(lambda done: done.cancelled() or os._exit(4))",
        head="async def trouble(claim, context):"),
    Bad("changes_the_process", "os.chdir('/'); os.umask(0o777); signal.alarm(1); decimal.getcontext().prec = 2\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.setrecursionlimit(20_000)"),
    Bad("changes_a_claim_at_hold", 'claim.set("CLM05-3", "8"); claim._raw.clear(); claim._subscriber.clear()',
        station="hold"),
    Bad("changes_a_claim_unseen", "claim.stored.billing[:] = ['NM1*85*2*X']"),
)  # fmt: skip
"""For claims, in the order of the chain."""

MONEY = (
    Bad("p_raises", "raise ValueError(claim.claim_id)", "failed in post: ValueError at p_raises.py:", "post"),
    Bad("p_hangs", "while True: pass", "it did not end in its time", "post", timeout="1s"),
    Bad("p_says_rubbish", "return [PostingPlan()]", "answered a list where", "post"),
    Bad("p_says_much_money", "return PostingPlan(notes=('a\\0b',))", "a NUL character", "post"),
    Bad("p_ends_the_process", "os._exit(3)", "it ended the process in which it ran", "post"),
    Bad("p_wants_2_gb", "KEPT.append(bytearray(b'x') * (2 << 30))", "failed in post: ", "post"),
    Bad("p_plans_nothing", "return PostingPlan()", "made a plan that cannot be posted: its lines do not add up",
        "post"),
    Bad("p_changes_the_payment", "claim.raw.clear()", "it changed the payment or the match", "post"),
    Bad("p_changes_the_match", "match.claim.lines[0].patient['deductible'] = 10 ** 6",
        "it changed the payment or the match", "post"),
    Bad("p_forks", "os.fork()", station="post"),
    Bad("p_keeps_a_lock", _HELD_LOCK, station="post"),
)  # fmt: skip
"""For claim payments."""

ROUTES = (
    Bad("r_raises", "raise ValueError(claim.claim_number)", "r_raises failed in route: ValueError", "route"),
    Bad("r_hangs", "while True: pass", "r_hangs failed in route: it did not end in its time", "route", timeout="1s"),
    Bad("r_says_rubbish", "return 42", "r_says_rubbish failed in route: its route_denial answered a int", "route"),
    Bad("r_says_days", "return WorkItemDraft(reason='x', team='y', business_days=10 ** 9)", "its business_days is out",
        "route"),
)  # fmt: skip
"""For denials."""


def stations(*groups: tuple[Bad, ...]) -> str:
    """The stations of a chain in which all of them stand."""
    found: dict[str, str] = {}
    for group in groups:
        for one in group:
            found[one.station] = found.get(one.station, "") + one.step()
    found["post"] = found.get("post", "") + "    - autoposting\n"
    return "".join(f"  {station}:\n{steps}" for station, steps in found.items())
