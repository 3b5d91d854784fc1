"""S3: who answers which operation. What neither we nor moto answer is refused, and never falls through to another one.

moto's own routing takes a marker that it does not know for the operation below it: DELETE ?metrics deleted the bucket.
"""

from __future__ import annotations

from ackpy.local.cloud.call import Emulation, Handler
from ackpy.local.cloud.s3 import buckets, configurations, directory, settings
from ackpy.local.cloud.s3.creation import create_bucket
from ackpy.local.cloud.s3.gate import gate

BY_MOTO = frozenset(
    {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CopyObject",
        "CreateMultipartUpload",
        "DeleteObject",
        "DeleteObjectTagging",
        "DeleteObjects",
        "GetObject",
        "GetObjectAcl",
        "GetObjectAttributes",
        "GetObjectLegalHold",
        "GetObjectTagging",
        "HeadObject",
        "ListMultipartUploads",
        "ListObjectVersions",
        "ListObjects",
        "ListObjectsV2",
        "ListParts",
        "PutObject",
        "PutObjectAcl",
        "PutObjectLegalHold",
        "PutObjectRetention",
        "PutObjectTagging",
        "RestoreObject",
        "SelectObjectContent",
        "UploadPart",
        "UploadPartCopy",
    }
)

# Older names of operations: the same request, which is always taken for the newer one.
OLDER_NAMES = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}


def emulation() -> Emulation:
    """S3 as this AWS answers it."""
    table = {
        "CreateBucket": Handler(create_bucket, "mended"),
        "DeleteBucket": Handler(buckets.delete_bucket, "mended"),
        "HeadBucket": Handler(buckets.head_bucket, "mended"),
        "ListBuckets": Handler(buckets.list_buckets, "mended"),
        "ListDirectoryBuckets": Handler(directory.list_buckets),
        "GetBucketLocation": Handler(buckets.get_bucket_location, "mended"),
        **settings.handlers(),
        **configurations.handlers(),
    }
    older = {older: table[newer] for older, newer in OLDER_NAMES.items()}
    return Emulation({**table, **older}, BY_MOTO, gate)
