"""The OpenID Connect provider: where it is asked, and what it signs. Authorization code with PKCE; nothing that it says
is believed before its signature, issuer, audience, time and nonce are checked."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from ...config.sign_on import SignOn, travels_safely
from ...core.store.sign_on import Vouched, strongest

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""With a key that only the provider has: no `none`, nothing with a shared secret."""
KNOWN_S, KEYS_AGAIN_S = 3600.0, 30.0
"""How long what was found out about it is used; how soon its keys are asked for again, where one is not known."""
ANSWERS_S = 10.0
MOST = 1 << 20
LEEWAY_S = 60
AT_ONCE = 8


class NotBelieved(Exception):
    """The provider does not answer as it must. The message says what, and nothing of what it sent."""


class Asking(NamedTuple):
    """What is kept in the browser while it is at the provider: `state` and `nonce` come back, `verifier` proves that it
    was us who asked."""

    state: str
    nonce: str
    verifier: str
    back: str


class _About(NamedTuple):
    authorize: str
    token: str
    keys: str
    secret_in_body: bool


class Provider:
    """The provider of a configuration; what was found out about it is kept for an hour."""

    def __init__(self) -> None:
        self._about: tuple[float, SignOn, _About] | None = None
        self._keys: tuple[float, str, KeySet] | None = None
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def begin(self, settings: SignOn, asking: Asking) -> str:
        """Where the browser goes. Raises NotBelieved."""
        about = await self._find_out(settings)
        proof = urlsafe_b64encode(hashlib.sha256(asking.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": settings.back,
            "scope": " ".join(settings.scopes),
            "state": asking.state,
            "nonce": asking.nonce,
            "code_challenge": proof,
            "code_challenge_method": "S256",
        }
        return f"{about.authorize}{'&' if '?' in about.authorize else '?'}{urlencode(asked)}"

    async def finish(self, settings: SignOn, asking: Asking, code: str, now: float) -> Vouched:
        """Whom it vouches for with this code.

        Raises:
            NotBelieved: it does not take the code, or what it signed is not for us, not now, or not its own.
        """
        about = await self._find_out(settings)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.back,
            "code_verifier": asking.verifier,
        }
        headers = {}
        if settings.client_secret is None:
            form["client_id"] = settings.client_id
        elif about.secret_in_body:
            form |= {"client_id": settings.client_id, "client_secret": settings.client_secret.reveal()}
        else:
            both = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret.reveal(), safe='')}"
            headers["Authorization"] = f"Basic {b64encode(both.encode()).decode()}"
        answer = await self._ask("POST", about.token, "it does not take the code", data=form, headers=headers)
        claims = await self._believed(settings, about, str(answer.get("id_token", "")), asking.nonce, now)
        return _vouched(settings, claims)

    async def _find_out(self, settings: SignOn) -> _About:
        if self._about is not None and self._about[1] == settings and time.monotonic() - self._about[0] < KNOWN_S:
            return self._about[2]
        where = f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        told = await self._ask("GET", where, "it does not say how it is asked")
        if told.get("issuer") != settings.issuer:
            raise NotBelieved("it calls itself otherwise than the configuration does (issuer)")
        found = [str(told.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(travels_safely(address) for address in found):
            raise NotBelieved("its addresses are missing, or not over TLS")
        ways = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        authorize, token, keys = found
        about = _About(authorize, token, keys, "client_secret_basic" not in ways)
        self._about = (time.monotonic(), settings, about)
        return about

    async def _believed(self, settings: SignOn, about: _About, token: str, nonce: str, now: float) -> Mapping[str, Any]:
        """What the token says. Raises NotBelieved where it is not the provider's, for us, of now and of this asking."""
        from joserfc import jwt
        from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError

        try:
            try:
                found = jwt.decode(token, await self._key_set(about, fresh=False), algorithms=SIGNED_WITH)
            except (InvalidKeyIdError, BadSignatureError):
                # It may have changed its keys since.
                found = jwt.decode(token, await self._key_set(about, fresh=True), algorithms=SIGNED_WITH)
            jwt.JWTClaimsRegistry(
                now=int(now),
                leeway=LEEWAY_S,
                iss={"essential": True, "value": settings.issuer},
                aud={"essential": True, "value": settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(found.claims)
        except (JoseError, ValueError, TypeError) as error:
            raise NotBelieved(f"what it signed cannot be believed ({type(error).__name__})") from None
        aud = found.claims["aud"]
        for_others = isinstance(aud, list) and len(aud) > 1
        if found.claims.get("azp", None if for_others else settings.client_id) != settings.client_id:
            raise NotBelieved("what it signed is for somebody else (azp)")
        return found.claims

    async def _key_set(self, about: _About, *, fresh: bool) -> KeySet:
        from joserfc.jwk import KeySet

        kept = self._keys
        if kept is not None and kept[1] == about.keys:
            age = time.monotonic() - kept[0]
            if age < (KEYS_AGAIN_S if fresh else KNOWN_S):
                return kept[2]
        told = await self._ask("GET", about.keys, "it does not tell its keys")
        # Keys for other ends (encrypting) or of kinds that we do not know are left alone.
        mine = [one for one in told.get("keys", []) if isinstance(one, dict) and one.get("use", "sig") == "sig"]
        found = KeySet.import_key_set({"keys": [one for one in mine if one.get("kty") in ("RSA", "EC", "OKP")]})
        self._keys = (time.monotonic(), about.keys, found)
        return found

    async def _ask(self, method: str, where: str, trouble: str, **more: Any) -> dict[str, Any]:
        """What it answers, as JSON. Raises NotBelieved with `trouble`."""
        import aiohttp

        limit = aiohttp.ClientTimeout(total=ANSWERS_S)
        accept = {"Accept": "application/json", **more.pop("headers", {})}
        try:
            async with (
                self._turns,
                aiohttp.ClientSession(timeout=limit) as http,
                http.request(method, where, headers=accept, allow_redirects=False, **more) as answer,
            ):
                data = await answer.content.read(MOST)
                if answer.status != 200:
                    raise NotBelieved(f"{trouble} (status {answer.status})")
                while len(data) < MOST and (rest := await answer.content.read(MOST)):
                    data += rest
                found = json.loads(data)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotBelieved(f"it cannot be reached ({type(error).__name__})") from None
        except (ValueError, RecursionError):
            raise NotBelieved(trouble) from None
        if not isinstance(found, dict):
            raise NotBelieved(trouble)
        return found


def _vouched(settings: SignOn, claims: Mapping[str, Any]) -> Vouched:
    """Somebody as the claims have them; `role` is empty where none of their groups has one."""
    given = claims.get(settings.roles_claim, [])
    several = given if isinstance(given, list) else [given]
    groups = [one for one in several if isinstance(one, str)]
    teams = tuple(sorted({settings.teams[one] for one in groups if one in settings.teams}))
    return Vouched(
        settings.issuer,
        str(claims["sub"])[:255],
        str(claims.get(settings.user_claim, "")).strip().lower(),
        str(claims.get("name", ""))[:80],
        strongest(groups, settings.roles),
        teams,
    )
