"""A Cognito user pool: what players do there before they can sign in, and the sign-in itself.

The operations that a game's server calls for its players need no credentials of AWS.

Source: docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference (errors of each operation);
.../developerguide/amazon-cognito-user-pools-using-the-id-token.html; signing-up-users-in-your-app.html (SecretHash).
"""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from muster_identity.domain.doors import Door, ProviderIdentity
from muster_identity.gateway.providers.fields import display_name
from muster_identity.gateway.providers.guard import Guard
from muster_identity.gateway.providers.idtokens import IdTokens
from muster_identity.gateway.providers.verdicts import lied, refused, unavailable
from muster_runtime.aws import calling, code_of
from muster_runtime.errors import Busy, Unavailable

OURS: Final = frozenset(
    {
        "AccessDeniedException",
        "InternalErrorException",
        "InvalidEmailRoleAccessPolicyException",
        "InvalidSmsRoleAccessPolicyException",
        "InvalidSmsRoleTrustRelationshipException",
        "InvalidUserPoolConfigurationException",
        "ResourceNotFoundException",
        "UnexpectedLambdaException",
        "InvalidLambdaResponseException",
        "UnrecognizedClientException",
    }
)
"""Errors that no player can do anything about: the pool, its client or its mail is not set up as it should be.

CodeDeliveryFailureException is none: whoever signs up with an address that takes no mail causes it, and would shut the
door for everybody by doing so again and again.
"""

OpenClient = Callable[[], Awaitable[Any]]
"""Gives the AWS client, the same one on each call."""


@dataclass(frozen=True, slots=True)
class PoolClient:
    """One app client of one pool.

    Attributes:
        open_client: gives the AWS client.
        guard: lets calls through or not.
        client_id: the app client.
        client_secret: its secret; empty where it has none.
        timeout_s: longest one call, its repeats included.
    """

    open_client: OpenClient
    guard: Guard
    client_id: str
    client_secret: str = field(repr=False)
    timeout_s: float

    def secret_hash(self, username: str) -> dict[str, str]:
        """Return the parameter that proves that we know the client's secret; none where it has none."""
        if not self.client_secret:
            return {}
        digest = hmac.digest(self.client_secret.encode(), f"{username}{self.client_id}".encode(), hashlib.sha256)
        return {"SecretHash": base64.b64encode(digest).decode()}

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[Any]:
        """Give the client for one call, bound it, and name its failure.

        Raises:
            CredentialRefused: the pool refuses what the player sent.
            ProviderUnavailable: the pool does not answer, or is not set up as it should be.
            ProviderLied: what answers is no pool.
        """
        async with self.guard.passing():
            client = await self.open_client()
            try:
                async with calling(timeout_s=self.timeout_s):
                    yield client
            except (Busy, Unavailable):
                # Not chained, here and below: an AWS error may repeat what was sent.
                raise unavailable(Door.COGNITO, "aws") from None
            except ClientError as error:
                raise _judged(error) from None
            except (ParamValidationError, UnicodeEncodeError):
                # The values break the operation's own rules, or are no text, so they were never sent.
                raise refused(Door.COGNITO, "parameters") from None
            except BotoCoreError:
                raise lied(Door.COGNITO, "no_aws_answer") from None


@dataclass(frozen=True, slots=True)
class CognitoPool:
    """`ports.UserPool` on Cognito.

    Attributes:
        client: the app client.
    """

    client: PoolClient

    async def sign_up(self, *, username: str, password: str, email: str) -> None:
        """Create a user who has to confirm the e-mail address; see `ports.UserPool`."""
        async with self.client.calling() as cognito:
            await cognito.sign_up(
                ClientId=self.client.client_id,
                Username=username,
                Password=password,
                UserAttributes=[{"Name": "email", "Value": email}],
                **self.client.secret_hash(username),
            )

    async def confirm(self, *, username: str, code: str) -> None:
        """Confirm the address with the code sent to it; see `ports.UserPool`."""
        async with self.client.calling() as cognito:
            await cognito.confirm_sign_up(
                ClientId=self.client.client_id,
                Username=username,
                ConfirmationCode=code,
                **self.client.secret_hash(username),
            )

    async def forgot_password(self, *, username: str) -> None:
        """Send a code for a new password; see `ports.UserPool`."""
        async with self.client.calling() as cognito:
            await cognito.forgot_password(
                ClientId=self.client.client_id, Username=username, **self.client.secret_hash(username)
            )

    async def reset_password(self, *, username: str, code: str, password: str) -> None:
        """Set a new password with the code; see `ports.UserPool`."""
        async with self.client.calling() as cognito:
            await cognito.confirm_forgot_password(
                ClientId=self.client.client_id,
                Username=username,
                ConfirmationCode=code,
                Password=password,
                **self.client.secret_hash(username),
            )

    async def sign_out(self, *, access_token: str) -> None:
        """End every session of the pool's user; see `ports.UserPool`."""
        async with self.client.calling() as cognito:
            await cognito.global_sign_out(AccessToken=access_token)


@dataclass(frozen=True, slots=True)
class Cognito:
    """Signs players in at the pool, and judges the id token that it gives.

    Attributes:
        client: the app client.
        tokens: judges id tokens.
    """

    client: PoolClient
    tokens: IdTokens
    name: str = Door.COGNITO

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who knows this name and password; see `ports.Provider`."""
        username = credential["username"]
        secret = {"SECRET_HASH": proof["SecretHash"]} if (proof := self.client.secret_hash(username)) else {}
        async with self.client.calling() as cognito:
            answer = await cognito.initiate_auth(
                ClientId=self.client.client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": username, "PASSWORD": credential["password"], **secret},
            )
        if answer.get("ChallengeName"):
            # A second factor, or a new password, is asked for: this wire has no words for it.
            raise refused(self.name, "challenge")
        token = answer.get("AuthenticationResult", {}).get("IdToken")
        if not isinstance(token, str):
            raise lied(self.name, "field_IdToken")
        claims = await self.tokens.verify(token, first_hand=True)
        if claims.get("token_use") != "id":
            raise refused(self.name, "token_use")
        return ProviderIdentity(self.name, str(claims["sub"]), display_name(claims.get("cognito:username")))


def _judged(error: ClientError) -> Exception:
    """Tell what the player can mend from what we have to, and both from what is no answer of AWS at all."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if (code := code_of(error)) in OURS:
        return unavailable(Door.COGNITO, code)
    return refused(Door.COGNITO, "pool_refused") if status == 400 else lied(Door.COGNITO, "aws_status")
