"""What an operation is given, and the small steps that many share."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from muster_gamelift.errors import Fault, InvalidRequest, LimitExceeded, UnknownResource
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Fleet, Properties
from muster_gamelift.state.tables import Table
from muster_gamelift.state.world import Change, Tags, World

V = TypeVar("V")
PLAYERS_OF_A_SESSION = 200
"""Source: GameLift quotas."""
TAGS = 50
"""Tags of one resource. Source: AWS tagging limits."""
Output = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one operation.

    Attributes:
        change: the world, the instant, and what is to be told afterwards.
        given: input that satisfies the service model, without nulls.
        servers_url: where game servers of this service connect, as the caller reached it.
    """

    change: Change
    given: Mapping[str, Any]
    servers_url: str

    @property
    def world(self) -> World:
        """The region's state."""
        return self.change.world


Operation = Callable[[Call], Output]
"""Reads `call.given`, changes `call.change`, returns the answer in AWS's member names.

Absent values may be None: they are left out of the answer. Times are seconds since the epoch.
"""


def found(table: Table[V], name_or_arn: str, what: str, absent: type[Fault] = UnknownResource) -> V:
    """Return the row that *name_or_arn* names.

    Args:
        table: where to look.
        name_or_arn: as given.
        what: the kind of row, for the message.
        absent: raised when there is none; not every operation may answer NotFoundException.
    """
    row = table.get(name_of(name_or_arn))
    if row is None:
        raise absent(f"{what} {name_of(name_or_arn)} not found.")
    return row


def fleet_of(call: Call, absent: type[Fault] = UnknownResource) -> Fleet:
    """Return the fleet that the input names by id or ARN.

    Args:
        call: its input has a FleetId.
        absent: raised when there is no such fleet.
    """
    return found(call.world.fleets, call.given["FleetId"], "Fleet", absent)


def within_quota(count: int, limit: int, what: str) -> None:
    """Refuse one more than *limit*.

    Raises:
        LimitExceeded: *count* rows exist already.
    """
    if count >= limit:
        raise LimitExceeded(f"The limit of {limit} {what} is reached.")


def properties_of(given: Mapping[str, Any]) -> Properties:
    """Return GameProperties as pairs."""
    return tuple((one["Key"], one["Value"]) for one in given.get("GameProperties", ()))


def player_slots(given: Mapping[str, Any]) -> int:
    """Return MaximumPlayerSessionCount.

    Raises:
        InvalidRequest: more than GameLift allows in one game session.
    """
    slots: int = given["MaximumPlayerSessionCount"]
    if slots > PLAYERS_OF_A_SESSION:
        raise InvalidRequest(f"MaximumPlayerSessionCount is at most {PLAYERS_OF_A_SESSION}.")
    return slots


def keep_tags(call: Call, arn: str) -> None:
    """Store the Tags of a create request with its new resource.

    Raises:
        InvalidRequest: too many tags, or one that AWS keeps for itself.
    """
    if call.given.get("Tags"):
        add_tags(call, arn)


def add_tags(call: Call, arn: str) -> None:
    """Add the Tags of the input to those of a resource, replacing those with the same key.

    Raises:
        InvalidRequest: too many tags, or one that AWS keeps for itself.
    """
    before = call.world.tags.get(arn)
    given = {one["Key"]: one["Value"] for one in call.given["Tags"]}
    if any(key.lower().startswith("aws:") for key in given):
        raise InvalidRequest("Tag keys that begin with aws: are reserved.")
    pairs = {**(before.pairs if before else {}), **given}
    if len(pairs) > TAGS:
        raise InvalidRequest(f"A resource has at most {TAGS} tags.")
    call.world.tags.put(arn, Tags(pairs))


def page(
    rows: Iterable[V], key: Callable[[V], str], given: Mapping[str, Any], most: int
) -> tuple[Sequence[V], str | None]:
    """Return one page of *rows* and the token of the next.

    Args:
        rows: all of them, in a stable order.
        key: what tells rows apart; a token remembers the key of its page's last row.
        given: input with `Limit` and `NextToken`.
        most: page size where the input names none, or a larger one.

    Raises:
        InvalidRequest: the token is not one of ours.
    """
    ordered = list(rows)
    start = 0
    if "NextToken" in given:
        last = _decoded(given["NextToken"])
        places = [place for place, row in enumerate(ordered) if key(row) == last]
        if not places:
            raise InvalidRequest("NextToken is invalid or has expired.")
        start = places[0] + 1
    end = start + min(given.get("Limit", most), most)
    chosen = ordered[start:end]
    return chosen, _encoded(key(chosen[-1])) if chosen and end < len(ordered) else None


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError):
        raise InvalidRequest("NextToken is invalid or has expired.") from None
