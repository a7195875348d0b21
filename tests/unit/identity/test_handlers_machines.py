import jwt
import pytest
from identity_fakes import ISSUER, Instance, World

from muster_identity.domain.clients import Client, ClientId, Grant
from muster_identity.domain.fingerprints import fingerprint
from muster_identity.errors import ClientRefused, GrantIncomplete, GrantUnsupported, ScopeRefused


@pytest.fixture
async def identity() -> Instance:
    world = World()
    world.directory.clients = {
        "tool": Client(ClientId("tool"), "operator", fingerprint("tools-secret")),
        "arena": Client(ClientId("arena"), "server", fingerprint("arenas-secret")),
    }
    instance = world.instance()
    await instance.keys.start()
    await instance.machines.reload()
    return instance


def a_grant(client: str = "tool", secret: str = "tools-secret", scope: str = "") -> Grant:  # noqa: S107 - made up
    return Grant("client_credentials", client, secret, scope)


@pytest.mark.parametrize(
    ("client", "secret", "scope"), [("tool", "tools-secret", "operator"), ("arena", "arenas-secret", "server")]
)
async def test_a_client_gets_a_token_of_its_scope(identity: Instance, client: str, secret: str, scope: str) -> None:
    token = identity.machines.token(a_grant(client, secret))

    claims = jwt.decode(token.access_token, options={"verify_signature": False})
    assert (claims["sub"], claims["scope"], claims["aud"], claims["iss"]) == (client, scope, "gamebackend", ISSUER)
    assert claims["exp"] - claims["iat"] == token.expires_in_s == 900
    assert "sid" not in claims
    assert token.access_token not in repr(token)


async def test_each_token_has_an_id_of_its_own(identity: Instance) -> None:
    tokens = [identity.machines.token(a_grant()).access_token for _ in range(2)]

    assert len({jwt.decode(token, options={"verify_signature": False})["jti"] for token in tokens}) == 2


@pytest.mark.parametrize(
    ("client", "secret"), [("tool", "arenas-secret"), ("tool", ""), ("nobody", "tools-secret"), ("", "")]
)
async def test_a_client_that_proves_nothing_is_refused(identity: Instance, client: str, secret: str) -> None:
    with pytest.raises(ClientRefused):
        identity.machines.token(a_grant(client, secret))


async def test_a_client_may_name_its_own_scope_and_no_other(identity: Instance) -> None:
    assert identity.machines.token(a_grant(scope="operator")).scope == "operator"
    for scope in ("server", "guest", "operator server"):
        with pytest.raises(ScopeRefused):
            identity.machines.token(a_grant(scope=scope))


async def test_other_grants_are_not_offered(identity: Instance) -> None:
    with pytest.raises(GrantUnsupported):
        identity.machines.token(Grant("password", "tool", "tools-secret"))
    with pytest.raises(GrantIncomplete):
        identity.machines.token(Grant("", "tool", "tools-secret"))


async def test_a_client_that_was_taken_off_the_list_is_refused_after_a_reload() -> None:
    world = World()
    world.directory.clients = {"tool": Client(ClientId("tool"), "operator", fingerprint("tools-secret"))}
    identity = world.instance()
    await identity.keys.start()
    await identity.machines.reload()
    assert identity.machines.token(a_grant()).scope == "operator"

    world.directory.clients = {}
    await identity.machines.reload()

    with pytest.raises(ClientRefused):
        identity.machines.token(a_grant())


def test_a_clients_secret_is_not_shown_by_accident() -> None:
    assert "tools-secret" not in repr(a_grant())
    assert fingerprint("x") not in repr(Client(ClientId("a"), "server", fingerprint("x")))
