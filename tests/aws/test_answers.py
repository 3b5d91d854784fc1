import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from ackpy.aws.answers import check
from ackpy.aws.failures import Stranger

MODELS = {
    name: ServiceModel(Loader().load_service_model(name, "service-2"), name)
    for name in ("s3", "ecr", "iam", "ec2", "lambda", "apigateway")
}
HTML = {"content-type": "text/html"}


def operation(text: str) -> OperationModel:
    service, _, name = text.partition(":")
    return MODELS[service].operation_model(name)


@pytest.mark.parametrize(
    ("name", "status", "headers", "body"),
    [
        ("s3:GetBucketTagging", 200, {}, b"<Tagging/>"),
        ("s3:DeleteBucket", 204, {}, b""),
        ("s3:GetBucketTagging", 404, {}, b"<Error><Code>NoSuchTagSet</Code></Error>"),
        ("s3:HeadBucket", 404, {}, b""),
        ("s3:GetObject", 200, HTML, b"<html>mine</html>"),
        ("s3:GetBucketPolicy", 200, {}, b'{"Version": "2012-10-17"}'),
        ("iam:GetRole", 404, {}, b'<ErrorResponse xmlns="https://iam"><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>'),
        ("ec2:DescribeVpcs", 400, {}, b"<Response><Errors><Error><Code>X</Code></Error></Errors></Response>"),
        ("ecr:DescribeRepositories", 200, {}, b"{}"),
        ("ecr:DescribeRepositories", 400, {}, b'{"__type":"X"}'),
        ("lambda:GetFunction", 404, {"x-amzn-errortype": "ResourceNotFoundException"}, b"{}"),
        ("lambda:DeleteFunction", 204, {}, b""),
    ],
)  # fmt: skip
def test_answers_of_aws(name: str, status: int, headers: dict[str, str], body: bytes) -> None:
    check(operation(name), {"status_code": status, "headers": headers, "body": body})


@pytest.mark.parametrize(
    ("name", "status", "headers", "body", "reason"),
    [
        ("s3:GetBucketTagging", 200, HTML, b"<html/>", "HTTP 200 with an HTML page"),
        ("s3:GetBucketTagging", 404, HTML, b"<html/>", "HTTP 404 with an HTML page"),
        ("s3:HeadBucket", 404, HTML, b"", "HTTP 404 with an HTML page"),
        ("s3:GetObject", 404, HTML, b"<html/>", "HTTP 404 with an HTML page"),
        ("s3:GetBucketTagging", 404, {}, b"", "HTTP 404 without an error code"),
        ("s3:GetBucketTagging", 500, {}, b"<Error><Message>m</Message></Error>", "HTTP 500 without an error code"),
        ("iam:GetRole", 404, {}, b"not xml", "HTTP 404 without an error code"),
        ("ecr:DescribeRepositories", 200, {}, b'{"repositories": [', "HTTP 200, and the body is no JSON object"),
        ("ecr:DescribeRepositories", 200, {}, b"OK", "HTTP 200, and the body is no JSON object"),
        ("ecr:DescribeRepositories", 200, {}, b"[]", "HTTP 200, and the body is no JSON object"),
        ("ecr:DescribeRepositories", 404, {}, b'{"message": "no"}', "HTTP 404 without an error code"),
        ("lambda:GetFunction", 500, {}, b"Traceback", "HTTP 500 without an error code"),
    ],
)  # fmt: skip
def test_answers_of_others(name: str, status: int, headers: dict[str, str], body: bytes, reason: str) -> None:
    with pytest.raises(Stranger) as caught:
        check(operation(name), {"status_code": status, "headers": headers, "body": body})
    assert (caught.value.status, str(caught.value)) == (status, reason)
