import pytest
from botocore.loaders import Loader

from ackpy.aws.operations import OpType, is_write, op_type


@pytest.mark.parametrize(
    ("operation", "kind", "write"),
    [
        ("GetBucketTagging", OpType.READ_ONE, False),
        ("HeadBucket", OpType.READ_ONE, False),
        ("DescribeRepositories", OpType.READ_MANY, False),
        ("DescribeReplicas", OpType.READ_MANY, False),
        ("DescribeAlias", OpType.READ_ONE, False),
        ("DescribeAddress", OpType.READ_ONE, False),
        ("DescribeVpcs", OpType.READ_MANY, False),
        ("DescribeVolumeStatus", OpType.READ_ONE, False),
        ("DescribeTable", OpType.READ_ONE, False),
        ("BatchGetImage", OpType.READ_ONE, False),
        ("ListTagsForResource", OpType.READ_MANY, False),
        ("CreateBucket", OpType.CREATE, True),
        ("RunInstances", OpType.CREATE, True),
        ("DeleteBucketPolicy", OpType.DELETE, True),
        ("BatchDeleteImage", OpType.DELETE, True),
        ("PutBucketTagging", OpType.UPDATE, True),
        ("TagResource", OpType.UPDATE, True),
        ("UntagResource", OpType.UPDATE, True),
        ("Frobnicate", OpType.UPDATE, True),
        ("", OpType.UPDATE, True),
    ],
)
def test_by_name(operation: str, kind: OpType, write: bool) -> None:
    assert (op_type(operation), is_write(operation)) == (kind, write)


@pytest.mark.parametrize("service", ["s3", "lambda", "eks", "efs", "kafka", "apigatewayv2", "route53", "cloudfront"])
def test_nothing_counts_as_a_read_that_http_calls_a_write(service: str) -> None:
    operations = Loader().load_service_model(service, "service-2")["operations"]
    writes = [
        name for name, operation in operations.items() if operation["http"]["method"] in {"PUT", "DELETE", "PATCH"}
    ]
    assert writes
    assert [name for name in writes if not is_write(name)] == []
