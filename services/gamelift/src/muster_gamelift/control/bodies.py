"""What the control interface takes and answers, in the names that its users write."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_SECONDS = 86_400
"""Longest span of one advance: a day of passes."""
MOST_PROCESSES = 1_000
MOST_TIMES = 1_000_000


class Nothing(BaseModel):
    """An empty object."""

    model_config = ConfigDict(frozen=True)


class Freeze(BaseModel):
    """Whether time shall stand still."""

    model_config = ConfigDict(frozen=True, strict=True)

    frozen: bool


class Advance(BaseModel):
    """How much virtual time shall pass."""

    model_config = ConfigDict(frozen=True, strict=True)

    seconds: Annotated[float, Field(ge=0, le=MOST_SECONDS, allow_inf_nan=False)]


class ClockAnswer(BaseModel):
    """Where time stands."""

    now: Annotated[float, Field(description="seconds since the epoch")]
    frozen: bool


class After(BaseModel):
    """Which notices."""

    model_config = ConfigDict(frozen=True)

    after: Annotated[int, Field(ge=0, description="number of the last notice that is known already")] = 0


class NumberedNotice(BaseModel):
    """One notice and its number."""

    n: int
    notice: dict[str, Any]


class NoticesAnswer(BaseModel):
    """Notices in the order in which they were handed over."""

    notices: tuple[NumberedNotice, ...]
    last: Annotated[int, Field(description="number of the last notice of all")]


class NewFault(BaseModel):
    """A failure to order: of an operation, or of notices on their way."""

    model_config = ConfigDict(frozen=True, strict=True)

    operation: Annotated[str | None, Field(max_length=128)] = None
    error: Annotated[str | None, Field(max_length=128)] = None
    times: Annotated[int, Field(ge=1, le=MOST_TIMES)] = 1
    notices: Literal["drop", "duplicate", "delay", "reorder"] | None = None
    rate: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    seed: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float | None, Field(ge=0.001, le=MOST_SECONDS, allow_inf_nan=False)] = None
    type: Annotated[str, Field(max_length=64)] = ""

    @model_validator(mode="after")
    def _check(self) -> "NewFault":
        of_operations, of_notices = {"operation", "error", "times"}, {"notices", "rate", "seed", "seconds", "type"}
        given = self.model_fields_set
        if (self.notices is None) == (self.operation is None and self.error is None):
            raise ValueError("give operation, error and times, or notices, rate and seed")
        if self.notices is None and (self.operation is None or self.error is None or given & of_notices):
            raise ValueError("a fault of an operation has operation, error and times")
        if self.notices is not None and given & of_operations:
            raise ValueError("a fault of notices has notices, rate, seed, and where it applies seconds and type")
        if (self.seconds is not None) != (self.notices == "delay"):
            raise ValueError("seconds belongs to delay, and delay needs it")
        return self


class Places(BaseModel):
    """How many built-in server processes a location of a fleet shall have."""

    model_config = ConfigDict(frozen=True, strict=True)

    fleet_id: Annotated[str, Field(alias="fleetId", min_length=1, max_length=512)]
    location: Annotated[str, Field(min_length=1, max_length=64)]
    count: Annotated[int, Field(ge=0, le=MOST_PROCESSES)]


class PlacesAnswer(BaseModel):
    """The built-in server processes of a location."""

    fleet_id: Annotated[str, Field(serialization_alias="fleetId")]
    location: str
    count: int
