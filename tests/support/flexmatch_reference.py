"""An independent reading of FlexMatch rules, and pools to try it on: every set of tickets, every seating.

Each condition exists twice: as a rule for the matcher, and as a few lines of plain Python for the reference. Nothing
here uses the matcher.
"""

import itertools
import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from muster_flexmatch import Match, Player, Ticket

NOW_S = 100.0
Seats = dict[str, list[Ticket]]


@dataclass(frozen=True)
class Condition:
    """A rule, and what it demands of tickets seated on teams at a candidate's age."""

    rule: dict[str, Any]
    demands: Callable[[Seats, float], bool]
    expansions: tuple[dict[str, Any], ...] = ()


def skill(ticket: Ticket) -> float:
    return statistics.fmean(float(player.attributes["skill"]) for player in ticket.players)  # type: ignore[arg-type]


def tickets_of(seats: Seats) -> list[Ticket]:
    return [ticket for team in seats.values() for ticket in team]


def players_of(seats: Seats, attribute: str) -> list[Any]:
    return [player.attributes[attribute] for ticket in tickets_of(seats) for player in ticket.players]


def size(team: Sequence[Ticket]) -> int:
    return sum(len(ticket.players) for ticket in team)


def team_averages_are_near(limit: float, relaxed: float, after_s: float) -> Condition:
    def demands(seats: Seats, age_s: float) -> bool:
        if not all(seats.values()):
            return False
        overall = statistics.fmean(skill(ticket) for ticket in tickets_of(seats))
        averages = [statistics.fmean(skill(ticket) for ticket in team) for team in seats.values()]
        allowed = relaxed if age_s >= after_s else limit
        return all(abs(average - overall) <= allowed + 1e-9 for average in averages)

    return Condition(
        {
            "name": "FairTeams",
            "type": "distance",
            "measurements": ["avg(teams[*].players.attributes[skill])"],
            "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))",
            "maxDistance": limit,
        },
        demands,
        (
            {
                "target": "rules[FairTeams].maxDistance",
                "steps": [{"waitTimeSeconds": after_s, "value": relaxed}],
            },
        ),
    )


def skills_are_near(limit: float) -> Condition:
    def demands(seats: Seats, _age_s: float) -> bool:
        skills = [skill(ticket) for ticket in tickets_of(seats)]
        return max(skills) - min(skills) <= limit

    rule = {"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": limit}
    return Condition(rule, demands)


def modes_are_equal() -> Condition:
    rule = {
        "name": "SameMode",
        "type": "comparison",
        "measurements": ["flatten(teams[*].players.attributes[mode])"],
        "operation": "=",
    }
    return Condition(rule, lambda seats, _age_s: len(set(players_of(seats, "mode"))) <= 1)


def teams_are_even() -> Condition:
    rule = {
        "name": "Even",
        "type": "comparison",
        "measurements": ["count(teams[red].players)"],
        "operation": "=",
        "referenceValue": "count(teams[blue].players)",
    }
    return Condition(rule, lambda seats, _age_s: size(seats["red"]) == size(seats["blue"]))


def a_region_is_fast(limit: int) -> Condition:
    def demands(seats: Seats, _age_s: float) -> bool:
        return any(
            all(
                all(region in player.latencies for player in ticket.players)
                and statistics.fmean(player.latencies[region] for player in ticket.players) <= limit
                for ticket in tickets_of(seats)
            )
            for region in ("east", "west")
        )

    return Condition({"name": "Fast", "type": "latency", "maxLatency": limit}, demands)


def few_medics(limit: int) -> Condition:
    rule = {
        "name": "FewMedics",
        "type": "collection",
        "measurements": ["flatten(teams[*].players.attributes[mode])"],
        "operation": "contains",
        "referenceValue": "a",
        "maxCount": limit,
    }
    return Condition(rule, lambda seats, _age_s: players_of(seats, "mode").count("a") <= limit)


def maps_in_common(count: int) -> Condition:
    def demands(seats: Seats, _age_s: float) -> bool:
        wanted = [
            {name for player in ticket.players for name in player.attributes["maps"]}  # type: ignore[union-attr]
            for ticket in tickets_of(seats)
        ]
        return len(set.intersection(*wanted)) >= count

    rule = {
        "name": "Maps",
        "type": "collection",
        "measurements": ["flatten(teams[*].players.attributes[maps])"],
        "operation": "intersection",
        "minCount": count,
    }
    return Condition(rule, demands)


def either_red_is_better_or_modes_are_equal() -> list[Condition]:
    def demands(seats: Seats, _age_s: float) -> bool:
        if len(set(players_of(seats, "mode"))) <= 1:
            return True
        if not seats["red"] or not seats["blue"]:
            return False
        return max(map(skill, seats["red"])) > min(map(skill, seats["blue"]))

    better = {
        "name": "RedIsBetter",
        "type": "comparison",
        "measurements": "max(teams[red].players.attributes[skill])",
        "operation": ">",
        "referenceValue": "min(teams[blue].players.attributes[skill])",
    }
    either = {"name": "Either", "type": "compound", "statement": "or(RedIsBetter, OneMode)"}
    one_mode = modes_are_equal().rule | {"name": "OneMode"}
    free = lambda _seats, _age_s: True  # noqa: E731 - they count only through the last one
    return [Condition(better, free), Condition(one_mode, free), Condition(either, demands)]


def nobody_is_far_from_the_mean(limit: float) -> Condition:
    def demands(seats: Seats, _age_s: float) -> bool:
        skills = [skill(ticket) for ticket in tickets_of(seats)]
        return all(abs(each - statistics.fmean(skills)) <= limit + 1e-9 for each in skills)

    rule = {
        "name": "NearMean",
        "type": "distance",
        "measurements": ["flatten(teams[*].players.attributes[skill])"],
        "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))",
        "maxDistance": limit,
    }
    return Condition(rule, demands)


def the_best_is_near_the_worst(limit: float, relaxed: float, after_s: float) -> Condition:
    def demands(seats: Seats, age_s: float) -> bool:
        lowest = [min(p.attributes["skill"] for p in ticket.players) for ticket in tickets_of(seats)]  # type: ignore[type-var]
        return max(lowest) - min(lowest) <= (relaxed if age_s >= after_s else limit)  # type: ignore[operator,type-var]

    rule = {
        "name": "Gap",
        "type": "distance",
        "measurements": ["max(flatten(teams[*].players.attributes[skill]))"],
        "referenceValue": "min(flatten(teams[*].players.attributes[skill]))",
        "maxDistance": limit,
        "partyAggregation": "min",
    }
    steps = [{"waitTimeSeconds": after_s, "value": relaxed}]
    return Condition(rule, demands, ({"target": "rules[Gap].maxDistance", "steps": steps},))


def teams_are_apart(least: float) -> Condition:
    def demands(seats: Seats, _age_s: float) -> bool:
        if not seats["red"] or not seats["blue"]:
            return False
        red, blue = (statistics.median(skill(ticket) for ticket in seats[team]) for team in ("red", "blue"))
        return abs(red - blue) >= least - 1e-9

    rule = {
        "name": "Apart",
        "type": "distance",
        "measurements": "median(teams[red].players.attributes[skill])",
        "referenceValue": "median(teams[blue].players.attributes[skill])",
        "minDistance": least,
    }
    return Condition(rule, demands)


def everyone_is_at_least(least: float) -> Condition:
    rule = {
        "name": "Least",
        "type": "comparison",
        "measurements": ["flatten(teams[*].players.attributes[skill])"],
        "operation": ">=",
        "referenceValue": least,
        "partyAggregation": "max",
    }

    def demands(seats: Seats, _age_s: float) -> bool:
        return all(max(p.attributes["skill"] for p in t.players) >= least for t in tickets_of(seats))  # type: ignore[operator,type-var]

    return Condition(rule, demands)


def modes_form_one_batch() -> Condition:
    rule = {"name": "ModeBatch", "type": "batchDistance", "batchAttribute": "mode"}
    return Condition(rule, lambda seats, _age_s: len(set(players_of(seats, "mode"))) <= 1)


def red_has_different_modes() -> Condition:
    rule = {
        "name": "Different",
        "type": "comparison",
        "measurements": ["teams[red].players.attributes[mode]"],
        "operation": "!=",
    }

    def demands(seats: Seats, _age_s: float) -> bool:
        modes = [player.attributes["mode"] for ticket in seats["red"] for player in ticket.players]
        return len(modes) == len(set(modes))

    return Condition(rule, demands)


def enough_medics(least: int) -> Condition:
    rule = {
        "name": "Medics",
        "type": "collection",
        "measurements": ["flatten(teams[*].players.attributes[mode])"],
        "operation": "contains",
        "referenceValue": "b",
        "minCount": least,
    }
    return Condition(rule, lambda seats, _age_s: players_of(seats, "mode").count("b") >= least)


def nobody_meets_whom_they_block() -> Condition:
    def demands(seats: Seats, _age_s: float) -> bool:
        present = {player.player_id for ticket in tickets_of(seats) for player in ticket.players}
        return not any(name in present for names in players_of(seats, "blocked") for name in names)

    rule = {
        "name": "Blocked",
        "type": "collection",
        "measurements": ["flatten(teams[*].players.attributes[blocked])"],
        "operation": "reference_intersection_count",
        "referenceValue": "flatten(teams[*].players[playerId])",
        "maxCount": 0,
    }
    return Condition(rule, demands)


def latencies_are_alike(limit: int, apart: int) -> Condition:
    def demands(seats: Seats, _age_s: float) -> bool:
        for region in ("east", "west"):
            found = []
            for ticket in tickets_of(seats):
                measured = [player.latencies.get(region, 10_000) for player in ticket.players]
                found.append(max(measured))
            if max(found) <= limit and max(found) - min(found) <= apart:
                return True
        return False

    rule = {
        "name": "Alike",
        "type": "latency",
        "maxLatency": limit,
        "maxDistance": apart,
        "distanceReference": "min",
        "partyAggregation": "max",
    }
    return Condition(rule, demands)


def exactly_one_of_even_teams_and_equal_modes() -> list[Condition]:
    def demands(seats: Seats, _age_s: float) -> bool:
        even = size(seats["red"]) == size(seats["blue"])
        return even != (len(set(players_of(seats, "mode"))) <= 1)

    free = lambda _seats, _age_s: True  # noqa: E731 - they count only through the last one
    statement = {"name": "OneOf", "type": "compound", "statement": "xor(EvenX, not(MixedX))"}
    mixed = {"name": "MixedX", "type": "compound", "statement": "not(SameX)"}
    return [
        Condition(teams_are_even().rule | {"name": "EvenX"}, free),
        Condition(modes_are_equal().rule | {"name": "SameX"}, free),
        Condition(mixed, free),
        Condition(statement, demands),
    ]


def nearest_first() -> Condition:
    rule = {"name": "Order", "type": "distanceSort", "sortAttribute": "skill", "sortDirection": "ascending"}
    return Condition(rule, lambda _seats, _age_s: True)


@dataclass(frozen=True)
class Game:
    """Rules for the matcher and conditions for the reference."""

    limits: dict[str, tuple[int, int]]
    relaxed_minimum: tuple[str, float, int] | None
    conditions: tuple[Condition, ...]
    oldest: bool

    def body(self) -> str:
        expansions = [each for condition in self.conditions for each in condition.expansions]
        if self.relaxed_minimum is not None:
            team, after_s, value = self.relaxed_minimum
            steps = [{"waitTimeSeconds": after_s, "value": value}]
            expansions.append({"target": f"teams[{team}].minPlayers", "steps": steps})
        return json.dumps(
            {
                "ruleLanguageVersion": "1.0",
                "playerAttributes": [
                    {"name": "skill", "type": "number"},
                    {"name": "mode", "type": "string"},
                    {"name": "maps", "type": "string_list"},
                    {"name": "blocked", "type": "string_list"},
                ],
                "algorithm": {"expansionAgeSelection": "oldest" if self.oldest else "newest"},
                "teams": [
                    {"name": name, "minPlayers": low, "maxPlayers": high} for name, (low, high) in self.limits.items()
                ],
                "rules": [condition.rule for condition in self.conditions],
                "expansions": expansions,
            }
        )

    def allows(self, seats: Seats) -> bool:
        """Whether tickets seated so make a match, by the reference's own reading."""
        running = [ticket for ticket in tickets_of(seats) if ticket.players[0].team is not None]
        if len(running) > 1 or len(running) == len(tickets_of(seats)):
            return False
        if any(ticket in running and ticket.players[0].team != name for name in seats for ticket in seats[name]):
            return False
        starts = [ticket.started_at_s for ticket in tickets_of(seats)]
        age_s = NOW_S - (min(starts) if self.oldest else max(starts))
        for team, (low, high) in self.limits.items():
            least = low
            if self.relaxed_minimum is not None and self.relaxed_minimum[0] == team:
                least = self.relaxed_minimum[2] if age_s >= self.relaxed_minimum[1] else low
            if not least <= size(seats[team]) <= high:
                return False
        return all(condition.demands(seats, age_s) for condition in self.conditions)


@st.composite
def games(draw: st.DrawFn) -> Game:
    limits = {}
    for name in draw(st.sampled_from([("red", "blue"), ("red", "blue", "green")])):
        low = draw(st.integers(0, 2))
        limits[name] = (low, draw(st.integers(max(1, low), 3)))
    pool = [
        [team_averages_are_near(draw(st.integers(0, 10)), draw(st.integers(5, 40)), draw(st.integers(1, 60)))],
        [skills_are_near(draw(st.integers(0, 40)))],
        [modes_are_equal()],
        [teams_are_even()],
        [a_region_is_fast(draw(st.integers(20, 120)))],
        [few_medics(draw(st.integers(0, 2)))],
        [maps_in_common(draw(st.integers(1, 2)))],
        either_red_is_better_or_modes_are_equal(),
        [nobody_is_far_from_the_mean(draw(st.integers(0, 25)))],
        [the_best_is_near_the_worst(draw(st.integers(0, 20)), draw(st.integers(20, 50)), draw(st.integers(1, 60)))],
        [teams_are_apart(draw(st.integers(1, 30)))],
        [everyone_is_at_least(draw(st.integers(0, 30)))],
        [modes_form_one_batch()],
        [red_has_different_modes()],
        [enough_medics(draw(st.integers(1, 3)))],
        [nobody_meets_whom_they_block()],
        [latencies_are_alike(draw(st.integers(20, 150)), draw(st.integers(5, 80)))],
        exactly_one_of_even_teams_and_equal_modes(),
        [nearest_first()],
    ]
    chosen = draw(st.lists(st.sampled_from(range(len(pool))), max_size=3, unique=True))
    relaxed = None
    if draw(st.booleans()):
        team = draw(st.sampled_from(sorted(limits)))
        relaxed = (team, float(draw(st.integers(1, 90))), draw(st.integers(0, limits[team][0])))
    conditions = tuple(condition for index in chosen for condition in pool[index])
    return Game(limits, relaxed, conditions, oldest=draw(st.booleans()))


@st.composite
def players(draw: st.DrawFn, player_id: str) -> Player:
    latencies = draw(st.dictionaries(st.sampled_from(["east", "west"]), st.integers(10, 150), max_size=2))
    return Player(
        player_id,
        {
            "skill": float(draw(st.integers(0, 50))),
            "mode": draw(st.sampled_from("ab")),
            "maps": tuple(draw(st.lists(st.sampled_from("xyz"), max_size=3, unique=True))),
            "blocked": tuple(draw(st.lists(st.sampled_from(["p0-0", "p1-0", "p2-1"]), max_size=1))),
        },
        latencies,
    )


@st.composite
def pools(draw: st.DrawFn, most: int) -> list[Ticket]:
    found = []
    for number in range(draw(st.integers(1, most))):
        party = range(draw(st.sampled_from([1, 1, 1, 2, 3])))
        found.append(
            Ticket(
                f"t{number}",
                tuple(draw(players(f"p{number}-{member}")) for member in party),
                float(draw(st.integers(0, 99))),
            )
        )
    return found


def age_order(ticket: Ticket) -> tuple[float, str]:
    return (ticket.started_at_s, ticket.ticket_id)


@st.composite
def sessions(draw: st.DrawFn) -> list[Ticket]:
    """Return running sessions, each with all its players on one team and latencies to every region."""
    found = []
    for number in range(draw(st.integers(1, 2))):
        team = draw(st.sampled_from(["red", "blue"]))
        seated = []
        for member in range(draw(st.integers(1, 2))):
            player = draw(players(f"s{number}-{member}"))
            latencies = {region: draw(st.integers(10, 150)) for region in ("east", "west")}
            seated.append(Player(player.player_id, player.attributes, latencies, team))
        found.append(Ticket(f"b{number}", tuple(seated), float(draw(st.integers(0, 99)))))
    return found


def is_session(ticket: Ticket) -> bool:
    return ticket.players[0].team is not None


def every_seating(game: Game, tickets: Sequence[Ticket]) -> Iterator[Seats]:
    choices = [[each.players[0].team] if is_session(each) else list(game.limits) for each in tickets]
    for teams in itertools.product(*choices):
        seats: Seats = {name: [] for name in game.limits}
        for ticket, team in zip(tickets, teams, strict=True):
            seats[str(team)].append(ticket)
        yield seats


def largest_with_the_oldest(game: Game, pool: Sequence[Ticket]) -> int:
    """Return how many players the largest match with the oldest ticket has; 0 when there is none."""
    anchor, *others = sorted(pool, key=age_order)
    sets = [(anchor, *rest) for count in range(len(others) + 1) for rest in itertools.combinations(others, count)]
    for chosen in sorted(sets, key=size, reverse=True):
        if any(game.allows(seats) for seats in every_seating(game, chosen)):
            return size(chosen)
    return 0


def seats_of(game: Game, match: Match, pool: Sequence[Ticket]) -> Seats:
    seats: Seats = {name: [] for name in game.limits}
    for ticket in pool:
        if ticket.ticket_id in match.ticket_ids:
            (team,) = {match.teams[player.player_id] for player in ticket.players}
            seats[team].append(ticket)
    return seats


TIMES = 1
"""What the numbers of examples are multiplied by; `flexmatch_long.py` raises it."""


def slowly(examples: int) -> settings:
    """Settings for examples that take long, because the reference tries everything."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=TIMES * examples, deadline=None, suppress_health_check=slow)
