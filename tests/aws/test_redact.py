import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from hypothesis import given
from hypothesis import strategies as st

from ackpy.aws.redact import MAX_TEXT, clean, complaints, mask, sensitive, without_value

ECHO = """The Canonical String for this request should have been
'POST
/

x-amz-security-token:FQoGZXIvYXdz
'

The String-to-Sign should have been
'AWS4-HMAC-SHA256'"""


def input_of(service: str, operation: str) -> Shape | None:
    return (
        ServiceModel(Loader().load_service_model(service, "service-2"), service).operation_model(operation).input_shape
    )


CREATE_REPOSITORY = input_of("ecr", "CreateRepository")
CREATE_DB = input_of("rds", "CreateDBInstance")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The bucket does not exist", "The bucket does not exist"),
        ("two\n lines", "two lines"),
        (f"The signature does not match.\n\n{ECHO}", "The signature does not match."),
        (
            "You are not authorized to perform this operation. Encoded authorization failure message: aBc-123_xyz",
            "You are not authorized to perform this operation.",
        ),
        ("not valid (Service: AmazonS3; Status Code: 400; Request ID: ABC)", "not valid"),
        ("gone (RequestId: 1-2-3)", "gone"),
        (
            "Credential=AKIAIOSFODNN7EXAMPLE/20261124/eu/s3/aws4_request, Signature=0123abc",
            "Credential=***, Signature=***",
        ),
        (
            "https://b/?X-Amz-Signature=abc&X-Amz-Security-Token=def&x=1",
            "https://b/?X-Amz-Signature=***&X-Amz-Security-Token=***&x=1",
        ),
        ("the key ASIAIOSFODNN7EXAMPLE is unknown", "the key *** is unknown"),
        ("x" * 5000, "x" * MAX_TEXT),
    ],
)
def test_texts_are_clean(text: str, expected: str) -> None:
    assert clean(text) == expected
    assert clean(expected) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"repositoryName": "ab"}, []),
        ({}, ["input lacks repositoryName, which AWS requires"]),
        ({"repositoryName": 5}, ["repositoryName must be str, found int"]),
        ({"repositoryName": "ab", "tags": [{"Key": "k", "Value": b"x"}]}, ["tags[0].Value must be str, found bytes"]),
        ({"repositoryName": "ab", "colour": "red"}, ["input has no member colour"]),
        ({"repositoryName": "a"}, ["repositoryName must have a length of at least 2"]),
    ],
)
def test_complaints(params: dict[str, object], expected: list[str]) -> None:
    assert complaints(params, CREATE_REPOSITORY) == expected


def test_an_operation_without_input_takes_none() -> None:
    assert complaints({}, None) == []
    assert complaints({"a": "hunter2"}, None) == ["input takes no parameters, found a"]


secret = st.text(st.characters(categories=["Lu", "Nd"], exclude_characters="AWSI"), min_size=6)


values = secret | st.lists(secret) | st.dictionaries(st.just("x"), secret)


@given(value=values, place=st.sampled_from(["tags", "imageScanningConfiguration", "repositoryName"]))
def test_no_complaint_holds_a_value(value: object, place: str) -> None:
    leaves = [value] if isinstance(value, str) else list(value.values()) if isinstance(value, dict) else value
    assert isinstance(leaves, list)
    text = "; ".join(complaints({"repositoryName": "ok", place: value}, CREATE_REPOSITORY))
    assert not any(leaf in text for leaf in leaves)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (
            'Invalid bucket name "a!b": must match the regex "^[a-z]$"',
            'Invalid bucket name: must match the regex "^[a-z]$"',
        ),
        ('Invalid bucket name "a": b": Bucket name must match', "Invalid bucket name: Bucket name must match"),
        ('Something is wrong with "a value"', "Something is wrong with"),
        ("Something is wrong", "Something is wrong"),
    ],
)
def test_a_complaint_about_a_value_without_the_value(report: str, expected: str) -> None:
    assert without_value(report) == expected


def test_sensitive_values_are_found_by_the_model() -> None:
    params = {"DBInstanceIdentifier": "db", "MasterUserPassword": "hunter2", "Tags": [{"Key": "k", "Value": "v"}]}
    assert list(sensitive(params, CREATE_DB)) == ["hunter2"]
    assert list(sensitive(params, None)) == []


def test_masking_takes_the_longest_first_and_leaves_short_ones() -> None:
    assert mask("a hunter2-long and hunter2", ["hunter2", "hunter2-long", "a"]) == "a *** and ***"
