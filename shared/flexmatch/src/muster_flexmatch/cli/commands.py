"""What each command does."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from muster_flexmatch import schema
from muster_flexmatch.cli import files
from muster_flexmatch.cli.files import Unusable
from muster_flexmatch.cli.progress import Progress
from muster_flexmatch.errors import RuleSetInvalid
from muster_flexmatch.explain import explain
from muster_flexmatch.layout import formatted
from muster_flexmatch.lint import Context, lint
from muster_flexmatch.parse import parse_rule_set
from muster_flexmatch.report import report
from muster_flexmatch.report.scale import seconds
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.simulate import (
    Arrival,
    Options,
    Result,
    arrivals,
    complete,
    population_of,
    recorded,
    rows,
    simulate,
)
from muster_flexmatch.tickets import checked, tickets_of


def _out(line: str = "") -> None:
    sys.stdout.write(line + "\n")


def validate(given: argparse.Namespace) -> int:
    """Check rule sets."""
    said: list[dict[str, object]] = []
    for name in given.files:
        try:
            parse_rule_set(files.text(name))
            problems: tuple[str, ...] = ()
        except RuleSetInvalid as error:
            problems = error.problems
        said.append({"file": name, "valid": not problems, "problems": list(problems)})
        if not given.json:
            _out(f"{name}: valid" if not problems else f"{name}: not valid")
            for problem in problems:
                _out(f"  {problem}")
    if given.json:
        _out(json.dumps(said, indent=2))
    return int(not all(each["valid"] for each in said))


def lint_files(given: argparse.Namespace) -> int:
    """Find what will disappoint."""
    context = Context(given.request_timeout, given.largest_party)
    said: list[dict[str, object]] = []
    for name in given.files:
        body = files.text(name)
        found = [each for each in lint(parse_rule_set(body), body, context) if each.code not in given.ignore]
        said += [{"file": name, **asdict(each)} for each in found]
        if not given.json:
            _out(f"{name}: {len(found) or 'no'} finding{'' if len(found) == 1 else 's'}")
            for each in found:
                _out(f"  {each.severity} {each.code}: {each.element}")
                _out(f"      {each.problem}")
                _out(f"      mend: {each.mend}")
    if given.json:
        _out(json.dumps(said, indent=2))
    return int(any(given.strict or each["severity"] == "warning" for each in said))


def format_files(given: argparse.Namespace) -> int:
    """Lay rule sets out anew."""
    changed = 0
    for name in given.files:
        body = files.text(name)
        laid_out = formatted(body)
        if given.check:
            if laid_out != body:
                changed += 1
                _out(f"{name}: would change")
        elif given.write and name != "-":
            if laid_out != body:
                files.write(name, laid_out)
        else:
            files.write("-", laid_out)
    return int(changed > 0)


def explain_tickets(given: argparse.Namespace) -> int:
    """Tell why tickets wait."""
    rules = files.rule_set(given.rules)
    tickets = checked(rules, tickets_of(files.document(given.tickets)))
    names = {ticket.ticket_id for ticket in tickets}
    wanted = given.ticket_id or [ticket.ticket_id for ticket in tickets]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise Unusable(f"{given.tickets}: there is no ticket {unknown[0]!r}")
    now_s = given.now if given.now is not None else max((each.started_at_s for each in tickets), default=0.0)
    said = [explain(rules, tickets, name, now_s, given.seed) for name in wanted]
    if given.json:
        _out(json.dumps([each.to_json() for each in said], indent=2))
        return 0
    for each in said:
        _out(each.summary)
        for check in each.partial.checks if each.partial is not None else ():
            _out(f"    {'holds' if check.held else 'FAILS'}  {check.element}: {check.text}")
    return 0


def simulate_one(given: argparse.Namespace) -> int:
    """Simulate one rule set."""
    return _simulated(given, [given.rules])


def compare(given: argparse.Namespace) -> int:
    """Simulate several rule sets with the same population."""
    return _simulated(given, given.rules)


def write_schema(given: argparse.Namespace) -> int:
    """Write the JSON Schema."""
    files.write(given.out, json.dumps(schema.rule_set_schema(), indent=2) + "\n")
    return 0


def _simulated(given: argparse.Namespace, names: Sequence[str]) -> int:
    if given.tick <= 0:
        raise Unusable("--tick must be above 0")
    sets = [_named(files.rule_set(name), name) for name in names]
    coming, options = _population(given)
    results: list[Result] = []
    for rules in sets:
        progress = Progress(rules.name, quiet=given.quiet)
        results.append(simulate(rules, complete(rules, coming), options, progress=progress))
        progress.close()
    _summary(results)
    if given.html:
        command = f"flexmatch {given.command} {' '.join(Path(name).name for name in names)} --seed {given.seed}"
        files.write(given.html, report(results, command=command))
    if given.json:
        files.write(given.json, json.dumps([each.to_json() for each in results], indent=1) + "\n")
    if given.csv:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(("rule_set", "metric", "of", "value"))
        writer.writerows(rows(results))
        files.write(given.csv, table.getvalue())
    return 0


def _named(rules: RuleSet, name: str) -> RuleSet:
    return rules if rules.name.strip() else replace(rules, name=Path(name).stem)


def _population(given: argparse.Namespace) -> tuple[list[Arrival], Options]:
    document = files.document(given.population)
    options = Options(seed=given.seed, tick_s=given.tick, explained=given.why, population=Path(given.population).name)
    if not isinstance(document, Mapping) or "arrivals" not in document:
        return recorded(tickets_of(document), options.timeout_s), options
    population = population_of(document)
    if given.players is not None:
        if given.players < 1:
            raise Unusable("--players must be 1 or more")
        population = replace(population, players=given.players)
    options = replace(
        options,
        population=population.name,
        seconds=population.seconds,
        timeout_s=population.request_timeout_s,
        returns=population.returns,
    )
    return arrivals(population, given.seed), options


def _summary(results: Sequence[Result]) -> None:
    wide = max(len("rule set"), *(len(each.rule_set) for each in results))
    _out(f"{'rule set':<{wide}}  tickets  matched     p50      p90      p99  matches/min  gave up  timed out")
    for each in results:
        _out(
            f"{each.rule_set:<{wide}}  {each.tickets:7,}  {each.matched_share:6.1%}"
            f"  {seconds(each.wait.p50):>7}  {seconds(each.wait.p90):>7}  {seconds(each.wait.p99):>7}"
            f"  {each.matches_per_minute:11.1f}  {each.abandoned:7,}  {each.timed_out:9,}"
        )


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "validate": validate,
    "lint": lint_files,
    "format": format_files,
    "explain": explain_tickets,
    "simulate": simulate_one,
    "compare": compare,
    "schema": write_schema,
}
