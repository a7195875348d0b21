"""The pretend Steam."""

from dataclasses import dataclass

from aiohttp import web

from muster_identity.testing.people import steam_id
from muster_identity.testing.setup import SECRET, STEAM_APP_ID, STEAM_IDENTITY
from muster_identity.testing.vouchers import Vouchers
from muster_runtime.ids import Ids


@dataclass(frozen=True, slots=True)
class Ticket:
    """A session ticket.

    Attributes:
        player: whose.
        owner: whose copy of the game.
        app_id: for which app.
        identity: for whom it was made.
        vac_banned: whether VAC banned the player.
        publisher_banned: whether the publisher did.
    """

    player: str
    owner: str
    app_id: int = STEAM_APP_ID
    identity: str = STEAM_IDENTITY
    vac_banned: bool = False
    publisher_banned: bool = False


class PretendSteam:
    """Gives tickets out, and tells whose they are.

    Attributes:
        late: how many more requests are told that their ticket is not known yet.
    """

    def __init__(self, ids: Ids) -> None:
        """Build it with no ticket given out."""
        self._tickets = Vouchers[Ticket](ids)
        self._ids = ids
        self.late = 0

    def ticket(self, player: str = "ann", owner: str = "", **more: object) -> str:
        """Return a new ticket of *player*, in hexadecimal; *more* are fields of `Ticket`."""
        meaning = Ticket(player, owner or player, **more)  # type: ignore[arg-type]  # fields of several types
        return self._tickets.give_as(self._ids.secret(96).encode().hex(), meaning)

    async def authenticate(self, request: web.Request) -> web.StreamResponse:
        """Answer `AuthenticateUserTicket`."""
        if SECRET not in {request.headers.get("x-webapi-key"), request.query.get("key")}:
            return web.Response(
                status=403, text="<html><body>Access is denied.</body></html>", content_type="text/html"
            )
        ticket = self._tickets.look(request.query.get("ticket", ""))
        if self.late > 0:
            self.late -= 1
            return _error(103, "Ticket not known yet")
        if ticket is None or ticket.identity != request.query.get("identity", ""):
            return _error(101, "Invalid ticket")
        if str(ticket.app_id) != request.query.get("appid"):
            return _error(102, "Ticket for other app")
        params = {
            "result": "OK",
            "steamid": steam_id(ticket.player),
            "ownersteamid": steam_id(ticket.owner),
            "vacbanned": ticket.vac_banned,
            "publisherbanned": ticket.publisher_banned,
        }
        return web.json_response({"response": {"params": params}})


def _error(code: int, description: str) -> web.Response:
    return web.json_response({"response": {"error": {"errorcode": code, "errordesc": description}}})
