"""Steam: session tickets, checked by Valve.

Source: partner.steamgames.com/doc/webapi/ISteamUserAuth and /doc/webapi_overview/auth (the key in a header), 2026-11.
Error codes are observed, not documented: 3 invalid parameter, 101 invalid ticket, 102 ticket for another app, 103 not
known yet.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from muster_identity.domain.doors import Door, ProviderIdentity
from muster_identity.gateway.providers.fields import flag, inner, text
from muster_identity.gateway.providers.outbound import Outbound
from muster_identity.gateway.providers.verdicts import lied, refused, unavailable

TICKET: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){1,4096}")
"""A ticket in hexadecimal; those for web APIs have 2560 bytes at present."""
STEAM_ID: Final = re.compile(r"\d{17}")
"""A 64-bit id of a person, as text: JSON numbers lose its last digits."""
NOT_KNOWN_YET: Final = 103
"""Valve's servers may not know a ticket yet that was just made."""
TRIES: Final = 3
"""The reference asks each second until its time is over; three times within a second find nearly all."""
PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class SteamPolicy:
    """Whom to let in.

    Attributes:
        reject_vac: refuse players whom VAC banned.
        reject_publisher_ban: refuse players whom the publisher banned.
        allow_borrowed: let players in who play somebody else's copy.
    """

    reject_vac: bool = True
    reject_publisher_ban: bool = True
    allow_borrowed: bool = True


@dataclass(frozen=True, slots=True)
class Steam:
    """Asks Steam whose ticket it is.

    Attributes:
        outbound: the way to Steam.
        url: where its Web API answers.
        app_id: whose tickets are good.
        key: publisher key.
        identity: whom tickets must be made for; empty when clients give none.
        policy: whom to let in.
        pause: waits between two tries.
    """

    outbound: Outbound
    url: str
    app_id: int
    key: str = field(repr=False)
    identity: str
    policy: SteamPolicy
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    name: str = Door.STEAM

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the ticket proves; see `ports.Provider`.

        A ticket is good as often as Steam says so, until its game cancels it.
        """
        if not TICKET.fullmatch(credential["ticket"]):
            raise refused(self.name, "ticket_shape")
        response = await self._ask(credential["ticket"])
        params = inner(response, "params", door=self.name)
        if params.get("result") != "OK":
            raise refused(self.name, "ticket_not_ok")
        steam_id = text(params, "steamid", STEAM_ID, door=self.name)
        owner_id = text(params, "ownersteamid", STEAM_ID, door=self.name)
        vac_banned = flag(params, "vacbanned", door=self.name)
        publisher_banned = flag(params, "publisherbanned", door=self.name)
        if vac_banned and self.policy.reject_vac:
            raise refused(self.name, "vac_banned")
        if publisher_banned and self.policy.reject_publisher_ban:
            raise refused(self.name, "publisher_banned")
        if owner_id != steam_id and not self.policy.allow_borrowed:
            raise refused(self.name, "borrowed")
        return ProviderIdentity(self.name, steam_id)

    async def _ask(self, ticket: str) -> Mapping[str, Any]:
        """Return Steam's response without an error; failures come with status 200 too."""
        query = {"appid": str(self.app_id), "ticket": ticket} | ({"identity": self.identity} if self.identity else {})
        for attempt in range(1, TRIES + 1):
            answer = await self.outbound.get(
                f"{self.url}/ISteamUserAuth/AuthenticateUserTicket/v1/",
                query=query,
                headers={"x-webapi-key": self.key},
            )
            if answer.status in {401, 403}:
                # A page in HTML: our key is wrong, or may not be used from here.
                raise unavailable(self.name, "key_refused")
            if answer.status != 200:
                raise lied(self.name, "status")
            response = inner(answer.document(), "response", door=self.name)
            if "error" not in response:
                return response
            if inner(response, "error", door=self.name).get("errorcode") != NOT_KNOWN_YET:
                raise refused(self.name, "ticket_error")
            if attempt < TRIES:
                await self.pause(PAUSE_S)
        raise unavailable(self.name, "ticket_not_known_yet")
