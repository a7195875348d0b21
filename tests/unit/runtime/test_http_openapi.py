from typing import Any

import pytest
from openapi_spec_validator import validate
from runtime_edge import EdgeUnderTest, Page, Ticket, echo, told

from muster_runtime.auth.principal import PLAYER_SCOPES
from muster_runtime.errors import Conflict
from muster_runtime.http.openapi import document, document_json
from muster_runtime.http.routes import Route


class AlreadyQueued(Conflict):
    """The player has an open ticket."""

    code = "already_queued"


CREATE = Route(
    "POST",
    "/v1/tickets",
    echo,
    "Creates a ticket.",
    scopes=PLAYER_SCOPES,
    body=Ticket,
    answer=Ticket,
    status=202,
    errors=(AlreadyQueued,),
)
LIST = Route("GET", "/v1/tickets", echo, "Lists tickets.", query=Page)
SHOW = Route("GET", "/v1/tickets/{ticket_id:[a-z]{2,}}", echo, "Shows a ticket.", plain_errors=True)
MAYBE = Route("POST", "/v1/maybe", echo, "With or without.", body=Ticket, body_optional=True)


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return document("Demo", "1.2.3", [CREATE, LIST, SHOW, MAYBE])


def codes(operation: dict[str, Any], status: str) -> set[str]:
    schema = operation["responses"][status]["content"]["application/problem+json"]["schema"]
    return set(schema["allOf"][1]["properties"]["code"]["enum"])


def test_the_document_is_valid_openapi(api: dict[str, Any]) -> None:
    validate(api)

    assert api["openapi"].startswith("3.1.")
    assert {"title": "Demo", "version": "1.2.3"} == api["info"]


def test_a_protected_route_tells_its_scopes_and_its_refusals(api: dict[str, Any]) -> None:
    create = api["paths"]["/v1/tickets"]["post"]

    assert [{"bearer": []}] == create["security"]
    assert "authenticated, guest" in create["description"]
    refusals = {"token_missing", "token_malformed", "token_expired", "token_revoked", "token_invalid"}
    assert refusals == codes(create, "401")
    assert {"scope_insufficient"} == codes(create, "403")


def test_a_public_route_says_so(api: dict[str, Any]) -> None:
    listing = api["paths"]["/v1/tickets"]["get"]

    assert [] == listing["security"]
    assert "401" not in listing["responses"]


def test_success_and_body_are_the_models(api: dict[str, Any]) -> None:
    create = api["paths"]["/v1/tickets"]["post"]

    ticket = {"$ref": "#/components/schemas/Ticket"}
    assert ticket == create["responses"]["202"]["content"]["application/json"]["schema"]
    assert ticket == create["requestBody"]["content"]["application/json"]["schema"]
    assert create["requestBody"]["required"] is True
    assert 10 == api["components"]["schemas"]["Ticket"]["properties"]["seats"]["maximum"]


def test_an_optional_body_is_not_required(api: dict[str, Any]) -> None:
    maybe = api["paths"]["/v1/maybe"]["post"]

    assert maybe["requestBody"]["required"] is False
    assert "body_missing" not in codes(maybe, "400")


def test_each_code_of_the_domain_and_of_the_edge_is_named_with_its_meaning(api: dict[str, Any]) -> None:
    create = api["paths"]["/v1/tickets"]["post"]

    assert {"already_queued"} == codes(create, "409")
    assert "The player has an open ticket." in create["responses"]["409"]["description"]
    assert {"json_syntax", "json_too_deep", "body_missing", "json_not_finite"} <= codes(create, "400")
    assert {"fields_invalid"} == codes(create, "422")
    assert {"body_too_large"} == codes(create, "413")
    assert {"media_unsupported"} == codes(create, "415")
    assert {"body_timeout"} == codes(create, "408")
    assert {"internal"} == codes(create, "500")
    assert {"deadline_exceeded", "keys_unavailable"} == codes(create, "503")


def test_parameters_are_those_of_path_and_query(api: dict[str, Any]) -> None:
    listing, show = api["paths"]["/v1/tickets"]["get"], api["paths"]["/v1/tickets/{ticket_id}"]["get"]

    assert {("limit", "query", False), ("tags", "query", False)} == {
        (one["name"], one["in"], one["required"]) for one in listing["parameters"]
    }
    assert ("ticket_id", "path", True) == tuple(show["parameters"][0][name] for name in ("name", "in", "required"))
    assert "^(?:[a-z]{2,})$" == show["parameters"][0]["schema"]["pattern"]


def test_plain_errors_are_described_as_text_too(api: dict[str, Any]) -> None:
    show = api["paths"]["/v1/tickets/{ticket_id}"]["get"]

    assert {"application/problem+json", "text/plain"} == set(show["responses"]["500"]["content"])


def test_operation_ids_are_unique_words(api: dict[str, Any]) -> None:
    ids = [operation["operationId"] for item in api["paths"].values() for operation in item.values()]

    assert len(ids) == len(set(ids))
    assert "get_v1_tickets_by_ticket_id" in ids


def test_the_text_is_the_same_each_time() -> None:
    assert document_json("Demo", "1", [CREATE, LIST]) == document_json("Demo", "1", [CREATE, LIST])


async def test_a_service_serves_its_own_document() -> None:
    response = await EdgeUnderTest(LIST).ask("GET", "/openapi.json")

    assert "application/json" == response.content_type
    assert ["/v1/tickets"] == list(told(response)["paths"])


async def test_a_service_serves_its_metrics_as_prometheus_text() -> None:
    edge = EdgeUnderTest(LIST)
    await edge.ask("GET", "/v1/tickets")

    response = await edge.ask("GET", "/metrics")

    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert b'muster_http_requests_total{method="GET",route="/v1/tickets",status="200"} 1.0' in (response.body or b"")  # type: ignore[operator] # it is bytes
