"""The HTTP edge: the table first, then handlers that parse, call and render."""

from dataclasses import dataclass

from muster_achievements.api import (
    Achievement,
    AchievementList,
    Define,
    Defined,
    DefinedList,
    ReportProgress,
)
from muster_achievements.domain import AchievementId, UserId
from muster_achievements.errors import AchievementUnknown, DefinitionInvalid, KeyReused, RecordMoved, ServerOnly
from muster_achievements.handlers import AchievementHandlers
from muster_runtime.auth.principal import OPERATOR_SCOPES, PLAYER_SCOPES
from muster_runtime.errors import Malformed
from muster_runtime.http.idempotency import idempotency_key
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.ids import Ids


def routes(handlers: AchievementHandlers, ids: Ids) -> tuple[Route, ...]:
    """Return the route table."""
    edge = Edge(handlers, ids)
    return (
        Route(
            method="GET",
            path="/v1/achievements",
            handler=edge.achievements,
            summary="List the achievements with the caller's progress",
            scopes=PLAYER_SCOPES,
            answer=AchievementList,
        ),
        Route(
            method="GET",
            path="/v1/achievements/definitions",
            handler=edge.definitions,
            summary="List the definitions",
            scopes=OPERATOR_SCOPES,
            answer=DefinedList,
        ),
        Route(
            method="PUT",
            path="/v1/achievements/definitions/{achievement_id}",
            handler=edge.define,
            summary="Create or replace a definition",
            scopes=OPERATOR_SCOPES,
            body=Define,
            answer=Defined,
            errors=(DefinitionInvalid,),
        ),
        Route(
            method="DELETE",
            path="/v1/achievements/definitions/{achievement_id}",
            handler=edge.undefine,
            summary="Remove a definition; players keep what they earned",
            scopes=OPERATOR_SCOPES,
            status=204,
        ),
        Route(
            method="GET",
            path="/v1/achievements/{achievement_id}",
            handler=edge.achievement,
            summary="Show one achievement with the caller's progress",
            scopes=PLAYER_SCOPES,
            answer=Achievement,
            errors=(AchievementUnknown,),
        ),
        Route(
            method="POST",
            path="/v1/achievements/{achievement_id}/progress",
            handler=edge.report,
            summary="Report progress of an achievement that clients drive",
            scopes=PLAYER_SCOPES,
            body=ReportProgress,
            answer=Achievement,
            errors=(AchievementUnknown, KeyReused, Malformed, RecordMoved, ServerOnly),
        ),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of the route table."""

    handlers: AchievementHandlers
    ids: Ids

    async def achievements(self, call: Call) -> Answer:
        """List the achievements that the caller may see."""
        each = await self.handlers.standings(UserId(call.caller.subject))
        return Answer(AchievementList(achievements=[Achievement.of(one) for one in each]))

    async def achievement(self, call: Call) -> Answer:
        """Show one achievement."""
        one = await self.handlers.standing(UserId(call.caller.subject), _id(call))
        return Answer(Achievement.of(one))

    async def report(self, call: Call) -> Answer:
        """Add reported progress; without an Idempotency-Key every request counts."""
        key = idempotency_key(call) or self.ids.uuid()
        one = await self.handlers.report(UserId(call.caller.subject), _id(call), call.body.increment, key=key)
        return Answer(Achievement.of(one))

    async def definitions(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """List the definitions."""
        return Answer(DefinedList(definitions=[Defined.of(each) for each in await self.handlers.defined()]))

    async def define(self, call: Call) -> Answer:
        """Create (201) or replace (200) a definition."""
        definition = call.body.definition(_id(call))
        new = await self.handlers.define(definition)
        return Answer(Defined.of(definition), status=201 if new else 200)

    async def undefine(self, call: Call) -> Answer:
        """Remove a definition; 204 also when there is none."""
        await self.handlers.undefine(_id(call))
        return Answer(status=204)


def _id(call: Call) -> AchievementId:
    return AchievementId(call.path["achievement_id"])
