"""Identity over real HTTP, for its integration tests: on fakes where only the wire counts, else on the local AWS."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt
from identity_fakes import ISSUER, BookPool, Instance, World
from patience import PATIENT

from muster_identity.app import build
from muster_identity.domain.changes import Told
from muster_identity.domain.clients import Client, ClientId
from muster_identity.domain.doors import CREDENTIALS, kind_of
from muster_identity.domain.fingerprints import fingerprint
from muster_identity.jobs import Reload
from muster_identity.routes import Handlers, oauth_routes, routes
from muster_identity.settings import Settings
from muster_identity.store.accounts import BY_USER, DELETIONS
from muster_runtime.dynamo import Table
from muster_runtime.ids import SystemIds
from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing import FakeClock, QueuePair, Sandbox, running

CLIENTS = {
    "tool": {"secret": "the secret of the tool", "scope": "operator"},
    "arena": {"secret": "the-secret-of-the-arena", "scope": "server"},
}


TOLD = sorted({*(told.value for told in Told), "keys.rotated"})
"""Every event that identity publishes."""


class StickyIds(SystemIds):
    """Random ids, until told to draw the same user id again and again."""

    stuck = ""

    def uuid(self) -> str:
        return self.stuck or super().uuid()


@dataclass
class Reply:
    """An answer, read to its end."""

    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Resources:
    """What the data stack gives to identity, and the settings that name it."""

    sandbox: Sandbox
    settings: Settings
    rotation: QueuePair
    told: QueuePair

    @classmethod
    async def make(cls, sandbox: Sandbox) -> "Resources":
        bus, told, rotation = await sandbox.bus(), await sandbox.queue(), await sandbox.queue()
        await sandbox.route(bus, told, source="identity", types=TOLD)
        secrets, bucket = await sandbox.client("secretsmanager"), sandbox.name("issuer")
        names = {"keys": sandbox.name("keys"), "clients": sandbox.name("clients")}
        await secrets.create_secret(Name=names["keys"])
        await secrets.create_secret(Name=names["clients"], SecretString=json.dumps(CLIENTS))
        await (await sandbox.client("s3")).create_bucket(Bucket=bucket)
        settings = Settings(
            users_table=await users_table(sandbox),
            sessions_table=await sessions_table(sandbox),
            identities_table=await sandbox.table("identity"),
            bans_table=await sandbox.table("identity_hash"),
            resolutions_table=await sandbox.table("token_hash"),
            audit_table=await sandbox.table("user_id", "entry"),
            revocations_table=await sandbox.table("lane", "mark"),
            outbox_table=await sandbox.outbox_table(),
            event_bus=bus,
            keys_secret=names["keys"],
            clients_secret=names["clients"],
            issuer_bucket=bucket,
            rotation_queue=rotation.url,
            rotation_dead_letters=rotation.dead_letter_url,
            issuer_url=f"{ISSUER}/",
            keys_reload_s=0.2,
            consumer_wait_s=1,
            aws_call_s=60,
            **PATIENT,
            # Every test comes from one address; those about limits switch them on.
            limits=False,
        )
        return cls(sandbox, settings, rotation, told)

    async def rows(self, table: str) -> tuple[dict[str, Any], ...]:
        return (await Table(await self.sandbox.client("dynamodb"), table).scan()).items

    async def keyring(self) -> dict[str, Any]:
        secrets = await self.sandbox.client("secretsmanager")
        stored = await secrets.get_secret_value(SecretId=self.settings.keys_secret)
        ring: dict[str, Any] = json.loads(stored["SecretString"])
        return ring

    async def published(self, path: str) -> str:
        s3 = await self.sandbox.client("s3")
        stored = await s3.get_object(Bucket=self.settings.issuer_bucket, Key=path)
        async with stored["Body"] as body:
            content: bytes = await body.read()
        return content.decode()


def credential_of(door: str, subject: str) -> dict[str, str]:
    """Return what the fakes' provider of *door* takes for *subject*."""
    return dict.fromkeys(CREDENTIALS[kind_of(door)].required, subject)


def bearer(tokens: Any) -> dict[str, str]:
    """Return the header that carries the access token of an answer, in either wire's words."""
    return {"Authorization": f"Bearer {tokens.get('access_token') or tokens['auth_token']}"}


async def users_table(sandbox: Sandbox) -> str:
    """Make the table of users, as the data stack has it."""
    return await sandbox.table("user_id", indexes={DELETIONS: ("deletion_lane", "delete_at")}, kinds={"delete_at": "N"})


async def sessions_table(sandbox: Sandbox) -> str:
    """Make the table of sessions, as the data stack has it."""
    return await sandbox.table(
        "session_id", indexes={BY_USER: ("user_id", "signed_in_at")}, kinds={"signed_in_at": "N"}
    )


@dataclass
class Identity:
    """One running instance."""

    url: str
    http: aiohttp.ClientSession
    clock: FakeClock
    ids: StickyIds = field(default_factory=StickyIds)
    world: World = field(default_factory=World)
    parts: list[Instance] = field(default_factory=list)

    @property
    def handlers(self) -> Handlers:
        """What its routes call; on fakes alone."""
        return self.parts[0].handlers

    async def call(self, method: str, path: str, **more: Any) -> Reply:
        more = {"timeout": aiohttp.ClientTimeout(total=PATIENT["request_deadline_s"]), **more}
        async with self.http.request(method, f"{self.url}{path}", **more) as answer:
            return Reply(answer.status, answer.headers, await answer.text())

    async def get(self, path: str, **more: Any) -> Reply:
        return await self.call("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Reply:
        return await self.call("POST", path, **more)

    async def sign_in(self, door: str, subject: str, **more: Any) -> Any:
        """Sign in with a provider of the fakes, whose credential is the subject itself."""
        body = {"credential": credential_of(door, subject), **more}
        reply = await self.post(f"/v1/sign-in/{door}", json=body)
        assert reply.status in (200, 201), reply.text
        return reply.json

    async def guest(self) -> Any:
        """Make a guest, as the published clients do."""
        reply = await self.get("/login-as-guest")
        assert reply.status == 200
        return reply.json


@asynccontextmanager
async def instance(resources: Resources, http: aiohttp.ClientSession, clock: FakeClock) -> AsyncIterator[Identity]:
    """Run one more instance of the service as it is deployed."""
    async with running("identity", resources.settings, build, clock=clock) as service:
        yield Identity(service.base_url, http, clock)


@asynccontextmanager
async def on_fakes(http: aiohttp.ClientSession, clock: FakeClock, **settings: Any) -> AsyncIterator[Identity]:
    """Run the service's own HTTP edge on fakes: the wire is real, and a test takes no time to speak of."""
    ids = StickyIds()
    world = World(clock=clock, ids=ids, pool=BookPool())
    world.directory.clients = {
        name: Client(ClientId(name), client["scope"], fingerprint(client["secret"])) for name, client in CLIENTS.items()
    }
    part = world.instance()

    async def build_on_fakes(settings: ServiceSettings, scope: Scope) -> Service:
        scope.verifier = part.handlers.verifier
        await part.keys.start()
        await part.machines.reload()
        return Service(
            routes=routes(part.handlers, jwks_max_age_s=300),
            raw_routes=oauth_routes(part.machines, body_deadline_s=settings.body_deadline_s),
            jobs={"reload": Reload({"clients": part.machines.reload}, 0.05)},
        )

    patient = ServiceSettings(**{**PATIENT, **settings})
    async with running("identity", patient, build_on_fakes, clock=clock, ids=ids) as service:
        yield Identity(service.base_url, http, clock, ids, world, [part])


def claims_of(token: str) -> dict[str, Any]:
    """Return a token's claims, unchecked."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims
