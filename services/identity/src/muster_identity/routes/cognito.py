"""`/login-with-cognito` of AWS's published game backend: several steps behind one route, told apart by flags.

Steps other than the sign-in answer a JSON text, whose words clients show.

Source: Guidance for Custom Game Backend Hosting on AWS, identity component.
"""

import json
from collections.abc import Awaitable
from dataclasses import dataclass

from muster_identity.api.compatible import CognitoStep, LinkQuery, LoginWithCognito, SignedInWith
from muster_identity.domain.doors import Door
from muster_identity.errors import CredentialIncomplete, CredentialRefused, DoorUnknown, ParameterMissing
from muster_identity.ports import UserPool
from muster_identity.routes.compatible import Edge, PublishedDoor, link_errors, refusal_of
from muster_identity.routes.edge import CORS, Handlers
from muster_runtime.errors import MusterError
from muster_runtime.http.routes import Answer, Call, Route

YES = "True"
"""How a flag is set."""

COGNITO = PublishedDoor(
    "/login-with-cognito",
    Door.COGNITO,
    LinkQuery,
    LinkQuery,
    {},
    "cognito_id",
    "Cognito SignIn failed, no user found",
    {"challenge": "Cognito Access Token is missing from the auth response"},
)


def cognito_routes(handlers: Handlers) -> tuple[Route, ...]:
    """Return the route."""
    edge = CognitoEdge(handlers, Edge(handlers))
    return (
        Route(
            method="POST",
            path=COGNITO.path,
            handler=edge.step,
            summary="One step with a Cognito user pool, as the published design does",
            query=LinkQuery,
            body=LoginWithCognito,
            answer=SignedInWith,
            errors=link_errors(),
            plain_errors=True,
        ),
    )


@dataclass(frozen=True, slots=True)
class CognitoEdge:
    """The handler of the route."""

    handlers: Handlers
    compatible: Edge

    async def step(self, call: Call) -> Answer:
        """Do the first step whose flag is set, in the published order."""
        try:
            return await self._step(call.body.body, call)
        except MusterError as error:
            return refusal_of(call, error)

    async def _step(self, asked: CognitoStep | None, call: Call) -> Answer:
        if self.handlers.pool is None:
            raise DoorUnknown
        if asked is None:
            raise ParameterMissing("Missing required request parameters: [body]")
        named = _named(self.handlers.pool, asked)
        if named is not None:
            return await _told(*named)
        if asked.signin == YES:
            return await self._sign_in(asked, call)
        raise CredentialRefused("Failed to authenticate", reason="no_step")

    async def _sign_in(self, asked: CognitoStep, call: Call) -> Answer:
        credential = {"username": asked.username, "password": asked.password}
        try:
            return Answer(await self.compatible.enter(COGNITO, credential, call.query, call), headers=CORS)
        except CredentialRefused as error:
            return _refusal(error.detail, error.code)
        except CredentialIncomplete as error:
            return _refusal(COGNITO.refusal, error.code)


def _named(pool: UserPool, asked: CognitoStep) -> tuple[str, Awaitable[None]] | None:
    """Return the step that is asked for, its name and the call; None for a sign-in or nothing."""
    if asked.signup == YES:
        return "Sign Up", pool.sign_up(username=asked.username, password=asked.password, email=asked.email)
    if asked.signup_confirmation_code is not None:
        # The published flag counts by being there, whatever it says.
        return "Confirmation", pool.confirm(username=asked.username, code=asked.confirmation_code)
    if asked.forgot_password == YES:
        return "Forgot Password", pool.forgot_password(username=asked.username)
    if asked.reset_password == YES:
        call = pool.reset_password(username=asked.username, code=asked.reset_password_code, password=asked.password)
        return "Reset Password", call
    if asked.signout == YES and asked.access_token:
        return "Sign Out", pool.sign_out(access_token=asked.access_token)
    return None


async def _told(name: str, action: Awaitable[None]) -> Answer:
    try:
        await action
    except CredentialRefused as error:
        return _refusal(f"Cognito {name} failed", error.code)
    return Answer(json.dumps(f"Cognito {name} successful"), headers=CORS, content_type="application/json")


def _refusal(words: str, code: str) -> Answer:
    """Return the published JSON text; the stable code is in a header, where clients of that design do not look."""
    headers = {**CORS, "X-Error-Code": code}
    return Answer(json.dumps(words), status=400, headers=headers, content_type="application/json")
