"""A small OpenID Connect provider, a process of its own: it is told its port and the address of the gateway.

Whoever comes is let in as the person that `as` names (a login page's job). It checks the code, the address, PKCE and
the client's secret as a provider must, and signs with its own key. Of some people it signs something wrong.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
import time
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "hme-gateway", "the secret of the registration"
PEOPLE: dict[str, dict[str, Any]] = {
    "maria": {"sub": "1001", "preferred_username": "Maria", "name": "Maria Doe", "groups": ["office", "denial-team"]},
    "maria-promoted": {"sub": "1001", "preferred_username": "maria", "groups": ["office", "leads"]},
    "boss": {"sub": "1002", "preferred_username": "the.boss", "groups": "leads"},
    "guest": {"sub": "1003", "preferred_username": "guest", "groups": ["canteen"]},
    "thief": {"sub": "6666", "preferred_username": "administrator", "groups": ["office"]},
    "nameless": {"sub": "1004", "groups": ["office"]},
}
WRONG: dict[str, dict[str, Any]] = {
    "wrong-nonce": {"nonce": "another"},
    "wrong-audience": {"aud": "another-client"},
    "wrong-issuer": {"iss": "https://login.elsewhere.test"},
    "wrong-party": {"aud": [CLIENT, "another-client"], "azp": "another-client"},
    "expired": {"exp": 1_000_000},
    "no-expiry": {"exp": None},
    "other-key": {},
    "no-signature": {},
    "shared-secret": {},
    "no-token": {},
}


class Provider:
    def __init__(self, issuer: str, back: str) -> None:
        self.issuer, self.back = issuer, back
        self.codes: dict[str, dict[str, str]] = {}
        self.key = RSAKey.generate_key(2048, parameters={"kid": "first", "use": "sig"})
        self.other = RSAKey.generate_key(2048, parameters={"kid": "first", "use": "sig"})

    async def configuration(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        )

    async def keys(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def rotate(self, _: web.Request) -> web.Response:
        self.key = RSAKey.generate_key(2048, parameters={"kid": "second", "use": "sig"})
        return web.Response()

    async def authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        right = (
            asked["client_id"] == CLIENT and asked["redirect_uri"] == self.back and asked["response_type"] == "code"
            and asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        )  # fmt: skip
        if not right:
            return web.Response(status=400)
        if asked.get("as") == "nobody":
            raise web.HTTPSeeOther(f"{self.back}?{urlencode({'error': 'access_denied', 'state': asked['state']})}")
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        raise web.HTTPSeeOther(f"{self.back}?{urlencode({'code': code, 'state': asked['state']})}")

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self.codes.pop(str(form.get("code")), None)
        proof = (
            urlsafe_b64encode(hashlib.sha256(str(form.get("code_verifier")).encode()).digest()).rstrip(b"=").decode()
        )
        mine = (
            f"Basic {b64encode(f'{CLIENT}:{SECRET.replace(chr(32), chr(37) + chr(50) + chr(48))}'.encode()).decode()}"
        )
        right = (
            asked is not None and form.get("grant_type") == "authorization_code" and proof == asked["code_challenge"]
            and form.get("redirect_uri") == self.back and request.headers.get("Authorization") == mine
        )  # fmt: skip
        if not right or asked is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = self.signed(asked.get("as", "maria"), asked["nonce"])
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def signed(self, who: str, nonce: str) -> str | None:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= PEOPLE.get(who) or PEOPLE["maria"] | WRONG[who]
        claims = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": "RS256", "kid": self.key.kid}
        if who == "no-token":
            return None
        if who == "no-signature":
            return jwt.encode({"alg": "none"}, claims, OctKey.import_key("x" * 32), algorithms=["none"])
        if who == "shared-secret":
            return jwt.encode({"alg": "HS256", "kid": "first"}, claims, OctKey.import_key(SECRET))
        return jwt.encode(head, claims, self.other if who == "other-key" else self.key)


def main() -> None:
    port, gateway = int(sys.argv[1]), sys.argv[2]
    provider = Provider(f"http://127.0.0.1:{port}", f"{gateway}/console/sso/back")
    app = web.Application()
    app.add_routes(
        [
            web.get("/.well-known/openid-configuration", provider.configuration),
            web.get("/keys", provider.keys),
            web.get("/authorize", provider.authorize),
            web.post("/token", provider.token),
            web.post("/rotate", provider.rotate),
        ]
    )
    web.run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main()
