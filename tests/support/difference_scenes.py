"""Where the facts about tokens and keys of the differential table are seen: on identity without a wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import jwt
from difference_cases import Facts
from identity_fakes import TOKENS, Instance, PaperSigner, World, holder_of
from identity_world import claims_of
from jwt.algorithms import RSAAlgorithm

from muster_identity.domain.discovery import DISCOVERY_PATH, JWKS_PATH
from muster_identity.domain.keys import DAY_S, HOUR_S, KeyState
from muster_identity.domain.sessions import Origin
from muster_identity.domain.tokens import TokenPair
from muster_identity.errors import RefreshRefused
from muster_identity.gateway.issuer import BucketIssuerFiles
from muster_identity.gateway.keykinds import refresh_secret
from muster_identity.settings import Settings

ISSUER: Final = "https://d111111abcdef8.cloudfront.net"
"""As long as the addresses that the published design gets: 37 characters."""
STEPS_A_DAY: Final = 24
OPTIONAL: Final = ("jti", "sid", "auth_time", "ver", "access_token_scope")


@dataclass
class Scene:
    """One identity, whose player has just signed in."""

    world: World
    part: Instance
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    async def make(cls) -> "Scene":
        world = World()
        part = Instance.of(world, tokens=replace(TOKENS, issuer=ISSUER))
        await part.keys.start()
        document = json.loads(part.keys.documents()[JWKS_PATH])
        return cls(world, part, {key["kid"]: key for key in document["keys"]})

    async def sign_in(self, who: str) -> TokenPair:
        if who == "authenticated":
            return (await self.part.handlers.doors.sign_in("steam", {"ticket": "7656"}, origin=Origin())).tokens
        return (await self.part.players.sign_in_guest(None, None, origin=Origin())).tokens

    async def token(self, scene: str) -> tuple[str, TokenPair, TokenPair]:
        """Return the token of *scene*, the pair that it is of, and the pair of the sign-in."""
        who, _, kind = scene.partition(" ")
        first = pair = await self.sign_in(who)
        if who in {"renewed", "linked"}:
            if who == "linked":
                holder = holder_of(first.access_token)
                await self.part.handlers.doors.link(holder, "steam", {"ticket": "7656"})
            self.world.clock.advance(60)
            pair = await self.part.players.refresh(first.refresh_token)
        return (pair.access_token if kind == "access" else pair.refresh_token), pair, first

    def facts_of(self, token: str, pair: TokenPair, first: TokenPair) -> Facts:
        """Return what a token says, in words that do not change from run to run."""
        head, claims = jwt.get_unverified_header(token), claims_of(token)
        now_s, first_claims = int(self.world.clock.epoch_s()), claims_of(first.refresh_token)
        times = {name: "now" if claims[name] == now_s else "another time" for name in ("iat", "nbf")}
        words: dict[str, object] = {
            **claims,
            **times,
            "header alg": head["alg"],
            "header typ": head["typ"],
            "header names": tuple(sorted(head)),
            "signature": self._signed_by(token, head["kid"], claims["aud"]),
            "sub": _if(claims["sub"] == pair.user_id, "the user id"),
            "iss": _if(claims["iss"] == ISSUER, "the issuer, no slash at its end"),
            "kid": _if(claims["kid"] == head["kid"], "the header's"),
            "exp": f"now + {claims['exp'] - now_s} s",
            "end": _if(claims["exp"] == first_claims["exp"], "kept"),
            "length": len(token),
            "jti": _if(bool(claims["jti"]), "its own id"),
            "sid": _if(claims["sid"] in self.world.accounts.sessions, "the session's"),
            "auth_time": _if(claims["auth_time"] == first_claims["iat"], "the sign-in's"),
        }
        return words | {name: "absent" for name in OPTIONAL if name not in claims}

    def _signed_by(self, token: str, kid: str, audience: str) -> str:
        off = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        if audience == "refresh":
            kept = self.world.vault.stored.keyring.find(kid)
            assert kept is not None
            secret = refresh_secret(kept.private_pem)
            jwt.decode(token, secret, algorithms=["HS256"], audience=audience, options=off)
            return "by a secret that goes with the key of that `kid`"
        key: Any = RSAAlgorithm.from_jwk(dict(self.keys[kid]))
        jwt.decode(token, key, algorithms=["RS256"], audience=audience, options=off)
        return "by the published key of that `kid`"


def _if(holds: bool, words: str) -> str:  # noqa: FBT001 - it reads as a sentence
    return words if holds else f"not {words}"


async def token_facts(scene: str) -> Facts:
    """Return what the token called *scene* says."""
    stage = await Scene.make()
    if scene == "last access":
        return {"refresh": await _refresh_of_last_day(stage)}
    return stage.facts_of(*await stage.token(scene))


async def _refresh_of_last_day(stage: Scene) -> str:
    """Refresh once a day for six days, and tell what becomes of the last."""
    pair = await stage.sign_in("guest")
    for _ in range(5):
        stage.world.clock.advance(DAY_S)
        await stage.part.keys.reload()
        pair = await stage.part.players.refresh(pair.refresh_token)
    stage.world.clock.advance(DAY_S)
    await stage.part.keys.reload()
    try:
        await stage.part.players.refresh(pair.refresh_token)
    except RefreshRefused:
        return "refused"
    return "given"


async def issuer_facts() -> Facts:
    """Return what the issuer's files say, and how keys come and go."""
    stage = await Scene.make()
    (key,) = stage.keys.values()
    files = {path: json.loads(text) for path, text in stage.part.keys.documents().items()}
    found, numbers = files[DISCOVERY_PATH], jwt.PyJWK(dict(key)).key.public_numbers()
    wanted = ("authorization_endpoint", "response_types_supported", "subject_types_supported")
    return {
        "document": tuple(files[JWKS_PATH]),
        "members": tuple(sorted(key)),
        **{name: key[name] for name in ("alg", "kty", "use")},
        "bits": numbers.n.bit_length(),
        "kid form": _if(str(UUID(key["kid"])) == key["kid"], "UUID"),
        "private": tuple(sorted({"d", "p", "q", "dp", "dq", "qi"} & set(key))),
        "discovery": tuple(found),
        "issuer": _if(found["issuer"] == stage.part.keys.issuer, "the issuer, no slash at its end"),
        "jwks_uri": found["jwks_uri"].replace(stage.part.keys.issuer, "the issuer"),
        "algorithms": tuple(found["id_token_signing_alg_values_supported"]),
        "scopes": tuple(found["scopes_supported"]),
        "missing": tuple(name for name in wanted if name not in found),
        "signer's copy": Settings.model_fields["keys_reload_s"].default,
        **await _stored_facts(stage),
        **await _rotation_facts(),
    }


@dataclass
class Bucket:
    """An S3 client that keeps what it is told to store."""

    stored: list[Mapping[str, Any]] = field(default_factory=list)

    async def put_object(self, **told: Any) -> None:
        self.stored.append(told)


async def _stored_facts(stage: Scene) -> Facts:
    bucket = Bucket()
    files = BucketIssuerFiles(bucket, "issuer", max_age_s=stage.part.keys.policy.jwks_max_age_s, timeout_s=30)
    await files.publish(stage.part.keys.documents())
    assert {told["Key"] for told in bucket.stored} == {JWKS_PATH, DISCOVERY_PATH}
    (kind,), (caching,) = ({told[name] for told in bucket.stored} for name in ("ContentType", "CacheControl"))
    return {"stored type": kind, "stored caching": caching}


@dataclass
class Life:
    """When a key was first published, began to sign, and was last published; seconds since the epoch."""

    published_s: int
    signs_s: int = 0
    last_s: int = 0


async def _rotation_facts() -> Facts:
    """Look at the keys every hour for sixty days; the scheduler rotates once a day."""
    world = World(signer=PaperSigner)
    part = world.instance()
    await part.keys.start()
    lives: dict[str, Life] = {}
    served: list[list[str]] = []
    orders, changes, stale = set(), 0, 0
    for hour in range(60 * STEPS_A_DAY):
        if hour % STEPS_A_DAY == 0:
            await part.keys.rotate()
            before = world.vault.stored.keyring
            await part.keys.rotate()
            changes += before != world.vault.stored.keyring
        ring, now_s = world.vault.stored.keyring, int(world.clock.epoch_s())
        served.append([each["kid"] for each in json.loads(part.keys.documents()[JWKS_PATH])["keys"]])
        ages = [lives.setdefault(kid, Life(now_s)).published_s for kid in served[-1]]
        orders.add(ages == sorted(ages, reverse=True))
        for key in ring.keys:
            life = lives[key.key_id]
            life.last_s = now_s
            if key.state is KeyState.ACTIVE and not life.signs_s:
                life.signs_s = now_s
                # The first key signs at once, because nothing else can.
                stale += hour > 0 and key.key_id not in served[-1 - 2]
        world.clock.advance(HOUR_S)
    # The first one is special, and the last ones have their lives before them.
    whole = [life for life in list(lives.values())[1:] if life.signs_s][:-2]
    assert len(whole) >= 4
    takeovers = [after.signs_s - life.signs_s for life, after in pairwise(whole)]
    lead = min(life.signs_s - life.published_s for life in whole)
    verifies = {round((life.last_s - life.signs_s) / DAY_S) for life in whole}
    return {
        "most keys": max(map(len, served)),
        "order": _if(orders == {True}, "newest first"),
        "lead": "two hours or more" if lead >= 2 * HOUR_S else "seconds",
        "stale gateway": "refuses good tokens" if stale else "takes good tokens",
        "signs for": _if(set(takeovers) == {7 * DAY_S}, "seven days"),
        "verifies for": f"{'/'.join(map(str, sorted(verifies)))} days",
        "double run": "nothing changes" if not changes else f"{changes} changes",
    }
