"""Where LocalStack is, for those who use it instead of the embedded emulator."""

from localstack_client.config import get_service_endpoint

from muster_deploy.problems import CannotStart


def endpoint() -> str:
    """Return LocalStack's one endpoint, as its own client library finds it.

    Raises:
        CannotStart: the library knows of none.
    """
    found: str | None = get_service_endpoint("sqs")
    if not found:
        raise CannotStart("LocalStack has no endpoint.", "Set AWS_ENDPOINT_URL or LOCALSTACK_HOST.")
    return found.rstrip("/")
