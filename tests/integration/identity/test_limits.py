"""The limits as the service wires them, alone and counted together in DynamoDB."""

from collections import Counter

import aiohttp
from identity_world import CLIENTS, Resources, instance

from muster_runtime.testing import FakeClock, Sandbox


async def test_instances_count_new_guests_together_and_each_its_own_requests(
    resources: Resources, sandbox: Sandbox, http_client: aiohttp.ClientSession, clock: FakeClock
) -> None:
    table = await sandbox.table("bucket")
    settings = resources.settings.model_copy(
        update={"limits": True, "limit_guests_burst": 4, "limit_guests_per_s": 0.01, "limits_table": table}
    )
    limited = Resources(sandbox, settings, resources.rotation, resources.told)

    async with instance(limited, http_client, clock) as one, instance(limited, http_client, clock) as two:
        replies = [await (one, two)[number % 2].get("/login-as-guest") for number in range(8)]
        other = await one.post("/v1/guests", json={"user_id": "nobody", "guest_secret": "x"})

    assert Counter({200: 4, 429: 4}) == Counter(reply.status for reply in replies)
    refused = replies[-1]
    assert "Error: Wait as long as Retry-After says." == refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 400
    assert "rate_limited" == refused.headers["X-Error-Code"]
    assert 401 == other.status, "signing in is no new guest"
    assert all(row["taken"] >= 1 and row["expires_at"] for row in await resources.rows(table))


async def test_forged_tokens_and_unknown_paths_use_up_the_requests_of_their_address(
    resources: Resources, sandbox: Sandbox, http_client: aiohttp.ClientSession, clock: FakeClock
) -> None:
    settings = resources.settings.model_copy(
        update={"limits": True, "limit_requests_burst": 6, "limit_requests_per_s": 0.01}
    )
    limited = Resources(sandbox, settings, resources.rotation, resources.told)
    forged = {"Authorization": "Bearer a.b.c"}
    grant = {"grant_type": "client_credentials", "client_id": "tool", "client_secret": CLIENTS["tool"]["secret"]}

    async with instance(limited, http_client, clock) as one:
        refused = [await one.get("/v1/me", headers=forged) for _ in range(3)]
        refused += [await one.get("/nowhere") for _ in range(3)]
        late = await one.post("/v1/oauth/token", data=grant)
        open_to_all = [await one.get(path) for path in ("/livez", "/metrics", "/.well-known/jwks.json")]

    assert [401, 401, 401, 404, 404, 404] == [reply.status for reply in refused]
    assert (429, "application/problem+json") == (late.status, late.headers["Content-Type"])
    assert [200, 200, 200] == [reply.status for reply in open_to_all]
