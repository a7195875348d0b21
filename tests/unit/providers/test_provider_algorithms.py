"""Id tokens in every algorithm that an issuer may choose, and in none that it did not."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from muster_identity.errors import CredentialRefused
from muster_identity.gateway.providers.idtokens import Expected, IdTokens
from muster_identity.gateway.providers.keys import ProviderKeys
from muster_runtime.testing import FakeClock

ISSUER = "https://issuer.test"
ALL = ("RS256", "PS256", "ES256", "EdDSA")


@cache
def key(algorithm: str) -> Any:
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return key("RS256") if algorithm == "PS256" else rsa.generate_private_key(65537, 2048)


def published(algorithm: str, **more: object) -> dict[str, Any]:
    kinds: Mapping[str, Any] = {"ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
    public: dict[str, Any] = kinds.get(algorithm, RSAAlgorithm).to_jwk(key(algorithm).public_key(), as_dict=True)
    public.pop("key_ops", None)
    return {**public, "kid": "k", **more}


def tokens(clock: FakeClock, *entries: dict[str, Any], algorithms: tuple[str, ...] = ALL) -> IdTokens:
    async def fetch() -> Mapping[str, Any]:
        return {"keys": [*entries]}

    keys = ProviderKeys("oidc:test", fetch, clock, algorithms=algorithms)
    return IdTokens("oidc:test", keys, Expected(frozenset({ISSUER}), frozenset({"game"})), clock)


def signed(clock: FakeClock, algorithm: str) -> str:
    now_s = int(clock.epoch_s())
    claims = {"iss": ISSUER, "aud": "game", "sub": "ann", "iat": now_s, "exp": now_s + 60}
    return jwt.encode(claims, key(algorithm), algorithm, {"kid": "k"})


@pytest.mark.parametrize("algorithm", ALL)
@pytest.mark.parametrize("named", [True, False])
async def test_each_algorithm_verifies_whether_its_key_names_it_or_not(
    clock: FakeClock, algorithm: str, *, named: bool
) -> None:
    entry = published(algorithm, **({"alg": algorithm, "use": "sig"} if named else {}))

    claims = await tokens(clock, entry).verify(signed(clock, algorithm))

    assert "ann" == claims["sub"]


@pytest.mark.parametrize("algorithm", ALL)
async def test_an_algorithm_that_was_not_chosen_is_refused(clock: FakeClock, algorithm: str) -> None:
    others = tuple(other for other in ALL if other != algorithm)
    spare = {**published("ES256" if algorithm != "ES256" else "EdDSA"), "kid": "spare"}

    with pytest.raises(CredentialRefused):
        await tokens(clock, published(algorithm), spare, algorithms=others).verify(signed(clock, algorithm))


async def test_one_key_has_one_algorithm(clock: FakeClock) -> None:
    with pytest.raises(CredentialRefused):
        await tokens(clock, published("PS256", alg="PS256")).verify(signed(clock, "RS256"))
    with pytest.raises(CredentialRefused):
        await tokens(clock, published("RS256", alg="RS256")).verify(signed(clock, "PS256"))
