"""What the rows of docs/rows.md say, by section of the documents' summary."""

from collections.abc import Mapping
from typing import Final

SECTIONS: Final[Mapping[str, str]] = {
    "1.1": "Document",
    "1.2": "playerAttributes",
    "1.3": "algorithm",
    "1.4": "teams",
    "1.5": "rules",
    "1.6": "expansions",
    "1.7": "Property expressions",
    "1.8": "Large matches",
    "1.9": "Validation",
    "2.1": "Life of the pool",
    "2.2": "What a match is",
    "2.3": "Backfill: running sessions",
    "2.4": "Acceptance",
    "2.5": "Timeouts",
    "2.6": "Numbers",
    "2.7": "Metrics",
}

TEXTS: Final = """
1.1.body.length | a body has 1 to 65,535 characters
1.1.immutable | a rule set is never changed: there is no operation for it
1.1.body.kept | the body comes back byte for byte
1.1.name | `name` is optional and may be empty
1.1.name.unrelated | `name` is a free label
1.1.ruleLanguageVersion | `ruleLanguageVersion` is required and is "1.0"
1.1.playerAttributes | `playerAttributes` is optional
1.1.algorithm | `algorithm` is optional for small matches
1.1.teams | `teams` is required, with at least one
1.1.rules.optional | `rules` is optional
1.1.rules.empty | `rules` may be empty
1.1.expansions | `expansions` may be empty
1.1.key.order | the order of keys is free
1.1.unknown.keys | unknown keys are ignored, and named in a warning
1.1.required.keys | a rule that lacks a required key is refused
1.1.comments | `//` and `/* */` comments are accepted
1.1.trailing.commas | trailing commas are accepted
1.1.duplicate.keys | of duplicate keys the last counts
1.2.name.required | an attribute has a name
1.2.name.unique | names are unique
1.2.type | the type is one of four
1.2.types | string takes S, number N, string_list SL, string_number_map SDM
1.2.default | a default has the attribute's type
1.2.missing | an attribute that is missing without a default is refused
1.2.wrong.type | a value of another type is refused
1.2.undeclared | undeclared attributes are accepted and kept
1.2.limits | 10 attributes; lists of 100 strings of 100 characters; maps of 10; strings of 1,024
1.3.absent | the block is optional for small matches
1.3.defaults | the defaults are exhaustiveSearch, random, newest, normal
1.3.values | other values are refused
1.3.strategy | `strategy` is exhaustiveSearch or balanced
1.3.batchingPreference | exhaustive: random or sorted
1.3.batchingPreference.balanced | balanced: largestPopulation or fastestRegion
1.3.sortByAttributes | `sortByAttributes` lists declared attributes
1.3.sorted.needs | sorted needs `sortByAttributes`
1.3.balancedAttribute | `balancedAttribute` is a declared number
1.3.expansionAgeSelection | `expansionAgeSelection` is newest or oldest
1.3.backfillPriority | `backfillPriority` is normal, high or low
1.3.balanced.small | balanced with 40 players or fewer takes all rule types
1.3.large.needs.balanced | more than 40 players need balanced
1.4.name.unique | names are unique
1.4.required | `name`, `minPlayers` and `maxPlayers` are required
1.4.quantity | a quantity gives `NAME_1`, `NAME_2`, …
1.4.quantity.one | a quantity of 1 gives the plain name
1.4.quantity.clash | names stay unique once they are numbered
1.4.base.name | expressions may name all instances or one
1.4.base.expansion | expansions of a base name change all instances
1.4.minPlayers.zero | `minPlayers` may be 0
1.4.zero.stays.empty | a team relaxed to 0 may stay empty
1.4.match.of.one | a match may have one player
1.4.size | more than 200 players are refused
1.4.fill | teams are filled to the maximum where possible
1.4.minimum | fewer will do, but not below the minimum
1.5.name | rule names may have letters, digits, hyphens, spaces
1.5.description | `description` is optional
1.5.measurements.text | `measurements` is a list or one expression
1.5.all.rules.hold | all rules must hold
1.5.comparison.< | `<`: each value is below the reference
1.5.comparison.<= | `<=`: at most the reference
1.5.comparison.= | `=`: equal to the reference
1.5.comparison.!= | `!=`: different from the reference
1.5.comparison.> | `>`: above the reference
1.5.comparison.>= | `>=`: at least the reference
1.5.comparison.all | every measured value must compare
1.5.comparison.string | strings compare with `=` and `!=`
1.5.comparison.expression | the reference may be an expression
1.5.comparison.list | with a list as long values compare one by one
1.5.comparison.literal | a text that begins with no function and no `teams[` is a literal
1.5.comparison.across.= | without reference `=`: all values equal
1.5.comparison.across.!= | without reference `!=`: all values different
1.5.comparison.reference.needed | other operations need a reference
1.5.distance.max | `maxDistance`: the absolute difference is at most that
1.5.distance.min | `minDistance`: at least that
1.5.distance.every | both bounds hold for every value
1.5.distance.averages | 300 between a team's average and all players' allows 600 in a 1v1
1.5.distance.quoted | a distance may be a quoted number
1.5.batchDistance.number | the largest value less the smallest is at most `maxDistance`
1.5.batchDistance.string | strings are equal
1.5.batchDistance.large | in large matches too
1.5.collection.intersection | intersection: so many values are common to all
1.5.collection.contains | contains: so many collections hold the value; twice in one list counts once
1.5.collection.contains.minCount | contains with `minCount`
1.5.collection.finished | lower bounds are about the finished match
1.5.collection.playerIds | player ids can be measured
1.5.collection.reference | reference_intersection_count: each collection on its own
1.5.collection.nobound | without a bound at least one is wanted
1.5.collection.blocklist | block lists: no collection meets the player ids
1.5.collection.avoid | an expansion of `maxCount` turns a block into an "avoid"
1.5.collection.union | a party has the union of its lists
1.5.collection.party.intersection | or their intersection
1.5.latency.max | regions above `maxLatency` do not count
1.5.latency.common | everyone shares one region that counts
1.5.latency.nodata | players without latencies are not matched
1.5.latency.maxDistance.min | `maxDistance` from the fastest
1.5.latency.maxDistance.avg | or from the average
1.5.latency.any.region | regions have whatever names clients send
1.5.latency.to.queue | the players' latencies are passed on to the queue
1.5.latency.elsewhere | the queue may choose a region that the rule would not
1.5.absoluteSort | absoluteSort orders by value
1.5.absoluteSort.descending | in either direction
1.5.absoluteSort.string | of strings those equal to the anchor's come together
1.5.distanceSort | distanceSort orders by the distance from the anchor
1.5.sort.mapKey | `mapKey` picks the key in the anchor's map, for every ticket
1.5.sort.mapKey.lacking | a ticket without the key comes last
1.5.sort.order | the first sort rule is the primary key
1.5.sort.filters.nothing | sort rules keep nobody apart
1.5.compound.statement | and, or, not, xor, nested
1.5.compound.arguments | two operands or more; xor is exactly one
1.5.compound.earlier | the rules named come earlier
1.5.compound.batchDistance | no batchDistance inside
1.5.compound.sort | no sort rules inside
1.5.compound.several | all compound rules must hold
1.5.compound.small | small matches only
1.5.compound.inputs | rules named in a compound rule count only through it
1.5.party.avg | a party's numbers become their average
1.5.party.min | or the least
1.5.party.max | or the greatest
1.5.party.latency | its latencies in a region too
1.5.party.weight | a party counts once in an average
1.5.party.count | `count` counts players
1.5.party.strings | strings count for every member
1.6.several.names | a target may name several
1.6.targets | maxDistance, minDistance, maxLatency, minCount, maxCount, referenceValue expand
1.6.team.targets | minPlayers and maxPlayers expand
1.6.quantity | quantity does not
1.6.compound.target | compound rules do not
1.6.compound.inputs | the rules that they name do
1.6.value.type | a value has the property's type
1.6.absolute | waits count from the ticket's start
1.6.last.step | the last step reached wins
1.6.age | newest or oldest: which ticket's age counts
1.6.per.candidate | a fresh ticket undoes an expansion for the candidate that it is in
1.6.large | large matches: latency, team sizes, batchDistance
1.6.algorithm | `algorithm.backfillPriority` is accepted with a warning
1.7.one.team | one team: a list
1.7.several.teams | several teams, or all: a list of lists
1.7.playerId | `[playerId]`: strings
1.7.string_list | a string_list of one team: a list of lists
1.7.flatten | `flatten` takes away one level
1.7.flatten.lists | inner string lists stay whole
1.7.nested | on nested lists each innermost list is reduced
1.7.min | `min`
1.7.max | `max`
1.7.avg | `avg`
1.7.median | `median`; of an even count the mean of the middle two
1.7.sum | `sum`
1.7.count | `count`
1.7.stddev | `stddev`, of the population
1.7.set_intersection | `set_intersection` of lists of strings
1.7.set_intersection.nested | one level deeper it applies to each
1.7.union | there is no function `union`
1.7.number | a number is an expression
1.7.spaces | spaces are allowed
1.7.empty.average | the average of an empty team fails the rule
1.7.empty.sum.count | the sum and the count of nothing are 0
1.8.rules | latency and batchDistance rules
1.8.no.other.rules | no other rules
1.8.balancedAttribute | balancedAttribute is required
1.8.balanced.even | teams are evened on it
1.8.largestPopulation | the region with the most tickets is served first
1.8.fastestRegion | or everyone in the region that is fastest for them
1.8.fill | below the minimum first, then where most seats are open
1.8.fill.walk | two teams of 5 to 10 and one of 2 to 3 take 23 players as 10, 10 and 3
1.8.hunters | ten teams of 12 to 15 hunters and a team of 5 monsters
1.8.backfill.first | running sessions come first
1.9.1 | JSON, an object
1.9.2 | ruleLanguageVersion
1.9.3 | 0 ≤ minPlayers ≤ maxPlayers
1.9.4 | known attribute types
1.9.5 | known values in algorithm
1.9.6.type | known rule types
1.9.6.required | a rule has what its type requires
1.9.6.operation | known operations
1.9.6.duplicate | rule names are unique
1.9.6.bound | a distance rule has a bound
1.9.6.sort | sort rules have a direction
1.9.6.mapKey | `mapKey` is for maps
1.9.6.expression | expressions parse
1.9.6.unknown.team | teams in expressions exist
1.9.6.unknown.attribute | attributes in expressions are declared
1.9.6.numbers.of.strings | number functions do not take strings
1.9.6.large | large matches: latency and batchDistance only
1.9.7 | statements parse
1.9.7.exists | the rules that a statement names exist
1.9.7.large | no compound rules in large matches
1.9.8.target | expansion targets exist
1.9.8.property | the property is one that the rule's type expands
1.9.8.rising | steps rise in time
1.9.8.steps | there is at least one step
1.9.8.still.fits | minPlayers stays at or below maxPlayers after each step
1.9.problems.together | all problems are told at once, each by element
1.9.validate | ValidateMatchmakingRuleSet answers `Valid`, or an error that names what is wrong
1.9.create | CreateMatchmakingRuleSet checks the same
2.1.pools | each configuration has its own pool, of new tickets and running sessions
2.1.anchor | the oldest ticket is the anchor
2.1.next.anchor | an anchor without a match stays, and the next is tried
2.1.skipped | a ticket that does not fit is passed over, and the next is tried
2.1.sorted | sorted batches bring similar tickets together
2.1.balanced | balanced batches are by region first
2.1.full | full teams make a match at once
2.1.minimum | otherwise the minimums must hold
2.1.potential | a match that was made needs acceptance, or is placed at once
2.1.lone.player | with a minimum of 1 a lone ticket is matched at once
2.1.example.newest | minimum 4, 3, 2, 1: two players are matched apart with newest, together with oldest
2.1.backfill.minimum | minimums apply to running sessions, at the newest ticket's age
2.2.party.kept | players of a ticket are never split
2.2.party.too.large | a party wider than every team never matches, and stops nobody
2.2.one.team | each player has exactly one team
2.2.one.backfill | at most one running session in a match
2.2.backfill.seats | seated players stay where they are
2.2.backfill.someone.new | at least one new ticket
2.2.no.player.twice | no player twice
2.2.complete | rules are judged on complete candidates
2.2.exhaustive | a match that the greedy way misses is found
2.2.largest | the largest match first
2.2.seed | the seed decides between equals, and repeats
2.2.additional.players | seats for additional players stay empty
2.2.additional.session | the session is created with the full maximum
2.2.timing | pools are searched soon after an arrival, and once a second
2.3.priority | normal by age, high first, low last
2.3.manual.latency | running sessions need no latencies
2.3.manual | StartMatchBackfill names the session, and all its players with team and attributes
2.3.manual.players | 1 to 199 players
2.3.manual.api | from the API
2.3.manual.sdk | or from the game server
2.3.one.per.session | a later request for a session replaces the earlier one
2.3.automatic | automatic: a session that starts with open slots gets a ticket
2.3.automatic.again | after it filled some another follows until the session is full, one at a time
2.3.automatic.leavers | players who leave do not bring a ticket
2.3.automatic.data | matchmaker data name the automatic ticket
2.3.automatic.off | StopMatchmaking with that ticket ends automatic backfill
2.3.success | new players get player sessions in the running session
2.3.success.update | the server is sent MATCHMAKING_DATA_UPDATED with new matchmaker data
2.3.failed | the server is sent BACKFILL_FAILED
2.3.timed.out | or BACKFILL_TIMED_OUT
2.3.cancelled | or BACKFILL_CANCELLED
2.3.duplicate | a seated player who starts a ticket cancels the backfill ticket
2.3.session.gone | a session that has vanished fails its ticket, with a message that says so
2.3.acceptance | only new players accept; seated ones on request too
2.4.waits | a match that needs acceptance waits for it
2.4.range | the time to accept is 1 to 600 s
2.4.all.accept | all accept: it goes on
2.4.reject | one rejects: it is dropped at once, and who accepted searches again
2.4.timeout | silence drops it when the time is over
2.4.start.time | who returns keeps the start time
2.4.returns.told | a ticket that returns is told as searching again
2.4.final | the others are CANCELLED, with a reason and words
2.4.no.cancelled | and no MatchmakingCancelled tells it
2.4.status | an answer needs a ticket that waits for it
2.4.players | players who are not in the ticket cannot answer
2.4.second.answer | an acceptance can become a rejection, not the other way
2.5.request | the request timeout counts from the start, through acceptance and placement
2.5.told | TIMED_OUT, and a notice
2.5.placement | a placement that times out returns the tickets silently
2.5.placing | a ticket in PLACING cannot be stopped, in AWS's words
2.6.players | 10 players per StartMatchmaking
2.6.players.backfill | 199 players per StartMatchBackfill
2.6.match.size | 1 to 40 players small, to 200 large
2.6.configurations | 300 matchmaking configurations in a region
2.6.rule.sets | 1,000 rule sets in a region
2.6.queues | 100 queues
2.6.destinations | 10 destinations of a queue
2.6.queue.timeout | a queue waits 10 to 600 s, 600 by default
2.6.request.timeout | request timeout 1 to 43,200 s
2.6.acceptance.timeout | acceptance timeout 1 to 600 s
2.6.player.sessions | 200 player sessions in a game session
2.6.reservation | a reserved player session lapses after 60 s
2.6.describe | 10 tickets per DescribeMatchmaking
2.6.custom.event.data | CustomEventData of 256 characters
2.6.properties | 16 game properties, keys of 32 and values of 96 characters
2.6.session.data | GameSessionData of 4,096 characters in a configuration, 262,144 elsewhere
2.6.matchmaker.data | matchmaker data of 390,000 characters at most
2.6.rates.StartMatchmaking | rate: StartMatchmaking, StopMatchmaking and AcceptMatch 100/s each
2.6.rates.DescribeMatchmaking | rate: DescribeMatchmaking 200/s
2.6.rates.StartMatchBackfill | rate: StartMatchBackfill 70/s
2.6.rates.placement | rate: StartGameSessionPlacement and DescribeGameSessionPlacement 75/s
2.6.rates.CreateGameSession | rate: CreateGameSession 50/s
2.6.rates.player.sessions | rate: player sessions 200/s
2.6.rates.DescribeGameSessions | rate: DescribeGameSessions 20/s
2.6.rates.SearchGameSessions | rate: SearchGameSessions 30/s
2.6.rates.GetComputeAuthToken | rate: GetComputeAuthToken 5/s
2.6.rates.changes | rate: create, update, delete 20/s
2.6.rates.reads | rate: describe and list 30/s
2.6.rates.account | rate: 500/s in all
2.6.polling | who only polls sees the same end as who listens
2.6.fleets | 30 fleets
2.6.computes | 100 computes of a fleet
2.6.locations | 20 custom locations
2.6.aliases | 100 aliases
2.6.fleet.locations | 10 locations of a fleet
2.7.rule.counts | evaluations passed and failed, by rule
2.7.ended | an ended ticket tells how often rules were judged
"""
