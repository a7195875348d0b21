"""The cases of tokens, of the issuer's files, and of the keys behind both."""

from collections.abc import Iterator
from typing import Final

from difference_cases import Case, Facts

KINDS: Final = ("access", "refresh")
ADDED: Final = "Finding 15: a token that has no name cannot be used up, or taken back, one by one."
TYPED: Final = "Finding 15: an explicit type tells the kinds of token apart wherever it is looked at."
APART: Final = (
    "Finding 15: the kinds of token share a key. Here a refresh token, which no client looks into, has a secret of its "
    "own, derived from the same key of the ring, so that nothing published makes anything of it."
)
STAGED: Final = "Finding 11: whoever has fetched the keys lately must know the one that signs."
KEPT: Final = (
    "Finding 11: a key stays until the last token that it signed is over, and a day more, whatever is run when."
)
VERSIONED: Final = (
    "Finding 3: the account's generation of sessions, so that a ban or a sign-out everywhere takes back each token of "
    "the one before, whatever the clocks say."
)
DISCOVERY: Final = "/.well-known/openid-configuration"
JWKS: Final = "/.well-known/jwks.json"
CLAIMS: Final[dict[str, tuple[str, str]]] = {
    "sub": ("the user id", "the user id"),
    "iss": ("the issuer, no slash at its end", "the issuer, no slash at its end"),
    "aud": ("gamebackend", "refresh"),
    "kid": ("the header's", "the header's"),
    "iat": ("now", "now"),
    "nbf": ("now", "now"),
    "exp": ("now + 900 s", "now + 518400 s"),
}


def token_cases() -> Iterator[Case]:
    """Yield the header and each claim of each kind of token."""
    for place, kind in enumerate(KINDS):
        apart = kind == "refresh"
        yield _of(
            f"header/{kind}-alg",
            f"guest {kind}",
            "`alg` of the header",
            {"header alg": "RS256"},
            changed={"header alg": "HS256"} if apart else {},
            reason=APART if apart else "",
        )
        yield _of(
            f"header/{kind}-typ",
            f"guest {kind}",
            "`typ` of the header",
            {"header typ": "JWT"},
            changed={"header typ": ("at+jwt", "rt+jwt")[place]},
            reason=TYPED,
        )
        names = {"header names": ("alg", "kid", "typ"), "signature": "by the published key of that `kid`"}
        yield _of(
            f"header/{kind}-kid",
            f"guest {kind}",
            "members of the header; its `kid` is a published key",
            names,
            changed={"signature": "by a secret that goes with the key of that `kid`"} if apart else {},
            reason=APART if apart else "",
        )
        for claim, values in CLAIMS.items():
            yield _of(f"{claim}/{kind}", f"guest {kind}", f"claim `{claim}`", {claim: values[place]})
        for claim, ours in {"jti": "its own id", "sid": "the session's", "auth_time": "the sign-in's"}.items():
            yield _of(
                f"added/{kind}-{claim}",
                f"guest {kind}",
                f"claim `{claim}`",
                {claim: "absent"},
                changed={claim: ours},
                reason=ADDED,
            )
        yield _of(
            f"added/{kind}-ver",
            f"guest {kind}",
            "claim `ver`, a version of tokens",
            {"ver": "absent"},
            changed={} if apart else {"ver": 0},
            reason="" if apart else VERSIONED,
        )
        yield _of(
            f"size/{kind}",
            f"guest {kind}",
            "length with an issuer of 37 characters",
            {"length": (739, 775)[place]},
            changed={"length": (886, 640)[place]},
            reason=APART if apart else f"{ADDED} The addresses of link requests have room for it.",
        )
    for signed_in in ("guest", "authenticated"):
        yield _of(f"scope/access-{signed_in}", f"{signed_in} access", "claim `scope`, one value", {"scope": signed_in})
        yield _of(f"scope/refresh-{signed_in}", f"{signed_in} refresh", "claim `scope`", {"scope": "refresh"})
        scoped = {"access_token_scope": signed_in}
        yield _of(f"renewal-scope/{signed_in}", f"{signed_in} refresh", "what renewed access tokens may do", scoped)
    yield _of("renewal-scope/access", "guest access", "the same in an access token", {"access_token_scope": "absent"})
    yield from _renewals()


def _renewals() -> Iterator[Case]:
    yield _of("renewal/exp", "renewed refresh", "`exp` of a renewed refresh token", {"end": "kept"})
    yield _of("renewal/iat", "renewed refresh", "`iat` and `nbf` of a renewed one", {"iat": "now", "nbf": "now"})
    yield _of("renewal/access", "renewed access", "`exp` of a renewed access token", {"exp": "now + 900 s"})
    yield _of("renewal/last", "last access", "six days after the sign-in", {"refresh": "refused"})
    yield _of(
        "renewal/linked",
        "linked access",
        "scope of a guest's renewed token once a provider's identity is linked",
        {"scope": "guest"},
        changed={"scope": "authenticated"},
        reason="Decision: the scope is the account's, on every device from its next refresh on.",
    )


def issuer_cases() -> Iterator[Case]:
    """Yield the issuer's files as they are served."""
    members = ("alg", "e", "kid", "kty", "n", "use")
    yield _of_keys("jwks/document", "members of the key file", {"document": ("keys",)})
    yield _of_keys("jwks/key", "members of a key", {"members": members})
    fixed = {"alg": "RS256", "kty": "RSA", "use": "sig", "bits": 2048, "kid form": "UUID"}
    yield _of_keys("jwks/values", "what a key says", fixed)
    yield _of_keys("jwks/order", "order of the keys", {"order": "newest first"})
    yield _of_keys("jwks/private", "private members of a key", {"private": ()})
    yield _of_keys(
        "jwks/number",
        "most keys at once, over two months of rotations",
        {"most keys": 2},
        changed={"most keys": 3},
        reason=f"{KEPT} For a while there are the retired, the active and the pending one.",
    )
    published = ("issuer", "jwks_uri", "id_token_signing_alg_values_supported", "scopes_supported")
    added = ("token_endpoint", "token_endpoint_auth_methods_supported", "grant_types_supported")
    yield _of_keys(
        "discovery/members",
        "members of the configuration",
        {"discovery": published},
        changed={"discovery": published + added},
        reason="Decision: machines find here where to get a token.",
    )
    yield _of_keys(
        "discovery/values",
        "what the published members say",
        {
            "issuer": "the issuer, no slash at its end",
            "jwks_uri": f"the issuer{JWKS}",
            "algorithms": ("RS256",),
            "scopes": ("guest", "authenticated"),
        },
    )
    missing = ("authorization_endpoint", "response_types_supported", "subject_types_supported")
    yield _of_keys("discovery/incomplete", "what a full OpenID provider would have", {"missing": missing})
    for variant, path in {"jwks": JWKS, "discovery": DISCOVERY}.items():
        yield Case(
            name=f"1.4.served/{variant}-type",
            says=f"type of `{path}`",
            request=f"GET {path}",
            reference={"status": 200, "type": "application/json"},
        )
        yield Case(
            name=f"1.4.served/{variant}-caching",
            says=f"`Cache-Control` of `{path}`",
            request=f"GET {path}",
            reference={"status": 200, "caching": None, "etag": "of the content"},
            changed={"caching": "public, max-age=300"},
            reason="Decision: there every fetch of every verifier reaches the bucket; five minutes are safe with keys "
            "that are published two hours ahead.",
        )
    yield _of_keys("stored/type", "type of the files in the bucket", {"stored type": "application/json"})
    yield _of_keys(
        "stored/caching",
        "`Cache-Control` of the files in the bucket",
        {"stored caching": None},
        changed={"stored caching": "public, max-age=300"},
        reason="Decision: as above, for whatever stands in front of the bucket.",
    )
    yield from _rotations()


def _rotations() -> Iterator[Case]:
    yield _of_keys(
        "rotation/lead",
        "a new key is published before it signs",
        {"lead": "seconds"},
        changed={"lead": "two hours or more"},
        reason=STAGED,
    )
    yield _of_keys(
        "rotation/two-hours",
        "a gateway with keys of two hours ago, when a new one begins to sign",
        {"stale gateway": "refuses good tokens"},
        changed={"stale gateway": "takes good tokens"},
        reason=STAGED,
    )
    yield _of_keys("rotation/every", "a key signs for", {"signs for": "seven days"})
    yield _of_keys(
        "rotation/kept",
        "a key verifies after its first use for",
        {"verifies for": "7 to 14 days"},
        changed={"verifies for": "14 days"},
        reason=KEPT,
    )
    yield _of_keys(
        "rotation/double",
        "two runs in a row",
        {"double run": "everybody is logged out"},
        changed={"double run": "nothing changes"},
        reason="Finding 11: a run does what is due and nothing else.",
    )
    yield _of_keys(
        "rotation/signers",
        "longest that a signer goes by an old copy of its key, seconds",
        {"signer's copy": 900},
        changed={"signer's copy": 60},
        reason="Finding 11: an emergency takes a key out of use soon.",
    )


def _of(row: str, scene: str, says: str, reference: Facts, *, changed: Facts | None = None, reason: str = "") -> Case:
    kind = scene.partition(" ")[2]
    return Case(
        name=f"1.3.{row}",
        says=f"{scene} token: {says}" if kind else says,
        scene=scene,
        reference=reference,
        changed=changed or {},
        reason=reason,
    )


def _of_keys(row: str, says: str, reference: Facts, *, changed: Facts | None = None, reason: str = "") -> Case:
    return Case(name=f"1.4.{row}", says=says, scene="issuer", reference=reference, changed=changed or {}, reason=reason)
