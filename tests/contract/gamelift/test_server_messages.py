"""Whatever a server process sends is answered, by the members of the protocol or by a fault, and never by a crash."""

import json
from typing import Any

from gamelift_bench import REGION, Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster_gamelift.errors import Fault
from muster_gamelift.servers import actions

TEXTS = st.sampled_from(["", "x", "psess-1", "ACTIVE", "ACCEPT_ALL", "p" * 2000, "\u0000", "ünï"])
LEAVES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | TEXTS
ODD = st.recursive(
    LEAVES, lambda more: st.lists(more, max_size=2) | st.dictionaries(TEXTS, more, max_size=2), max_leaves=4
)
ATTRIBUTES = st.fixed_dictionaries(
    {"AttrType": st.sampled_from(["DOUBLE", "STRING", "STRING_LIST", "STRING_DOUBLE_MAP", "NONE"]) | ODD},
    optional={"N": ODD, "S": ODD, "SL": ODD, "SDM": ODD},
)
PLAYERS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "PlayerId": TEXTS | ODD,
            "Team": st.sampled_from(["red", "blue"]) | ODD,
            "PlayerAttributes": st.dictionaries(TEXTS, ATTRIBUTES, max_size=2) | ODD,
            "LatencyInMs": st.dictionaries(TEXTS, st.integers(), max_size=2) | ODD,
        },
    )
    | ODD,
    max_size=3,
)
FIELDS = {
    "Port": st.integers(0, 70_000) | ODD,
    "LogPaths": ODD,
    "HealthStatus": st.booleans() | ODD,
    "PlayerId": TEXTS | ODD,
    "PlayerSessionId": TEXTS | ODD,
    "PlayerSessionStatusFilter": TEXTS | ODD,
    "PlayerSessionPolicy": TEXTS | ODD,
    "NextToken": TEXTS | ODD,
    "Limit": st.integers(-2, 2000) | ODD,
    "TicketId": TEXTS | ODD,
    "Players": PLAYERS | ODD,
    "RoleArn": ODD,
}


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    """A message that is nearly right: the session and the configuration are `SESSION` and `CONFIGURATION` mostly."""
    message = draw(st.fixed_dictionaries({"Action": st.sampled_from(sorted(actions.ACTIONS)) | ODD}, optional=FIELDS))
    for name, right in (
        ("GameSessionId", "SESSION"),
        ("GameSessionArn", "SESSION"),
        ("MatchmakingConfigurationArn", "CONFIGURATION"),
    ):
        if draw(st.booleans()):
            message[name] = draw(st.just(right) | ODD)
    return message


@given(st.lists(messages(), max_size=6))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_process_sends_is_answered(sent: list[dict[str, Any]]) -> None:
    bench = Bench()
    bench.configure_with_queue(BackfillMode="MANUAL")
    session = bench.running_session()
    configuration = bench.world.arns.configuration("duel")
    rows = {"SESSION": session, "CONFIGURATION": configuration}

    for message in sent:
        meant = {name: rows.get(value, value) if isinstance(value, str) else value for name, value in message.items()}
        try:
            answer = bench.engine.apply(REGION, lambda change, meant=meant: actions.answer(change, "p-1", meant))
        except Fault:
            continue
        json.dumps(answer, allow_nan=False)
        bench.advance(1)
