"""Where every adapter meets every rule."""

from collections.abc import Mapping
from typing import Any

from muster_identity.consumer import parse_command, reactions
from muster_identity.domain.discovery import JWKS_PATH
from muster_identity.domain.keys import RotationPolicy
from muster_identity.domain.policy import AccountPolicy
from muster_identity.domain.tokens import ACCESS_AUDIENCE, TokenPolicy
from muster_identity.gateway.issuer import BucketIssuerFiles
from muster_identity.gateway.providers import build as build_providers
from muster_identity.gateway.providers import build_pool
from muster_identity.gateway.signer import KeySigner
from muster_identity.gateway.vault import SecretsClientDirectory, SecretsVault
from muster_identity.handlers.accounts import AccountHandlers
from muster_identity.handlers.admission import Admission
from muster_identity.handlers.desk import Desk
from muster_identity.handlers.doors import DoorHandlers
from muster_identity.handlers.keys import KeyHandlers, KnownKeys
from muster_identity.handlers.machines import MachineHandlers
from muster_identity.handlers.operators import OperatorHandlers
from muster_identity.handlers.players import PlayerHandlers
from muster_identity.handlers.revoked import RevokedHandlers
from muster_identity.jobs import Reload
from muster_identity.ports import Accounts, Provider, UserPool
from muster_identity.routes import Guards, Handlers, guarded, oauth_routes, routes
from muster_identity.settings import Settings
from muster_identity.store import DynamoAccounts, OutboxBell, Tables
from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.keys import ALGORITHMS
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.dynamo import Table
from muster_runtime.limits import Buckets, Limiter, Rate, SharedBuckets
from muster_runtime.messaging.consumer import Consumer
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.scope import Scope
from muster_runtime.service import Service

OWN_KEYS_S = 1.0
"""How long the verifier of our own routes keeps the keys: they are in this process's memory."""


async def build(settings: Settings, scope: Scope) -> Service:
    """Wire identity; on an empty key secret the first key is made here."""
    dynamodb = await scope.aws("dynamodb")
    publisher = Publisher(await scope.aws("events"), bus=settings.event_bus, clock=scope.clock, metrics=scope.metrics)
    outbox = Outbox(
        dynamodb, table=settings.outbox_table, publisher=publisher, clock=scope.clock, metrics=scope.metrics
    )
    accounts = DynamoAccounts(dynamodb, tables(settings), outbox, token_life_s=settings.access_life_s)
    tokens, rotation, signer = token_policy(settings), rotation_policy(settings), KeySigner(settings.signing_algorithm)
    known = KnownKeys(rotation, scope.clock)
    bell = OutboxBell(dynamodb, outbox, revocations=settings.revocations_table)
    keys = await _keys(settings, scope, known=known, signer=signer, bell=bell)
    desk = Desk(known, signer, tokens, scope.clock, scope.ids)
    handlers = assemble(
        accounts,
        desk,
        keys,
        policy=account_policy(settings),
        providers=build_providers(settings, scope),
        pool=build_pool(settings, scope),
    )
    scope.verifier = handlers.verifier
    secrets = await scope.aws("secretsmanager")
    directory = SecretsClientDirectory(secrets, settings.clients_secret, timeout_s=settings.aws_call_s)
    machines = MachineHandlers(directory, known, signer, tokens, scope.clock, scope.ids)
    limits = guards(settings, scope, dynamodb)
    await keys.start()
    await machines.reload()
    return Service(
        title="Signs players in, and issues the tokens that every other service trusts",
        routes=guarded(routes(handlers, jwks_max_age_s=settings.jwks_max_age_s), limits),
        raw_routes=oauth_routes(machines, body_deadline_s=settings.body_deadline_s),
        gate=None if limits is None else limits.enter,
        consumers={
            "rotation": Consumer(
                await scope.aws("sqs"),
                name="rotation",
                queue_url=settings.rotation_queue,
                dead_letter_url=settings.rotation_dead_letters,
                reactions=reactions(keys),
                settings=settings,
                clock=scope.clock,
                metrics=scope.metrics,
                parse=parse_command,
            )
        },
        jobs={
            "reload": Reload({"keys": keys.reload, "clients": machines.reload}, settings.keys_reload_s),
            "deletions": Reload({"deletions": handlers.accounts.finish_deletions}, settings.deletions_every_s),
        },
        relays={"outbox": outbox},
        probes={"tables": accounts.ping, "keys": keys.check},
    )


def assemble(  # noqa: PLR0913 - each is needed and named
    accounts: Accounts,
    desk: Desk,
    keys: KeyHandlers,
    *,
    policy: AccountPolicy,
    providers: Mapping[str, Provider],
    pool: UserPool | None = None,
) -> Handlers:
    """Return what the routes call, on *accounts* and *providers*, whatever these are."""
    admission = Admission(accounts, desk, policy)
    return Handlers(
        players=PlayerHandlers(accounts, desk, admission),
        doors=DoorHandlers(accounts, desk, admission, providers),
        accounts=AccountHandlers(accounts, desk, admission),
        operators=OperatorHandlers(accounts, desk, admission),
        keys=keys,
        revoked=RevokedHandlers(accounts, desk.clock),
        verifier=own_verifier(keys, desk),
        pool=pool,
    )


def own_verifier(keys: KeyHandlers, desk: Desk) -> TokenVerifier:
    """Return what checks our own tokens: by the ring as this instance knows it, not by what was published."""

    async def fetch() -> bytes:
        return keys.documents()[JWKS_PATH]

    jwks = Jwks(fetch, clock=desk.clock, max_age_s=OWN_KEYS_S, algorithms=ALGORITHMS)
    return TokenVerifier(jwks, issuer=desk.policy.issuer, audience=ACCESS_AUDIENCE, clock=desk.clock)


def tables(settings: Settings) -> Tables:
    """Return the names of the tables."""
    return Tables(
        users=settings.users_table,
        identities=settings.identities_table,
        sessions=settings.sessions_table,
        bans=settings.bans_table,
        resolutions=settings.resolutions_table,
        audit=settings.audit_table,
        revocations=settings.revocations_table,
    )


def account_policy(settings: Settings) -> AccountPolicy:
    """Return how accounts are treated."""
    return AccountPolicy(
        recent_s=settings.recent_sign_in_s,
        deletion_grace_s=settings.deletion_grace_s,
        resolution_s=settings.resolution_s,
        compatible_link_switches=settings.compatible_link_switches,
    )


def token_policy(settings: Settings) -> TokenPolicy:
    """Return who issues tokens, and for how long."""
    return TokenPolicy(
        issuer=settings.issuer_url.rstrip("/"),
        access_life_s=settings.access_life_s,
        session_life_s=settings.session_life_s,
        grace_s=settings.refresh_grace_s,
        idle_s=settings.session_idle_s,
    )


def rotation_policy(settings: Settings) -> RotationPolicy:
    """Return how signing keys change."""
    return RotationPolicy(
        rotate_every_s=settings.rotate_every_s,
        jwks_max_age_s=settings.jwks_max_age_s,
        token_life_s=max(settings.session_life_s, settings.access_life_s),
    )


def guards(settings: Settings, scope: Scope, dynamodb: Any) -> Guards | None:  # noqa: ANN401 - an aiobotocore client
    """Return how often anybody may ask; None when limits are off."""
    if not settings.limits:
        return None

    def limiter(name: str, rate: Rate, shared: SharedBuckets | None = None) -> Limiter:
        return Limiter(name, Buckets(rate, clock=scope.clock), metrics=scope.metrics, shared=shared)

    guests, shared = Rate(settings.limit_guests_burst, settings.limit_guests_per_s), None
    if settings.limits_table:
        shared = SharedBuckets(Table(dynamodb, settings.limits_table), guests, name="guests", clock=scope.clock)
    return Guards(
        requests=limiter("requests", Rate(settings.limit_requests_burst, settings.limit_requests_per_s)),
        guests=limiter("guests", guests, shared),
        accounts=limiter("accounts", Rate(settings.limit_accounts_burst, settings.limit_accounts_per_s)),
    )


async def _keys(
    settings: Settings, scope: Scope, *, known: KnownKeys, signer: KeySigner, bell: OutboxBell
) -> KeyHandlers:
    """Wire what concerns the keys."""
    vault = SecretsVault(
        await scope.aws("secretsmanager"), settings.keys_secret, ids=scope.ids, timeout_s=settings.aws_call_s
    )
    files = BucketIssuerFiles(
        await scope.aws("s3"),
        settings.issuer_bucket,
        max_age_s=settings.jwks_max_age_s,
        timeout_s=settings.aws_call_s,
    )
    return KeyHandlers(
        known=known,
        vault=vault,
        files=files,
        bell=bell,
        signer=signer,
        issuer=settings.issuer_url.rstrip("/"),
        policy=known.policy,
        clock=scope.clock,
        ids=scope.ids,
    )
