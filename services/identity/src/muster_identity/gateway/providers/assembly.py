"""Which providers there are, by the settings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from muster_identity.domain.doors import Door
from muster_identity.gateway.providers import apple, epic, facebook
from muster_identity.gateway.providers.apple import Apple, AppleKey
from muster_identity.gateway.providers.cognito import Cognito, CognitoPool, PoolClient
from muster_identity.gateway.providers.discord import Discord
from muster_identity.gateway.providers.epic import Epic
from muster_identity.gateway.providers.facebook import Facebook
from muster_identity.gateway.providers.google_play import GooglePlay
from muster_identity.gateway.providers.guard import Guard, Limits
from muster_identity.gateway.providers.idtokens import Expected, IdTokens
from muster_identity.gateway.providers.keys import FetchDocument, ProviderKeys
from muster_identity.gateway.providers.oidc import Oidc, keys_at, keys_of
from muster_identity.gateway.providers.outbound import Outbound
from muster_identity.gateway.providers.settings import ProviderSettings, listed
from muster_identity.gateway.providers.steam import Steam, SteamPolicy
from muster_identity.gateway.providers.watched import Check, Instruments, Watched
from muster_identity.ports import Provider, UserPool
from muster_runtime.scope import Scope


def build(settings: ProviderSettings, scope: Scope) -> Mapping[str, Provider]:
    """Return the configured providers by name; call it once. Nothing is opened before the first call to one."""
    instruments = Instruments(scope.metrics)
    checks = _Assembly(settings, scope, instruments).checks()
    return {str(check.name): Watched(check, instruments, scope.clock) for check in checks}


def build_pool(settings: ProviderSettings, scope: Scope) -> UserPool | None:
    """Return the Cognito user pool; None when none is configured."""
    if not settings.cognito_pool_id:
        return None
    return CognitoPool(_pool_client(settings, scope, Guard(Door.COGNITO, limits(settings), scope.clock)))


def limits(settings: ProviderSettings) -> Limits:
    """Return how much each provider may cost."""
    return Limits(
        connect_s=settings.provider_connect_s,
        total_s=settings.provider_timeout_s,
        attempts=settings.provider_attempts,
        pause_s=settings.provider_pause_s,
        concurrency=settings.provider_concurrency,
        body_bytes=settings.provider_body_bytes,
        failures=settings.provider_failures,
        open_s=settings.provider_open_s,
    )


@dataclass(frozen=True, slots=True)
class _Assembly:
    settings: ProviderSettings
    scope: Scope
    instruments: Instruments

    def checks(self) -> Iterator[Check]:
        """Yield one check for each door that is set up."""
        settings = self.settings
        if settings.steam_app_id is not None:
            yield self._steam(settings.steam_app_id)
        if settings.apple_client_ids:
            yield self._apple()
        if settings.google_play_app_id:
            yield self._google_play()
        if settings.facebook_app_id:
            yield self._facebook()
        if settings.epic_client_id:
            yield self._epic()
        if settings.discord_client_id:
            yield self._discord()
        for name in settings.oidc:
            yield self._oidc(name)
        if settings.cognito_pool_id:
            yield self._cognito()

    def _steam(self, app_id: int) -> Check:
        settings = self.settings
        policy = SteamPolicy(
            settings.steam_reject_vac, settings.steam_reject_publisher_ban, settings.steam_allow_borrowed
        )
        key = _told(settings.steam_key)
        return Steam(self._outbound(Door.STEAM), settings.steam_url, app_id, key, settings.steam_identity, policy)

    def _apple(self) -> Check:
        settings, outbound = self.settings, self._outbound(Door.APPLE)
        expected = Expected(frozenset({apple.ISSUER}), listed(settings.apple_client_ids), settings.apple_nonce_required)
        fetch = keys_at(outbound, settings.apple_url + apple.KEYS_PATH, door=Door.APPLE)
        private_pem = _told(settings.apple_private_key)
        key = AppleKey(settings.apple_team_id, settings.apple_key_id, private_pem) if private_pem else None
        return Apple(self._tokens(Door.APPLE, fetch, expected), outbound, settings.apple_url, self.scope.clock, key)

    def _google_play(self) -> Check:
        settings = self.settings
        return GooglePlay(
            self._outbound(Door.GOOGLE_PLAY),
            settings.google_oauth_url,
            settings.google_games_url,
            settings.google_play_app_id,
            settings.google_play_client_id,
            _told(settings.google_play_client_secret),
        )

    def _facebook(self) -> Check:
        settings, outbound = self.settings, self._outbound(Door.FACEBOOK)
        expected = Expected(facebook.LIMITED_ISSUERS, frozenset({settings.facebook_app_id}))
        fetch = keys_at(outbound, settings.facebook_limited_url + facebook.KEYS_PATH, door=Door.FACEBOOK)
        return Facebook(
            outbound,
            self._tokens(Door.FACEBOOK, fetch, expected),
            settings.facebook_graph_url,
            settings.facebook_app_id,
            _told(settings.facebook_app_secret),
            self.scope.clock,
        )

    def _epic(self) -> Check:
        settings, kind = self.settings, self.settings.epic_accounts
        expected = Expected(epic.ISSUERS[kind], frozenset({settings.epic_client_id}), settings.epic_nonce_required)
        fetch = keys_at(self._outbound(Door.EPIC), settings.epic_url + epic.KEYS_PATHS[kind], door=Door.EPIC)
        return Epic(self._tokens(Door.EPIC, fetch, expected))

    def _discord(self) -> Check:
        settings = self.settings
        return Discord(
            self._outbound(Door.DISCORD),
            settings.discord_url,
            settings.discord_client_id,
            _told(settings.discord_client_secret),
            self.scope.clock,
        )

    def _oidc(self, name: str) -> Check:
        issuer, door = self.settings.oidc[name], f"{Door.OIDC}:{name}"
        expected = Expected(frozenset({issuer.issuer}), frozenset(issuer.client_ids), issuer.nonce_required)
        fetch = keys_of(self._outbound(door), issuer.issuer, door=door)
        return Oidc(door, self._tokens(door, fetch, expected, algorithms=issuer.algorithms))

    def _cognito(self) -> Check:
        settings = self.settings
        pool_id = settings.cognito_pool_id
        region = pool_id.partition("_")[0]
        issuer = f"{settings.cognito_url or f'https://cognito-idp.{region}.amazonaws.com'}/{pool_id}"
        expected = Expected(frozenset({issuer}), frozenset({settings.cognito_client_id}))
        guard = self._guard(Door.COGNITO)
        outbound = Outbound(Door.COGNITO, limits(settings), guard, self.scope.enter)
        fetch = keys_at(outbound, f"{issuer}/.well-known/jwks.json", door=Door.COGNITO)
        return Cognito(_pool_client(settings, self.scope, guard), self._tokens(Door.COGNITO, fetch, expected))

    def _guard(self, door: str) -> Guard:
        gauge = self.instruments.open.labels(door=door)
        return Guard(door, limits(self.settings), self.scope.clock, on_change=gauge.set)

    def _outbound(self, door: str) -> Outbound:
        return Outbound(door, limits(self.settings), self._guard(door), self.scope.enter)

    def _tokens(
        self, door: str, fetch: FetchDocument, expected: Expected, *, algorithms: Iterable[str] = ("RS256",)
    ) -> IdTokens:
        keys = ProviderKeys(door, fetch, self.scope.clock, algorithms=algorithms)
        return IdTokens(door, keys, expected, self.scope.clock)


def _pool_client(settings: ProviderSettings, scope: Scope, guard: Guard) -> PoolClient:
    return PoolClient(
        lambda: scope.aws("cognito-idp"),
        guard,
        settings.cognito_client_id,
        _told(settings.cognito_client_secret),
        settings.provider_timeout_s,
    )


def _told(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
