"""What an administrator may write for a partner, and what is refused with which sentence."""

from __future__ import annotations

import datetime as dt
import importlib
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.plugins.pickup import PARTIAL_NAMES
from gateway.plugins.transport import AfterFetch, NotAllowed, OutgoingFacts

from .conftest import NOW, plugin

Settings: Any = plugin.transport_settings()
presets: Any = importlib.import_module("gateway_plugins.clearinghouse_sftp.presets").PRESETS
pause: Any = importlib.import_module("gateway_plugins.clearinghouse_sftp.schedule").pause
PIN = "SHA256:" + "A" * 43
FACTS = OutgoingFacts(isa13="000000042", at=NOW, batch="B-7", usage="P", sender="ACME HME       ", receiver="PRACTICE")


def partner(**changes: Any) -> Any:
    given = {"host": "sftp.example.org", "username": "acme", "key": "env:KEY", "host_keys": [PIN]}
    return Settings(**(given | changes))


def refusal(**changes: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        partner(**changes)
    return str(refused.value)


FOLDERS = {"send": "in", "receive": ["out"]}


@pytest.mark.parametrize("word", ["hunter2", "P@ss:word", "-----BEGIN OPENSSH PRIVATE KEY-----"])
@pytest.mark.parametrize("where", ["password", "key", "key_passphrase"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(where: str, word: str) -> None:
    said = refusal(folders=FOLDERS, **{where: word})
    assert "a reference to a secret: env:NAME" in said
    assert word not in said


def test_a_pgp_secret_in_the_file_is_refused_and_not_repeated() -> None:
    said = refusal(folders=FOLDERS, pgp={"receive": {"decrypt_with": "env:KEY", "passphrase": "hunter2"}})
    assert "a reference to a secret" in said
    assert "hunter2" not in said


def test_every_scalar_may_come_as_text() -> None:
    made = partner(
        folders=FOLDERS,
        port="2222",
        after_fetch="delete",
        keep_open="0s",
        timeouts={"channel": "90s"},
        outgoing={"rename": "false", "limit": "1000"},
        pickup={"polls": "3", "stable": "500ms"},
        poll={"day": "5 min", "day_from": "08:30", "jitter": "0"},
        zip={"accept": "no"},
        host_keys=[{"key": PIN, "active_from": "2026-12-01"}],
    )
    assert (made.port, made.after_fetch, made.timeouts.channel) == (2222, AfterFetch.DELETE, 90.0)
    assert (made.pickup.stable, made.poll.day, made.poll.day_from) == (0.5, 300.0, dt.time(8, 30))
    assert (made.outgoing.rename, made.zip.accept) == (False, False)
    assert made.host_keys[0].active_from == dt.date(2026, 12, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"preset": "nobody"}, "there is no preset 'nobody'; there are: availity"),
        ({}, "folders are missing"),
        ({"folders": {"send": "/Files/", "receive": ["files"]}}, "we would fetch what we sent"),
        ({"folders": {"send": "in", "receive": "out", "archive": "out/"}}, "the same files for ever"),
        ({"folders": {"send": "in", "receive": []}}, "at least 1 item"),
        ({"folders": FOLDERS, "key": None}, "no way to sign in"),
        ({"folders": FOLDERS, "after_fetch": "move"}, "needs folders.archive"),
        ({"folders": FOLDERS, "host_keys": ["16:27:ac:a5"]}, "MD5 fingerprints are not accepted"),
        ({"folders": FOLDERS, "host_keys": ["ssh-ed25519 AAAAno"]}, "a host key is written SHA256:"),
        ({"folders": FOLDERS, "outgoing": {"temporary_suffix": ""}}, "outgoing.rename needs a temporary_suffix"),
        ({"folders": FOLDERS, "outgoing": {"name": "{sender}.837"}}, "two files share one name"),
        ({"folders": FOLDERS, "outgoing": {"name": "{isa13}{site}"}}, "set variables.site"),
        ({"folders": FOLDERS, "outgoing": {"name": "{isa13.real}"}}, "only a plain name"),
        ({"folders": {"send": "{site}/in", "receive": ["out"]}}, "set variables.site"),
        ({"folders": FOLDERS, "pgp": {"send": {"sign_with": "env:K"}}}, "sign_with without encrypt_to"),
        ({"folders": FOLDERS, "pgp": {"receive": {"verify_with": "k"}}}, "verify_with without decrypt_with"),
        ({"folders": FOLDERS, "poll": {"zone": "Mars/Olympus"}}, "there is no time zone 'Mars/Olympus'"),
        ({"folders": FOLDERS, "timeouts": {"channel": "0s"}}, "greater than 0"),
        ({"folders": FOLDERS, "folder": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(changes: dict[str, Any], said: str) -> None:
    assert said in refusal(**changes)


NEEDED: dict[str, dict[str, Any]] = {
    "waystar": {"variables": {"account": "77"}},
    "trizetto": {"variables": {"site": "S12"}},
    "iehp": {
        "variables": {"id": "ABC", "environment": "5010"},
        "pgp": {"send": {"encrypt_to": "/etc/gateway/iehp.asc"}},
    },
    "wa_provider_one": {"variables": {"environment": "PROD", "tpid": "200000001"}},
}
LEFT_TO_THEM = {"generic", "optum", "cedi", "dol_wcmbp", "bcbsm"}


@pytest.mark.parametrize("name", sorted(presets))
def test_every_preset_gives_settings_that_work(name: str) -> None:
    needed = NEEDED.get(name, {})
    if name in LEFT_TO_THEM:
        assert "folders are missing" in refusal(preset=name)
        needed = {"folders": FOLDERS}
    transport = plugin.open_transport("p", partner(preset=name, **needed))
    path = transport.final_path(FACTS)
    assert re.fullmatch(r"[\w./-]+", path)
    assert list(transport.receive_folders)
    assert set(presets[name].confidence) == set(presets[name].values)
    assert set(presets[name].confidence.values()) <= {"H", "M", "L"}
    if "L" in presets[name].confidence.values():
        assert "confirm at onboarding" in presets[name].confirm.lower()


@pytest.mark.parametrize(
    ("name", "usage", "path"),
    [
        ("stedi", "P", "to-stedi/20261120_000000042.x12"),
        ("office_ally", "T", "inbound/OATESTACME_HME_20261120_000000042.837"),
        ("office_ally", "P", "inbound/ACME_HME_20261120_000000042.837"),
        ("iehp", "P", "/ABC/5010/inbound/ABCP112026Q.837.PGP"),
        ("wa_provider_one", "P", "PROD/HIPAA_Inbound/HIPAA.200000001.20261120070000.000000042.dat"),
    ],
)
def test_a_presets_file_name_is_the_partners(name: str, usage: str, path: str) -> None:
    transport = plugin.open_transport("p", partner(preset=name, **NEEDED.get(name, {})))
    facts = OutgoingFacts(isa13="000000042", at=NOW, usage=usage, sender="ACME HME       ")
    assert transport.final_path(facts) == path
    assert transport.final_path(facts) == path


def test_the_partners_own_settings_lie_over_the_preset() -> None:
    made = partner(preset="stedi", folders={"receive": ["other"]}, outgoing={"rename": "false"})
    assert made.folders.send == "to-stedi"
    assert made.folders.receive == ("other",)
    assert made.outgoing.name == "{date}_{isa13}.x12"
    assert made.pickup.ignore == PARTIAL_NAMES


def test_a_name_that_is_too_long_for_the_partner_is_not_cut() -> None:
    transport = plugin.open_transport("p", partner(preset="dol_wcmbp", folders=FOLDERS, outgoing={"name": "{batch}"}))
    with pytest.raises(NotAllowed, match="1 to 50 characters"):
        transport.final_path(OutgoingFacts(isa13="000000042", at=NOW, batch="b" * 51))
    with pytest.raises(NotAllowed):
        transport.final_path(OutgoingFacts(isa13="000000042", at=NOW, batch=""))


@given(st.text(max_size=20), st.text(max_size=20))
def test_nothing_in_a_name_leads_out_of_the_folder(batch: str, sender: str) -> None:
    transport = plugin.open_transport("p", partner(folders=FOLDERS, outgoing={"name": "{batch}{sender}"}))
    try:
        path = transport.final_path(OutgoingFacts(isa13="000000042", at=NOW, batch=batch, sender=sender))
    except NotAllowed:
        return
    assert re.fullmatch(r"in/[A-Za-z0-9_-][A-Za-z0-9._-]*", path)


def test_polls_are_frequent_in_business_hours_and_back_off_after_failures() -> None:
    poll = partner(folders=FOLDERS, poll={"day": "10 min", "night": "1h", "jitter": "0.2"}).poll
    friday_noon, friday_night = NOW, NOW + dt.timedelta(hours=12)
    saturday = NOW + dt.timedelta(days=1)
    assert [pause(poll, at, 0, 0.5) for at in (friday_noon, friday_night, saturday)] == [600, 3600, 3600]
    assert (pause(poll, friday_noon, 0, 0.0), pause(poll, friday_noon, 0, 1.0)) == pytest.approx((480, 720))
    quick = partner(folders=FOLDERS, poll={"day": "1s", "jitter": "0"}).poll
    assert [pause(quick, friday_noon, n, 0.5) for n in (0, 1, 2, 3, 99)] == [1, 60, 120, 240, 3600]


def test_reading_the_settings_loads_neither_paramiko_nor_pgp() -> None:
    code = (
        "import sys\n"
        "from gateway.plugins.discovery import Finder\n"
        "from gateway.plugins.host import PluginHost\n"
        "made = Finder().load('clearinghouse_sftp', PluginHost()).object\n"
        "made.transport_settings()\n"
        "print([name for name in ('paramiko', 'pysequoia', 'asyncssh', 'cryptography') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert shown.stdout.strip() == "[]"
