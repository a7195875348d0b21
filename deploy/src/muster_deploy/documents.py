"""Files made from the code: API documents, Dockerfiles, and the page of all settings.

Nothing is started: the route tables are built on handlers that nobody calls.
"""

import importlib
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic_settings import BaseSettings

from muster_deploy.images import dockerfile
from muster_deploy.services import PROVIDERS, SERVICES, Entry
from muster_deploy.settings import ROOT, Settings
from muster_players.arena.settings import ArenaSettings
from muster_runtime.http.openapi import document_json
from muster_runtime.http.routes import Route
from muster_runtime.serve import version_of
from muster_runtime.settings import variables

_SETTINGS_HEAD = """# Settings

Every environment variable that a program of Muster reads, from the code. `python -m muster_tickets --help` prints the
same for one service. AWS is found as the AWS SDKs find it: `AWS_REGION`, `AWS_ENDPOINT_URL`,
`AWS_ENDPOINT_URL_GAMELIFT`, and credentials from the usual chain. `MUSTER_CHECK_DYNAMODB=true`, as `make up` and the
tests set it, has requests to DynamoDB checked before they are sent.
"""


def bring_up_to_date(*, check: bool, folder: Path = ROOT) -> list[str]:
    """Write every document that is not current.

    Args:
        check: only look; write nothing.
        folder: the root of the repository.

    Returns:
        The documents that were stale, as paths below the folder.
    """
    wanted = {f"docs/openapi/{entry.name}.json": text for entry in SERVICES if (text := api_document(entry))}
    wanted |= {f"services/{entry.name}/Dockerfile": dockerfile(entry) for entry in SERVICES}
    wanted["docs/settings.md"] = settings_page()
    stale = []
    for name, text in wanted.items():
        path = folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return stale


def api_document(entry: Entry) -> str | None:
    """Return the OpenAPI document of a service; None where its whole API has another description, as GameLift's."""
    routes = route_table(entry)
    if not routes:
        return None
    return document_json(entry.name, version_of(entry.name), routes) + "\n"


def route_table(entry: Entry) -> Sequence[Route]:
    """Return the routes of a service, on handlers that must not be called; empty where it has no table."""
    module = importlib.import_module(f"{entry.module}.routes")
    routes = getattr(module, "routes", None)
    if routes is None:
        return ()
    table: Sequence[Route] = _called_with_stand_ins(routes)
    return table


def settings_page() -> str:
    """Return the page of all settings, in Markdown."""
    parts = [_SETTINGS_HEAD]
    parts += [_section(entry.name, entry.title, entry.settings()) for entry in SERVICES]
    parts.append(_section("arena", "the sample game server: `python -m muster_players.arena`", ArenaSettings))
    pretend = f"{PROVIDERS.title}: `python -m {PROVIDERS.module}`"
    parts.append(_section(PROVIDERS.name, pretend, PROVIDERS.settings()))
    parts.append(_section("up", "the whole stack: `make up`", Settings))
    return "\n".join(parts)


def _section(name: str, title: str, settings: type[BaseSettings]) -> str:
    rows = [
        f"| `{row.name}` | {_cell(row.kind)} | {_cell(_portable(row.default))} | {_cell(row.help)} |"
        for row in variables(settings)
    ]
    head = ["| Variable | Type | Default | Meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {name}", "", f"{title[0].upper()}{title[1:]}.", "", *head, *rows, ""])


def _portable(text: str) -> str:
    return text.removeprefix("default: ").replace(f"{ROOT}/", "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


class _StandIn:
    """Stands where handlers stand: a route table names their methods, and nobody calls them."""

    def __getattr__(self, name: str) -> "_StandIn":
        return _StandIn()

    def __call__(self, *_arguments: object, **_named: object) -> NoReturn:
        raise AssertionError("a route table must not call its handlers")


def _called_with_stand_ins(function: Any) -> Any:  # noqa: ANN401 - each service's routes has its own parameters
    positional: list[object] = []
    named: dict[str, object] = {}
    for parameter in inspect.signature(function).parameters.values():
        kinds: dict[object, object] = {int: 0, float: 0.0, str: ""}
        value = kinds.get(parameter.annotation, _StandIn())
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            named[parameter.name] = value
        else:
            positional.append(value)
    return function(*positional, **named)
