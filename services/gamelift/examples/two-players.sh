#!/usr/bin/env bash
# Two players find each other and a game server, with nothing but the AWS CLI.
#
# With `make up` running, the configuration muster-arena and its game servers are there already:
#
#     services/gamelift/examples/two-players.sh
#
# Against a local GameLift that runs alone, the script makes what is missing (a location, an Anywhere fleet, a queue,
# a rule set and a configuration) and then waits for a game server of yours to register with the fleet.
#
# Environment: AWS_ENDPOINT_URL_GAMELIFT (http://127.0.0.1:9080), CONFIGURATION (muster-arena), WAIT_S (60),
# AWS (aws), AWS_REGION (us-east-1). Credentials may be anything.
set -euo pipefail

export AWS_ENDPOINT_URL_GAMELIFT="${AWS_ENDPOINT_URL_GAMELIFT:-http://127.0.0.1:9080}"
export AWS_REGION="${AWS_REGION:-us-east-1}"
export AWS_DEFAULT_REGION="$AWS_REGION"
export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-local}"
export AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-local}"
export AWS_PAGER=""

configuration="${CONFIGURATION:-muster-arena}"
wait_s="${WAIT_S:-60}"
aws_cli="${AWS:-aws}"

gamelift() {
    "$aws_cli" gamelift "$@"
}

make_what_is_missing() {
    local known fleet_arn queue_arn
    known=$(gamelift describe-matchmaking-configurations --names "$configuration" \
        --query 'Configurations[].Name' --output text)
    if [ -n "$known" ]; then
        echo "Using the configuration $configuration."
        return
    fi
    echo "Making the configuration $configuration, with a queue and a fleet behind it."
    gamelift create-location --location-name custom-laptop > /dev/null
    fleet_arn=$(gamelift create-fleet --name two-players --compute-type ANYWHERE \
        --locations Location=custom-laptop --anywhere-configuration Cost=0 \
        --query FleetAttributes.FleetArn --output text)
    queue_arn=$(gamelift create-game-session-queue --name two-players --timeout-in-seconds 60 \
        --destinations "DestinationArn=$fleet_arn" --query GameSessionQueue.GameSessionQueueArn --output text)
    gamelift create-matchmaking-rule-set --name two-players --rule-set-body '{
        "name": "two players", "ruleLanguageVersion": "1.0",
        "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
        "teams": [{"name": "home", "minPlayers": 1, "maxPlayers": 1},
                  {"name": "away", "minPlayers": 1, "maxPlayers": 1}]}' > /dev/null
    gamelift create-matchmaking-configuration --name "$configuration" --rule-set-name two-players \
        --flex-match-mode WITH_QUEUE --game-session-queue-arns "$queue_arn" \
        --request-timeout-seconds 120 --no-acceptance-required > /dev/null
    echo "Fleet: $fleet_arn (location custom-laptop). Start a game server on it now."
}

start() {
    gamelift start-matchmaking --configuration-name "$configuration" \
        --players "[{\"PlayerId\": \"$1\", \"PlayerAttributes\": {\"skill\": {\"N\": $2}},
                     \"LatencyInMs\": {\"custom-laptop\": 20}}]" \
        --query MatchmakingTicket.TicketId --output text
}

statuses() {
    gamelift describe-matchmaking --ticket-ids "$@" --query 'TicketList[].Status' --output text
}

make_what_is_missing
ann=$(start "ann-$$" 12)
bob=$(start "bob-$$" 11)
echo "Tickets: $ann $bob"

for ((second = 0; second < wait_s; second++)); do
    now=$(statuses "$ann" "$bob" | tr '\t' ' ')
    echo "$now"
    case "$now" in
        "COMPLETED COMPLETED") break ;;
        *CANCELLED* | *FAILED* | *TIMED_OUT*) exit 1 ;;
    esac
    sleep 1
done

gamelift describe-matchmaking --ticket-ids "$ann" "$bob" --output json --query 'TicketList[].{
    Ticket: TicketId, Status: Status, Player: Players[0].PlayerId, Team: Players[0].Team,
    IpAddress: GameSessionConnectionInfo.IpAddress, Port: GameSessionConnectionInfo.Port,
    PlayerSession: GameSessionConnectionInfo.MatchedPlayerSessions[0].PlayerSessionId,
    GameSession: GameSessionConnectionInfo.GameSessionArn}'
[ "$now" = "COMPLETED COMPLETED" ]
