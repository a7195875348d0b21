"""The cases of the credentials that the providers' routes get: what is missing, and what each refuses in its words."""

from collections.abc import Iterator

from difference_cases import APART, MISSING_TOKEN, TRAP, Case, Facts, gateway, refused
from difference_doors import Door


def parameter_cases(door: Door) -> Iterator[Case]:
    """Yield what is answered when the credential is missing, or the provider is not set up."""
    missing = f"Missing required request parameters: [{door.missing}]"
    for variant, query in {"none": "", "other": "?link_to_existing_user=Yes"}.items():
        yield Case(
            name=f"1.2.{door.name}.missing/{variant}",
            says=f"without the required parameters: `{door.path}{query}`",
            request=f"GET {door.path}{query}",
            reference=gateway(400, missing),
            changed=refused(400, missing),
            reason=TRAP,
        )
    yield Case(
        name=f"1.2.{door.name}.not-set-up",
        says="the provider is not set up",
        before=(f"{door.name} is not set up",),
        **door.ask(),
        reference=gateway(403, MISSING_TOKEN),
        changed=refused(404, "Use one of the providers that this game has set up."),
        reason=TRAP,
    )


def credential_cases() -> Iterator[Case]:
    """Yield the words of each provider's route for a credential that is no good."""
    steam, apple = "/login-with-steam?steam_auth_token=", "/login-with-apple-id?apple_auth_token="
    google, facebook = "/login-with-google-play?google_play_auth_token=", "/login-with-facebook?facebook_access_token="
    named = "&facebook_user_id={facebook_id}"
    banned, no_token = "Failed to validate Steam token", "Token validation error"
    no_code, no_bearer = "Failed to generate Google Play bearer token", "Failed to validate Google Play bearer token"
    no_user, no_app = "User validation error", "Token not linked to correct app"
    rows = (
        ("steam.refused/banned", "a player whom the publisher banned", f"{steam}{{steam.banned}}", banned),
        ("apple.refused/garbage", "no token", f"{apple}garbage", no_token),
        ("apple.refused/audience", "a token for another app", f"{apple}{{apple.other}}", no_token),
        ("apple.refused/expired", "a token whose time is over", f"{apple}{{apple.expired}}", no_token),
        ("google-play.refused/code", "no code", f"{google}garbage", no_code),
        ("google-play.refused/used", "a used code", f"{google}{{google.used}}", no_code),
        ("google-play.refused/game", "a code for another game", f"{google}{{google.other}}", no_bearer),
        ("facebook.refused/user", "no token", f"{facebook}garbage{named}", no_user),
        ("facebook.refused/app", "a token for another app", f"{facebook}{{facebook.other}}{named}", no_app),
    )
    for name, says, address, words in rows:
        facts: Facts = {**refused(401, words), "origin": "*", "user": None}
        yield Case(name=f"1.2.{name}", says=says, request=f"GET {address}", reference=facts)
    yield Case(
        name="1.2.steam.refused/forged",
        says="a ticket that Steam answers with an error",
        request=f"GET {steam}{'14' * 40}",
        reference={**refused(401, "Token validation error"), "origin": "*"},
        changed=refused(401, "Failed to validate Steam token"),
        reason="Finding 10: there the reading of Steam's answer crashes; these are its words for a bad ticket.",
    )
    yield Case(
        name="1.2.facebook.refused/app-error",
        says="Facebook answers the question about the app with an error",
        before=("facebook answers errors",),
        request=f"GET {facebook}{{facebook}}{named}",
        reference=refused(401, "App validation error"),
        changed=refused(503, "The provider does not answer. Try again later."),
        reason=f"{APART} The app is ours: no other credential mends it.",
    )
    yield Case(
        name="1.2.facebook.refused/other-person",
        says="a good token beside the id of somebody else whom it lets one read",
        request=f"GET {facebook}{{facebook}}&facebook_user_id={{facebook_id.other}}",
        reference={"status": 200, "type": "application/json", "body": None, "user": "new"},
        changed={**refused(401, "User validation error"), "user": None},
        reason="Finding 2: the client would choose whose account is opened.",
    )
    yield Case(
        name="1.2.facebook.missing/one",
        says="one of the two required parameters",
        request=f"GET {facebook}{{facebook}}",
        reference=gateway(400, "Missing required request parameters: [facebook_user_id]"),
        changed=refused(400, "Missing required request parameters: [facebook_user_id]"),
        reason=TRAP,
    )
