"""The cases of `/login-with-cognito` besides the sign-in: the steps, their order and their words."""

from collections.abc import Iterator
from typing import Any, Final

from difference_cases import APART, MISSING_TOKEN, TRAP, Case, Facts, gateway, refused

POST: Final = "POST /login-with-cognito"
CRASH: Final = gateway(502, "Internal server error")
NO_STEP: Final = {**refused(401, "Failed to authenticate"), "origin": "*"}
FRESH: Final = {"username": "{stranger}", "password": "{password}", "email": "new@example.com"}
MEMBER: Final = {"username": "{member}", "password": "{password}", "email": "known@example.com"}


def told(status: int, words: str) -> Facts:
    """Return the facts of a step's answer: a JSON text."""
    return {"status": status, "type": "application/json", "body": f'"Cognito {words}"'}


def step(name: str, says: str, body: dict[str, Any], facts: Facts, **more: Any) -> Case:
    """Return the case of one step."""
    return Case(name=f"1.2.cognito.{name}", says=says, request=POST, body={"body": body}, reference=facts, **more)


def step_cases() -> Iterator[Case]:
    """Yield each step done and refused, in the published order."""
    yield step("sign-up/done", "a new user", {**FRESH, "signup": "True"}, told(200, "Sign Up successful"))
    yield step("sign-up/taken", "a name that is taken", {**MEMBER, "signup": "True"}, told(400, "Sign Up failed"))
    for variant, password in {
        "short": "Short-1",
        "no-lower-case": "CORRECT-HORSE-1",
        "no-upper-case": "correct-horse-1",
        "no-digit": "Correct-horse-x",
        "no-symbol": "CorrectHorse1",
    }.items():
        weak = {**FRESH, "password": password, "signup": "True"}
        yield step(f"password/{variant}", f"a password that is too weak: {variant}", weak, told(400, "Sign Up failed"))
    confirm = {**FRESH, "signup_confirmation_code": "True", "confirmation_code": "{mail.stranger}"}
    joined = ("a stranger signs up",)
    yield step("confirm/done", "the code from the mail", confirm, told(200, "Confirmation successful"), before=joined)
    wrong = {**confirm, "confirmation_code": "000000x"}
    yield step("confirm/wrong", "another code", wrong, told(400, "Confirmation failed"), before=joined)
    yield step("confirm/no-flag", "the code without its flag", {**FRESH, "confirmation_code": "1"}, NO_STEP)
    yield step(
        "confirm/no-code",
        "the flag without a code",
        {**FRESH, "signup_confirmation_code": "True"},
        CRASH,
        changed=told(400, "Confirmation failed"),
        reason="Finding 14: a bad request is no crash.",
    )
    forgot = told(200, "Forgot Password successful")
    yield step("forgot/done", "a user of the pool", {**MEMBER, "forgot_password": "True"}, forgot)
    nobody = {**FRESH, "forgot_password": "True"}
    yield step("forgot/nobody", "nobody of the pool", nobody, told(400, "Forgot Password failed"))
    reset = {**MEMBER, "password": "{password}", "reset_password": "True", "reset_password_code": "{mail.member}"}
    asked = ("the member forgot the password",)
    yield step("reset/done", "the code from the mail", reset, told(200, "Reset Password successful"), before=asked)
    wrong = {**reset, "reset_password_code": "000000x"}
    yield step("reset/wrong", "another code", wrong, told(400, "Reset Password failed"), before=asked)
    out = {**MEMBER, "signout": "True", "access_token": "{pool_token}"}
    yield step("sign-out/done", "the pool's access token", out, told(200, "Sign Out successful"))
    wrong = {**out, "access_token": "garbage"}
    yield step("sign-out/wrong", "another token", wrong, told(400, "Sign Out failed"))
    yield step("sign-out/no-token", "without the pool's access token", {**MEMBER, "signout": "True"}, NO_STEP)
    refusal = told(400, "SignIn failed, no user found")
    yield step("sign-in/wrong", "a wrong password", {**MEMBER, "password": "Wrong-1-wrong", "signin": "True"}, refusal)
    yield step("sign-in/nobody", "nobody of the pool", {**FRESH, "signin": "True"}, refusal)
    yield step(
        "sign-in/unconfirmed", "a user who has not confirmed", {**FRESH, "signin": "True"}, refusal, before=joined
    )
    yield step(
        "sign-in/challenge",
        "a pool that asks for more than the password",
        {**MEMBER, "signin": "True"},
        told(400, "Access Token is missing from the auth response"),
        before=("the pool asks for a second factor",),
    )
    yield from _orders()
    yield from _forms()


def _orders() -> Iterator[Case]:
    every = {
        **FRESH,
        "signup": "True",
        "signup_confirmation_code": "True",
        "confirmation_code": "{mail.stranger}",
        "forgot_password": "True",
        "reset_password": "True",
        "reset_password_code": "{mail.stranger}",
        "signout": "True",
        "access_token": "garbage",
        "signin": "True",
    }
    outcomes = (
        ("sign-up", "Sign Up failed", "signup"),
        ("confirm", "Confirmation successful", "signup_confirmation_code"),
        ("forgot", "Forgot Password successful", "forgot_password"),
        ("reset", "Reset Password successful", "reset_password"),
        ("sign-out", "Sign Out failed", "signout"),
        ("sign-in", "SignIn failed, no user found", "signin"),
    )
    left = dict(every)
    for variant, words, flag in outcomes:
        yield step(
            f"order/{variant}",
            f"several flags: `{flag}` comes first of those left",
            dict(left),
            told(200 if words.endswith("successful") else 400, words),
            before=("a stranger signs up",),
        )
        del left[flag]


def _forms() -> Iterator[Case]:
    yield step("no-step/none", "no flag", dict(MEMBER), NO_STEP)
    yield step("no-step/lower-case", "a flag that is not exactly `True`", {**MEMBER, "signin": "true"}, NO_STEP)
    yield Case(
        name="1.2.cognito.no-body",
        says="a body without the inner `body`",
        request=POST,
        body={},
        reference=CRASH,
        changed=refused(400, "Missing required request parameters: [body]"),
        reason=f"{TRAP} And a bad request is no crash.",
    )
    yield Case(
        name="1.2.cognito.get",
        says="`GET`, as the published readme has it",
        request="GET /login-with-cognito",
        reference=gateway(403, MISSING_TOKEN),
        changed=refused(405, "Use one of the methods that the Allow header names."),
        reason="Decision: no client can have used what was never deployed; `Allow` names `POST`.",
    )
    yield Case(
        name="1.2.cognito.declared",
        says="`access_token` in the query is declared and without effect",
        request=f"{POST}?access_token=anything",
        body={"body": {**MEMBER, "signin": "True"}},
        reference={"status": 200, "scope": "authenticated"},
    )
    yield Case(
        name="1.2.cognito.not-set-up",
        says="the pool is not set up",
        before=("the pool is not set up",),
        request=POST,
        body={"body": {**MEMBER, "signin": "True"}},
        reference=gateway(403, MISSING_TOKEN),
        changed=refused(404, "Use one of the providers that this game has set up."),
        reason=TRAP,
    )
    yield step(
        "step-cors",
        "`Access-Control-Allow-Origin` of a step",
        {**MEMBER, "forgot_password": "True"},
        {"status": 200, "origin": None},
        changed={"origin": "*"},
        reason="Finding 14: one rule for a route; in a browser a player could sign in and never sign up.",
    )
    yield step(
        "step-ill",
        "the pool is down at a step other than the sign-in",
        {**MEMBER, "forgot_password": "True"},
        told(400, "Forgot Password failed"),
        before=("cognito is down",),
        changed=refused(503, "The provider does not answer. Try again later."),
        reason=APART,
    )
