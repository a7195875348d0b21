"""What operators send and get."""

import base64
from datetime import UTC
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from muster_listener.domain import Address, Placement, Session, SessionArn, SessionStatus
from muster_listener.errors import PageUnknown
from muster_listener.ports import Cursor, SessionPage

LONGEST_ARN = 512
"""Longest ARN of a game session, in characters. Source: ArnStringModel in the GameLift API reference."""


class ListSessions(BaseModel):
    """Query of `GET /v1/game-sessions`."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[Literal["placed", "ended"], Field(description="which game sessions")] = "placed"
    limit: Annotated[int, Field(ge=1, le=100, description="most sessions on the page")] = 50
    next: Annotated[
        str, Field(max_length=2048, description="`next` of the page before, as it was; empty for the first page")
    ] = ""


class AddressView(BaseModel):
    """Where a game session runs and listens."""

    model_config = ConfigDict(frozen=True)

    region: str
    location: str
    ip_address: str | None
    dns_name: str | None
    port: int | None

    @classmethod
    def of(cls, address: Address) -> "AddressView":
        """Return *address* as operators see it."""
        return cls(
            region=address.region,
            location=address.location,
            ip_address=address.ip_address,
            dns_name=address.dns_name,
            port=address.port,
        )


class SessionView(BaseModel):
    """A game session."""

    model_config = ConfigDict(frozen=True)

    game_session_arn: str
    status: Literal["placed", "ended"]
    placement_id: str | None
    match_id: str | None
    address: AddressView
    player_ids: tuple[str, ...]
    placed_at: AwareDatetime | None
    ended_at: AwareDatetime | None

    @classmethod
    def of(cls, session: Session) -> "SessionView":
        """Return *session* as operators see it."""
        return cls(
            game_session_arn=session.arn,
            status=session.status.value,
            placement_id=session.placement_id,
            match_id=session.match_id,
            address=AddressView.of(session.address),
            player_ids=session.player_ids,
            placed_at=session.placed_at,
            ended_at=session.ended_at,
        )


class SessionList(BaseModel):
    """A page of game sessions, the most recently changed first."""

    model_config = ConfigDict(frozen=True)

    game_sessions: tuple[SessionView, ...]
    next: Annotated[str | None, Field(description="send it as `next` for the following page; null on the last one")]

    @classmethod
    def of(cls, page: SessionPage, status: SessionStatus) -> "SessionList":
        """Return *page* of the sessions of *status* as operators see it."""
        return cls(
            game_sessions=tuple(SessionView.of(listed.session) for listed in page.sessions),
            next=PageToken.of(page.following, status).sealed() if page.following else None,
        )


class PlacementView(BaseModel):
    """A placement and what became of it."""

    model_config = ConfigDict(frozen=True)

    placement_id: str
    outcome: Literal["fulfilled", "cancelled", "timed_out", "failed"]
    started_at: AwareDatetime | None
    ended_at: AwareDatetime
    game_session_arn: str | None
    address: AddressView
    player_ids: tuple[str, ...]

    @classmethod
    def of(cls, placement: Placement) -> "PlacementView":
        """Return *placement* as operators see it."""
        return cls(
            placement_id=placement.placement_id,
            outcome=placement.outcome.value,
            started_at=placement.started_at,
            ended_at=placement.ended_at,
            game_session_arn=placement.session_arn,
            address=AddressView.of(placement.address),
            player_ids=placement.player_ids,
        )


class PageToken(BaseModel):
    """Where a list goes on; it travels as text that clients are not meant to read.

    It is no secret and carries no rights: whoever may list may ask for any place in the list. So it is not signed, but
    it must be well-formed and belong to the same status.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    status: Literal["placed", "ended"]
    arn: Annotated[str, Field(min_length=1, max_length=LONGEST_ARN, pattern=r"^[\x21-\x7e]+$")]
    updated_at: AwareDatetime

    @classmethod
    def of(cls, cursor: Cursor, status: SessionStatus) -> "PageToken":
        """Return the token for *cursor* in the list of *status*."""
        return cls(status=status.value, arn=cursor.arn, updated_at=cursor.updated_at)

    def sealed(self) -> str:
        """Return the text that travels."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode().rstrip("=")

    @classmethod
    def opened(cls, text: str, *, status: SessionStatus) -> Cursor:
        """Return the cursor in a token that came back.

        Raises:
            PageUnknown: it is not one of ours, or belongs to the list of another status.
        """
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            token = cls.model_validate_json(sealed)
            updated_at = token.updated_at.astimezone(UTC)
        except (ValueError, OverflowError):
            # Bad base64, bad JSON and a field that does not fit are all kinds of ValueError; the other is a time that
            # falls out of the calendar in UTC.
            raise PageUnknown from None
        if token.status != status.value:
            raise PageUnknown
        return Cursor(arn=SessionArn(token.arn), updated_at=updated_at)
