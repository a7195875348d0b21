"""Settings that a service offers on its command line as well."""

from collections.abc import Sequence

from muster_runtime.settings import ServiceSettings, option_name, variable_name, variables


class BadOption(Exception):
    """The command line cannot be read; the message says why."""


def split(
    settings_class: type[ServiceSettings], fields: Sequence[str], arguments: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """Return the options in *arguments*, and what is left of them.

    Options stand before the command. `--port 9080` and `--port=9080` are the same; an option that is true or false
    is true when it is named alone.

    Args:
        settings_class: what the options set.
        fields: its fields that are options.
        arguments: the command line, without the name of the program.

    Returns:
        Field -> text, fit for `muster_runtime.settings.load`; and the command.

    Raises:
        BadOption: an option has no value, or is given twice.
    """
    names = {option_name(field): field for field in fields}
    given: dict[str, str] = {}
    left = list(arguments)
    while left:
        name, has_value, value = left[0].partition("=")
        field = names.get(name)
        if field is None:
            break
        if field in given:
            raise BadOption(f"{name} is given twice")
        del left[0]
        if not has_value and _is_flag(settings_class, field):
            value = "true"
        elif not has_value:
            if not left:
                raise BadOption(f"{name} needs a value")
            value = left.pop(0)
        given[field] = value
    return given, left


def described(settings_class: type[ServiceSettings], fields: Sequence[str]) -> str:
    """Return the part of the `--help` text that names the options; empty when there are none."""
    helps = {variable.name: variable for variable in variables(settings_class)}
    rows = []
    for field in fields:
        variable = helps[variable_name(settings_class, field)]
        value = "" if _is_flag(settings_class, field) else f" {field.upper()}"
        rows.append((f"{option_name(field)}{value}", f"{variable.help} ({variable.name})"))
    width = max((len(option) for option, _ in rows), default=0)
    lines = [f"  {option:<{width}}  {text}\n" for option, text in rows]
    return "Options, which go before the environment:\n" + "".join(lines) + "\n" if rows else ""


def _is_flag(settings_class: type[ServiceSettings], field: str) -> bool:
    return settings_class.model_fields[field].annotation is bool
