"""`env` and `apply`: the Muster that is up, or the account it is deployed to, seen from outside."""

from pathlib import Path

import aiohttp
from botocore.exceptions import BotoCoreError

from muster_deploy import apply, templates
from muster_deploy.envfiles import read_dotenv, write_files
from muster_deploy.environment import Facts, all_files, aws_environment
from muster_deploy.gamelift_setup import find_fleet
from muster_deploy.problems import CannotStart
from muster_deploy.readiness import answers
from muster_deploy.settings import Settings, export
from muster_deploy.system import entries_for, plan
from muster_runtime.aws import client_context
from muster_runtime.ids import Ids

_ADVICE = "Start it with `make up`, and run this beside it with the same MUSTER_* settings."


async def write(settings: Settings, *, ids: Ids) -> list[Path]:
    """Return the env files of the Muster that is up, written anew where its own start did not just do that.

    Raises:
        CannotStart: none is up where the settings say.
    """
    folder = settings.run_dir / "env"
    if await _current(saved_environment(settings).get("MUSTER_BASE_URL", "")):
        return sorted(folder.glob("*.env"))
    entries = entries_for(settings)
    topology = plan(settings, entries)
    export(aws_environment(topology))
    try:
        outputs = await apply.outputs_of(templates.load(), prefix=settings.prefix, limits=settings)
        if outputs is None:
            raise CannotStart("Muster is not deployed there.", _ADVICE)
        clients = await apply.seed_clients(outputs["IdentityClientsSecret"], limits=settings, ids=ids)
        async with client_context("gamelift", settings) as gamelift:
            fleet = await find_fleet(gamelift)
    except BotoCoreError as error:
        raise CannotStart(f"Nothing answers there ({type(error).__name__}).", _ADVICE) from error
    facts = Facts(outputs, fleet_id=fleet["FleetId"] if fleet else "", operator=clients[apply.OPERATOR])
    return write_files(folder, all_files(entries, topology, facts))


async def apply_only(settings: Settings, *, ids: Ids) -> dict[str, str]:
    """Bring the templates into AWS, seed the OAuth clients, and return the outputs.

    Raises:
        CannotStart: AWS does not answer, or refuses.
    """
    export(aws_environment(plan(settings, entries_for(settings))))
    with apply.told():
        outputs = await apply.apply(
            templates.load(), prefix=settings.prefix, limits=settings, local=settings.aws != "real"
        )
        await apply.seed_clients(outputs["IdentityClientsSecret"], limits=settings, ids=ids)
    return outputs


async def _current(base_url: str) -> bool:
    """Tell whether the Muster at *base_url* answers."""
    if not base_url:
        return False
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1.0)) as http:
        return await answers(http, f"{base_url}/livez")


def saved_environment(settings: Settings) -> dict[str, str]:
    """Return what the last start told outsiders; nothing when there was none."""
    file = settings.run_dir / "env" / "muster.env"
    return read_dotenv(file.read_text(encoding="utf-8")) if file.is_file() else {}
