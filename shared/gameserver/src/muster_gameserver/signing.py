"""AWS Signature Version 4, as far as a game server needs it. Pure.

Source: AWS documentation, "Create a signed AWS API request"; for connections the query parameters of the Go SDK 5.6.0.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote_plus

from muster_gameserver.parameters import AWSKeys

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "gamelift"


def signed_query(keys: AWSKeys, *, who: Mapping[str, str], now_s: float) -> dict[str, str]:
    """Return the query parameters that authorize a connection without a token.

    Args:
        keys: AWS credentials.
        who: ComputeId, FleetId and pID; nothing else is signed.
        now_s: seconds since the epoch.
    """
    stamp = _stamp(now_s)
    request = "&".join(f"{quote_plus(name)}={quote_plus(who[name])}" for name in sorted(who))
    query = {
        "Authorization": "SigV4",
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{keys.access_key}/{_scope(keys, stamp)}",
        "X-Amz-Date": stamp,
        "X-Amz-Signature": _signature(keys, stamp, request),
    }
    if keys.session_token:
        query["X-Amz-Security-Token"] = keys.session_token
    return query


def signed_headers(keys: AWSKeys, *, host: str, target: str, body: bytes, now_s: float) -> dict[str, str]:
    """Return the headers of a signed call of the GameLift API.

    Args:
        keys: AWS credentials.
        host: the Host header, with a port when it is not the scheme's own.
        target: value of X-Amz-Target, such as `GameLift.GetComputeAuthToken`.
        body: what is posted to `/`.
        now_s: seconds since the epoch.
    """
    stamp = _stamp(now_s)
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": host,
        "x-amz-date": stamp,
        "x-amz-target": target,
    }
    if keys.session_token:
        headers["x-amz-security-token"] = keys.session_token
    names = sorted(headers)
    listed = "".join(f"{name}:{headers[name]}\n" for name in names)
    request = "\n".join(["POST", "/", "", listed, ";".join(names), hashlib.sha256(body).hexdigest()])
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={keys.access_key}/{_scope(keys, stamp)}, SignedHeaders={';'.join(names)}, "
        f"Signature={_signature(keys, stamp, request)}"
    )
    return headers


def _stamp(now_s: float) -> str:
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")


def _scope(keys: AWSKeys, stamp: str) -> str:
    return f"{stamp[:8]}/{keys.region}/{_SERVICE}/aws4_request"


def _signature(keys: AWSKeys, stamp: str, request: str) -> str:
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join([_ALGORITHM, stamp, _scope(keys, stamp), digest])
    key = f"AWS4{keys.secret_key}".encode()
    for part in (stamp[:8], keys.region, _SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
