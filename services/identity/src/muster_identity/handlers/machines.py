"""Machines: OAuth clients that get a token in their own name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from muster_identity.domain.clients import Client, Grant, authenticate
from muster_identity.domain.tokens import MachineToken, TokenPolicy, client_claims
from muster_identity.errors import ClientRefused, GrantIncomplete, GrantUnsupported, ScopeRefused
from muster_identity.handlers.keys import KnownKeys
from muster_identity.ports import ClientDirectory, Signer
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

log = structlog.get_logger(__name__)

CLIENT_CREDENTIALS = "client_credentials"


@dataclass(slots=True)
class MachineHandlers:
    """Everything a machine can do here."""

    directory: ClientDirectory
    keys: KnownKeys
    signer: Signer
    policy: TokenPolicy
    clock: Clock
    ids: Ids
    _clients: Mapping[str, Client] = field(default_factory=dict, repr=False)

    async def reload(self) -> None:
        """Read the registered clients again. Safe to repeat: it only reads."""
        self._clients = await self.directory.read()

    def token(self, grant: Grant) -> MachineToken:
        """Give a client its token.

        Safe to repeat: each call gives one more token, and none ends another.

        Raises:
            GrantIncomplete: no grant type.
            GrantUnsupported: another grant type.
            ClientRefused: no such client, or not its secret.
            ScopeRefused: the client is not registered for the scope that it asks for.
            NoSigningKey: nothing can be signed now.
        """
        if not grant.grant_type:
            raise GrantIncomplete
        if grant.grant_type != CLIENT_CREDENTIALS:
            raise GrantUnsupported
        client = authenticate(self._clients, grant.client_id, grant.client_secret)
        if client is None:
            log.info("client_refused")
            raise ClientRefused
        if grant.scope not in {"", client.scope}:
            raise ScopeRefused
        key, now_s = self.keys.signing_key(), int(self.clock.epoch_s())
        claims = client_claims(
            client_id=client.client_id,
            scope=client.scope,
            key_id=key.key_id,
            token_id=self.ids.uuid(),
            now_s=now_s,
            policy=self.policy,
        )
        log.info("client_token_issued", client_id=client.client_id, scope=client.scope)
        return MachineToken(self.signer.sign(claims, key), client.scope, self.policy.access_life_s)
