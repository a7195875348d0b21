"""The rules by which an HTTP API's JWT authorizer lets a request in, in the order in which they are documented.

Source: Amazon API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers", read 2026-11-20: the
header holds the token alone or after `Bearer`; only algorithms based on RSA; the key is the one in the issuer's
`jwks_uri` with the token's `kid`; `iss` equals the authorizer's; `aud`, or `client_id` where there is no `aud`, is one
of the authorizer's audiences; `exp` is later than now, `nbf` and `iat` are earlier; `scope` or `scp` has one of the
route's scopes.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.algorithms import RSAAlgorithm

RSA_HASHES = {"RS256": RSAAlgorithm.SHA256, "RS384": RSAAlgorithm.SHA384, "RS512": RSAAlgorithm.SHA512}


class Denied(Exception):
    """The request does not pass; the text names the rule."""


def require(rule: str, *, holds: bool) -> None:
    if not holds:
        raise Denied(rule)


@dataclass(frozen=True)
class Authorizer:
    """One authorizer of an API.

    Attributes:
        issuer: where discovery begins, and what `iss` must be.
        audiences: of which the token names at least one.
        fetch: returns the document at an address.
    """

    issuer: str
    audiences: tuple[str, ...]
    fetch: Callable[[str], bytes]

    def admit(self, header: str, *, scopes: tuple[str, ...], now_s: float) -> dict[str, Any]:
        """Return the claims that the integration gets.

        Raises:
            Denied: a rule does not hold.
        """
        token = header.removeprefix("Bearer ")
        require("identity source", holds=" " not in token)
        try:
            head, payload, signature = token.split(".")
            fields, claims = _decoded(head), _decoded(payload)
            raw = base64.urlsafe_b64decode(signature + "==")
        except ValueError:
            raise Denied("decode") from None
        self._check_signature(fields, f"{head}.{payload}".encode(), raw)
        require("iss", holds=claims.get("iss") == self.issuer)
        named = claims["aud"] if "aud" in claims else claims.get("client_id")
        given = named if isinstance(named, list) else [named]
        require("aud", holds=any(audience in given for audience in self.audiences))
        require("exp", holds=_number(claims, "exp") > now_s)
        require("nbf", holds="nbf" not in claims or _number(claims, "nbf") <= now_s)
        require("iat", holds="iat" not in claims or _number(claims, "iat") <= now_s)
        granted = claims.get("scope", claims.get("scp", ""))
        granted = granted if isinstance(granted, list) else str(granted).split()
        require("scope", holds=not scopes or any(scope in granted for scope in scopes))
        return claims

    def _check_signature(self, fields: dict[str, Any], message: bytes, signature: bytes) -> None:
        require("algorithm", holds=fields.get("alg") in RSA_HASHES)
        configuration = json.loads(self.fetch(f"{self.issuer}/.well-known/openid-configuration"))
        require("issuer of the configuration", holds=configuration["issuer"] == self.issuer)
        keys = json.loads(self.fetch(configuration["jwks_uri"]))["keys"]
        named = [key for key in keys if key["kid"] == fields.get("kid")]
        require("kid", holds=len(named) == 1)
        algorithm = RSAAlgorithm(RSA_HASHES[fields["alg"]])
        key: Any = jwt.PyJWK(named[0]).key
        require("signature", holds=algorithm.verify(message, key, signature))


def _decoded(segment: str) -> dict[str, Any]:
    value = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - one kind of failure for the caller
    return value


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Denied(name)
    return value
