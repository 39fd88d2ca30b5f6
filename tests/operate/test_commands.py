"""The operator's commands, one by one, on a place where a gateway has lived."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import shlex
from pathlib import Path

import click
import pytest
from sqlalchemy import update

from gateway.cli import cli
from gateway.core.flow.closing import CLEARS_BY
from gateway.core.store import partners, tokens
from gateway.core.store.tables import access_log, batches, claims, holds, timeline, work_items
from gateway.core.store.tables import outbox as outbox_rows
from gateway.core.work.verbs import OF_A_CLAIM

from .conftest import Place
from .test_doctor import NOW

DOCS = Path(__file__).parents[2]


# --- tokens ----------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_kept_as_a_hash(lived: Place) -> None:
    secret = lived.run("token", "add", "billing", "--scope", "submit").output.strip()
    assert secret.startswith("hme_")
    with lived.sql.connect() as connection:
        found = tokens.find(connection, secret, dt.datetime.now(dt.UTC))
    assert found is not None
    assert (found.name, found.scopes) == ("billing", ("submit",))
    assert secret not in repr(lived.rows(tokens.tokens))
    listed = lived.run("token", "list").output
    assert "billing" in listed
    assert "never used" in listed
    assert secret not in listed


def test_a_token_name_is_used_once(lived: Place) -> None:
    lived.run("token", "add", "billing", "--scope", "submit")
    again = lived.run("token", "add", "billing", "--scope", "read")
    assert again.exit_code == 1
    assert "take another name" in again.output


def test_an_unknown_scope_is_told_which_there_are(lived: Place) -> None:
    refused = lived.run("token", "add", "billing", "--scope", "everything")
    assert refused.exit_code == 1
    assert "submit, read, work, post, metrics, admin" in refused.output
    assert lived.run("token", "list").output == ""


def test_a_token_expires_when_it_was_said(lived: Place) -> None:
    now = dt.datetime.now(dt.UTC)
    for wrong, words in (("soon", "a time with its unit"), ("9999999999d", "longer than anything lasts")):
        refused = lived.run("token", "add", "brief", "--scope", "read", "--expires", wrong)
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output
    secret = lived.run("token", "add", "brief", "--scope", "read", "--expires", "2h").output.strip()
    with lived.sql.connect() as connection:
        assert tokens.find(connection, secret, now + dt.timedelta(hours=1)) is not None
        assert tokens.find(connection, secret, now + dt.timedelta(hours=3)) is None
    assert "expires" in lived.run("token", "list").output


def test_a_revoked_token_opens_nothing(lived: Place) -> None:
    secret = lived.run("token", "add", "billing", "--scope", "submit").output.strip()
    assert lived.run("token", "revoke", "billing").exit_code == 0
    with lived.sql.connect() as connection:
        assert tokens.find(connection, secret, dt.datetime.now(dt.UTC)) is None
    assert "revoked" in lived.run("token", "list").output
    again = lived.run("token", "revoke", "billing")
    assert again.exit_code == 1
    assert "revoked already" in again.output


# --- partners --------------------------------------------------------------------------------------


def test_the_list_of_partners_says_how_each_line_does(lived: Place) -> None:
    assert re.search(r"practice\s+last reached \d\d/\d\d/\d{4}", lived.run("partner", "list").output)


def test_a_partner_that_is_started_again_gets_what_waits_for_it(lived: Place) -> None:
    with lived.sql.begin() as connection:
        partners.stop(connection, "practice", "host key", NOW)
        connection.execute(
            update(batches).where(batches.c.id == 1).values(state="waiting", ta1="", group_ack="", claim_acks=0)
        )
    assert "STOPPED: host key" in lived.run("partner", "list").output
    started = lived.run("partner", "start", "practice")
    assert started.output == "practice is started; 1 batch(es) that waited for it go out.\n"
    assert "STOPPED" not in lived.run("partner", "list").output
    assert lived.count(outbox_rows, outbox_rows.c.kind == "send", outbox_rows.c.submitted_at.is_(None)) == 1


def test_the_list_of_partners_says_why_one_is_not_reached(lived: Place) -> None:
    with lived.sql.begin() as connection:
        for _ in range(2):
            partners.failed(connection, "practice", "Connection refused", NOW, auth=False)
    assert "2 failure(s) in a row: Connection refused\n" in lived.run("partner", "list").output


def test_a_start_says_that_what_was_written_down_is_not_in_force_yet(lived: Place) -> None:
    def mended(key: str) -> str:
        path = lived.config_dir / "partners" / "practice.yaml"
        path.write_text(re.sub(r"host_keys: .*", f"host_keys: ['SHA256:{key * 43}']", path.read_text()))
        return lived.run("partner", "start", "practice").output

    (lived.places.data_dir / "serving").write_text(str(os.getpid()))
    told = mended("B")
    assert "practice is started" in told
    assert "has changed, and no gateway has read it yet" in told
    assert f"(kill -HUP {os.getpid()}, or systemctl reload), then once more: gateway partner start practice" in told
    (lived.places.data_dir / "serving").write_text("")
    assert "(kill -HUP its process, " in mended("C")


def test_an_unknown_partner_is_told_which_there_are(lived: Place) -> None:
    refused = lived.run("partner", "start", "nobody")
    assert refused.exit_code == 1
    assert "practice" in refused.output


# --- holds and queues ------------------------------------------------------------------------------


def test_a_biller_sees_what_is_held_and_lets_it_go(lived: Place) -> None:
    waiting = lived.rows(holds, holds.c.released_at.is_(None))
    assert waiting  # some of the generated claims have faults that a scrubber finds
    seen = list(csv.DictReader(io.StringIO(lived.run("holds", "list", "--csv").output)))
    assert {int(row["id"]) for row in seen} == {row.id for row in waiting}
    assert all(row["reason"] and row["team"] and row["claim"] for row in seen)
    text = lived.run("holds", "list").output
    assert text.splitlines()[0].split()[:3] == ["id", "claim", "charge"]
    claim_id = waiting[0].claim_id
    ids = [str(row.id) for row in waiting if row.claim_id == claim_id]
    done = lived.run("holds", "release", *ids, "--reason", "the order is on file", "--by", "dana")
    assert done.exit_code == 0, done.output
    assert f"Hold {ids[-1]} is released; its claim is ready." in done.output
    assert lived.rows(claims, claims.c.id == claim_id)[0].state == "ready"
    told = lived.rows(timeline, timeline.c.subject_kind == "claim", timeline.c.subject_id == claim_id)
    assert "the order is on file" in told[-1].what
    assert told[-1].who == "dana"


def test_a_hold_is_released_once_and_all_or_none(lived: Place) -> None:
    waiting = lived.rows(holds, holds.c.released_at.is_(None))
    refused = lived.run("holds", "release", str(waiting[0].id), "999999", "--reason", "x")
    assert refused.exit_code == 1
    assert "There is no hold 999999. Nothing was released." in refused.output
    assert lived.rows(holds, holds.c.released_at.is_(None)) == waiting
    assert lived.run("holds", "release", str(waiting[0].id), "--reason", "x").exit_code == 0
    assert "released before" in lived.run("holds", "release", str(waiting[0].id), "--reason", "x").output


def test_a_release_without_a_reason_is_refused(lived: Place) -> None:
    waiting = lived.rows(holds, holds.c.released_at.is_(None))
    assert lived.run("holds", "release", str(waiting[0].id)).exit_code == 2
    assert lived.run("holds", "release", str(waiting[0].id), "--reason", " ").exit_code == 1
    assert lived.rows(holds, holds.c.released_at.is_(None)) == waiting


def test_the_queue_of_a_team_has_its_items_and_no_others(lived: Place) -> None:
    waiting = lived.rows(work_items, work_items.c.state == "open")
    seen = list(csv.DictReader(io.StringIO(lived.run("queue", "list", "--csv").output)))
    assert sorted(int(row["id"]) for row in seen) == sorted(row.id for row in waiting)
    team = waiting[0].team
    ours = list(csv.DictReader(io.StringIO(lived.run("queue", "list", "--team", team, "--csv").output)))
    assert {int(row["id"]) for row in ours} == {row.id for row in waiting if row.team == team}
    assert lived.run("queue", "list", "--team", "enrollment").output == "Nothing waits for a person.\n"
    short = lived.run("queue", "list", "--limit", "1").output
    assert f"And {len(waiting) - 1} more" in short


def test_who_looked_at_holds_and_queues_is_in_the_access_log(lived: Place) -> None:
    before = lived.count(access_log)
    lived.run("holds", "list")
    lived.run("queue", "list")
    seen = lived.rows(access_log)[before:]
    assert [(row.what, row.source) for row in seen] == [("holds list", "command line"), ("queue list", "command line")]
    assert all(row.who for row in seen)


# --- batches ---------------------------------------------------------------------------------------


def test_the_batches_are_listed_with_their_answers(lived: Place) -> None:
    seen = list(csv.DictReader(io.StringIO(lived.run("batches", "list", "--csv").output)))
    known = lived.rows(batches)
    assert [(row["id"], row["isa13"]) for row in seen] == [(str(row.id), row.isa13) for row in reversed(known)]
    assert lived.run("batches", "list", "--partner", "nobody").output == "There is no such batch.\n"


def test_a_batch_that_waits_is_sent_with_the_reason_on_its_timeline(lived: Place) -> None:
    last = lived.rows(batches)[-1]
    lived.change(
        update(batches).where(batches.c.id == last.id).values(state="waiting", ta1="", group_ack="", claim_acks=0)
    )
    sent = lived.run("batches", "retransmit", str(last.id), "--reason", "the folder is back", "--by", "ann")
    assert (sent.exit_code, sent.output) == (
        0,
        f"Batch {last.id} is sent: now if the gateway runs, else when it starts.\n",
    )
    assert lived.rows(batches, batches.c.id == last.id)[0].state == "written"
    told = lived.rows(timeline, timeline.c.subject_kind == "batch", timeline.c.subject_id == last.id)[-1]
    assert (told.what, told.who) == ("To be sent: the folder is back", "ann")
    twice = lived.run("batches", "retransmit", str(last.id), "--reason", "again")
    assert twice.exit_code == 1
    assert "only one that waits or was refused" in twice.output


def test_what_cannot_be_done_to_a_batch_is_said(lived: Place) -> None:
    last = lived.rows(batches)[-1]
    answered = lived.run("batches", "retransmit", str(last.id), "--reason", "once more")
    assert answered.exit_code == 1
    assert "the partner has answered this interchange" in answered.output
    gone = lived.run("batches", "dissolve", str(last.id), "--reason", "wrong receiver")
    assert gone.exit_code == 1
    assert "only one that was refused is dissolved" in gone.output
    lived.change(update(batches).where(batches.c.id == last.id).values(state="refused"))
    tried = lived.run("batches", "dissolve", str(last.id), "--reason", "wrong receiver")
    assert tried.exit_code == 1
    assert "it was tried to send it" in tried.output
    none = lived.run("batches", "dissolve", "999999", "--reason", "wrong")
    assert none.exit_code == 1
    assert "gateway batches list" in none.output


# --- upgrade, and a place without anything ---------------------------------------------------------


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(lived: Place) -> None:
    assert lived.run("upgrade").output == "The database is up to date.\n"


@pytest.mark.parametrize(
    "words", ["doctor", "token list", "holds list", "queue list", "batches list", "work list", "backup x", "purge"]
)
def test_before_the_first_start_it_is_said_that_there_is_nothing_yet(lived: Place, words: str) -> None:
    data = lived.folder / "data"
    data.rename(lived.folder / "elsewhere")
    done = lived.run(*words.split())
    assert done.exit_code == 2
    assert "gateway serve" in done.output
    assert not (data / "business.db").exists()


@pytest.mark.parametrize("words", ["doctor", "serve", "token list", "work list", "partner list"])
def test_a_faulty_configuration_ends_a_command_with_its_place(lived: Place, words: str) -> None:
    main = lived.config_dir / "gateway.yaml"
    text = main.read_text().replace("environment: test", "environment: staging")
    main.write_text(text)
    line = text[: text.index("environment: staging")].count("\n") + 1
    done = lived.run(*words.split())
    assert done.exit_code == 2
    assert f"gateway.yaml:{line}:" in done.output


# --- the docs --------------------------------------------------------------------------------------


def commands_in_docs() -> list[tuple[str, list[str]]]:
    """Every `gateway ...` in a code block or in backquotes of the pages, with where it stands."""
    found = []
    for page in [DOCS / "README.md", *sorted((DOCS / "docs").glob("*.md")), *sorted((DOCS / "deploy").iterdir())]:
        text = page.read_text()
        pieces = re.findall(r"`(gateway [^`\n]+)`", text)
        pieces += re.findall(r"^\s*(?:\$ )?(?:ExecStart\w*=)?(?:\S*/)?(gateway (?:-\S+ \S+ )?[a-z].*)$", text, re.M)
        found += [(page.name, shlex.split(piece.split("#")[0], posix=True)[1:]) for piece in pieces]
    return found


@pytest.mark.parametrize(("page", "words"), commands_in_docs(), ids=lambda part: " ".join(part) if part else "")
def test_every_command_in_the_docs_exists(page: str, words: list[str]) -> None:
    """Groups, subcommands and options; arguments are not looked at."""
    command: click.Command = cli
    words = list(words)
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            options = {
                name: one
                for one in command.params
                if isinstance(one, click.Option)
                for name in (*one.opts, *one.secondary_opts)
            }
            option = options.get(word.partition("=")[0])
            assert option is not None or word in ("--help", "--version", "-h"), f"{page}: no option {word}"
            if option is not None and not option.is_flag and "=" not in word:
                words.pop(0)
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(command), word)
            assert found is not None, (
                f"{page}: there is no {word!r} among {sorted(command.list_commands(click.Context(command)))}"
            )
            command = found
    assert not isinstance(command, click.Group) or command is not cli


def test_the_docs_name_commands_at_all() -> None:
    assert len(commands_in_docs()) > 20


def every_command(command: click.Command, path: tuple[str, ...] = ()) -> list[str]:
    """The commands that do something, by their words."""
    if not isinstance(command, click.Group):
        return [" ".join(path)]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        found += every_command(inner, (*path, name))
    return found


def test_every_command_is_in_the_docs() -> None:
    text = "".join(page.read_text() for page in [DOCS / "README.md", *(DOCS / "docs").glob("*.md")])
    assert [words for words in every_command(cli) if f"gateway {words}" not in text] == []


@pytest.mark.parametrize(
    "words",
    [
        *("doctor --quick", "holds list", "queue list", "batches list", "partner list", "token list", "work list"),
        *("requests list", "plugins", "deliveries list", "report list", "purge --dry-run"),
    ],
)
def test_an_operator_needs_none_of_the_partners_secrets(
    lived: Place, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRACTICE_PASSWORD")
    assert "PRACTICE_PASSWORD" in lived.run("config", "check").output
    told = lived.run(*words.split())
    assert told.exit_code == 0, told.output


def test_a_database_whose_url_is_a_secret_that_is_not_there_is_told(
    lived: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEWAY_NO_URL", raising=False)
    main = lived.config_dir / "gateway.yaml"
    main.write_text(main.read_text() + "\ndatabase: {url: 'env:GATEWAY_NO_URL'}\n")
    told = lived.run("holds", "list")
    assert told.exit_code == 2
    assert "The database's URL is not known here: the environment variable GATEWAY_NO_URL is not set" in told.output


def test_what_a_person_has_dealt_with_is_closed_and_what_clears_by_itself_is_not(lived: Place) -> None:
    waiting = lived.rows(work_items, work_items.c.state == "open", work_items.c.claim_id.is_not(None))
    held = next(item for item in waiting if item.kind == "hold")
    other = next(item for item in waiting if item.kind not in {*CLEARS_BY, *OF_A_CLAIM, "denial"})
    told = lived.run("queue", "close", str(other.id), str(held.id), "--reason", "done")
    assert told.exit_code == 1
    assert f"Work item {held.id} is a hold: release the hold instead" in told.output
    assert lived.rows(work_items, work_items.c.id == other.id)[0].state == "open", "one of them cannot: none is"
    assert "no open work item 99999" in lived.run("queue", "close", "99999", "--reason", "done").output
    assert "needs a reason" in lived.run("queue", "close", str(other.id), "--reason", " ").output
    told = lived.run("queue", "close", str(other.id), "--reason", "The payer has it now.", "--by", "pat")
    assert told.output == f"Closed: {other.id}.\n"
    closed = lived.rows(work_items, work_items.c.id == other.id)[0]
    assert (closed.state, closed.outcome) == ("closed", "The payer has it now. (pat)")
    (entry,) = lived.rows(timeline, timeline.c.subject_id == other.claim_id, timeline.c.station == "work")
    assert (entry.who, entry.what) == ("pat", f"Work item {other.id} closed: The payer has it now.")
