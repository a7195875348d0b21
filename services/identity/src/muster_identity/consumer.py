"""The queue edge: the commands of the scheduler and of operators.

What comes here is no event: nobody tells a fact, EventBridge Scheduler asks for something to be done. So these
documents have a shape and a parser of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muster_events.registry import NotAnEvent, Unrecognised
from muster_identity.handlers.keys import KeyHandlers
from muster_runtime.messaging.reactions import Reactions

ROTATE_KEYS = "rotate-keys"
REVOKE_KEY = "revoke-key"


@dataclass(frozen=True, slots=True)
class RotateKeys:
    """The command `{"command": "rotate-keys"}`: do what is due with the signing keys."""


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """The command `{"command": "revoke-key", "key_id": "..."}`: take a stolen key out of use at once."""

    key_id: str


def parse_command(document: Mapping[str, Any]) -> RotateKeys | RevokeKey | Unrecognised:
    """Turn a document into the command that it is.

    Raises:
        NotAnEvent: it names no command, or a key to revoke is not named.
    """
    command = document.get("command")
    if not isinstance(command, str) or not command:
        raise NotAnEvent("command: missing, or not a text")
    if command == ROTATE_KEYS:
        return RotateKeys()
    if command == REVOKE_KEY:
        key_id = document.get("key_id")
        if not isinstance(key_id, str) or not key_id:
            raise NotAnEvent("key_id: missing, or not a text")
        return RevokeKey(key_id)
    return Unrecognised(type=command, version=0)


def reactions(handlers: KeyHandlers) -> Reactions:
    """Return what identity does about each command on its queue."""

    async def on_rotate_keys(command: RotateKeys) -> None:
        """Rotate what is due. Safe to repeat: see the handler."""
        del command
        await handlers.rotate()

    async def on_revoke_key(command: RevokeKey) -> None:
        """Take a key out of use. Safe to repeat: see the handler."""
        await handlers.revoke(command.key_id)

    return {RotateKeys: on_rotate_keys, RevokeKey: on_revoke_key}
