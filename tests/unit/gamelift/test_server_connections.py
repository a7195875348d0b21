"""Tokens that are renewed in time, and what a process may ask about its machine."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from muster_gamelift.servers import admission
from muster_gamelift.servers.certificate import certificate_in

ADDRESS = "ws://127.0.0.1:9080"


@pytest.fixture
def fleet(bench: Any) -> Any:
    bench.hosted()
    return bench


def connect(bench: Any, authorization: str = "", process_id: str = "p-1", **more: str) -> str:
    """Attach a process that came over an address; return its token."""
    if not authorization:
        authorization = bench.call("GetComputeAuthToken", FleetId=bench.fleet_id, ComputeName="laptop")["AuthToken"]
    query = {"pID": process_id, "FleetId": bench.fleet_id, "ComputeId": "laptop", "Authorization": authorization}
    claim = admission.claim_of({**query, **more}, endpoint=ADDRESS)
    bench.engine.apply("us-east-1", lambda change: admission.attach(change, claim))
    return authorization


def refreshes(bench: Any) -> list[dict[str, Any]]:
    return [message for message in bench.messages() if message["Action"] == "RefreshConnection"]


@pytest.mark.row("5.3.RefreshConnection")
def test_a_connection_is_renewed_before_its_token_ends(fleet: Any) -> None:
    connect(fleet)
    fleet.advance(0.7 * fleet.limits.token_s)
    assert refreshes(fleet) == []

    fleet.advance(0.1 * fleet.limits.token_s)
    (refresh,) = refreshes(fleet)

    assert refresh["RefreshConnectionEndpoint"] == ADDRESS
    assert set(refresh) == {"Action", "RefreshConnectionEndpoint", "AuthToken"}
    fleet.advance(0.3 * fleet.limits.token_s)
    connect(fleet, refresh["AuthToken"])


def test_a_process_that_comes_with_the_new_token_is_not_asked_again_until_that_one_ends(fleet: Any) -> None:
    connect(fleet)
    fleet.advance(0.75 * fleet.limits.token_s)
    connect(fleet, refreshes(fleet)[0]["AuthToken"])

    for _ in range(7):
        fleet.advance(0.1 * fleet.limits.token_s)
    assert len(refreshes(fleet)) == 1
    fleet.advance(0.1 * fleet.limits.token_s)
    assert len(refreshes(fleet)) == 2


def test_a_process_that_does_not_come_is_asked_three_times_within_the_tokens_life(fleet: Any) -> None:
    connect(fleet)

    for _ in range(99):
        fleet.advance(0.01 * fleet.limits.token_s)
    assert len(refreshes(fleet)) == 3
    fleet.advance(fleet.limits.token_s)
    assert len(refreshes(fleet)) == 3
    assert len({refresh["AuthToken"] for refresh in refreshes(fleet)}) == 3


def test_a_process_that_comes_back_with_a_token_that_has_ended_gets_a_new_one_at_once(fleet: Any) -> None:
    token = connect(fleet)
    fleet.engine.apply("us-east-1", lambda change: admission.detach(change, "p-1"))
    fleet.clock.advance(fleet.limits.token_s)
    connect(fleet, token)

    fleet.advance()
    assert len(refreshes(fleet)) == 1


def test_nobody_is_asked_who_signs_or_is_not_connected(fleet: Any) -> None:
    connect(fleet, "SigV4", **{"X-Amz-Signature": "00"})
    connect(fleet, process_id="p-2")
    fleet.engine.apply("us-east-1", lambda change: admission.detach(change, "p-2"))

    fleet.advance(0.8 * fleet.limits.token_s)

    assert not [push for push in fleet.recorder.pushes if push.message["Action"] == "RefreshConnection"]


@pytest.mark.row("5.2.GetComputeCertificate")
def test_the_certificate_is_the_path_that_the_compute_was_registered_with(fleet: Any) -> None:
    where = {"FleetId": fleet.fleet_id, "Location": "custom-laptop", "IpAddress": "127.0.0.1"}
    fleet.call("RegisterCompute", **where, ComputeName="tower", CertificatePath="/tls/game.pem")
    fleet.ready("p-1", compute="tower")
    fleet.ready("p-2")

    assert {"CertificatePath": "/tls/game.pem", "ComputeName": "tower"} == fleet.act("GetComputeCertificate")
    assert {"CertificatePath": "", "ComputeName": "laptop"} == fleet.act("GetComputeCertificate", "p-2")


@pytest.mark.row("5.2.GetFleetRoleCredentials")
def test_there_is_no_fleet_role(fleet: Any) -> None:
    fleet.ready()

    given = fleet.act("GetFleetRoleCredentials", RoleArn="arn:aws:iam::000000000000:role/game", RoleSessionName="s")

    assert (given["AccessKeyId"], given["Expiration"]) == ("", 0)


@pytest.mark.row("5.4.heartbeat")
def test_a_process_that_is_given_up_is_told_and_may_still_say_goodbye(fleet: Any) -> None:
    fleet.ready()
    for _ in range(3):
        fleet.act("HeartbeatServerProcess", HealthStatus=False)
    fleet.advance()

    (told,) = fleet.messages()
    assert told["Action"] == "TerminateProcess"
    assert fleet.act("TerminateServerProcess") == {}
    assert fleet.act_refused("HeartbeatServerProcess", HealthStatus=True).aws_name == "NotFoundException"


@pytest.mark.parametrize("limit", [-1, "1", True, 1.5])
def test_a_limit_must_be_one(fleet: Any, limit: Any) -> None:
    arn = fleet.running_session()

    refused = fleet.act_refused("DescribePlayerSessions", GameSessionId=arn, Limit=limit)

    assert refused.aws_name == "InvalidRequestException"


@pytest.mark.parametrize("status", ["LOST", [None], {"a": 1}, 7])
def test_a_status_filter_must_be_one(fleet: Any, status: Any) -> None:
    arn = fleet.running_session()

    refused = fleet.act_refused("DescribePlayerSessions", GameSessionId=arn, PlayerSessionStatusFilter=status)

    assert refused.aws_name == "InvalidRequestException"


@pytest.mark.row("5.2.DescribePlayerSessions")
def test_player_sessions_come_in_pages(fleet: Any) -> None:
    arn = fleet.running_session()
    fleet.call("CreatePlayerSessions", GameSessionId=arn, PlayerIds=["ann", "bob", "cat"])

    first = fleet.act("DescribePlayerSessions", GameSessionId=arn, Limit=2, NextToken="")
    rest = fleet.act("DescribePlayerSessions", GameSessionId=arn, Limit=2, NextToken=first["NextToken"])

    named = [seat["PlayerId"] for page in (first, rest) for seat in page["PlayerSessions"]]
    assert (sorted(named), len(first["PlayerSessions"])) == (["ann", "bob", "cat"], 2)
    assert "NextToken" not in rest


def test_a_certificate_is_for_this_machine_and_its_key_for_this_user(tmp_path: Path) -> None:
    made = certificate_in(tmp_path / "new", ("game.test", "10.0.0.5"))

    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "game.test"} == set(names.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "::1", "10.0.0.5"} == {str(one) for one in names.get_values_for_type(x509.IPAddress)}
    assert made.key.stat().st_mode & 0o077 == 0
    assert made.context().minimum_version is ssl.TLSVersion.TLSv1_2
    assert made == certificate_in(tmp_path / "new", ())
    assert certificate == x509.load_pem_x509_certificate(made.certificate.read_bytes())
