"""The FlexMatch rule language and matcher: pure, no I/O, no clock.

rules = parse_rule_set(body)
outcome = find_matches(rules, tickets, now_s=now_s, seed=7)
"""

from muster_flexmatch.attributes import AttributeDeclaration
from muster_flexmatch.choices import Choices
from muster_flexmatch.errors import AttributeInvalid, RuleSetInvalid
from muster_flexmatch.matcher import find_matches
from muster_flexmatch.matchmaker import Matchmaker
from muster_flexmatch.parse import parse_rule_set
from muster_flexmatch.rules import RuleSet, Team
from muster_flexmatch.values import Attribute, Evaluation, Match, Outcome, Player, Ticket

__all__ = [
    "Attribute",
    "AttributeDeclaration",
    "AttributeInvalid",
    "Choices",
    "Evaluation",
    "Match",
    "Matchmaker",
    "Outcome",
    "Player",
    "RuleSet",
    "RuleSetInvalid",
    "Team",
    "Ticket",
    "find_matches",
    "parse_rule_set",
]
