"""From a ticket that waits to what stops it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from muster_flexmatch.evaluate import Judge
from muster_flexmatch.explain import future, unfit
from muster_flexmatch.explain.answer import Cause, Check, Explanation, Pairs, Partial, Seats, Status
from muster_flexmatch.explain.case import Case
from muster_flexmatch.explain.changes import FIELDS, dropped, limited
from muster_flexmatch.explain.measures import checks, rule_of
from muster_flexmatch.explain.pairing import Pairing
from muster_flexmatch.explain.search import Around, Candidate, age_of
from muster_flexmatch.matcher import find_matches
from muster_flexmatch.prune import enforced
from muster_flexmatch.rules import Latency, RuleSet
from muster_flexmatch.seating import Entrant, entrant
from muster_flexmatch.values import Ticket

NARROWINGS = 7
"""Searches spent to find the value of a limit that would have been enough."""
LARGE_POOL = 2_000
"""Tickets from which the search looks only at those nearest to the ticket in age."""


def explain(rules: RuleSet, tickets: Sequence[Ticket], ticket_id: str, now_s: float, seed: int = 0) -> Explanation:
    """Tell why a ticket waits.

    Args:
        rules: the rule set.
        tickets: the pool, in any order, the ticket among them.
        ticket_id: the ticket.
        now_s: the present, on the clock of `Ticket.started_at_s`.
        seed: of the look at the pool that decides whether older tickets take its partners.

    Returns:
        What stops it, in numbers, and what will change that.

    Raises:
        KeyError: no ticket of the pool has the id.
    """
    mine = next((ticket for ticket in tickets if ticket.ticket_id == ticket_id), None)
    if mine is None:
        raise KeyError(ticket_id)
    one = entrant(mine, rules.teams)
    case = Case(rules, Judge(rules), mine, max(0.0, now_s - mine.started_at_s), now_s)
    problem = unfit.problem(case.rules, case.judge, mine, one)
    if problem is not None or one is None:
        assert problem is not None, "a ticket that cannot enter has a problem"
        return case.answer("never", problem, pairs=Pairs(len(tickets) - 1, 0, {}))
    others = _others(rules, tickets, one)
    return _Inquiry(case, one, others, tickets, seed).answer()


def _others(rules: RuleSet, tickets: Sequence[Ticket], mine: Entrant) -> list[Entrant]:
    found = [
        one
        for ticket in tickets
        if ticket.ticket_id != mine.ticket.ticket_id and (one := entrant(ticket, rules.teams)) is not None
    ]
    found.sort(key=lambda one: (one.ticket.started_at_s, one.ticket.ticket_id))
    return found


class _Inquiry:
    """One ticket, its pool, and the searches that are asked about them."""

    def __init__(
        self, case: Case, mine: Entrant, others: Sequence[Entrant], tickets: Sequence[Ticket], seed: int
    ) -> None:
        self._case = case
        self._mine = mine
        self._tickets = tickets
        self._seed = seed
        pairing = Pairing(case.rules, case.judge, case.now_s)
        self._alone = pairing.broken(mine)
        self._shared = [one for one in others if not mine.player_ids.isdisjoint(one.player_ids)]
        sessions = mine.seats is not None
        self._others = [
            one for one in others if mine.player_ids.isdisjoint(one.player_ids) and not (sessions and one.seats)
        ]
        self._sessions = len(others) - len(self._shared) - len(self._others)
        self._broken = {one.ticket.ticket_id: pairing.broken(mine, one) for one in self._others}
        self._blamed: Counter[str] = Counter()

    def answer(self) -> Explanation:
        made = self._made()
        if made is not None:
            return self._could_play("matchable", made)
        base = self._search(self._case.rules, frozenset())
        if base.found is not None:
            return self._could_play("outranked", base.found)
        pairs = self._pairs()
        self._blamed.update(base.blamed)
        partial = self._partial(base.fullest)
        cause, together, alternatives = self._cause(partial)
        change = future.change(self._case, self._mine, self._others, cause, together)
        hopeless = bool(self._alone) and (change is None or not self._others)
        status: Status = "never" if hopeless and change is None else "waiting"
        return self._case.answer(
            status,
            cause,
            pairs=pairs,
            together=together,
            alternatives=alternatives,
            partial=partial,
            change=change,
        )

    def _search(self, rules: RuleSet, relaxed: frozenset[str], *, orders: int | None = None) -> Around:
        """Search around the ticket among those whom only *relaxed* rules keep apart from it."""
        around = Around(rules, self._case.judge, self._mine, self._case.now_s)
        others = [one for one in self._others if self._broken[one.ticket.ticket_id] <= relaxed]
        return around.run(others, orders=orders)

    def _made(self) -> Candidate | None:
        """Return the match that the next look at the pool makes with the ticket."""
        outcome = find_matches(self._case.rules, self._tickets, now_s=self._case.now_s, seed=self._seed)
        mine = self._mine.ticket.ticket_id
        match = next((each for each in outcome.matches if mine in each.ticket_ids), None)
        if match is None:
            return None
        seats = tuple(
            (one, None if one.seats is not None else match.teams[one.ticket.players[0].player_id])
            for one in (self._mine, *self._others)
            if one.ticket.ticket_id in match.ticket_ids
        )
        return Candidate(seats, age_of(self._case.rules, [one for one, _ in seats], self._case.now_s))

    def _could_play(self, status: Status, found: Candidate) -> Explanation:
        partial = self._partial(found)
        mine = self._mine.ticket.ticket_id
        partners = [name for name in partial.ticket_ids if name != mine] if partial is not None else []
        return self._case.answer(status, None, pairs=self._pairs(), partial=partial, partners=partners)

    def _pairs(self) -> Pairs:
        conflicts: Counter[str] = Counter()
        for broken in self._broken.values():
            conflicts.update(f"rules[{name}]" for name in broken)
        if self._shared:
            conflicts["players"] = len(self._shared)
        if self._sessions:
            conflicts["running sessions"] = self._sessions
        compatible = sum(not broken for broken in self._broken.values())
        return Pairs(len(self._tickets) - 1, compatible, dict(conflicts.most_common()))

    def _partial(self, candidate: Candidate | None) -> Partial | None:
        if candidate is None:
            candidate = Candidate(((self._mine, self._seat()),), self._case.age_s)
        rules = self._case.rules.at_age(candidate.age_s)
        seating = candidate.seating(rules)
        return Partial(
            tuple(
                one.ticket.ticket_id
                for one, _ in sorted(candidate.seats, key=lambda s: (s[0].ticket.started_at_s, s[0].ticket.ticket_id))
            ),
            seating.assigned(),
            tuple(
                Seats(team.name, seating.sizes[team.name], team.min_players, team.max_players) for team in rules.teams
            ),
            checks(self._case.judge, rules, seating, self._mine),
            candidate.age_s,
        )

    def _seat(self) -> str | None:
        if self._mine.seats is not None:
            return None
        return max(self._case.rules.teams, key=lambda team: team.max_players).name

    def _cause(self, partial: Partial | None) -> tuple[Cause, list[Cause], list[Cause]]:
        names = self._suspects()
        free = self._search(dropped(self._case.rules, set(names)), frozenset(names))
        while free.found is None:
            # A rule may show itself only where others are away: nobody came far enough to be judged by it.
            self._blamed.update(free.blamed)
            known, names = names, self._suspects()
            if len(names) == len(known):
                return self._sizes(free, partial), [], []
            free = self._search(dropped(self._case.rules, set(names)), frozenset(names))
        single = [(name, found) for name in names if (found := self._without({name})) is not None]
        if single:
            causes = sorted((self._rule_cause(name, found) for name, found in single), key=_how_far)
            return causes[0], [], causes[1:]
        needed = self._smallest(names)
        found = self._without(set(needed))
        assert found is not None, "the smallest set that suffices suffices"
        causes = [self._rule_cause(name, found, frozenset(needed) - {name}) for name in needed]
        return causes[0], causes[1:], []

    def _suspects(self) -> list[str]:
        """Return the rules that ever stood in the way, those that keep the most tickets apart first."""
        apart: Counter[str] = Counter(name for broken in self._broken.values() for name in broken)
        needed = enforced(self._case.rules)
        seen = {*apart, *self._blamed, *self._alone} & needed
        return sorted(seen, key=lambda name: (-apart[name], -self._blamed[name], name))

    def _without(self, names: set[str]) -> Candidate | None:
        return self._search(dropped(self._case.rules, names), frozenset(names)).found

    def _smallest(self, names: Sequence[str]) -> list[str]:
        """Return rules that suffice together and of which none can be spared."""
        left = list(names)
        for name in reversed(names):
            fewer = [each for each in left if each != name]
            if fewer and self._without(set(fewer)) is not None:
                left = fewer
        return left

    def _rule_cause(self, name: str, found: Candidate, beside: frozenset[str] = frozenset()) -> Cause:
        """Return what one rule demands, and what would do while the rules *beside* it are away."""
        rule = next(each for each in self._case.rules.rules if each.name == name)
        said = self._check(name, found)
        needed: float | None = None
        field = FIELDS.get(said.element.rpartition(".")[2])
        if field is not None and isinstance(said.value, float) and isinstance(said.limit, float | int):
            said, needed = self._narrowed(name, field, said, beside)
        apart = [ticket_id for ticket_id, broken in self._broken.items() if name in broken]
        against = () if name in self._alone else said.against or tuple(apart[:20])
        return Cause(
            "region" if isinstance(rule, Latency) else "rule",
            said.element,
            said.text,
            said.value,
            said.limit,
            needed,
            tuple(each for each in against if each != self._mine.ticket.ticket_id),
        )

    def _check(self, name: str, found: Candidate) -> Check:
        rules = self._case.rules.at_age(found.age_s)
        return next(
            each for each in checks(self._case.judge, rules, found.seating(rules), self._mine) if rule_of(each) == name
        )

    def _narrowed(self, name: str, field: str, said: Check, beside: frozenset[str]) -> tuple[Check, float]:
        """Bring the limit back towards what it is for as long as a match is found; return the nearest miss."""
        assert isinstance(said.value, float)
        assert isinstance(said.limit, float | int)
        fails, works = float(said.limit), said.value
        rules = dropped(self._case.rules, set(beside))
        for _ in range(NARROWINGS):
            if abs(works - fails) <= max(abs(fails), 1.0) / 100:
                break
            middle = (fails + works) / 2
            if field in {"min_count", "max_count"}:
                middle = float(int(middle) if works < fails else -int(-middle))
                if middle in {fails, works}:
                    break
            found = self._search(limited(rules, name, field, middle), beside | {name}, orders=1).found
            value = self._check(name, found) if found is not None else None
            if value is None or not isinstance(value.value, float) or value.element != said.element:
                fails = middle
            else:
                said, works = value, value.value
        return said, works

    def _sizes(self, free: Around, partial: Partial | None) -> Cause:
        """Return the cause when no rule is to blame: too few players, or parties that do not fill the teams."""
        if self._shared and self._renamed_would_do():
            names = sorted(one.ticket.ticket_id for one in self._shared)
            text = f"a player of this ticket also stands on {', '.join(names[:5])}; nobody plays twice"
            return Cause("duplicate-player", "players", text, against=tuple(names))
        fullest = self._partial(free.fullest) or partial
        seats = fullest.seats if fullest else ()
        needed = sum(each.min_players for each in seats)
        available = self._mine.size + sum(one.size for one in self._others)
        short = [each for each in seats if each.players < each.min_players]
        element = f"teams[{short[0].team}].minPlayers" if short else "teams"
        if all(one.seats is not None for one in (self._mine, *self._others)):
            return Cause("running-session", "players", "only running sessions wait, and they are not joined together")
        if available < needed:
            text = f"needs {needed} players, and the pool has {available}"
            return Cause("team-size", element, text, float(available), float(needed), float(available))
        sizes = Counter(one.size for one in (self._mine, *self._others))
        parties = ", ".join(f"{count} of {size}" for size, count in sorted(sizes.items()))
        stand = ", ".join(f"{each.team} {each.players} of {each.min_players}" for each in short)
        text = f"{available} players are there, but parties of these sizes ({parties}) do not fill the teams: {stand}"
        have = float(sum(each.players for each in seats))
        return Cause("seats", element, text, have, float(needed))

    def _renamed_would_do(self) -> bool:
        twins = [
            replace(
                one,
                player_ids=frozenset(f"{each} of {one.ticket.ticket_id}" for each in one.player_ids),
            )
            for one in self._shared
        ]
        rules = dropped(self._case.rules, set(enforced(self._case.rules)))
        around = Around(rules, self._case.judge, self._mine, self._case.now_s)
        return around.run([*twins, *self._others]).found is not None


def _how_far(cause: Cause) -> tuple[float, int]:
    if isinstance(cause.limit, float | int) and cause.needed is not None:
        return (abs(cause.needed - cause.limit) / max(abs(cause.limit), 1.0), len(cause.against))
    return (float("inf"), len(cause.against))
