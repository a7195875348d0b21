"""The queue edge: which event leads to which handler."""

from muster_achievements.domain import Stat, UserId
from muster_achievements.handlers import AchievementHandlers
from muster_events.envelope import Event
from muster_events.matches import MatchFinished
from muster_runtime.messaging.reactions import Reactions


def reactions(handlers: AchievementHandlers) -> Reactions:
    """Return what achievements does about each event on its queue."""

    async def on_match_finished(event: Event[MatchFinished]) -> None:
        """Count a match for each of its players. Safe to repeat: see the handler."""
        gained = {
            UserId(player.player_id): {
                Stat.MATCHES_PLAYED: 1,
                Stat.MATCHES_WON: int(player.won),
                Stat.GOALS_SCORED: player.goals,
            }
            for player in event.data.players
        }
        await handlers.on_match_finished(event.id, gained)

    return {MatchFinished: on_match_finished}
