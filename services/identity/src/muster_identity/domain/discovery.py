"""The issuer's two public files, byte for byte the same wherever they are served."""

import hashlib
import json
from collections.abc import Mapping, Sequence

JWKS_PATH = ".well-known/jwks.json"
REVOCATIONS_PATH = ".well-known/revocations.json"
DISCOVERY_PATH = ".well-known/openid-configuration"


def jwks_document(public_keys: Sequence[Mapping[str, str]]) -> bytes:
    """Return the key file: a JSON Web Key Set of the public halves, in the order given.

    Source: RFC 7517 section 5.
    """
    return _compact({"keys": [dict(key) for key in public_keys]})


def discovery_document(issuer: str, algorithms: Sequence[str] = ("RS256",)) -> bytes:
    """Return the configuration file of *issuer*, a URL without a trailing slash, whose keys are for *algorithms*.

    The first four fields are those of the published identity design, which API Gateway is content with; the others
    tell machines where to get a token. There is no authorization endpoint, so it is not a complete OpenID provider.
    """
    return _compact(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/{JWKS_PATH}",
            "id_token_signing_alg_values_supported": list(algorithms),
            "scopes_supported": ["guest", "authenticated"],
            "token_endpoint": f"{issuer}/v1/oauth/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "grant_types_supported": ["client_credentials"],
        }
    )


def etag_of(document: bytes) -> str:
    """Return the strong entity tag of *document*, quotes included."""
    return f'"{hashlib.sha256(document).hexdigest()[:32]}"'


def is_unchanged(if_none_match: str, etag: str) -> bool:
    """Tell whether a caller who sent this `If-None-Match` already has the document with *etag*.

    Args:
        if_none_match: the header's value; empty when it was not sent.
        etag: what `etag_of` gave.

    Source: RFC 9110 section 13.1.2; the comparison is the weak one.
    """
    candidates = (candidate.strip().removeprefix("W/") for candidate in if_none_match.split(","))
    return any(candidate in {etag, "*"} for candidate in candidates)


def _compact(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
