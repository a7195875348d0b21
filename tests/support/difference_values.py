"""What the `{names}` in the requests of the differential table stand for."""

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from difference_stage import PASSWORD, Stage, Value
from identity_world import claims_of

from muster_identity.domain.users import User, UserId
from muster_identity.gateway.keykinds import refresh_secret
from muster_identity.testing.facebook import user_id as facebook_id


def _given(make: Callable[[Stage], str]) -> Value:
    async def value(stage: Stage, _part: str) -> str:
        return make(stage)

    return value


async def member(stage: Stage, _part: str) -> str:
    """Return the name of a member of the pool, who joins now unless that was before."""
    pretend, pool = stage.theatre.providers.pretend.pool, stage.theatre.providers.pool
    assert pool is not None
    if stage.name not in pretend.members:
        await pool.sign_up(username=stage.name, password=PASSWORD, email=f"{stage.name}@example.com")
        await pool.confirm(username=stage.name, code=pretend.mailbox[stage.name])
    return stage.name


async def _pool_token(stage: Stage, _part: str) -> str:
    await stage.theatre.providers.doors["cognito"].validate({"username": await member(stage, ""), "password": PASSWORD})
    return stage.theatre.providers.pretend.pool.open_sessions(stage.name)[-1]


async def _doorless(stage: Stage, _part: str) -> str:
    user_id = UserId(f"doorless-{stage.name}")
    stage.world.accounts.users[user_id] = User(user_id, 0)
    return user_id


async def _used_code(stage: Stage, _part: str) -> str:
    code = stage.theatre.providers.pretend.google.code(stage.name)
    await stage.theatre.providers.doors["google_play"].validate({"server_auth_code": code})
    return code


def _pretend(make: Callable[[Any, str], str]) -> Value:
    return _given(lambda stage: make(stage.theatre.providers.pretend, stage.name))


@cache
def _foreign_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def _encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def _signed(stage: Stage, token: str, *, drop: str = "", foreign: bool = False, **changes: Any) -> str:
    """Return *token* with other claims, signed with the service's own key unless *foreign*."""
    good = claims_of(token)
    claims = {name: value for name, value in {**good, **changes}.items() if name != drop}
    active = stage.world.vault.stored.keyring.active
    assert active is not None
    pem = _foreign_pem() if foreign else active.private_pem
    told = jwt.get_unverified_header(token)
    key = pem if told["alg"] == "RS256" else refresh_secret(pem)
    head = {"kid": changes.get("kid", good["kid"]), "typ": told["typ"]}
    return jwt.encode(claims, key, algorithm=told["alg"], headers=head)


async def _forged(stage: Stage, kind: str) -> str:
    """Return a token of that kind, made from the guest's own."""
    guest = await stage.person("guest")
    access, refresh = guest["auth_token"], guest["refresh_token"]
    header, payload, signature = refresh.split(".")
    kid, past = claims_of(refresh)["kid"], int(stage.clock.epoch_s()) - 60
    sign = partial(_signed, stage)
    makers: Mapping[str, Callable[[], str]] = {
        "access-token": lambda: access,
        "garbage": lambda: "garbage",
        "tampered": lambda: f"{header}.{_encoded({**claims_of(refresh), 'sub': 'somebody-else'})}.{signature}",
        "alg-none": lambda: f"{_encoded({'alg': 'none', 'kid': kid, 'typ': 'rt+jwt'})}.{payload}.",
        "expired": lambda: sign(refresh, exp=past),
        "foreign-iss": lambda: sign(refresh, iss="https://elsewhere.example"),
        "no-kid-claim": lambda: sign(refresh, drop="kid"),
        "key-not-published": lambda: sign(refresh, foreign=True, kid="a-key-of-last-year"),
        "expired-access": lambda: sign(access, iat=past - 900, nbf=past - 900, exp=past),
        "foreign-access": lambda: sign(access, foreign=True),
    }
    return makers[kind]()


async def _mail(stage: Stage, part: str) -> str:
    name = stage.name if part == "member" else f"{stage.name}-new"
    return stage.theatre.providers.pretend.pool.mailbox[name]


VALUES: Final[Mapping[str, Value]] = {
    "steam": _pretend(lambda pretend, name: pretend.steam.ticket(name)),
    "steam.banned": _pretend(lambda pretend, name: pretend.steam.ticket(name, publisher_banned=True)),
    "apple": _pretend(lambda pretend, name: pretend.apple.identity_token(name)),
    "apple.other": _pretend(lambda pretend, name: pretend.apple.identity_token(name, aud="com.example.other")),
    "apple.expired": _pretend(lambda pretend, name: pretend.apple.identity_token(name, iat=1_000, exp=2_000)),
    "google": _pretend(lambda pretend, name: pretend.google.code(name)),
    "google.other": _pretend(lambda pretend, name: pretend.google.code(name, app_id="1")),
    "google.used": _used_code,
    "facebook": _pretend(lambda pretend, name: pretend.facebook.access_token(name)),
    "facebook.other": _pretend(lambda pretend, name: pretend.facebook.access_token(name, app_id="1")),
    "facebook_id": _given(lambda stage: facebook_id(stage.name)),
    "facebook_id.other": _given(lambda stage: facebook_id(f"{stage.name}-other")),
    "member": member,
    "stranger": _given(lambda stage: f"{stage.name}-new"),
    "password": _given(lambda _: PASSWORD),
    "pool_token": _pool_token,
    "mail.stranger": _mail,
    "mail.member": _mail,
    "doorless": _doorless,
    "forged": _forged,
}
