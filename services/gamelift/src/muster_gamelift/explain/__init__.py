"""Where does this ticket stand, and why? `explain_ticket(world, ticket_id, now_s)`, in words and in numbers.

For people who did not write the rule set: `demands` says in words what a rule wants, `waiting` why a ticket is not
matched yet, `under_way` what a matched ticket waits for.
"""

from muster_gamelift.explain.ticket import Answer, explain_ticket, prepare

__all__ = ["Answer", "explain_ticket", "prepare"]
