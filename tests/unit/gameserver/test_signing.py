import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from muster_gameserver import AWSKeys
from muster_gameserver.signing import signed_headers, signed_query

NOW_S = 1_700_000_000.0
KEYS = AWSKeys("us-east-1", "AKIAEXAMPLE", "secret/+key", "session-token")


def test_headers_are_signed_as_botocore_signs_them() -> None:
    body = b'{"FleetId": "fleet-1"}'
    ours = signed_headers(KEYS, host="gamelift.test:9080", target="GameLift.X", body=body, now_s=NOW_S)
    request = AWSRequest("POST", "http://gamelift.test:9080/", data=body)
    request.headers["Content-Type"] = ours["content-type"]
    request.headers["X-Amz-Target"] = ours["x-amz-target"]
    request.headers["X-Amz-Date"] = ours["x-amz-date"]
    request.headers["X-Amz-Security-Token"] = ours["x-amz-security-token"]
    request.context["timestamp"] = ours["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIAEXAMPLE", "secret/+key", "session-token"), "gamelift", "us-east-1")

    canonical = signer.canonical_request(request)
    theirs = signer.signature(signer.string_to_sign(request, canonical), request)

    assert ours["authorization"].endswith(f"Signature={theirs}")


@pytest.mark.row("5.1.signing")
def test_a_connection_is_signed_over_who_connects() -> None:
    who = {"pID": "p 1", "FleetId": "fleet-1", "ComputeId": "laptop"}

    query = signed_query(KEYS, who=who, now_s=NOW_S)

    assert query == signed_query(KEYS, who=dict(reversed(who.items())), now_s=NOW_S)
    assert query["X-Amz-Signature"] != signed_query(KEYS, who={**who, "pID": "p-2"}, now_s=NOW_S)["X-Amz-Signature"]
    assert query["X-Amz-Signature"] != signed_query(KEYS, who=who, now_s=NOW_S + 1)["X-Amz-Signature"]
    assert "secret" not in str(query)
