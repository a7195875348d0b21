"""Access tokens like identity's, signed by a key of the test's own."""

from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from muster_runtime.auth.principal import GUEST
from muster_runtime.clock import Clock, SystemClock

ISSUER: Final = "https://identity.test"
"""The issuer that minted tokens name unless told otherwise."""
AUDIENCE: Final = "gamebackend"
"""The audience that minted tokens name unless told otherwise."""


class TokenMint:
    """Mints RS256 tokens and shows the public key, as identity does.

    Attributes:
        issuer: the `iss` of its tokens.
        audience: the `aud` of its tokens.
        key_id: the `kid` in header and claims; another one has another key.
    """

    def __init__(
        self,
        *,
        issuer: str = ISSUER,
        audience: str = AUDIENCE,
        key_id: str = "test-key-1",
        clock: Clock | None = None,
    ) -> None:
        """Build a mint; its key is made once a run for each *key_id*, because that takes a while."""
        self.issuer = issuer
        self.audience = audience
        self.key_id = key_id
        self._clock = clock or SystemClock()
        self._minted = 0

    def token(
        self,
        subject: str = "player-1",
        scope: str = GUEST,
        *,
        life_s: float = 900.0,
        headers: dict[str, Any] | None = None,
        **claims: object,
    ) -> str:
        """Return a signed token.

        Args:
            subject: the `sub` claim.
            scope: the `scope` claim.
            life_s: seconds until it expires; negative makes one that has expired.
            headers: header fields in place of the usual ones.
            claims: claims in place of the usual ones; None leaves one out.
        """
        self._minted += 1
        now_s = int(self._clock.epoch_s())
        # One that has expired was good once: issued before it ended.
        issued_s = now_s if life_s > 0 else now_s + int(life_s) - 900
        usual: dict[str, object] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "scope": scope,
            "kid": self.key_id,
            "iat": issued_s,
            "nbf": issued_s,
            "exp": now_s + int(life_s),
            "jti": f"token-{self._minted}",
            "sid": f"sign-in-{self._minted}",
        }
        payload = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(payload, _key(self.key_id), algorithm="RS256", headers={"kid": self.key_id} | (headers or {}))

    def bearer(self, subject: str = "player-1", scope: str = GUEST, **options: Any) -> dict[str, str]:  # noqa: ANN401 - passed on to token
        """Return the header that carries a new token; arguments as for `token`."""
        return {"Authorization": f"Bearer {self.token(subject, scope, **options)}"}

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the key set document that verifies its tokens."""
        public: dict[str, Any] = RSAAlgorithm.to_jwk(_key(self.key_id).public_key(), as_dict=True)
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": self.key_id,
                    "n": public["n"],
                    "e": public["e"],
                }
            ]
        }


@cache
def _key(key_id: str) -> RSAPrivateKey:  # noqa: ARG001 - it is the cache's key
    return generate_private_key(public_exponent=65537, key_size=2048)
