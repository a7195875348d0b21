"""Who is calling, as a verified token says."""

from dataclasses import dataclass

GUEST = "guest"
AUTHENTICATED = "authenticated"
OPERATOR = "operator"
SERVER = "server"

PLAYER_SCOPES = frozenset({GUEST, AUTHENTICATED})
"""Either kind of player token opens a player route."""
OPERATOR_SCOPES = frozenset({OPERATOR})
"""People and programs that run the game."""
SERVER_SCOPES = frozenset({SERVER, OPERATOR})
"""Game servers and trusted back ends."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller.

    Attributes:
        subject: the `sub` claim; a player's user id, or an OAuth client id for machines.
        scope: one of `guest`, `authenticated`, `operator`, `server`.
        session_id: the `sid` claim; empty when the token has none.
        token_id: the `jti` claim; empty when the token has none.
        expires_at_s: the `exp` claim, seconds since the epoch.
        issued_at_s: the `iat` claim, seconds since the epoch.
        version: the `ver` claim: which of the account's generations of sessions it is of; None when it has none.
        key_id: the key that signed the token; empty when it is not known.
    """

    subject: str
    scope: str
    session_id: str = ""
    token_id: str = ""
    expires_at_s: float = 0.0
    issued_at_s: float = 0.0
    version: int | None = None
    key_id: str = ""
