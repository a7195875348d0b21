"""What can go wrong at the HTTP edge itself, before or around a handler.

Malformed
├── MediaUnsupported        415   not application/json, or not UTF-8, or compressed
├── BodyTooSlow             408   the body did not arrive within its deadline
├── QueryTooLong            414   more query string than this edge reads
├── MethodNotAllowed        405   the path exists, the method on it does not
├── VersionUnsupported      400   neither HTTP/1.0 nor HTTP/1.1
└── the others              400   see `strictjson` for those of JSON
"""

from muster_runtime.errors import Invalid, Malformed, NotFound, TooLarge, Unavailable


class VersionUnsupported(Malformed):
    """The request line names a version of HTTP that is not 1.0 or 1.1."""

    code = "http_version_unsupported"
    advice = "Use HTTP/1.1."


class RequestMalformed(Malformed):
    """The bytes are not an HTTP request."""

    code = "request_malformed"
    advice = "Send a well-formed HTTP/1.1 request."


class PathMalformed(Malformed):
    """A path segment is too long or holds control characters."""

    code = "path_malformed"
    advice = "Check the identifiers in the path."


class QueryMalformed(Malformed):
    """The query string is not UTF-8, or names a parameter twice."""

    code = "query_malformed"
    advice = "Send each parameter once, percent-encoded as UTF-8."


class QueryTooLong(Malformed):
    """The query string is longer than this edge reads."""

    code = "query_too_long"
    advice = "Send less in the query string."


class MediaUnsupported(Malformed):
    """The body is not JSON in UTF-8, or it is compressed."""

    code = "media_unsupported"
    advice = "Send Content-Type: application/json, in UTF-8, without Content-Encoding."


class BodyMissing(Malformed):
    """This route needs a body and got none."""

    code = "body_missing"
    advice = "Send a JSON body."


class BodyUnexpected(Malformed):
    """This route takes no body and got one."""

    code = "body_unexpected"
    advice = "Send no body."


class BodyBroken(Malformed):
    """The body ended early, or its chunks are malformed."""

    code = "body_broken"
    advice = "Send the whole body, framed as HTTP/1.1 describes."


class BodyTooSlow(Malformed):
    """The body did not arrive in time."""

    code = "body_timeout"
    advice = "Send the whole body at once."


class BodyTooLarge(TooLarge):
    """The body is larger than this route accepts."""

    code = "body_too_large"


class MethodNotAllowed(Malformed):
    """The path exists, but not with this method.

    Attributes:
        allowed: the methods that it has.
    """

    code = "method_not_allowed"
    advice = "Use one of the methods that the Allow header names."

    def __init__(self, allowed: tuple[str, ...]) -> None:
        """Build the error from the methods that the path does have."""
        super().__init__()
        self.allowed = allowed


class RouteUnknown(NotFound):
    """No route of this service has that path."""

    code = "route_unknown"
    advice = "Check the path against the API document."


class FieldsInvalid(Invalid):
    """Fields of the body or the query break their rules.

    Attributes:
        problems: for each field its name, a stable code and a sentence; never the value that was sent.
    """

    code = "fields_invalid"

    def __init__(self, problems: tuple[tuple[str, str, str], ...]) -> None:
        """Build the error from (field, code, message) rows."""
        super().__init__("Correct the fields listed in errors and send it again.")
        self.problems = problems


class DeadlineExceeded(Unavailable):
    """The request was not answered within its deadline; what it does may or may not have happened."""

    code = "deadline_exceeded"
    advice = "Look whether it happened, then repeat the request."
