import pytest

from muster_gameserver import InvalidParameters, from_environment

WHO = {
    "GAMELIFT_SDK_WEBSOCKET_URL": "wss://gamelift.test",
    "GAMELIFT_SDK_FLEET_ID": "fleet-1",
    "GAMELIFT_SDK_HOST_ID": "laptop",
    "GAMELIFT_SDK_PROCESS_ID": "p-1",
}
TOKEN = {"GAMELIFT_SDK_AUTH_TOKEN": "token-1"}
KEYS = {"GAMELIFT_REGION": "us-east-1", "GAMELIFT_ACCESS_KEY": "AKIA", "GAMELIFT_SECRET_KEY": "secret"}


@pytest.mark.row("5.1.environment")
def test_the_variables_of_server_sdk_5_make_the_parameters() -> None:
    read = from_environment({**WHO, **TOKEN})

    assert ("wss://gamelift.test", "fleet-1", "laptop", "p-1", "token-1") == (
        read.websocket_url,
        read.fleet_id,
        read.host_id,
        read.process_id,
        read.auth_token,
    )
    assert "token-1" not in repr(read)


def test_a_token_takes_precedence_over_keys() -> None:
    assert from_environment({**WHO, **TOKEN, **KEYS}).credentials().aws is None
    signed = from_environment({**WHO, **KEYS}).credentials()
    assert signed.aws is not None
    assert ("us-east-1", "AKIA", "") == (signed.aws.region, signed.aws.access_key, signed.aws.session_token)


@pytest.mark.parametrize("named", ["", "ManagedResource"])
def test_a_process_id_may_be_drawn_by_the_program(named: str) -> None:
    variables = {**WHO, **TOKEN, "GAMELIFT_SDK_PROCESS_ID": named}

    assert "mine" == from_environment(variables, process_id="mine").process_id
    with pytest.raises(InvalidParameters, match="GAMELIFT_SDK_PROCESS_ID"):
        from_environment(variables)


@pytest.mark.parametrize("name", ["GAMELIFT_SDK_WEBSOCKET_URL", "GAMELIFT_SDK_FLEET_ID", "GAMELIFT_SDK_HOST_ID"])
def test_what_is_not_set_is_named(name: str) -> None:
    with pytest.raises(InvalidParameters, match=name):
        from_environment({**WHO, **TOKEN, name: ""})


def test_without_a_token_and_without_keys_there_is_no_right_to_connect() -> None:
    with pytest.raises(InvalidParameters, match="GAMELIFT_SDK_AUTH_TOKEN"):
        from_environment({**WHO, "GAMELIFT_REGION": "us-east-1"})


def test_the_environment_of_the_process_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**WHO, **TOKEN}.items():
        monkeypatch.setenv(name, value)

    assert "p-1" == from_environment().process_id
