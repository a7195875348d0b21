"""The HTTP edge: the table first, then handlers that parse, call and render."""

from dataclasses import dataclass

from muster_listener.api import ListSessions, PageToken, PlacementView, SessionList, SessionView
from muster_listener.domain import PlacementId, SessionArn, SessionStatus
from muster_listener.errors import PageUnknown, PlacementUnknown, SessionUnknown
from muster_listener.handlers import ListenerHandlers
from muster_runtime.auth.principal import OPERATOR_SCOPES
from muster_runtime.http.routes import Answer, Call, Route


def routes(handlers: ListenerHandlers) -> tuple[Route, ...]:
    """Return the route table."""
    edge = Edge(handlers)
    return (
        Route(
            method="GET",
            path="/v1/game-sessions",
            handler=edge.sessions,
            summary="List game sessions, the most recently changed first",
            scopes=OPERATOR_SCOPES,
            query=ListSessions,
            answer=SessionList,
            errors=(PageUnknown,),
        ),
        Route(
            method="GET",
            # An ARN has slashes in it; they may be escaped or not.
            path="/v1/game-sessions/{game_session_arn:.+}",
            handler=edge.session,
            summary="Show one game session",
            scopes=OPERATOR_SCOPES,
            answer=SessionView,
            errors=(SessionUnknown,),
        ),
        Route(
            method="GET",
            path="/v1/placements/{placement_id}",
            handler=edge.placement,
            summary="Show one placement",
            scopes=OPERATOR_SCOPES,
            answer=PlacementView,
            errors=(PlacementUnknown,),
        ),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of the route table."""

    handlers: ListenerHandlers

    async def sessions(self, call: Call) -> Answer:
        """List game sessions of one status."""
        status = SessionStatus(call.query.status)
        after = PageToken.opened(call.query.next, status=status) if call.query.next else None
        page = await self.handlers.sessions(status, limit=call.query.limit, after=after)
        return Answer(SessionList.of(page, status))

    async def session(self, call: Call) -> Answer:
        """Show one game session."""
        return Answer(SessionView.of(await self.handlers.session(SessionArn(call.path["game_session_arn"]))))

    async def placement(self, call: Call) -> Answer:
        """Show one placement."""
        return Answer(PlacementView.of(await self.handlers.placement(PlacementId(call.path["placement_id"]))))
