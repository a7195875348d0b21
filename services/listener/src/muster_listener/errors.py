"""What can go wrong in the listener.

Invalid                     422   park
└── PageUnknown             422   park     the paging token is not one of ours, or belongs to another question
NotFound                    404   retry
├── SessionUnknown          404   retry    no notice spoke of this game session, or it is long over
└── PlacementUnknown        404   retry    no notice spoke of this placement, or it is long over
Conflict                    409   retry
├── RecordChanged           409   retry    another writer got there first; handlers reload and decide again
└── RecordContended         409   retry    the same, so often that the message had better wait its turn
"""

from muster_runtime.errors import Conflict, Invalid, NotFound


class PageUnknown(Invalid):
    """The paging token is not one that this service gave for this question."""

    code = "page_unknown"
    advice = "Send `next` exactly as the last page gave it, with the same status; or leave it out to begin anew."


class SessionUnknown(NotFound):
    """No notice has spoken of this game session, or it is forgotten by now."""

    code = "session_unknown"
    advice = "Check the game session ARN; records are kept for a limited time."


class PlacementUnknown(NotFound):
    """No notice has spoken of this placement, or it is forgotten by now."""

    code = "placement_unknown"
    advice = "Check the placement id; records are kept for a limited time."


class RecordChanged(Conflict):
    """The stored record no longer has the sequence that the writer saw."""

    code = "record_changed"
    advice = "Read the record again, then decide again."


class RecordContended(Conflict):
    """Other writers got there first, time after time."""

    code = "record_contended"
    advice = "Deliver the message again later."
