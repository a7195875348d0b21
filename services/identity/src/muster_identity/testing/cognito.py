"""A user pool like Cognito's: the operations that a game's server calls, on AWS's JSON protocol, and an issuer."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from muster_identity.testing.mint import Mint
from muster_identity.testing.people import digits, hexadecimal
from muster_identity.testing.setup import POOL_CLIENT_ID, POOL_ID, SECRET
from muster_identity.testing.vouchers import Vouchers
from muster_runtime.clock import Clock
from muster_runtime.errors import Malformed
from muster_runtime.http import strictjson
from muster_runtime.ids import Ids

TARGET: Final = "AWSCognitoIdentityProviderService."
MEDIA: Final = "application/x-amz-json-1.1"
PASSWORD: Final = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^A-Za-z0-9]).{8,256}")
"""The policy of the published design: eight characters of all four classes."""


class Refusal(Exception):
    """An error of the pool.

    Attributes:
        kind: its AWS name.
    """

    def __init__(self, kind: str) -> None:
        """Refuse with *kind*."""
        super().__init__(kind)
        self.kind = kind


@dataclass(slots=True)
class Member:
    """A user of the pool.

    Attributes:
        password: the present one.
        email: where codes go.
        confirmed: whether the address is confirmed.
        challenge: what a sign-in asks for in place of giving tokens; empty for nothing.
    """

    password: str = field(repr=False)
    email: str
    confirmed: bool = False
    challenge: str = ""


class PretendPool:
    """The pool.

    Attributes:
        mint: signs.
        url: its issuer without the pool's id; set once the address is known.
        members: who is in it, by name.
        mailbox: the last code that was sent to each.
        oddities: claims that take the place of the usual ones in every token.
    """

    def __init__(self, ids: Ids, clock: Clock) -> None:
        """Build it empty."""
        self._ids = ids
        self._sessions = Vouchers[str](ids)
        self.mint = Mint("cognito", clock)
        self.url = ""
        self.members: dict[str, Member] = {}
        self.mailbox: dict[str, str] = {}
        self.oddities: dict[str, object] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one operation."""
        operations: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "SignUp": self._sign_up,
            "ConfirmSignUp": self._confirm,
            "ForgotPassword": self._forgot,
            "ConfirmForgotPassword": self._reset,
            "InitiateAuth": self._sign_in,
            "GlobalSignOut": self._sign_out,
        }
        operation = operations.get(request.headers.get("X-Amz-Target", "").removeprefix(TARGET))
        if operation is None:
            return _refusal("InvalidAction")
        try:
            asked = strictjson.loads(await request.read())
            return web.json_response(operation(asked), content_type=MEDIA)
        except (Refusal, Malformed) as error:
            return _refusal(error.kind if isinstance(error, Refusal) else "SerializationException")

    async def keys(self, _request: web.Request) -> web.StreamResponse:
        """Publish the keys."""
        return web.json_response(self.mint.jwks())

    def token(self, username: str = "ann", use: str = "id", **claims: object) -> str:
        """Return a new token of the pool; *claims* take the place of the usual ones."""
        usual: dict[str, object] = {
            "iss": f"{self.url}/{POOL_ID}",
            "sub": subject(username),
            "token_use": use,
            "cognito:username": username,
        }
        audience = {"aud": POOL_CLIENT_ID} if use == "id" else {"client_id": POOL_CLIENT_ID}
        return self.mint.token(usual | audience | self.oddities | claims)

    def open_sessions(self, username: str) -> list[str]:
        """Return the access tokens of *username* that were not signed out, oldest first."""
        return self._sessions.standing_for(username)

    def _sign_up(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        name = self._name(asked, known=False)
        if name in self.members:
            raise Refusal("UsernameExistsException")
        _check_password(asked["Password"])
        emails = [attribute["Value"] for attribute in asked["UserAttributes"] if attribute["Name"] == "email"]
        self.members[name] = Member(asked["Password"], emails[0])
        self._send(name)
        return {"UserConfirmed": False, "UserSub": subject(name)}

    def _confirm(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        name = self._name(asked)
        self._check_code(name, asked)
        self.members[name].confirmed = True
        return {}

    def _forgot(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        name = self._name(asked)
        self._send(name)
        return {"CodeDeliveryDetails": {"DeliveryMedium": "EMAIL", "AttributeName": "email"}}

    def _reset(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        name = self._name(asked)
        _check_password(asked["Password"])
        self._check_code(name, asked)
        self.members[name].password = asked["Password"]
        return {}

    def _sign_in(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        given = asked.get("AuthParameters", {})
        name = self._name(
            {
                "ClientId": asked.get("ClientId"),
                "Username": given.get("USERNAME"),
                "SecretHash": given.get("SECRET_HASH"),
            }
        )
        member = self.members[name]
        if asked.get("AuthFlow") != "USER_PASSWORD_AUTH" or member.password != given.get("PASSWORD"):
            raise Refusal("NotAuthorizedException")
        if not member.confirmed:
            raise Refusal("UserNotConfirmedException")
        if member.challenge:
            return {"ChallengeName": member.challenge, "Session": self._ids.secret()}
        access = self._sessions.give_as(self.token(name, "access"), name)
        result = {"AccessToken": access, "IdToken": self.token(name), "ExpiresIn": 3600, "TokenType": "Bearer"}
        return {"AuthenticationResult": result}

    def _sign_out(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._sessions.redeem(asked.get("AccessToken", "")) is None:
            raise Refusal("NotAuthorizedException")
        return {}

    def _name(self, asked: Mapping[str, Any], *, known: bool = True) -> str:
        """Return whom it is about, once the app client has proved itself."""
        name = str(asked.get("Username"))
        if asked.get("ClientId") != POOL_CLIENT_ID:
            raise Refusal("ResourceNotFoundException")
        digest = hmac.digest(SECRET.encode(), f"{name}{POOL_CLIENT_ID}".encode(), hashlib.sha256)
        if asked.get("SecretHash") != base64.b64encode(digest).decode():
            raise Refusal("NotAuthorizedException")
        if known and name not in self.members:
            raise Refusal("UserNotFoundException")
        return name

    def _send(self, name: str) -> None:
        # A new code each time; nobody has to guess it.
        self.mailbox[name] = digits(self._ids.uuid(), "code", 6)

    def _check_code(self, name: str, asked: Mapping[str, Any]) -> None:
        if self.mailbox.get(name) != asked.get("ConfirmationCode"):
            raise Refusal("CodeMismatchException")
        del self.mailbox[name]


def subject(username: str) -> str:
    """Return the pool's id of a user, a UUID."""
    number = hexadecimal(username, "cognito")
    return f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}"


def _check_password(password: str) -> None:
    if not PASSWORD.fullmatch(password):
        raise Refusal("InvalidPasswordException")


def _refusal(kind: str) -> web.Response:
    return web.json_response({"__type": kind, "message": kind}, status=400, content_type=MEDIA)
