"""PGP and zip: what travels, and what is refused."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import os
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pysequoia
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.plugins.transport import ContentRefused, Member, SettingsIncomplete

from .conftest import plugin

wrapping: Any = importlib.import_module("gateway_plugins.clearinghouse_sftp.wrapping")
REMIT = b"ISA*00*          *00*          *ZZ*PRACTICE       *ZZ*ACME           *~IEA*1*000000001~"
Make = Any


class Keys:
    """One party's OpenPGP keys, as files."""

    def __init__(self, folder: Path, name: str) -> None:
        self.secret = pysequoia.Tsk.generate(f"{name} <{name}@example.org>")
        self.public = self.secret.extract_certificate()
        self.secret_file, self.public_file = folder / f"{name}.secret", folder / f"{name}.public"
        self.secret_file.write_text(str(self.secret))
        self.public_file.write_text(str(self.public))


@pytest.fixture
def ours(tmp_path: Path) -> Keys:
    return Keys(tmp_path, "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Keys:
    return Keys(tmp_path, "theirs")


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """A transport with these settings (never connected), and a folder to unwrap into."""

    def make(**changes: Any) -> Any:
        model = plugin.transport_settings()
        given = {"host": "h", "username": "u", "key": "env:K", "folders": {"send": "in", "receive": ["out"]}}
        return plugin.open_transport("practice", model(**(given | changes)))

    return make


def unwrap(transport: Any, tmp_path: Path, data: bytes, name: str = "remit.835") -> list[Member]:
    source, into = tmp_path / "fetched", tmp_path / "into"
    source.write_bytes(data)
    into.mkdir(exist_ok=True)
    try:
        members: list[Member] = transport.unwrap(name, source, into)
    except ContentRefused:
        assert list(into.iterdir()) == [], "something of a refused file was left"
        raise
    return members


def receive(ours: Keys, **more: Any) -> dict[str, Any]:
    return {"pgp": {"receive": {"decrypt_with": f"file:{ours.secret_file}"} | more}}


def test_a_plain_file_is_itself(made: Make, tmp_path: Path) -> None:
    (member,) = unwrap(made(), tmp_path, REMIT)
    assert member == Member("remit.835", tmp_path / "fetched", len(REMIT))


@pytest.mark.parametrize("armor", [True, False])
def test_an_encrypted_file_is_decrypted_and_loses_the_ending(
    made: Make, ours: Keys, tmp_path: Path, armor: bool
) -> None:
    data = pysequoia.encrypt(REMIT, recipients=[ours.public], armor=armor)
    (member,) = unwrap(made(**receive(ours)), tmp_path, bytes(data), "remit.835.PGP")
    assert (member.name, member.decrypted, member.path.read_bytes()) == ("remit.835", True, REMIT)
    assert (tmp_path / "fetched").read_bytes() == bytes(data)


def test_a_signature_is_checked_when_the_partners_key_is_named(
    made: Make, ours: Keys, theirs: Keys, tmp_path: Path
) -> None:
    transport = made(**receive(ours, verify_with=str(theirs.public_file)))
    signed = pysequoia.encrypt(REMIT, recipients=[ours.public], signer=theirs.secret.signer())
    assert unwrap(transport, tmp_path, signed)[0].path.read_bytes() == REMIT
    for signer in (None, ours.secret.signer()):
        other = pysequoia.encrypt(REMIT, recipients=[ours.public], signer=signer)
        with pytest.raises(ContentRefused, match="not signed by this partner's key"):
            unwrap_again(transport, tmp_path, other)


def unwrap_again(transport: Any, tmp_path: Path, data: bytes) -> list[Member]:
    for left in (tmp_path / "into").iterdir():
        left.unlink()
    return unwrap(transport, tmp_path, data)


def test_a_plain_file_where_encryption_is_agreed_is_refused(made: Make, ours: Keys, tmp_path: Path) -> None:
    with pytest.raises(ContentRefused, match="not encrypted, and this partner's files must be"):
        unwrap(made(**receive(ours)), tmp_path, REMIT)
    (member,) = unwrap(made(**receive(ours, required="false")), tmp_path, REMIT)
    assert not member.decrypted


def test_an_encrypted_file_without_a_key_is_refused(made: Make, ours: Keys, tmp_path: Path) -> None:
    data = pysequoia.encrypt(REMIT, recipients=[ours.public])
    with pytest.raises(ContentRefused, match="settings name no key"):
        unwrap(made(), tmp_path, data)


def test_what_is_meant_for_somebody_else_or_damaged_is_refused(
    made: Make, ours: Keys, theirs: Keys, tmp_path: Path
) -> None:
    transport = made(**receive(ours))
    good = pysequoia.encrypt(REMIT * 5000, recipients=[ours.public], armor=False)
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    for data in (
        pysequoia.encrypt(REMIT, recipients=[theirs.public]),
        good[:-1],
        good[: len(good) // 2],
        bytes(flipped),
    ):
        with pytest.raises(ContentRefused, match="could not be decrypted") as refused:
            unwrap(transport, tmp_path, data)
        assert "backtrace" not in str(refused.value)


def test_a_key_that_is_not_there_is_the_settings_fault(made: Make, ours: Keys, tmp_path: Path) -> None:
    data = pysequoia.encrypt(REMIT, recipients=[ours.public])
    ours.secret_file.unlink()
    with pytest.raises(SettingsIncomplete, match="cannot be read"):
        unwrap(made(**receive(ours)), tmp_path, data)
    ours.secret_file.write_text("not a key")
    with pytest.raises(SettingsIncomplete, match="secret key of decrypt_with cannot be used"):
        unwrap(made(**receive(ours)), tmp_path, data)


def test_what_we_send_is_encrypted_and_signed_and_they_can_read_it(
    made: Make, ours: Keys, theirs: Keys, tmp_path: Path
) -> None:
    claims = tmp_path / "batch.837"
    claims.write_bytes(REMIT)
    transport = made(pgp={"send": {"encrypt_to": str(theirs.public_file), "sign_with": f"file:{ours.secret_file}"}})
    wrapped = transport.wrap("batch.837", claims, tmp_path)
    assert wrapped != claims
    assert b"ISA" not in wrapped.read_bytes()
    opened = pysequoia.decrypt(
        wrapped.read_bytes(), decryptor=theirs.secret.decryptor(), store=lambda ids: [ours.public]
    )
    assert opened.bytes == REMIT
    assert len(opened.valid_sigs) == 1


def test_without_pgp_the_file_goes_as_it_is(made: Make, tmp_path: Path) -> None:
    claims = tmp_path / "batch.837"
    claims.write_bytes(REMIT)
    assert made().wrap("batch.837", claims, tmp_path) == claims


def test_what_cannot_be_encrypted_is_never_sent_plain(made: Make, ours: Keys, tmp_path: Path) -> None:
    claims = tmp_path / "batch.837"
    claims.write_bytes(REMIT)
    with pytest.raises(SettingsIncomplete, match="encrypt_to"):
        made(pgp={"send": {"encrypt_to": str(tmp_path / "none")}}).wrap("batch.837", claims, tmp_path)
    assert not list(tmp_path.glob("*.encrypted"))


def test_nothing_is_encrypted_to_a_key_that_expired_or_was_revoked(
    made: Make, ours: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims, key = tmp_path / "batch.837", tmp_path / "key"
    claims.write_bytes(REMIT)
    transport = made(pgp={"send": {"encrypt_to": str(key)}})
    key.write_bytes(bytes(pysequoia.Tsk.generate("a <a@example.org>", validity_seconds=86_400).extract_certificate()))
    assert transport.wrap("batch.837", claims, tmp_path) != claims
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1, seconds=1)
    monkeypatch.setattr(transport, "_now", lambda: tomorrow)
    with pytest.raises(SettingsIncomplete, match="expired on"):
        transport.wrap("batch.837", claims, tmp_path)
    key.write_bytes(bytes(ours.public) + bytes(ours.public.revoke(ours.secret.certifier())))
    with pytest.raises(SettingsIncomplete, match="was revoked"):
        transport.wrap("batch.837", claims, tmp_path)


# -- zip -----------------------------------------------------------------------------------------------------------


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            archive.writestr(info, data)
    return out.getvalue()


def test_each_file_of_a_zip_is_a_member(made: Make, tmp_path: Path) -> None:
    found = unwrap(made(), tmp_path, zipped(("a.999", b"ISA1"), ("sub/b.835", b"ISA2")), "answers.zip")
    assert [(one.name, one.path.read_bytes(), one.unzipped) for one in found] == [
        ("a.999", b"ISA1", True),
        ("sub/b.835", b"ISA2", True),
    ]


def test_two_members_of_one_name_are_both_kept(made: Make, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped(("a.835", b"one"), ("a.835", b"two"))
    found = unwrap(made(), tmp_path, data)
    assert [(one.name, one.path.read_bytes()) for one in found] == [("a.835", b"one"), ("a.835 (2)", b"two")]


def test_a_zip_inside_an_encrypted_file_and_an_encrypted_file_inside_a_zip(
    made: Make, ours: Keys, tmp_path: Path
) -> None:
    outer = pysequoia.encrypt(zipped(("a.835", REMIT)), recipients=[ours.public])
    (member,) = unwrap(made(**receive(ours)), tmp_path, outer, "a.zip.pgp")
    assert (member.name, member.decrypted, member.unzipped) == ("a.835", True, True)
    assert member.path.read_bytes() == REMIT
    inner = zipped(("a.835.pgp", bytes(pysequoia.encrypt(REMIT, recipients=[ours.public]))))
    (member,) = unwrap_again(made(**receive(ours)), tmp_path, inner)
    assert (member.name, member.decrypted, member.path.read_bytes()) == ("a.835", True, REMIT)


@pytest.mark.parametrize(
    "name", ["../out.835", "/etc/passwd", "a/../../b", "..\\b.835", "C:\\b.835", "C:b.835", "a\x07b", "a\nb"]
)
def test_a_member_that_leads_out_of_its_folder_refuses_the_whole(made: Make, tmp_path: Path, name: str) -> None:
    with pytest.raises(ContentRefused, match="leads out of its folder"):
        unwrap(made(), tmp_path, zipped(("good.835", REMIT), (name, b"x")))
    assert not (tmp_path / "out.835").exists()


def test_a_bomb_ends_at_the_limit(made: Make, tmp_path: Path) -> None:
    bomb = zipped(*((f"{n}.835", b"\0" * 20_000_000) for n in range(3)))
    with pytest.raises(ContentRefused, match="far more than its size suggests"):
        unwrap(made(), tmp_path, bomb)
    with pytest.raises(ContentRefused, match="far more"):
        unwrap(made(zip={"bytes": "1000"}), tmp_path, zipped(("a", os.urandom(1001))))


def test_a_bomb_that_lies_about_its_size_ends_at_the_limit_too(made: Make, tmp_path: Path) -> None:
    bomb = bytearray(zipped(("a.835", b"\0" * 20_000_000)))
    where = bomb.rindex(b"PK\x01\x02")
    bomb[where + 24 : where + 28] = struct.pack("<I", 10)
    with pytest.raises(ContentRefused):
        unwrap(made(), tmp_path, bytes(bomb))


def test_too_many_members_are_refused_before_one_is_unpacked(made: Make, tmp_path: Path) -> None:
    with pytest.raises(ContentRefused, match="holds 11 files"):
        unwrap(made(zip={"members": "10"}), tmp_path, zipped(*((f"{n}", b"x") for n in range(11))))


def test_a_zip_in_a_zip_is_refused(made: Make, tmp_path: Path) -> None:
    with pytest.raises(ContentRefused, match=r"another zip file, 'inner\.zip'"):
        unwrap(made(), tmp_path, zipped(("a.835", REMIT), ("inner.zip", zipped(("b", b"x")))))


def test_an_empty_damaged_or_unwanted_zip_is_refused(made: Make, tmp_path: Path) -> None:
    good = zipped(("a.835", REMIT * 100))
    for data, said in (
        (zipped(), "empty"),
        (good[:-30], "damaged"),
        (good[:40] + bytes([good[40] ^ 255]) + good[41:], "damaged"),
        (zipped(("a", b"x"), compression=zipfile.ZIP_BZIP2), "a kind that is not read"),
    ):
        with pytest.raises(ContentRefused, match=said):
            unwrap(made(), tmp_path, data)
    with pytest.raises(ContentRefused, match="do not take any"):
        unwrap(made(zip={"accept": "no"}), tmp_path, good)


def test_a_zip_with_a_password_is_refused_and_says_so(made: Make, tmp_path: Path) -> None:
    data = bytearray(zipped(("a.835", REMIT)))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ContentRefused, match="has a password"):
        unwrap(made(), tmp_path, bytes(data))


@given(st.integers(0, 10_000), st.integers(1, 255), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_zip_gives_its_members_or_is_refused_and_nothing_else(
    made: Make, tmp_path: Path, at: int, flip: int, cut: bool
) -> None:
    data = bytearray(zipped(("a.999", REMIT), ("b.835", REMIT * 20)))
    at %= len(data)
    if cut:
        del data[at:]
    else:
        data[at] ^= flip
    for left in (tmp_path / "into").glob("*"):
        left.unlink()
    try:
        for member in unwrap(made(), tmp_path, bytes(data)):
            assert member.path.parent in (tmp_path / "into", tmp_path)
    except ContentRefused:
        assert not list((tmp_path / "into").iterdir())


@pytest.mark.parametrize(
    "start", [b"ISA*00", b"\xef\xbb\xbfISA*", b"\r\nISA*", b"PK\x03\x04", b"", b"GS*", b"\xff\xfeI"]
)
def test_x12_is_never_taken_for_an_encrypted_file(start: bytes) -> None:
    assert not wrapping.is_pgp(start)


@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed")
def test_gnupg_reads_what_we_send_and_we_read_what_it_sends(made: Make, ours: Keys, tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--trust-model", "always", "--no-autostart"]
    run = {"check": True, "capture_output": True, "timeout": 60}
    subprocess.run([*gpg, "--import", str(ours.public_file)], **run)
    sealed = subprocess.run([*gpg, "--encrypt", "-r", "ours@example.org"], input=REMIT, **run).stdout
    (member,) = unwrap(made(**receive(ours)), tmp_path, sealed)
    assert member.path.read_bytes() == REMIT
