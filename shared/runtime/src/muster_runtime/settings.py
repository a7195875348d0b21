"""Settings come from the environment, once, at the start: units in the names, every variable described.

A service subclasses `ServiceSettings` (and mixes in `AuthSettings` or `ConsumerSettings` where it needs them):

    class Settings(ConsumerSettings, AuthSettings, ServiceSettings):
        model_config = settings_config("TICKETS_")
        table: str = Field(description="DynamoDB table that holds the tickets")

`describe` renders the `--help` text, `load` reads the environment and tells every problem at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

S = TypeVar("S", bound=BaseSettings)

UNITS = {"_per_s": "per second", "_ms": "milliseconds", "_s": "seconds", "_bytes": "bytes", "_url": "URL"}
"""What the end of a setting's name says about its unit."""

HTTPUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$")]
"""An absolute http or https address, kept as the text that was given."""


def settings_config(prefix: str) -> SettingsConfigDict:
    """Return the model configuration of a service's settings.

    Args:
        prefix: environment prefix with its underscore, such as `TICKETS_`.
    """
    return SettingsConfigDict(
        env_prefix=prefix,
        frozen=True,
        extra="ignore",
        env_file=None,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )


class ServiceSettings(BaseSettings):
    """What every service can be told; each adds its own."""

    model_config = settings_config("MUSTER_")

    host: str = Field("127.0.0.1", description="address the HTTP server listens on")
    port: int = Field(0, ge=0, le=65_535, description="port the HTTP server listens on; 0 takes any free one")
    log_format: Literal["auto", "json", "columns"] = Field(
        "auto", description="log layout; auto means columns on a terminal and JSON elsewhere"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severe level that is logged"
    )
    grace_s: float = Field(10.0, gt=0, le=3600, description="whole budget for draining after SIGTERM")
    request_deadline_s: float = Field(15.0, gt=0, le=900, description="longest one HTTP request may be handled")
    body_deadline_s: float = Field(10.0, gt=0, le=900, description="longest a client may take to send a body")
    header_deadline_s: float = Field(15.0, gt=0, le=900, description="longest a client may take to send headers")
    keep_alive_s: float = Field(
        75.0, gt=0, le=3600, description="idle HTTP connections are closed after this; above the balancer's own limit"
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="proxies in front that append to X-Forwarded-For; 0 believes the socket alone"
    )
    readiness_cache_s: float = Field(1.0, ge=0, le=60, description="how long an answer of /readyz is reused")
    probe_timeout_s: float = Field(2.0, gt=0, le=60, description="longest one dependency probe may take")
    aws_connect_timeout_s: float = Field(2.0, gt=0, le=60, description="longest wait for a connection to AWS")
    aws_read_timeout_s: float = Field(5.0, gt=0, le=300, description="longest silence while AWS answers")
    aws_attempts: int = Field(3, ge=1, le=10, description="tries of one AWS call, the first included")


class AuthSettings(BaseModel):
    """Mixin: whose tokens a service believes."""

    model_config = ConfigDict(frozen=True)

    issuer_url: HTTPUrl = Field(description="issuer that access tokens must name, without a trailing slash")
    jwks_url: HTTPUrl = Field(description="where that issuer publishes its keys")
    audience: str = Field("gamebackend", min_length=1, description="audience that access tokens must name")
    jwks_max_age_s: float = Field(300.0, gt=0, le=86_400, description="published keys are fetched again after this")
    jwks_stale_s: float = Field(
        3600.0, ge=0, le=86_400, description="how long past their age old keys serve while the issuer is down"
    )
    jwks_timeout_s: float = Field(3.0, gt=0, le=60, description="longest one fetch of the keys may take")
    token_max_life_s: float = Field(
        3600.0, gt=0, le=86_400, description="longest life (exp - iat) an access token may have"
    )
    token_algorithms: str = Field(
        "RS256",
        pattern=r"^(RS256|ES256|EdDSA)(,(RS256|ES256|EdDSA))*$",
        description="what access tokens may be signed with: some of RS256, ES256, EdDSA, with commas",
    )
    revocations_url: HTTPUrl | None = Field(
        None, description="where the issuer lists what was taken back; unset: tokens live to their end"
    )
    revocations_every_s: float = Field(
        2.0, gt=0, le=60, description="that list is read again after this, by every instance for itself"
    )


class ConsumerSettings(BaseModel):
    """Mixin: how a service takes messages from its queues."""

    model_config = ConfigDict(frozen=True)

    consumer_concurrency: int = Field(10, ge=1, le=1000, description="messages of one queue handled at a time")
    consumer_wait_s: int = Field(5, ge=0, le=20, description="long poll of one receive; also the least drain time")
    consumer_visibility_s: int = Field(
        30, ge=3, le=43_200, description="how long a received message stays hidden; extended while it is handled"
    )
    consumer_max_receives: int = Field(
        5, ge=1, le=1000, description="a message that failed unexpectedly this often is parked"
    )
    consumer_backoff_base_s: float = Field(1.0, ge=0, le=900, description="first pause before a message is retried")
    consumer_backoff_cap_s: float = Field(60.0, ge=0, le=43_200, description="longest pause before a retry")
    consumer_handler_deadline_s: float = Field(60.0, gt=0, le=43_200, description="longest one message may be handled")
    consumer_parked_share: float = Field(
        0.5, gt=0, le=1, description="share of recent messages that may be parked before the service stops"
    )
    consumer_parked_window: int = Field(100, ge=1, description="how many recent messages that share looks at")
    consumer_parked_minimum: int = Field(20, ge=1, description="fewest messages before that share is judged")


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable that a settings class reads.

    Attributes:
        name: as it is spelled in the environment.
        kind: type and unit in words.
        default: the default as text; `required` where there is none; secrets are never shown.
        help: the field's description.
    """

    name: str
    kind: str
    default: str
    help: str


class BadSettings(Exception):
    """The environment does not make valid settings.

    Attributes:
        problems: one line for each, fit to be shown: it names the variable and never repeats a value.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Build the error from its lines."""
        super().__init__("; ".join(problems))
        self.problems = problems


def load(settings_class: type[S], given: Mapping[str, str] | None = None) -> S:
    """Read *settings_class* from the environment.

    Args:
        settings_class: what to read.
        given: field -> text, from the command line; goes before the environment.

    Raises:
        BadSettings: at least one variable is missing or does not fit; all of them are named at once.
    """
    options: dict[str, Any] = dict(given or {})
    try:
        return settings_class(**options)
    except ValidationError as error:
        raise BadSettings(tuple(_problems(settings_class, error, options))) from None
    except SettingsError as error:
        # A value that should be JSON is not; the library's message names the field and not the value.
        raise BadSettings((str(error),)) from None


def describe(settings_class: type[BaseSettings]) -> str:
    """Return the `--help` text: every variable with its type, unit, default and meaning."""
    rows = list(variables(settings_class))
    width = max((len(row.name) for row in rows), default=0)
    lines = [f"  {row.name:<{width}}  {row.kind}, {row.default}\n  {'':<{width}}    {row.help}" for row in rows]
    return "Environment variables:\n" + "\n".join(lines) + "\n"


def variables(settings_class: type[BaseSettings]) -> Iterator[Variable]:
    """Yield every environment variable that *settings_class* reads, in the order of its fields."""
    for name, field in settings_class.model_fields.items():
        yield Variable(
            name=variable_name(settings_class, name),
            kind=_kind(name, field),
            default=_default(field),
            help=field.description or "",
        )


def variable_name(settings_class: type[BaseSettings], field_name: str) -> str:
    """Return the environment variable behind a field, as `TICKETS_PORT` behind `port`."""
    field = settings_class.model_fields[field_name]
    match field.validation_alias:
        case str() as alias:
            return alias.upper()
        case AliasChoices(choices=[str() as first, *_]):
            return first.upper()
        case _:
            return f"{settings_class.model_config.get('env_prefix', '')}{field_name}".upper()


def _kind(name: str, field: FieldInfo) -> str:
    unit = next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")
    return f"{_type_name(field.annotation)} ({unit})" if unit else _type_name(field.annotation)


def _type_name(annotation: Any) -> str:  # noqa: ANN401 - annotations have no common type
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in (SecretStr, SecretBytes):
        return "secret"
    if origin is Literal:
        return " | ".join(str(argument) for argument in arguments)
    if origin in (Union, UnionType):
        return " | ".join(_type_name(argument) for argument in arguments)
    if origin is Annotated:
        return _type_name(arguments[0])
    if annotation is type(None):
        return "unset"
    names = {str: "text", int: "whole number", float: "number", bool: "true | false"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None:
        return "default: unset"
    if _is_secret(field):
        return "default: (secret)"
    return f"default: {value}" if value != "" else "default: empty"


def _is_secret(field: FieldInfo) -> bool:
    annotation = field.annotation
    return any(kind in (SecretStr, SecretBytes) for kind in (annotation, *get_args(annotation)))


def option_name(field_name: str) -> str:
    """Return the command-line option of a field, as `--log-level` of `log_level`."""
    return f"--{field_name.replace('_', '-')}"


def _problems(settings_class: type[BaseSettings], error: ValidationError, options: Mapping[str, str]) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        names = {variable_name(settings_class, name).lower(): name for name in settings_class.model_fields}
        where = str(problem["loc"][0]) if problem["loc"] else ""
        field_name = where if where in settings_class.model_fields else names.get(where.lower(), "")
        if not field_name:
            yield problem["msg"]
            continue
        variable = option_name(field_name) if field_name in options else variable_name(settings_class, field_name)
        if _is_secret(settings_class.model_fields[field_name]) and problem["type"] != "missing":
            # A validator's message may repeat what it was given.
            yield f"{variable}: is not valid"
        elif problem["type"] == "missing":
            yield f"{variable}: is required and not set ({settings_class.model_fields[field_name].description})"
        else:
            yield f"{variable}: {problem['msg']}"
