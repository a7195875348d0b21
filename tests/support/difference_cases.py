"""What a case of the differential table is: one behaviour of the published design, and what ours does there.

Source: Guidance for Custom Game Backend Hosting on AWS, identity component.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Facts = Mapping[str, object]
"""What is seen, by name: `status`, `body`, `members`, ... The stage and the scenes say what each is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One behaviour.

    Attributes:
        name: `SECTION.ROW`, or `SECTION.ROW/VARIANT` where a row has several.
        says: what the case is about, in our words.
        reference: what the published design shows.
        changed: what ours shows in place of these facts, or some of them; nothing where both are the same.
        reason: why that is so on purpose; empty where both are the same.
        scene: where the facts are seen: `wire` for an answer to `request`, else one of the scenes of tokens and keys.
        before: what has happened before the request, in order; names of the stage's steps.
        request: method, path and query; `{names}` are filled in by the stage.
        body: the JSON body, filled in likewise.
        headers: more headers.
    """

    name: str
    says: str
    reference: Facts
    changed: Facts = field(default_factory=dict)
    reason: str = ""
    scene: str = "wire"
    before: tuple[str, ...] = ()
    request: str = ""
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def row(self) -> str:
        """The row that it belongs to."""
        return self.name.partition("/")[0]

    @property
    def ours(self) -> Facts:
        """What ours shows: the reference's facts, but for those that are changed."""
        return {**self.reference, **self.changed}

    @property
    def differences(self) -> Facts:
        """The facts that ours shows otherwise."""
        absent = object()
        return {name: value for name, value in self.changed.items() if self.reference.get(name, absent) != value}


TOKENS: Final = ("auth_token", "refresh_token", "auth_token_expires_in", "refresh_token_expires_in")
"""The members that every sign-in's answer ends with, in order."""

MISSING_TOKEN: Final = "Missing Authentication Token"
"""The gateway's words for whatever it does not know."""
TRAP: Final = (
    "One published client takes any JSON object for success, or falls silent on it: whatever is refused is plain text."
)
NO_STORE: Final = "Finding 4: the answer holds secrets, which no cache may keep."
NO_CREDENTIALS: Final = "Finding 14: browsers refuse the pair of `*` and `true`, and there is no cookie."
TWIN: Final = "Finding 4: the twin keeps secrets out of addresses and access logs. No published client sends it."
REUSE: Final = "Finding 3: a stolen refresh token works for six days otherwise."
APART: Final = (
    "Finding 13: the credential may be good. 401 sends the player off for another one; 503 and 502 say who is ill."
)


def refused(status: int, text: str) -> Facts:
    """Return the facts of a refusal in plain text."""
    return {"status": status, "type": "text/plain", "body": f"Error: {text}"}


def gateway(status: int, message: str) -> Facts:
    """Return the facts of an answer of the published design's gateway: a JSON object."""
    return {"status": status, "type": "application/json", "body": f'{{"message": "{message}"}}'}
