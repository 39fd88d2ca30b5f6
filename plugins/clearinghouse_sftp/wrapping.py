"""What files travel in: OpenPGP messages and zip files. All or nothing: a refused file yields no member."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.plugins.transport import ContentRefused, Member, SettingsIncomplete

from . import zipped
from .credentials import reveal
from .settings import PgpReceive, PgpSend, Zip

ARMOR = b"-----BEGIN PGP MESSAGE-----"
ENCRYPTED_PACKETS = (1, 3, 9, 18, 20)
"""OpenPGP packets with which an encrypted message begins: session keys, or encrypted data itself."""


def is_pgp(start: bytes) -> bool:
    """Whether bytes begin an encrypted OpenPGP message, armored or binary. X12 and zip never do."""
    if start.lstrip().startswith(ARMOR):
        return True
    if not start or not start[0] & 0x80:
        return False
    tag = start[0] & 0x3F if start[0] & 0x40 else (start[0] >> 2) & 0x0F
    return tag in ENCRYPTED_PACKETS


def wrap(partner: str, settings: PgpSend, name: str, source: Path, into: Path, now: dt.datetime) -> Path:
    """The file to put: `source` itself, or a new one in `into`, encrypted and signed as the settings say. `now`
    (aware) is held against the key's expiry."""
    if not settings.encrypt_to:
        return source
    import pysequoia

    target = into / f"{name}.encrypted"
    recipient = _public_key(partner, settings.encrypt_to, "encrypt_to")
    _must_be_valid(partner, recipient, settings.encrypt_to, now)
    signer = None
    if settings.sign_with is not None:
        signer = _secret_key(
            partner, settings.sign_with, settings.passphrase, "sign_with", lambda key, p: key.signer(p)
        )
    try:
        pysequoia.encrypt_file(str(source), str(target), recipients=[recipient], signer=signer, armor=settings.armor)
    except Exception as error:
        target.unlink(missing_ok=True)
        raise ContentRefused(
            f"the file could not be encrypted: {_first_line(error)}.",
            partner=partner,
            path=name,
            advice="Nothing was sent. Check that the partner's public key can encrypt.",
        ) from None
    return target


def unwrap(partner: str, pgp: PgpReceive, limits: Zip, name: str, source: Path, into: Path) -> list[Member]:
    """The plain files inside what was fetched."""
    made: list[Path] = []
    try:
        return _unwrap(partner, pgp, limits, name, source, into, made)
    except BaseException:
        for path in made:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def _unwrap(
    partner: str, pgp: PgpReceive, limits: Zip, name: str, source: Path, into: Path, made: list[Path]
) -> list[Member]:
    whole = _open(partner, pgp, Member(name, source, source.stat().st_size), name, into, made)
    if not zipped.is_zip(_start(whole.path)):
        _must_be_encrypted(partner, pgp, [whole], name)
        return [whole]
    if not limits.accept:
        raise ContentRefused("it is a zip file, and the settings do not take any.", partner=partner, path=name)
    members = []
    for inner in zipped.members(partner, whole, limits, into, made):
        opened = _open(partner, pgp, inner, name, into, made)
        if zipped.is_zip(_start(opened.path)):
            raise ContentRefused(
                f"it holds another zip file, {inner.name!r}.",
                partner=partner,
                path=name,
                advice="Ask the partner to send files, or one zip of files.",
            )
        members.append(opened)
    _must_be_encrypted(partner, pgp, members, name)
    return members


def _must_be_encrypted(partner: str, pgp: PgpReceive, members: list[Member], name: str) -> None:
    if pgp.decrypt_with is not None and pgp.required and not all(member.decrypted for member in members):
        raise ContentRefused(
            "it is not encrypted, and this partner's files must be.",
            partner=partner,
            path=name,
            advice="Ask the partner who put it there; set pgp.receive.required: false only if plain files are right.",
        )


def _open(partner: str, pgp: PgpReceive, member: Member, name: str, into: Path, made: list[Path]) -> Member:
    """Decrypt and verify one file, if it is encrypted."""
    if not is_pgp(_start(member.path)):
        return member
    if pgp.decrypt_with is None:
        raise ContentRefused(
            "it is encrypted, and the settings name no key to decrypt it.",
            partner=partner,
            path=name,
            advice="Set pgp.receive.decrypt_with to our secret key.",
        )
    import pysequoia

    decryptor = _secret_key(
        partner, pgp.decrypt_with, pgp.passphrase, "decrypt_with", lambda key, word: key.decryptor(word)
    )
    store: Callable[[list[str]], list[Any]] | None = None
    if pgp.verify_with:
        signer = _public_key(partner, pgp.verify_with, "verify_with")

        def store(_: list[str]) -> list[Any]:
            return [signer]

    target = into / f"{len(made):04d}.plain"
    made.append(target)
    try:
        pysequoia.decrypt_file(str(member.path), str(target), decryptor=decryptor, store=store)
    except Exception as error:
        reason = _first_line(error)
        unsigned = "ignature" in reason
        raise ContentRefused(
            "it is not signed by this partner's key." if unsigned else f"it could not be decrypted: {reason}.",
            partner=partner,
            path=name,
            advice="Nothing of it was used. Ask the partner "
            + (
                "who signed it, and with which key."
                if unsigned
                else "to encrypt it to our present key and send it again."
            ),
        ) from None
    plain_name = re.sub(r"\.(pgp|gpg|asc)$", "", member.name, flags=re.IGNORECASE) or member.name
    return Member(plain_name, target, target.stat().st_size, decrypted=True, unzipped=member.unzipped)


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(128)


def _first_line(error: Exception) -> str:
    """The library's sentence without the stack of its own that it adds."""
    return (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")[:200]


def _public_key(partner: str, path: str, setting: str) -> Any:
    import pysequoia

    try:
        return pysequoia.Cert.from_file(str(Path(path).expanduser()))
    except Exception as error:
        raise SettingsIncomplete(
            f"the public key {path} ({setting}) cannot be read: {_first_line(error)}.",
            partner=partner,
            advice="Put the partner's OpenPGP public key there.",
        ) from None


def _must_be_valid(partner: str, key: Any, path: str, now: dt.datetime) -> None:
    """The library encrypts to keys that have expired or were revoked; a partner could not read that, or should not."""
    over = key.expiration is not None and key.expiration <= now
    if over or key.is_revoked:
        raise SettingsIncomplete(
            f"the public key {path} " + (f"expired on {key.expiration:%Y-%m-%d}." if over else "was revoked."),
            partner=partner,
            advice="Nothing was sent. Ask the partner for their present key.",
        )


def _secret_key(partner: str, secret: Any, passphrase: Any, setting: str, use: Callable[[Any, str | None], Any]) -> Any:
    import pysequoia

    text = reveal(partner, secret, f"secret key of {setting}")
    word = reveal(partner, passphrase, f"passphrase of {setting}") if passphrase is not None else None
    try:
        return use(pysequoia.Tsk.from_bytes(text.encode()), word)
    except Exception as error:
        raise SettingsIncomplete(
            f"the secret key of {setting} cannot be used: {_first_line(error)}.",
            partner=partner,
            advice="It must be an ASCII-armored OpenPGP secret key, and its passphrase the right one.",
        ) from None
