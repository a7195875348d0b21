"""The keyring and the OAuth clients in Secrets Manager."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from muster_identity.domain.clients import CLIENT_SCOPES, Client, ClientId
from muster_identity.domain.fingerprints import fingerprint
from muster_identity.domain.keys import KeyId, Keyring, KeyState, SigningKey
from muster_identity.errors import ClientsUnreadable, KeyringChanged, KeyringUnreadable
from muster_identity.ports import StoredKeyring
from muster_runtime.aws import calling, code_of
from muster_runtime.errors import Unavailable
from muster_runtime.ids import Ids

LOST_RACE = frozenset({"InvalidParameterException", "InvalidRequestException", "ResourceNotFoundException"})
"""Answers to moving the label AWSCURRENT away from a version that does not have it (any more)."""


class KeyEntry(BaseModel):
    """One key in the stored document."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    kid: str
    state: KeyState
    created_at: AwareDatetime
    signs_from: AwareDatetime
    retire_at: AwareDatetime | None = None
    private_pem: str


class KeyDocument(BaseModel):
    """The stored document; an empty object is an empty ring."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    keys: tuple[KeyEntry, ...] = ()
    announced: str = ""


class ClientEntry(BaseModel):
    """One client in the stored document."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    secret: str
    scope: str


_CLIENTS: TypeAdapter[dict[str, ClientEntry]] = TypeAdapter(dict[str, ClientEntry])


class SecretsVault:
    """`Vault` on one Secrets Manager secret.

    A write puts a new version under the label AWSPENDING and then moves AWSCURRENT to it *from the version that was
    read*. That move is the comparison: it fails when another writer has moved the label meanwhile. Secrets Manager
    itself moves AWSPREVIOUS to the version before, which an operator can go back to.

    Source: AWS Secrets Manager API reference, UpdateSecretVersionStage, RemoveFromVersionId.
    """

    def __init__(self, client: Any, name: str, *, ids: Ids, timeout_s: float) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Keep the ring in the secret called *name*; each call may take *timeout_s* seconds."""
        self._client = client
        self._name = name
        self._ids = ids
        self._timeout_s = timeout_s

    async def read(self) -> StoredKeyring:
        """Return the keyring; an empty one when the secret has no value yet.

        Raises:
            KeyringUnreadable: something else is stored there.
        """
        text, version = await _current(self._client, self._name, timeout_s=self._timeout_s)
        return StoredKeyring(_keyring(text) if text.strip() else Keyring(), version)

    async def replace(self, keyring: Keyring, *, version: str) -> None:
        """Store *keyring* in place of the one read as *version*.

        Raises:
            KeyringChanged: another writer got there first; read it again.
        """
        following = self._ids.uuid()
        async with calling(timeout_s=self._timeout_s):
            await self._client.put_secret_value(
                SecretId=self._name,
                ClientRequestToken=following,
                SecretString=_document(keyring).model_dump_json(),
                VersionStages=["AWSPENDING"],
            )
        # Where no version had a label yet, there is none to take it from, and a second such move is refused.
        comparison = {"RemoveFromVersionId": version} if version else {}
        try:
            async with calling(timeout_s=self._timeout_s):
                await self._client.update_secret_version_stage(
                    SecretId=self._name, VersionStage="AWSCURRENT", MoveToVersionId=following, **comparison
                )
        except ClientError as error:
            if code_of(error) in LOST_RACE:
                raise KeyringChanged from error
            raise

    async def ping(self) -> None:
        """Ask whether the secret is there."""
        async with calling(timeout_s=self._timeout_s):
            await self._client.describe_secret(SecretId=self._name)


class SecretsClientDirectory:
    """`ClientDirectory` on one Secrets Manager secret: `{client_id: {"secret": ..., "scope": ...}}`."""

    def __init__(self, client: Any, name: str, *, timeout_s: float) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Read the secret called *name*; a call may take *timeout_s* seconds."""
        self._client = client
        self._name = name
        self._timeout_s = timeout_s

    async def read(self) -> Mapping[str, Client]:
        """Return the clients by id; empty when the secret has no value yet.

        Secrets are fingerprinted at once, so that none stays in memory.

        Raises:
            ClientsUnreadable: something else is stored there, or a client has a scope that no client may have.
        """
        text, _ = await _current(self._client, self._name, timeout_s=self._timeout_s)
        try:
            entries = _CLIENTS.validate_json(text) if text.strip() else {}
        except ValidationError:
            # Not chained: such an error could quote the secrets.
            raise ClientsUnreadable from None
        if any(entry.scope not in CLIENT_SCOPES or not entry.secret for entry in entries.values()):
            raise ClientsUnreadable
        return {
            client_id: Client(ClientId(client_id), entry.scope, fingerprint(entry.secret))
            for client_id, entry in entries.items()
        }


async def _current(client: Any, name: str, *, timeout_s: float) -> tuple[str, str]:  # noqa: ANN401 - untyped client
    """Return value and version id of a secret; both empty when it has no version yet.

    Raises:
        Unavailable: Secrets Manager does not answer, or does not give it out: the role may have lost the permission,
            the secret may be marked for deletion. What was read before still serves.
    """
    try:
        async with calling(timeout_s=timeout_s):
            answer = await client.get_secret_value(SecretId=name)
    except ClientError as error:
        # AWS answers the same code for a secret without a value and for no such secret; a probe tells the latter.
        if code_of(error) == "ResourceNotFoundException":
            return "", ""
        raise Unavailable(f"Secrets Manager does not give the secret out ({code_of(error)}).") from error
    return str(answer.get("SecretString") or ""), str(answer["VersionId"])


def _keyring(text: str) -> Keyring:
    try:
        document = KeyDocument.model_validate_json(text)
    except ValidationError:
        # Not chained: such an error could quote a private key.
        raise KeyringUnreadable("The key secret does not hold a keyring.") from None
    return Keyring(tuple(_key(entry) for entry in document.keys), document.announced)


def _key(entry: KeyEntry) -> SigningKey:
    return SigningKey(
        key_id=KeyId(entry.kid),
        state=entry.state,
        created_at_s=int(entry.created_at.timestamp()),
        signs_from_s=int(entry.signs_from.timestamp()),
        private_pem=entry.private_pem,
        retire_at_s=None if entry.retire_at is None else int(entry.retire_at.timestamp()),
    )


def _document(keyring: Keyring) -> KeyDocument:
    return KeyDocument(keys=tuple(_entry(key) for key in keyring.keys), announced=keyring.announced)


def _entry(key: SigningKey) -> KeyEntry:
    return KeyEntry(
        kid=key.key_id,
        state=key.state,
        created_at=_moment(key.created_at_s),
        signs_from=_moment(key.signs_from_s),
        retire_at=None if key.retire_at_s is None else _moment(key.retire_at_s),
        private_pem=key.private_pem,
    )


def _moment(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
