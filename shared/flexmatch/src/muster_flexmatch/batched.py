"""A look at a small pool: the whole of it is one batch."""

import math
from collections.abc import Sequence

from muster_flexmatch.counts import Counts
from muster_flexmatch.guards import compatible
from muster_flexmatch.look import Look
from muster_flexmatch.memory import Vain
from muster_flexmatch.order import batch, closest, measured_attributes
from muster_flexmatch.reach import Reach
from muster_flexmatch.search import IMPROVEMENT_BUDGET
from muster_flexmatch.values import Outcome
from muster_flexmatch.verify import Candidate
from muster_flexmatch.waiting import Waiting


class BatchLook(Look):
    """One look at a small pool: anchors by age, each with all others."""

    def outcome(self) -> Outcome:
        """Find the matches and return them."""
        self._find()
        return self._outcome()

    def _find(self) -> None:
        numbers = {each.name for each in self._compiled.rules.attributes if each.type in {"number", "string"}}
        attributes = [name for name in measured_attributes(self._compiled.rules) if name in numbers]
        reach = Reach(self._compiled, self._pool, self._levels, None, self._prospects)
        for one in self._pool:
            if one.ticket_id not in reach.kept:
                self._alone(one, reach)
        for everyone, _ in self._anchors():
            line = [one for one in everyone if one.ticket_id in reach.kept]
            for place, anchor in self._in_turn(line):
                if self._left <= 0:
                    return
                if self._free(anchor):
                    others = [one for one in line[place + 1 :] if self._free(one)]
                    self._around(anchor, others, attributes)

    @property
    def _scarce(self) -> bool:
        return self._limits.per_second < math.inf

    def _in_turn(self, line: Sequence[Waiting]) -> list[tuple[int, Waiting]]:
        """Return anchors with their places in line, by age.

        Where steps are scarce from look to look, those go first who have waited longest for a search.
        """
        found = list(enumerate(line))
        if self._scarce:
            found.sort(key=lambda each: self._memory.cut(each[1])[0])
        return found

    def _orders(self, anchor: Waiting, attributes: Sequence[str]) -> list[str | None]:
        """Return the attributes by whose nearness others are tried, first None for the order of the batch.

        Where steps are scarce from look to look, the next look begins with the next one.
        """
        found = [None, *attributes]
        first = self._memory.cut(anchor)[1] % len(found) if self._scarce else 0
        return found[first:] + found[:first]

    def _around(self, anchor: Waiting, others: Sequence[Waiting], attributes: Sequence[str]) -> None:
        """Search around one anchor, in other orders too when the first gives nothing within its budget."""
        pairs = Counts(self._compiled.rules)
        fitting = compatible(self._compiled, anchor, others, self._levels, pairs.failed)
        reach = Reach(self._compiled, [anchor, *fitting], self._levels, anchor, self._prospects)
        if anchor.ticket_id not in reach.kept:
            self._alone(anchor, reach)
            self.counts.add(pairs)
            return
        judge = self._compiled.judge
        fitting = [one for one in fitting if one.ticket_id in reach.kept]
        tried = batch(self._compiled.rules, judge, anchor, fitting)
        teams, asked = self._asked(anchor, [tried])
        # A quarter of what is left for each: whoever is searched in vain leaves something to the next.
        budget = min(self._limits.anchor, max(self._limits.near, self._left // 4), self._left)
        if self._in_vain(anchor, asked, budget):
            self.counts.add(pairs)
            return
        counts = Counts(self._compiled.rules)
        found: Candidate | None = None
        steps = searches = 0
        for name in self._orders(anchor, attributes):
            order = tried if name is None else closest(judge, name, anchor, tried)
            search = self._search(teams, counts, budget)
            searches += 1
            found = search.run(anchor, order)
            spent = search.steps if found is None else max(0, search.steps - IMPROVEMENT_BUDGET)
            steps += spent
            self._left -= spent
            if found is not None or not search.exhausted or self._left < budget:
                break
        if found is None and search.exhausted:
            self._memory.note_cut(anchor, self._now_s)
        whole = searches == 1 and not search.exhausted
        if found is None and self._left >= budget and (whole or not self._scarce):
            self._memory.keep(anchor, Vain(asked, budget, whole=whole, steps=steps, counts=counts))
        self.counts.add(counts)
        self.counts.add(pairs)
        if found is not None:
            counts.add(pairs)
            self._keep(found, counts)
