"""Rule sets that are absurd: long but right (`READ`), or malformed in some fifty ways (`REFUSED`).

The tests count the work that they cause, `benchmarks/flexmatch.py` takes their time.
"""

import json
from typing import Any

MAX = 65_535
SKILLS = "flatten(teams[*].players.attributes[skill])"
BASE: dict[str, Any] = {
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 1}],
    "teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 5}, {"name": "blue", "minPlayers": 1, "maxPlayers": 5}],
}


def near(number: int) -> dict[str, Any]:
    return {
        "name": f"R{number}",
        "type": "distance",
        "measurements": ["avg(teams[*].players.attributes[skill])"],
        "referenceValue": f"avg({SKILLS})",
        "maxDistance": number,
    }


def text(**more: Any) -> str:
    found = json.dumps(BASE | more)
    return found + " " * (MAX - len(found))


def measured(expression: str) -> str:
    rule = {"name": "R", "type": "comparison", "operation": "=", "measurements": [expression]}
    return json.dumps(BASE | {"rules": [rule]})


def stated(statement: str) -> str:
    return json.dumps(BASE | {"rules": [near(1), near(2), {"name": "C", "type": "compound", "statement": statement}]})


def steps(count: int, value: float | None = None) -> list[dict[str, Any]]:
    return [{"waitTimeSeconds": at, "value": at if value is None else value} for at in range(1, count)]


def team(**more: Any) -> str:
    return json.dumps(BASE | {"teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 5} | more]})


DEEP = "and(" * 20 + "R1,R2)" + ",R2)" * 19
READ = {
    "two hundred rules": text(rules=[near(number) for number in range(200)]),
    "nested compounds": text(
        rules=[near(1), near(2), *({"name": f"C{n}", "type": "compound", "statement": DEEP} for n in range(150))]
    ),
    "a thousand steps": text(
        rules=[near(number) for number in range(100)],
        expansions=[{"target": "rules[R1].maxDistance", "steps": steps(1_000)}],
    ),
    "one target of many rules": text(
        rules=[near(number) for number in range(100)],
        expansions=[
            {"target": f"rules[{','.join(f'R{n % 100}' for n in range(4_000))}].maxDistance", "steps": steps(3)}
        ],
    ),
    "many attributes": json.dumps(
        BASE | {"playerAttributes": [{"name": f"a{n}", "type": "number"} for n in range(1_400)]}
    ),
    "a statement of many operands": stated("and(" + ",".join(["R1"] * 15_000) + ")"),
    "many teams in one expression": measured("teams[" + "red," * 14_000 + "red].players.attributes[skill]"),
    "sixty thousand blanks": text(),
}
REFUSED = {
    "too long": ("{" + " " * MAX, "body"),
    "empty": ("", "body"),
    "brackets": ("[" * MAX, "body"),
    "braces": ('{"a":' * 13_000, "body"),
    "commas": ("{" + "," * 65_000 + "}", "body"),
    "slashes": ("/" * MAX, "body"),
    "comments that open": ("/*" * 32_000, "body"),
    "a comment that never ends": ("{} /* no end", "body"),
    "quotes": ('"' * MAX, "body"),
    "backslashes": ('"' + "\\" * 65_000, "body"),
    "a list": ("[]", "body"),
    "a number": ("7", "body"),
    "not a number": ('{"a": NaN}', "body"),
    "a number of 60,000 digits": ('{"a": ' + "9" * 60_000 + "}", "body"),
    "no version": ("{}", "ruleLanguageVersion"),
    "two versions": ('{"ruleLanguageVersion": "1.0", "ruleLanguageVersion": "2.0"}', "ruleLanguageVersion"),
    "no teams": ('{"ruleLanguageVersion": "1.0"}', "teams"),
    "teams that are no list": (json.dumps(BASE | {"teams": 5}), "teams"),
    "a thousand teams": (
        json.dumps(BASE | {"teams": [{"name": f"t{n}", "minPlayers": 1, "maxPlayers": 1} for n in range(1_000)]}),
        "teams",
    ),
    "many times many teams": (
        json.dumps(
            BASE | {"teams": [{"name": f"t{n}", "minPlayers": 1, "maxPlayers": 1, "quantity": 200} for n in range(700)]}
        ),
        "teams",
    ),
    "a quantity of billions": (team(quantity=10**12), "teams[red].quantity"),
    "a team of infinite size": (team(maxPlayers=1e400), "body"),
    "a team of too many": (team(maxPlayers=201), "teams"),
    "a team of half a player": (team(maxPlayers=0.5), "teams[red].maxPlayers"),
    "a minimum above the maximum": (team(minPlayers=6), "teams[red].minPlayers"),
    "a number of many digits in quotes": (team(minPlayers="1" * 60_000), "teams[red].minPlayers"),
    "a team without a name": (team(name=""), "teams[0].name"),
    "a team with brackets": (team(name="a]"), "teams[a]].name"),
    "an attribute of no type": (json.dumps(BASE | {"playerAttributes": [{"name": "a"}]}), "playerAttributes[a].type"),
    "a default of another type": (
        json.dumps(BASE | {"playerAttributes": [{"name": "a", "type": "number", "default": "x"}]}),
        "playerAttributes[a].default",
    ),
    "ten thousand empty rules": (json.dumps(BASE | {"rules": [{}] * 10_000}), "rules[0].name"),
    "two thousand rules of no type": (
        json.dumps(BASE | {"rules": [{"name": f"a{n}", "type": "x"} for n in range(1_900)]}),
        "rules[a0].type",
    ),
    "rules that are texts": (json.dumps(BASE | {"rules": ["x"] * 9_000}), "rules[0]"),
    "functions inside functions": (measured("avg(" * 15_000), "rules[R].measurements"),
    "blanks before a parenthesis": (measured("avg" + " " * 60_000 + "("), "rules[R].measurements"),
    "a path without an end": (measured("teams[" + "red," * 14_000), "rules[R].measurements"),
    "a path without players": (measured("teams[red]"), "rules[R].measurements"),
    "a team that does not exist": (measured("teams[green].players.attributes[skill]"), "rules[R].measurements"),
    "an attribute that does not exist": (measured("teams[red].players.attributes[luck]"), "rules[R].measurements"),
    "half an expression": (measured("avg(teams[*].players.attributes[skill]"), "rules[R].measurements"),
    "an expression of dots": (measured("." * 60_000), "rules[R].measurements"),
    "a statement of blanks": (stated("and(" + " " * 60_000), "rules[C].statement"),
    "a statement of words": (stated("and(" + "a " * 30_000), "rules[C].statement"),
    "statements inside statements": (stated("not(" * 15_000), "rules[C].statement"),
    "an operator without operands": (stated("and()"), "rules[C].statement"),
    "a rule that names itself": (stated("not(C)"), "rules[C].statement"),
    "a thousand steps too far": (
        json.dumps(BASE | {"expansions": [{"target": "teams[red].minPlayers", "steps": steps(1_000, 9)}]}),
        "teams[red].minPlayers",
    ),
    "steps that go back": (
        json.dumps(BASE | {"expansions": [{"target": "teams[red].minPlayers", "steps": steps(3, 1)[::-1]}]}),
        "expansions[0].steps[1].waitTimeSeconds",
    ),
    "a target of brackets": (
        json.dumps(BASE | {"expansions": [{"target": "[" * 60_000, "steps": steps(2)}]}),
        "expansions[0].target",
    ),
    "ten thousand empty expansions": (json.dumps(BASE | {"expansions": [{}] * 10_000}), "expansions[0].target"),
    "an unknown strategy": (json.dumps(BASE | {"algorithm": {"strategy": "x" * 60_000}}), "algorithm.strategy"),
}
