"""Sign in with Apple: identity tokens, and the authorization code that makes one of them good for one use.

Source: developer.apple.com/documentation/signinwithapplerestapi: "Verifying a user", "Generate and validate tokens".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import jwt

from muster_identity.domain.doors import Door, ProviderIdentity
from muster_identity.gateway.providers.fields import error_of, text
from muster_identity.gateway.providers.idtokens import IdTokens, checked_hash
from muster_identity.gateway.providers.outbound import Outbound
from muster_identity.gateway.providers.verdicts import lied, refused, unavailable
from muster_runtime.clock import Clock

ISSUER: Final = "https://appleid.apple.com"
KEYS_PATH: Final = "/auth/keys"
CLIENT_SECRET_LIFE_S: Final = 300
"""Apple allows six months; it is signed anew for each call."""
TOKEN: Final = re.compile(r"[\x21-\x7e]{1,8192}")


@dataclass(frozen=True, slots=True)
class AppleKey:
    """What redeems authorization codes.

    Attributes:
        team_id: of the developer account.
        key_id: of the sign-in key.
        private_pem: the key, P-256.
    """

    team_id: str
    key_id: str
    private_pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Apple:
    """Checks identity tokens of Apple.

    Attributes:
        tokens: judges them.
        outbound: the way to Apple.
        url: where it answers.
        clock: what client secrets are dated by.
        key: redeems authorization codes; None where there is none.
    """

    tokens: IdTokens
    outbound: Outbound
    url: str
    clock: Clock
    key: AppleKey | None = None
    name: str = Door.APPLE

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the identity token proves; see `ports.Provider`.

        With an authorization code the code is redeemed too, which Apple does once and within five minutes; so a token
        that somebody copied is of no use after its owner came in. Without a sign-in key, a code is refused rather than
        taken for a proof.
        """
        token = credential["identity_token"]
        claims = await self.tokens.verify(token, nonce=credential.get("nonce") or None)
        subject = str(claims["sub"])
        if code := credential.get("authorization_code"):
            checked_hash(claims, "c_hash", code, door=self.name)
            audiences = claims["aud"]
            await self._redeem(
                code, client_id=audiences if isinstance(audiences, str) else audiences[0], subject=subject
            )
        return ProviderIdentity(self.name, subject)

    async def _redeem(self, code: str, *, client_id: str, subject: str) -> None:
        if self.key is None:
            raise refused(self.name, "code_without_key")
        answer = await self.outbound.post(
            f"{self.url}/auth/token",
            {
                "client_id": client_id,
                "client_secret": self._client_secret(self.key, client_id),
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        if answer.status in {400, 401}:
            if error_of(answer.document()) == "invalid_grant":
                raise refused(self.name, "code_refused")
            raise unavailable(self.name, "client_refused")
        if answer.status != 200:
            raise lied(self.name, "status")
        redeemed = text(answer.document(), "id_token", TOKEN, door=self.name)
        if (await self.tokens.verify(redeemed, first_hand=True))["sub"] != subject:
            raise refused(self.name, "code_of_another_person")

    def _client_secret(self, key: AppleKey, client_id: str) -> str:
        now_s = int(self.clock.epoch_s())
        claims = {
            "iss": key.team_id,
            "sub": client_id,
            "aud": ISSUER,
            "iat": now_s,
            "exp": now_s + CLIENT_SECRET_LIFE_S,
        }
        return jwt.encode(claims, key.private_pem, algorithm="ES256", headers={"kid": key.key_id})
