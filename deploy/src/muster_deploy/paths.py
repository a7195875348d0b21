"""Which service answers which path: shared by the local edge and the load balancer's listener rules."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """One row of the table.

    Attributes:
        service: who answers.
        prefix: the path itself and everything below it.
        plain: clients of the published AWS designs call it, which read errors as plain text.
    """

    service: str
    prefix: str
    plain: bool = False


PATHS: tuple[Path, ...] = (
    Path("identity", "/login-as-guest", plain=True),
    Path("identity", "/refresh-access-token", plain=True),
    Path("identity", "/login-with-steam", plain=True),
    Path("identity", "/login-with-apple-id", plain=True),
    Path("identity", "/login-with-google-play", plain=True),
    Path("identity", "/login-with-facebook", plain=True),
    Path("identity", "/login-with-cognito", plain=True),
    Path("identity", "/.well-known"),
    Path("identity", "/v1/guests"),
    Path("identity", "/v1/tokens"),
    Path("identity", "/v1/oauth"),
    Path("identity", "/v1/sign-in"),
    Path("identity", "/v1/me"),
    Path("identity", "/v1/users"),
    Path("identity", "/v1/identities"),
    Path("identity", "/v1/keys"),
    Path("matchmaking", "/request-matchmaking", plain=True),
    Path("matchmaking", "/v1/matchmaking"),
    Path("tickets", "/get-match-status", plain=True),
    Path("tickets", "/v1/tickets"),
    Path("achievements", "/achievements"),
    Path("achievements", "/v1/achievements"),
    Path("listener", "/v1/game-sessions"),
    Path("listener", "/v1/placements"),
    Path("players", "/v1/runs"),
)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a request goes.

    Attributes:
        service: who answers.
        path: as the service knows it: no stage prefix, no repeated slashes, percent-encoding untouched.
        plain: errors of the edge itself are plain text.
    """

    service: str
    path: str
    plain: bool


def match(raw_path: str, paths: Sequence[Path] = PATHS) -> Match | None:
    """Find the service for a request path.

    Args:
        raw_path: the path as it came, percent-encoded, without query. Repeated slashes count as one, and one leading
            stage segment (`/prod/...`, as API Gateway has it) is dropped when the path makes no sense with it.
        paths: the table.

    Returns:
        The match, or None when nobody answers that path.
    """
    segments = [segment for segment in raw_path.split("/") if segment]
    trailing = "/" if raw_path.endswith("/") and segments else ""
    for candidate in (segments, segments[1:]):
        path = "/" + "/".join(candidate)
        for row in paths:
            if path == row.prefix or path.startswith(f"{row.prefix}/"):
                return Match(service=row.service, path=path + trailing, plain=row.plain)
    return None


def means_plain(raw_path: str, paths: Sequence[Path] = PATHS) -> bool:
    """Tell whether a path that nobody answers was meant for a route of the published designs, which ends like it.

    One of their clients joins `https://host/prod` and `login-as-guest` without a slash, and takes JSON for no answer.
    """
    return raw_path.rstrip("/").endswith(tuple(row.prefix[1:] for row in paths if row.plain)) and "/v1/" not in raw_path


def load_balancer_patterns(service: str, paths: Sequence[Path] = PATHS) -> tuple[str, ...]:
    """Return the path patterns of *service* as listener rules of an application load balancer take them.

    The published clients come with a stage and with two slashes, which a load balancer does not mend as `match` does.
    """
    rows = [row for row in paths if row.service == service]
    return tuple(
        pattern for row in rows for pattern in ((f"*{row.prefix}",) if row.plain else (row.prefix, f"{row.prefix}/*"))
    )
