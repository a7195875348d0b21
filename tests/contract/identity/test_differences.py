"""The differential table: its tokens and keys, its completeness, and its page."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from difference_cases import Case, Facts
from difference_scenes import issuer_facts, token_facts
from identity_differences import CASES, PATH, SECTIONS, page, section_of

LOGIN = "new known link link-refused second-id link-any-token no-link collisions store ill credentials caching"
"""What each provider's route has in common."""
ROWS = {
    "0": "1.plain 3.numbers 3.least 4.query 5.path 6.authorization 7.twin",
    "1.2.guest": "new ids known refused half collisions credentials caching",
    "1.2.refresh": "valid replay refused other-query no-query user-gone credentials caching",
    "1.2.steam": f"{LOGIN} missing not-set-up refused",
    "1.2.apple": f"{LOGIN} missing not-set-up refused",
    "1.2.google-play": f"{LOGIN} missing not-set-up refused",
    "1.2.facebook": f"{LOGIN} missing not-set-up refused",
    "1.2.cognito": f"{LOGIN} sign-up password confirm forgot reset sign-out sign-in order no-step no-body get declared "
    "not-set-up step-cors step-ill",
    "1.2.gateway": "unknown blocked throttled crashed slow",
    "1.3": "header sub iss aud scope renewal-scope kid iat nbf exp added size renewal",
    "1.4": "jwks discovery served stored rotation",
}
"""Every row of the published design's tables, written down a second time: none can be lost from the table unnoticed."""
GROUNDS = re.compile(r"(Finding (1[0-8]|[1-9]): |Decision: |One published client )")
"""A finding of the review, a decision, or the client that cannot take JSON for a refusal."""
PROVIDERS_WORDS = (
    "Failed to validate Steam token",
    "Token validation error",
    "Failed the try getting existing user",
    "Failed to authenticate with existing identity",
    "Failed to link new user to existing user",
    "Failed to create user",
    "Failed to authenticate",
    "Failed to generate Google Play bearer token",
    "Failed to validate Google Play bearer token",
    "User validation error",
    "App validation error",
    "Token not linked to correct app",
)


def cases(*scenes: str) -> list[Any]:
    """The cases of some scenes; of all tokens when none is named."""
    wanted = [case for case in CASES if (case.scene in scenes if scenes else case.scene not in {"wire", "issuer"})]
    return [pytest.param(case, id=case.name) for case in wanted]


@pytest.mark.parametrize("case", cases())
async def test_a_token_says_what_the_table_says(case: Case) -> None:
    seen = await token_facts(case.scene)

    assert {name: seen[name] for name in case.ours} == dict(case.ours)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def of_issuer() -> AsyncIterator[Facts]:
    """What sixty days of the issuer show; lived once for all cases."""
    yield await issuer_facts()


@pytest.mark.parametrize("case", cases("issuer"))
def test_files_and_keys_are_as_the_table_says(of_issuer: Facts, case: Case) -> None:
    assert {name: of_issuer[name] for name in case.ours} == dict(case.ours)


def test_every_row_of_the_published_tables_has_a_case_and_every_case_a_row() -> None:
    listed = {f"{section}.{row}" for section, rows in ROWS.items() for row in rows.split()}

    assert {case.row for case in CASES} == listed
    assert ROWS.keys() == SECTIONS.keys()
    assert all(section_of(case) in SECTIONS for case in CASES)


def test_no_two_cases_have_one_name() -> None:
    assert [name for name, times in Counter(case.name for case in CASES).items() if times > 1] == []


def test_all_published_words_of_refusals_are_in_the_table() -> None:
    told = {case.reference.get("body") for case in CASES}

    assert [words for words in PROVIDERS_WORDS if f"Error: {words}" not in told] == []


def test_a_deliberate_difference_is_one_and_has_a_reason() -> None:
    assert [case.name for case in CASES if bool(case.changed) != bool(case.differences)] == [], "said, and not so"
    assert [case.name for case in CASES if bool(case.reason) != bool(case.differences)] == [], "a reason or none"
    assert [case.name for case in CASES if case.reason and not GROUNDS.match(case.reason)] == []


def test_a_case_that_does_not_differ_has_one_value_for_both() -> None:
    same = [case for case in CASES if not case.reason]

    assert len(same) > len(CASES) / 2
    assert [case.name for case in same if case.ours != case.reference] == []


def test_the_page_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == page(), "run python tests/support/identity_differences.py"
