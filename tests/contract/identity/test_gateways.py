"""What `Vault`, `ClientDirectory`, `IssuerFiles` and `Signer` promise, on the fakes and on the real ones alike."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from identity_fakes import ISSUER, MemoryClientDirectory, MemoryIssuerFiles, MemoryVault, PaperSigner

from muster_identity.domain.clients import Client, ClientId
from muster_identity.domain.discovery import DISCOVERY_PATH, JWKS_PATH
from muster_identity.domain.fingerprints import fingerprint
from muster_identity.domain.keys import FreshKey, KeyId, Keyring, KeyState, SigningKey
from muster_identity.errors import ClientsUnreadable, KeyringChanged, KeyringUnreadable, RefreshRefused
from muster_identity.gateway.issuer import BucketIssuerFiles
from muster_identity.gateway.signer import KeySigner
from muster_identity.gateway.vault import SecretsClientDirectory, SecretsVault
from muster_identity.ports import ClientDirectory, IssuerFiles, Signer, Vault
from muster_runtime.errors import Unavailable
from muster_runtime.ids import SystemIds
from muster_runtime.testing import Faulty, Sandbox, client_error
from muster_runtime.testing.faults import outage, timeout_after_commit

NOW = 1_700_000_000


def a_ring(*names: str) -> Keyring:
    keys = [
        SigningKey(KeyId(name), KeyState.RETIRED, NOW, NOW + 5, f"pem of {name}", retire_at_s=NOW + 9) for name in names
    ]
    return Keyring(tuple(keys), announced="k1")


class VaultContract(ABC):
    """Subclass it with a fixture `vault`."""

    @pytest.fixture
    @abstractmethod
    def vault(self) -> Any: ...

    async def test_a_secret_without_a_value_is_an_empty_ring(self, vault: Vault) -> None:
        assert (await vault.read()).keyring == Keyring()

    async def test_a_stored_ring_is_read_as_it_was(self, vault: Vault) -> None:
        pending = SigningKey(KeyId("k2"), KeyState.PENDING, NOW, NOW + 5, "pem")
        ring = Keyring((pending, *a_ring("k1").keys), announced="k1")

        await vault.replace(ring, version=(await vault.read()).version)

        assert (await vault.read()).keyring == ring

    async def test_each_write_makes_another_version(self, vault: Vault) -> None:
        versions = [(await vault.read()).version]
        for name in ("k1", "k2", "k3"):
            await vault.replace(a_ring(name), version=versions[-1])
            versions.append((await vault.read()).version)

        assert len(set(versions)) == 4

    async def test_a_ring_that_has_moved_on_is_not_replaced(self, vault: Vault) -> None:
        old = (await vault.read()).version
        await vault.replace(a_ring("k1"), version=old)

        with pytest.raises(KeyringChanged):
            await vault.replace(a_ring("k2"), version=old)

        assert (await vault.read()).keyring == a_ring("k1")

    @pytest.mark.parametrize("filled", [False, True])
    async def test_of_many_writers_of_one_version_one_succeeds(self, vault: Vault, filled: bool) -> None:  # noqa: FBT001 - pytest passes it
        if filled:
            await vault.replace(a_ring("k1"), version=(await vault.read()).version)
        version = (await vault.read()).version

        async def one(name: str) -> bool:
            try:
                await vault.replace(a_ring(name), version=version)
            except KeyringChanged:
                return False
            return True

        async with asyncio.TaskGroup() as group:
            tries = {name: group.create_task(one(name)) for name in "abcdefgh"}

        (winner,) = [name for name, each in tries.items() if each.result()]
        assert (await vault.read()).keyring == a_ring(winner)


class TestMemoryVault(VaultContract):
    @pytest.fixture
    def vault(self) -> MemoryVault:
        return MemoryVault()


@dataclass
class Secret:
    """One secret of the local AWS."""

    client: Any
    name: str

    async def put(self, text: str) -> None:
        await self.client.put_secret_value(SecretId=self.name, SecretString=text)

    def vault(self, client: Any = None) -> SecretsVault:
        return SecretsVault(client or self.client, self.name, ids=SystemIds(), timeout_s=10)

    def directory(self) -> SecretsClientDirectory:
        return SecretsClientDirectory(self.client, self.name, timeout_s=10)


@pytest.fixture
async def secret(sandbox: Sandbox) -> Secret:
    """A secret as CloudFormation makes it: without a value."""
    client, name = await sandbox.client("secretsmanager"), sandbox.name("secret")
    await client.create_secret(Name=name)
    return Secret(client, name)


class TestSecretsVault(VaultContract):
    @pytest.fixture
    def vault(self, secret: Secret) -> SecretsVault:
        return secret.vault()


async def test_there_is_no_ring_where_there_is_no_value_at_all(sandbox: Sandbox) -> None:
    """On AWS a secret without a version answers as if it were not there."""
    client = await sandbox.client("secretsmanager")
    vault = SecretsVault(client, sandbox.name("secret"), ids=SystemIds(), timeout_s=10)

    stored = await vault.read()

    assert (stored.keyring, stored.version) == (Keyring(), "")


async def test_the_ring_before_stays_under_its_label(secret: Secret) -> None:
    vault = secret.vault()
    for name in ("k1", "k2"):
        await vault.replace(a_ring(name), version=(await vault.read()).version)

    before = await secret.client.get_secret_value(SecretId=secret.name, VersionStage="AWSPREVIOUS")

    assert json.loads(before["SecretString"])["keys"][0]["kid"] == "k1"


async def test_the_stored_document_is_one_that_people_can_read(secret: Secret) -> None:
    vault = secret.vault()
    await vault.replace(a_ring("k1"), version=(await vault.read()).version)

    stored = await secret.client.get_secret_value(SecretId=secret.name)

    assert json.loads(stored["SecretString"]) == {
        "keys": [
            {
                "kid": "k1",
                "state": "retired",
                "created_at": "2023-11-14T22:13:20Z",
                "signs_from": "2023-11-14T22:13:25Z",
                "retire_at": "2023-11-14T22:13:29Z",
                "private_pem": "pem of k1",
            }
        ],
        "announced": "k1",
    }


@pytest.mark.parametrize("text", ["canary", "[]", '{"keys": 5}', '{"keys": [{"private_pem": "canary"}]}'])
async def test_what_is_no_ring_is_told_without_showing_it(secret: Secret, text: str) -> None:
    await secret.put(text)

    with pytest.raises(KeyringUnreadable) as raised:
        await secret.vault().read()

    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_lost_answer_leaves_one_ring_or_the_other(secret: Secret) -> None:
    faulty = Faulty(secret.client, {"update_secret_version_stage": [timeout_after_commit()]})
    vault = secret.vault(faulty)
    version = (await vault.read()).version

    with pytest.raises(Unavailable):
        await vault.replace(a_ring("k1"), version=version)

    assert (await vault.read()).keyring == a_ring("k1")
    with pytest.raises(KeyringChanged):
        await vault.replace(a_ring("k2"), version=version)


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidRequestException", "DecryptionFailure"])
async def test_a_secret_that_is_not_given_out_is_an_outage_and_no_end(secret: Secret, code: str) -> None:
    async def refused(*_: object) -> None:
        raise client_error(code)

    faulty = Faulty(secret.client, {"get_secret_value": [refused, refused]})

    with pytest.raises(Unavailable, match=code):
        await secret.vault(faulty).read()
    with pytest.raises(Unavailable, match=code):
        await SecretsClientDirectory(faulty, secret.name, timeout_s=10).read()


async def test_an_outage_of_the_vault_has_a_name(secret: Secret) -> None:
    with pytest.raises(Unavailable):
        await secret.vault(Faulty(secret.client, {"get_secret_value": [outage()]})).read()


async def test_the_vaults_probe_answers(secret: Secret) -> None:
    await secret.vault().ping()


class ClientDirectoryContract(ABC):
    """Subclass it with fixtures `directory` and `register`."""

    @pytest.fixture
    @abstractmethod
    def directory(self) -> Any: ...

    @pytest.fixture
    @abstractmethod
    def register(self, directory: Any) -> Any: ...

    async def test_at_first_nobody_is_registered(self, directory: ClientDirectory) -> None:
        assert await directory.read() == {}

    async def test_a_registered_client_is_known_by_a_fingerprint(
        self, directory: ClientDirectory, register: Callable[[str, str, str], Awaitable[None]]
    ) -> None:
        await register("tool", "tools-secret", "operator")

        assert await directory.read() == {"tool": Client(ClientId("tool"), "operator", fingerprint("tools-secret"))}


class TestMemoryClientDirectory(ClientDirectoryContract):
    @pytest.fixture
    def directory(self) -> MemoryClientDirectory:
        return MemoryClientDirectory()

    @pytest.fixture
    def register(self, directory: MemoryClientDirectory) -> Callable[[str, str, str], Awaitable[None]]:
        async def registered(name: str, secret: str, scope: str) -> None:
            directory.clients[name] = Client(ClientId(name), scope, fingerprint(secret))

        return registered


class TestSecretsClientDirectory(ClientDirectoryContract):
    @pytest.fixture
    def directory(self, secret: Secret) -> SecretsClientDirectory:
        return secret.directory()

    @pytest.fixture
    def register(self, secret: Secret) -> Callable[[str, str, str], Awaitable[None]]:
        async def registered(name: str, value: str, scope: str) -> None:
            await secret.put(json.dumps({name: {"secret": value, "scope": scope}}))

        return registered


@pytest.mark.parametrize(
    "text",
    [
        "canary",
        '["canary"]',
        '{"tool": "canary"}',
        '{"tool": {"secret": "canary"}}',
        '{"tool": {"secret": "canary", "scope": "guest"}}',
        '{"tool": {"secret": "canary", "scope": "authenticated"}}',
        '{"tool": {"secret": "", "scope": "operator"}}',
    ],
)
async def test_what_is_no_list_of_clients_is_told_without_showing_it(secret: Secret, text: str) -> None:
    await secret.put(text)

    with pytest.raises(ClientsUnreadable) as raised:
        await secret.directory().read()

    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None


class IssuerFilesContract(ABC):
    """Subclass it with a fixture `files`."""

    @pytest.fixture
    @abstractmethod
    def files(self) -> Any: ...

    async def test_at_first_nothing_is_published(self, files: IssuerFiles) -> None:
        assert await files.published_key_ids() == frozenset()

    async def test_the_last_publication_counts(self, files: IssuerFiles) -> None:
        await files.publish({JWKS_PATH: b'{"keys":[{"kid":"k1"}]}', DISCOVERY_PATH: b"{}"})
        await files.publish({JWKS_PATH: b'{"keys":[{"kid":"k2","kty":"RSA"},{"kid":"k1"}]}'})

        assert await files.published_key_ids() == {"k1", "k2"}


class TestMemoryIssuerFiles(IssuerFilesContract):
    @pytest.fixture
    def files(self) -> MemoryIssuerFiles:
        return MemoryIssuerFiles()


@pytest.fixture
async def bucket(sandbox: Sandbox) -> str:
    name = sandbox.name("issuer")
    await (await sandbox.client("s3")).create_bucket(Bucket=name)
    return name


class TestBucketIssuerFiles(IssuerFilesContract):
    @pytest.fixture
    async def files(self, sandbox: Sandbox, bucket: str) -> BucketIssuerFiles:
        return BucketIssuerFiles(await sandbox.client("s3"), bucket, max_age_s=300, timeout_s=10)

    async def test_files_are_stored_as_verifiers_need_them(
        self, files: BucketIssuerFiles, sandbox: Sandbox, bucket: str
    ) -> None:
        await files.publish({JWKS_PATH: b'{"keys":[]}'})
        await files.ping()

        stored = await (await sandbox.client("s3")).head_object(Bucket=bucket, Key=".well-known/jwks.json")
        assert stored["ContentType"] == "application/json"
        assert stored["CacheControl"] == "public, max-age=300"

    async def test_an_outage_is_called_one_so_that_a_rotation_waits_for_its_end(
        self, sandbox: Sandbox, bucket: str
    ) -> None:
        s3 = Faulty(await sandbox.client("s3"), {"put_object": [outage()]})
        files = BucketIssuerFiles(s3, bucket, max_age_s=300, timeout_s=10)
        both = {JWKS_PATH: b'{"keys":[{"kid":"k1"}]}', DISCOVERY_PATH: b"{}"}

        with pytest.raises(Unavailable):
            await files.publish(both)
        await files.publish(both)

        assert await files.published_key_ids() == {"k1"}

    @pytest.mark.parametrize("content", [b"", b"not json", b"[]", b'{"keys":[{"kid":5}]}'])
    async def test_a_file_that_nobody_can_read_publishes_nothing(
        self, files: BucketIssuerFiles, content: bytes
    ) -> None:
        await files.publish({JWKS_PATH: content})

        assert await files.published_key_ids() == frozenset()


class SignerContract(ABC):
    """Subclass it with a fixture `signer`."""

    @pytest.fixture
    @abstractmethod
    def signer(self) -> Any: ...

    @pytest.fixture
    async def key(self, signer: Signer) -> SigningKey:
        fresh: FreshKey = await signer.fresh_key("k1")
        return SigningKey(fresh.key_id, KeyState.ACTIVE, NOW, NOW, fresh.private_pem)

    async def test_a_signed_token_is_read_until_it_expires_or_its_key_is_gone(
        self, signer: Signer, key: SigningKey
    ) -> None:
        claims: dict[str, str | int] = {
            "sub": "ann", "iss": ISSUER, "aud": "refresh", "scope": "refresh", "kid": "k1",
            "iat": NOW, "nbf": NOW, "exp": NOW + 10, "jti": "t1", "sid": "s1",
        }  # fmt: skip
        token, ring = signer.sign(claims, key), Keyring((key,))

        assert token == signer.sign(claims, key)
        assert signer.read(token, ring, issuer=ISSUER, now_s=NOW + 9) == claims
        access = signer.sign({**claims, "aud": "gamebackend"}, key)
        for refused, keyring, issuer, now_s in (
            (token, ring, ISSUER, NOW + 10),
            (token, Keyring(), ISSUER, NOW),
            (token, ring, "https://elsewhere.example", NOW),
            (access, ring, ISSUER, NOW),
        ):
            with pytest.raises(RefreshRefused):
                signer.read(refused, keyring, issuer=issuer, now_s=now_s)

    async def test_every_key_is_published(self, signer: Signer, key: SigningKey) -> None:
        assert [public["kid"] for public in signer.public_keys(Keyring((key,)))] == ["k1"]


class TestPaperSigner(SignerContract):
    @pytest.fixture
    def signer(self) -> PaperSigner:
        return PaperSigner()


class TestKeySigner(SignerContract):
    @pytest.fixture
    def signer(self) -> KeySigner:
        return KeySigner()
