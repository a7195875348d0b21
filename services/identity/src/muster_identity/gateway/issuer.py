"""The issuer's public files in S3, for a CDN in front."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from muster_identity.domain.discovery import JWKS_PATH
from muster_runtime.aws import calling, code_of

ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
"""How S3 says that there is no such object."""


class PublishedKey(BaseModel):
    """The part of a published key that we look for."""

    model_config = ConfigDict(frozen=True)

    kid: str


class PublishedKeys(BaseModel):
    """The published key file."""

    model_config = ConfigDict(frozen=True)

    keys: tuple[PublishedKey, ...]


class BucketIssuerFiles:
    """`IssuerFiles` in one S3 bucket."""

    def __init__(self, client: Any, bucket: str, *, max_age_s: int, timeout_s: float) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Publish in *bucket*; caches may keep a file *max_age_s*; each call may take *timeout_s*; both seconds."""
        self._client = client
        self._bucket = bucket
        self._max_age_s = max_age_s
        self._timeout_s = timeout_s

    async def publish(self, files: Mapping[str, bytes]) -> None:
        """Store each file under its path, replacing what was there; one after the other, in the order given."""
        for path, content in files.items():
            await self._put(path, content)

    async def published_key_ids(self) -> frozenset[str]:
        """Return the ids of the keys in the published key file; empty when there is none that can be read."""
        try:
            async with calling(timeout_s=self._timeout_s):
                answer = await self._client.get_object(Bucket=self._bucket, Key=JWKS_PATH)
                async with answer["Body"] as body:
                    content = await body.read()
        except ClientError as error:
            if code_of(error) in ABSENT:
                return frozenset()
            raise
        try:
            published = PublishedKeys.model_validate_json(content)
        except ValidationError:
            # Somebody else's file: our next publication replaces it.
            return frozenset()
        return frozenset(key.kid for key in published.keys)

    async def ping(self) -> None:
        """Ask whether the bucket is there."""
        async with calling(timeout_s=self._timeout_s):
            await self._client.head_bucket(Bucket=self._bucket)

    async def _put(self, path: str, content: bytes) -> None:
        async with calling(timeout_s=self._timeout_s):
            await self._client.put_object(
                Bucket=self._bucket,
                Key=path,
                Body=content,
                ContentType="application/json",
                CacheControl=f"public, max-age={self._max_age_s}",
            )
