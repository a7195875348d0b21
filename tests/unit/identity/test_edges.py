import asyncio
from typing import Any

import pytest
from identity_fakes import World
from structlog.testing import capture_logs

from muster_events.registry import NotAnEvent, Unrecognised
from muster_identity import errors
from muster_identity.consumer import RevokeKey, RotateKeys, parse_command, reactions
from muster_identity.domain.discovery import etag_of, is_unchanged
from muster_identity.jobs import Reload
from muster_runtime.errors import MusterError, Unavailable
from muster_runtime.http.problems import status_of


def test_the_schedulers_command_is_known() -> None:
    assert parse_command({"command": "rotate-keys"}) == RotateKeys()
    assert parse_command({"command": "rotate-keys", "since": "a later release"}) == RotateKeys()


def test_the_command_of_an_emergency_names_its_key() -> None:
    assert parse_command({"command": "revoke-key", "key_id": "k1"}) == RevokeKey("k1")


@pytest.mark.parametrize("key_id", [{}, {"key_id": ""}, {"key_id": 5}])
def test_a_key_to_revoke_has_to_be_named(key_id: dict[str, Any]) -> None:
    with pytest.raises(NotAnEvent):
        parse_command({"command": "revoke-key", **key_id})


async def test_the_command_of_an_emergency_revokes() -> None:
    world = World()
    keys = world.instance().keys
    await keys.start()
    (stolen,) = world.vault.stored.keyring.keys

    await reactions(keys)[RevokeKey](RevokeKey(stolen.key_id))

    (fresh,) = world.vault.stored.keyring.keys
    assert fresh.key_id != stolen.key_id


def test_another_command_is_not_for_us() -> None:
    assert parse_command({"command": "make-coffee"}) == Unrecognised(type="make-coffee", version=0)


@pytest.mark.parametrize("document", [{}, {"command": ""}, {"command": None}, {"command": ["rotate-keys"]}])
def test_what_names_no_command_is_malformed(document: dict[str, Any]) -> None:
    with pytest.raises(NotAnEvent):
        parse_command(document)


async def test_the_command_rotates() -> None:
    world = World()

    await reactions(world.instance().keys)[RotateKeys](RotateKeys())

    assert len(world.vault.stored.keyring.keys) == 1


async def test_a_reader_that_fails_stops_neither_itself_nor_the_others() -> None:
    stop, calls = asyncio.Event(), {"keys": 0, "clients": 0}

    async def failing() -> None:
        calls["keys"] += 1
        raise Unavailable("The vault does not answer.")

    async def fine() -> None:
        calls["clients"] += 1
        if calls["clients"] == 3:
            stop.set()

    with capture_logs() as lines:
        await Reload({"keys": failing, "clients": fine}, 0.001).run(stop)

    assert calls == {"keys": 3, "clients": 3}
    assert [(line["event"], line["what"], line["error"]) for line in lines] == [
        ("reload_failed", "keys", "unavailable")
    ] * 3


async def test_a_reader_with_a_bug_ends_the_service() -> None:
    async def broken() -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await Reload({"keys": broken}, 0.001).run(asyncio.Event())


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [("", False), ('"x"', False), ("*", True), ('"{}"', True), ('W/"{}"', True), ('"x", "{}"', True), ("{}", False)],
)
def test_only_a_matching_tag_saves_the_body(header: str, unchanged: bool) -> None:  # noqa: FBT001 - pytest passes it
    etag = etag_of(b"document")

    assert is_unchanged(header.format(etag.strip('"')), etag) is unchanged


def test_different_documents_have_different_tags() -> None:
    assert etag_of(b"a") != etag_of(b"b")


def test_every_error_has_a_code_of_its_own_and_the_status_that_its_module_tells() -> None:
    ours = [each for each in vars(errors).values() if isinstance(each, type) and each.__module__ == errors.__name__]
    assert len({each.code for each in ours}) == len(ours) == 36
    for each in ours:
        assert issubclass(each, MusterError)
        (line,) = [line for line in (errors.__doc__ or "").splitlines() if f" {each.__name__} " in line]
        assert str(status_of(each)) in line
