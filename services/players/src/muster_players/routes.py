"""The HTTP edge: the table first, then handlers that parse, call and render."""

from dataclasses import dataclass

from muster_players.api import RunView, StartRun
from muster_players.errors import RunsFull, RunUnknown
from muster_players.handlers import RunHandlers
from muster_runtime.auth.principal import OPERATOR_SCOPES
from muster_runtime.http.routes import Answer, Call, Route


def routes(handlers: RunHandlers) -> tuple[Route, ...]:
    """Return the route table."""
    edge = Edge(handlers)
    return (
        Route(
            method="POST",
            path="/v1/runs",
            handler=edge.start,
            summary="Send virtual players on their way",
            scopes=OPERATOR_SCOPES,
            body=StartRun,
            answer=RunView,
            status=202,
            errors=(RunsFull,),
        ),
        Route(
            method="GET",
            path="/v1/runs/{run_id}",
            handler=edge.show,
            summary="Show a run; runs live in memory",
            scopes=OPERATOR_SCOPES,
            answer=RunView,
            errors=(RunUnknown,),
        ),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of the route table."""

    handlers: RunHandlers

    async def start(self, call: Call) -> Answer:
        """Take in a run: 202, with its address in `Location`."""
        run = await self.handlers.start(call.body.plan())
        headers = {"Location": f"/v1/runs/{run.run_id}", "Retry-After": "1"}
        return Answer(RunView.of(run), status=202, headers=headers)

    async def show(self, call: Call) -> Answer:
        """Show a run."""
        return Answer(RunView.of(await self.handlers.show(call.path["run_id"])))
