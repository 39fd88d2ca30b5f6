"""Secrets, read where the settings say they are, each time one is needed: a rotated one needs no restart."""

from __future__ import annotations

import io

import paramiko

from gateway.plugins.settings import Secret, SecretMissing
from gateway.plugins.transport import SettingsIncomplete


def reveal(partner: str, secret: Secret, what: str) -> str:
    """A secret's value.

    Raises:
        SettingsIncomplete: it is not where the settings say; the message names the place only.
    """
    try:
        return secret.reveal()
    except SecretMissing as error:
        raise SettingsIncomplete(
            f"the {what} is not there: {error}.", partner=partner, advice="Set it, or correct the settings."
        ) from None


def private_key(partner: str, secret: Secret, passphrase: Secret | None) -> paramiko.PKey:
    """The SSH key to sign in with.

    Raises:
        SettingsIncomplete: it is not there, cannot be read, or needs a passphrase.
    """
    text = reveal(partner, secret, "private key") + "\n"
    word = reveal(partner, passphrase, "passphrase of the private key") if passphrase else None
    kinds: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
    for kind in kinds:
        try:
            return kind.from_private_key(io.StringIO(text), password=word)
        except paramiko.PasswordRequiredException:
            raise SettingsIncomplete(
                f"the private key {secret} has a passphrase.", partner=partner, advice="Set key_passphrase."
            ) from None
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue
    raise SettingsIncomplete(
        f"{secret} holds no private key that can be read" + (", or the passphrase is wrong." if word else "."),
        partner=partner,
        advice="ed25519, ECDSA and RSA keys are taken, in OpenSSH's or PEM form.",
    )
