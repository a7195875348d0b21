"""The cases of the wire in general, and of the answers of the gateway in front."""

from collections.abc import Iterator

from difference_cases import MISSING_TOKEN, TRAP, TWIN, Case, gateway, refused
from difference_guests import GUEST, KNOWN, NEW, NOBODY, NOT_REFRESHED, REFRESH


def wire_cases() -> Iterator[Case]:
    """Yield what decides whether the published clients can talk to a server at all."""
    yield Case(
        name="0.1.plain/usual",
        says="a refusal is no JSON object",
        request=f"{GUEST}?user_id=nobody-1&guest_secret=x",
        reference=NOBODY,
    )
    yield Case(
        name="0.1.plain/json-wanted",
        says="the caller asks for JSON in `Accept`",
        request=f"{GUEST}?user_id=nobody-2&guest_secret=x",
        headers={"Accept": "application/json"},
        reference={"status": 401, "type": "text/plain"},
        changed={"type": "application/problem+json"},
        reason="Decision: whoever asks for it gets our own form of errors. No published client asks.",
    )
    for variant, request in {"guest": GUEST, "refresh": REFRESH}.items():
        yield Case(
            name=f"0.3.numbers/{variant}",
            says=f"both `expires_in` are JSON numbers: {variant}",
            request=request,
            reference={"access_life": 900, "refresh_life": 518_400},
        )
    yield Case(
        name="0.3.least",
        says="a session that ends in 20 s is refreshed",
        before=("the session is about to end",),
        request=REFRESH,
        reference={"status": 200, "type": "application/json", "body": None, "refresh_life": 20},
        changed={**NOT_REFRESHED, "refresh_life": None},
        reason="Decision: with so little time left the published clients would refresh without pause.",
    )
    for variant, query in {"pair": "?&unknown=1", "space": "?&unknown=a%20b", "order": "?b=1&&a=2&"}.items():
        yield Case(
            name=f"0.4.query/{variant}",
            says=f"queries as clients write them: `{query}`",
            request=f"{GUEST}{query}",
            reference=NEW,
        )
    for variant, path in {
        "stage": "/prod/login-as-guest",
        "slashes": "/prod//login-as-guest",
        "other": "/any//login-as-guest",
    }.items():
        yield Case(
            name=f"0.5.path/{variant}",
            says=f"stage prefixes and repeated slashes: `{path}`",
            request=f"GET {path}",
            reference=NEW,
        )
    yield Case(
        name="0.6.authorization/bare",
        says="a protected route takes the access token bare",
        request="GET /v1/me",
        headers={"Authorization": "{guest.auth_token}"},
        reference={"status": 200},
    )
    yield Case(
        name="0.6.authorization/bearer",
        says="a protected route of the design's own services takes the access token after `Bearer `",
        request="GET /v1/me",
        headers={"Authorization": "Bearer {guest.auth_token}"},
        reference={"status": 403},
        changed={"status": 200},
        reason="Decision: API Gateway's authorizer takes both forms, so all services do.",
    )
    yield from _twins()


def _twins() -> Iterator[Case]:
    twins: dict[str, tuple[str, dict[str, object]]] = {
        "guest": ("/login-as-guest", {}),
        "refresh": ("/refresh-access-token", {"refresh_token": "{guest.refresh_token}"}),
        "steam": ("/login-with-steam", {"steam_auth_token": "{steam}"}),
        "apple": ("/login-with-apple-id", {"apple_auth_token": "{apple}"}),
        "google-play": ("/login-with-google-play", {"google_play_auth_token": "{google}"}),
        "facebook": (
            "/login-with-facebook",
            {"facebook_access_token": "{facebook}", "facebook_user_id": "{facebook_id}"},
        ),
    }
    for variant, (path, body) in twins.items():
        yield Case(
            name=f"0.7.twin/{variant}",
            says=f"`POST {path}` with the secrets in a body",
            request=f"POST {path}",
            body=body,
            reference={"status": 403},
            changed={"status": 200},
            reason=TWIN,
        )


def gateway_cases() -> Iterator[Case]:
    """Yield the answers that come from the gateway in front of the published handlers."""
    yield Case(
        name="1.2.gateway.unknown/path",
        says="a path that nobody knows",
        request="GET /login-with-nothing",
        reference=gateway(403, MISSING_TOKEN),
        changed={"status": 404, "type": "application/problem+json", "body": None},
        reason="Decision: it is not there, and no published client asks for it; our own API answers problems.",
    )
    yield Case(
        name="1.2.gateway.unknown/method",
        says="a known path with another method",
        request="DELETE /login-as-guest",
        reference=gateway(403, MISSING_TOKEN),
        changed=refused(405, "Use one of the methods that the Allow header names."),
        reason=TRAP,
    )
    yield Case(
        name="1.2.gateway.unknown/joined",
        says="a stage and a path joined without a slash",
        request="GET /prodlogin-as-guest",
        reference=gateway(403, MISSING_TOKEN),
        changed=refused(404, "Check the path against the API document."),
        reason=TRAP,
    )
    yield Case(
        name="1.2.gateway.blocked",
        says="a query of more than 2048 bytes meets the firewall's common rules",
        request=f"{GUEST}?padding={'x' * 8192}",
        reference={"status": 403, "user": None},
        changed={"status": 200, "user": "new"},
        reason="Decision: a link request with a rich token of a provider is longer than that; 16 KiB are read.",
    )
    yield Case(
        name="1.2.gateway.throttled",
        says="too many requests",
        before=("one account is asked for too often",),
        request=f"{GUEST}?user_id=popular&guest_secret=x",
        reference={**gateway(429, "Too Many Requests"), "retry_after": False},
        changed={**refused(429, "Wait as long as Retry-After says."), "retry_after": True},
        reason=TRAP,
    )
    yield Case(
        name="1.2.gateway.crashed",
        says="the handler ends with an exception",
        before=("reading users crashes",),
        request=f"{GUEST}?{KNOWN}",
        reference=gateway(502, "Internal server error"),
        changed=refused(500, "Try again later; quote the request id if it persists."),
        reason=f"{TRAP} And it is us, not somebody behind us.",
    )
    yield Case(
        name="1.2.gateway.slow",
        says="the handler takes too long, here because Steam hangs",
        before=("steam hangs",),
        request="GET /login-with-steam?steam_auth_token={steam}",
        reference={"status": 504, "type": "application/json"},
        changed=refused(503, "The provider does not answer. Try again later."),
        reason="Finding 13: every call out has a time-out, so nobody waits for the gateway to give up.",
    )
