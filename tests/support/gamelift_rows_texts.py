"""What the rows of docs/rows.md of the local GameLift say, by section of the documents' summary."""

from collections.abc import Mapping
from typing import Final

SECTIONS: Final[Mapping[str, str]] = {
    "3.1": "Delivery of notices",
    "3.2": "Envelope",
    "3.3": "Matchmaking notices",
    "3.4": "Placement notices",
    "4.1": "Ticket states",
    "4.2": "What operations do",
    "4.3": "Exceptions",
    "4.4": "Wire protocols",
    "4.5": "Queue placement",
    "4.6": "Matchmaker data",
    "4.7": "Operations",
    "5.1": "Server SDK 5: connection",
    "5.2": "Server SDK 5: from the process",
    "5.3": "Server SDK 5: to the process",
    "5.4": "Server SDK 5: times",
    "5.5": "Server SDK 5: traps",
}

TEXTS: Final = """
3.1.topic | matchmaking notices go to the topic of the configuration
3.1.bus | and to the default EventBridge bus
3.1.same.envelope | the message on the topic is the whole envelope, not only the detail
3.1.fifo | FIFO topics are allowed
3.1.fifo.group | their group is the match or the ticket, their deduplication id the notice's
3.1.at.least.once | a publish that fails is repeated
3.1.any.order | doubling, delay and another order on request
3.1.placement.topic | placement notices go to the topic of the queue
3.1.placement.bus | and to the default EventBridge bus
3.2.members | version, id, detail-type, source, account, time, region, resources, detail
3.2.id | each has an id of its own
3.2.time | times are ISO 8601 in UTC with milliseconds
3.2.resources | the configuration's ARN
3.2.account | account ids in the ARNs of notices and answers
3.3.tickets | tickets with id, start time and players
3.3.gameSessionInfo | the same players once more, without their tickets
3.3.customEventData | the configuration's own data, when it has any
3.3.MatchmakingSearching | a ticket enters the pool, or returns to it
3.3.estimatedWaitMillis | a number, or NOT_AVAILABLE
3.3.PotentialMatchCreated | a match is built, with or without acceptance
3.3.acceptanceTimeout | only when acceptance is required
3.3.ruleEvaluationMetrics | rule name, passed, failed
3.3.AcceptMatch | a player accepts or rejects; `accepted` only for who has answered
3.3.AcceptMatchCompleted.Accepted | everybody accepted
3.3.AcceptMatchCompleted.Rejected | somebody rejected
3.3.AcceptMatchCompleted.TimedOut | the time was over
3.3.MatchmakingSucceeded | the match has its session, with address and player session ids
3.3.port.number | a port is a number here
3.3.MatchmakingTimedOut | the request time is over; reason and message
3.3.MatchmakingTimedOut.team | with the team, if it had one
3.3.MatchmakingCancelled | StopMatchmaking; reason and message
3.3.MatchmakingCancelled.backfill | StopMatchBackfill of a game server too
3.3.MatchmakingFailed | the match could not be placed; reason, message, match
3.3.MatchmakingFailed.customEventData | with the configuration's own data
3.3.ids | player session ids begin with `psess-`, fleets with `fleet-`, aliases with `alias-`
3.3.one.for.all | one notice for all tickets of a match
3.3.one.each | searching, timed out and cancelled tickets have one each
3.3.players.only | an ended ticket's gameSessionInfo holds players only
3.3.silent.duplicate | a ticket that a newer one of its player cancels is not told
3.3.silent.placement | nor are tickets that return because a placement timed out
3.3.no.other.type | there are no other types
3.3.standalone | standalone success has teams and no session
3.3.consumers | consumers find what they rely on
3.4.detail.type | GameLift Queue Placement Event, with the queue's ARN
3.4.PlacementFulfilled | the session, its address, the compute and the player sessions
3.4.port.text | a port is text here
3.4.PlacementCancelled | stopped by request: placement and times
3.4.PlacementTimedOut | the queue's time is over: the same members
3.4.PlacementFailed | the same members
3.4.customEventData | the queue's own data, when it has any
3.4.matchmaker | placements that matches make are told as well
4.1.QUEUED | a request is accepted: QUEUED, nothing told
4.1.SEARCHING | picked up: MatchmakingSearching
4.1.REQUIRES_ACCEPTANCE | a match with acceptance: PotentialMatchCreated
4.1.PLACING | a match without: PotentialMatchCreated
4.1.accepted | all accepted: PLACING, AcceptMatchCompleted
4.1.returned | own players accepted and the match failed: SEARCHING again
4.1.dropped | rejected, or no answer: CANCELLED
4.1.COMPLETED | the session is ready: MatchmakingSucceeded
4.1.COMPLETED.standalone | standalone at once
4.1.placement.timed.out | back to SEARCHING, not told
4.1.FAILED | the placement failed: MatchmakingFailed
4.1.CANCELLED | StopMatchmaking while queued, searching or waiting for acceptance
4.1.duplicate | a newer ticket of a player: CANCELLED with its reason, not told
4.1.TIMED_OUT | the request timeout ends any ticket that has not ended
4.1.nothing.else | no other steps
4.1.kept | ended tickets are shown for a day, at most 10,000 of them
4.1.times | StartTime at once, EndTime with the end
4.1.EstimatedWaitTime | seconds, the mean of completed waits
4.1.Team | players show their team after a match
4.1.GameSessionConnectionInfo | on completed tickets that have a session
4.2.start.id | a ticket without an id is given one
4.2.start.name | the configuration is given by name or ARN; unknown ones are not found
4.2.start.reused | a ticket id is used once
4.2.start.players | too many players, doubled ones, teams, missing attributes are refused
4.2.start.answer | the answer shows the ticket as QUEUED
4.2.describe.unknown | unknown tickets are left out
4.2.describe.ten | more than ten are refused
4.2.stop | StopMatchmaking answers nothing; unknown tickets are not found
4.2.stop.placing | a ticket in PLACING is refused in AWS's words
4.2.stop.ended | an ended ticket is refused
4.2.rule.sets.unknown | an unknown rule set is not found
4.2.configurations.unknown | unknown configurations are left out
4.2.rule.set.in.use | a rule set in use is not deleted
4.2.configuration.in.use | a configuration with active tickets is not deleted
4.2.update.later | an update is for tickets started later
4.2.configuration.queue | WITH_QUEUE needs queues
4.2.configuration.standalone | STANDALONE takes no automatic backfill and no additional players
4.2.configuration.target | the notification target is a topic
4.2.configuration.mode | without a mode: WITH_QUEUE
4.2.queue.destinations | destinations are fleets or aliases
4.2.queue.alias | an alias resolves when the session is placed
4.2.queue.deleted | deleting a queue fails its pending placements
4.2.session.capacity | CreateGameSession without a free process: FleetCapacityExceeded
4.2.session.alias | it takes an alias for a fleet
4.2.session.location | a fleet of several locations needs one named
4.2.session.token | the token ends the session's id, and makes a repeat harmless
4.2.session.mismatch | the same token with other values is refused
4.2.session.activating | ACTIVATING until the process activates it
4.2.session.not.activated | TERMINATED when it does not in time
4.2.seats.status | player sessions need an active session that accepts players
4.2.seats.full | a full session: GameSessionFull
4.2.seats.25 | at most 25 at once
4.2.seats.all.or.none | all or none
4.2.seats.reserved | RESERVED for 60 s
4.2.seats.life | accepted: ACTIVE; removed: COMPLETED
4.2.seats.lapsed | not taken in time: TIMEDOUT
4.2.seats.described | described by session, player or player session, exactly one
4.2.seats.filter | with a filter on status, and pages
4.2.search | active sessions of one fleet or location
4.2.search.page | at most 20 a page
4.2.search.filter.gameSessionName | operand gameSessionName
4.2.search.filter.gameSessionId | operand gameSessionId
4.2.search.filter.gameSessionProperties | operand gameSessionProperties.KEY
4.2.search.filter.maximumSessions | operand maximumSessions
4.2.search.filter.creationTimeMillis | operand creationTimeMillis
4.2.search.filter.playerSessionCount | operand playerSessionCount
4.2.search.filter.hasAvailablePlayerSessions | operand hasAvailablePlayerSessions
4.2.search.comparators | `=`, `<>`, `<`, `>`, `<=`, `>=`
4.2.search.and | joined by AND, text in single quotes
4.2.search.sort | ordered by an operand, ASC or DESC
4.2.terminate | TRIGGER_ON_PROCESS_TERMINATE asks the process to end
4.2.terminate.force | FORCE_TERMINATE is not for Anywhere fleets
4.2.alias.simple | a SIMPLE alias is its fleet
4.2.alias.terminal | a TERMINAL alias answers TerminalRoutingStrategyException with its message
4.2.compute | RegisterCompute answers the compute, with the address for server processes
4.2.compute.status | its status is ACTIVE
4.2.custom.locations | names of custom locations begin with `custom-`
4.2.token | GetComputeAuthToken: 1 to 64 letters, digits, hyphens, and when it expires
4.2.token.expires | an expired token opens nothing
4.2.pages | lists come in pages
4.2.tags | tags are given, listed, taken away
4.3.Message | errors have a name and a message; status 400
4.3.Conflict | ConflictException
4.3.FleetCapacityExceeded | FleetCapacityExceededException
4.3.GameSessionFull | GameSessionFullException
4.3.IdempotentParameterMismatch | IdempotentParameterMismatchException
4.3.InternalService | InternalServiceException, status 500
4.3.InvalidGameSessionStatus | InvalidGameSessionStatusException
4.3.InvalidRequest | InvalidRequestException
4.3.LimitExceeded | LimitExceededException
4.3.NotFound | NotFoundException
4.3.TerminalRoutingStrategy | TerminalRoutingStrategyException
4.3.Unauthorized | UnauthorizedException
4.3.UnsupportedRegion | UnsupportedRegionException, of operations that are not offered
4.3.not.here | InvalidFleetStatus, NotReady, OutOfCapacity, TaggingFailed: nothing here leads to them
4.4.json | JSON 1.1: POST, the operation in X-Amz-Target
4.4.json.times | times are numbers of seconds
4.4.json.errors | errors carry `__type` and Message
4.4.cbor | CBOR: POST to the operation's path, smithy-protocol rpc-v2-cbor
4.4.cbor.times | times with tag 1
4.4.cbor.errors | errors with the same members
4.4.server.checks | maximums and patterns are checked here
4.4.all.checks | so are required members, types and minimums
4.4.credentials | credentials may be anything
4.4.region | the region is that of the signature, each with its own state
4.5.start | PENDING, with what was asked for
4.5.reused | a placement id is used once
4.5.candidates | every location of every destination
4.5.allowed | that the filter allows
4.5.policies.order | latency policies from the lowest up, each for its time
4.5.policies.last | the last one stays
4.5.policies.without.data | without latencies they do not apply
4.5.policies.every.player | every player is under the cap
4.5.policies.no.data | a location that a player did not measure is not allowed
4.5.order.default | LATENCY, COST, DESTINATION, LOCATION unless told
4.5.order.LATENCY | the lowest mean
4.5.order.COST | the lowest cost
4.5.order.DESTINATION | as the queue lists them
4.5.order.LOCATION | as listed, then by the alphabet
4.5.override | an override's locations come first, once
4.5.override.none | without fallback it stays with them
4.5.override.needs | it needs LOCATION first and no latencies
4.5.first.free | the first location with a free process has the session
4.5.seats | players have their seats with the placement
4.5.TIMED_OUT | no free process in the queue's time
4.5.FULFILLED | when the server has activated the session
4.5.CANCELLED | stopped while pending
4.5.stop.late | once a session is made it cannot be stopped
4.5.arn | a session's ARN names its location
4.6.members | match, configuration, teams, players with attributes
4.6.types | DOUBLE, STRING, STRING_LIST, STRING_DOUBLE_MAP
4.6.mode | autoBackfillMode: null, AUTOMATIC, MANUAL
4.6.ticket | autoBackfillTicketId
4.6.no.latency | latencies are not in it
4.6.leavers | who leaves stays in it
4.6.backfill | only backfill changes it
4.6.server | the server has it with CreateGameSession
4.6.described | and it is in the session's description
5.1.query | pID, ComputeId, FleetId and authorization say who connects
5.1.parameters | every parameter of the connection
5.1.signing | a signature covers ComputeId, FleetId and pID
5.1.environment | the variables of SDKs say what else would be given
5.1.endpoint | the address is that of RegisterCompute
5.1.languages | Go, Cpp, CSharp and any other
5.1.token | a token of GetComputeAuthToken
5.1.signed | or a signature, with Authorization=SigV4
5.1.frames | a text frame is one JSON object
5.1.answer | an answer repeats Action and RequestId, with StatusCode 200
5.1.error | an error has another StatusCode and ErrorMessage
5.1.push | what the service sends by itself has no RequestId
5.2.ActivateServerProcess | ready, with its port
5.2.HeartbeatServerProcess | how it feels
5.2.ActivateGameSession | the session is ACTIVE
5.2.AcceptPlayerSession | a player is let in
5.2.RemovePlayerSession | a player has left
5.2.DescribePlayerSessions | player sessions, with times in whole milliseconds, in pages
5.2.UpdatePlayerSessionCreationPolicy | the session opens or closes
5.2.StartMatchBackfill | a backfill ticket, its id in the answer
5.2.StartMatchBackfill.attributes | attributes of the four types come over
5.2.StopMatchBackfill | the ticket is cancelled
5.2.GetComputeCertificate | the path of the certificate, and the compute
5.2.GetFleetRoleCredentials | an empty AccessKeyId: not managed
5.2.TerminateServerProcess | the process ends, and its session
5.3.CreateGameSession | the session, its data, properties and matchmaker data
5.3.UpdateGameSession | the session anew, with reason and ticket
5.3.TerminateProcess | when the process shall have ended, in milliseconds
5.3.RefreshConnection | an address and a token for a second connection
5.4.first.heartbeat | a process beats right after it is ready
5.4.rhythm | then every 60 s, give or take up to 10
5.4.health.check | a health check may take 50 s
5.4.request | a request may take 20 s; after two without answer the process connects anew
5.4.connect | seven attempts, with waits of 4, 8, 16, 32, 32 and 32 s
5.4.meant.close | 1000 and 1001 are final for a process
5.4.heartbeat | three missed or bad heartbeats end a process
5.4.close.1000 | a connection that is replaced closes with 1000: do not come back
5.4.close.other | a stopping service closes with another code: come back
5.4.grace | without a close frame the process is gone after a grace
5.4.same.pid | a process that comes back with its pID keeps its session
5.5.first.heartbeat | sessions are offered only after the first heartbeat
5.5.wss | wss with a certificate made here, beside ws
5.5.arn | the ARN of a configuration passes the SDK's check
5.5.milliseconds | milliseconds here, seconds in the API
"""
"""One row a line; the operations of section 4.7 are rows as well, see `gamelift_rows`."""

OPERATIONS: Final = """
StartMatchmaking DescribeMatchmaking StopMatchmaking AcceptMatch StartMatchBackfill
CreateMatchmakingConfiguration DescribeMatchmakingConfigurations UpdateMatchmakingConfiguration
DeleteMatchmakingConfiguration CreateMatchmakingRuleSet DescribeMatchmakingRuleSets ValidateMatchmakingRuleSet
DeleteMatchmakingRuleSet
CreateGameSessionQueue DescribeGameSessionQueues UpdateGameSessionQueue DeleteGameSessionQueue
StartGameSessionPlacement DescribeGameSessionPlacement StopGameSessionPlacement
CreateGameSession UpdateGameSession TerminateGameSession DescribeGameSessions DescribeGameSessionDetails
SearchGameSessions CreatePlayerSession CreatePlayerSessions DescribePlayerSessions
CreateFleet DescribeFleetAttributes ListFleets UpdateFleetAttributes DeleteFleet CreateFleetLocations
DeleteFleetLocations DescribeFleetLocationAttributes CreateLocation ListLocations DeleteLocation RegisterCompute
DeregisterCompute DescribeCompute ListCompute GetComputeAuthToken
CreateAlias UpdateAlias DescribeAlias ListAliases ResolveAlias DeleteAlias
TagResource UntagResource ListTagsForResource
"""
"""Tiers 1 and 2: each a row `4.7.NAME`."""

REST: Final = """
4.7.no.StopMatchBackfill | there is no operation StopMatchBackfill; StopMatchmaking stops backfill
4.7.tier3 | every other operation of the model says clearly that it is not offered
"""
