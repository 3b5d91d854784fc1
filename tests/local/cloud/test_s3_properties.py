"""Whatever S3's model allows in a setting that AWS does not change: what is put reads back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ackpy.testing.aws import AwsClient

pytestmark = pytest.mark.slow

MODEL = botocore.session.Session().get_service_model("s3")
TEXT = st.text("abZ09 ü-_./&<>\"'=", min_size=1, max_size=8).filter(lambda text: text == text.strip())


def values_of(shape: Any) -> st.SearchStrategy[Any]:
    """Values that fit the shape, with some of the optional members."""
    if shape.type_name == "structure":
        return structures_of(shape)
    if shape.type_name == "list":
        return st.lists(values_of(shape.member), min_size=1, max_size=3)
    simple: dict[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(shape.enum) if getattr(shape, "enum", None) else TEXT,
        "integer": st.integers(0, 10_000),
        "long": st.integers(0, 2**40),
        "boolean": st.booleans(),
    }
    return simple[shape.type_name]


def structures_of(shape: Any) -> st.SearchStrategy[dict[str, Any]]:
    members = {name: values_of(member) for name, member in shape.members.items()}
    required = {name: members.pop(name) for name in shape.required_members}
    return st.fixed_dictionaries(required, optional=members)


def member_of(operation: str, member: str) -> Any:
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    return shape.members[member]


@pytest.fixture
def bucket(aws: Callable[..., AwsClient], account: str) -> str:
    aws("s3").create_bucket(Bucket=f"any-{account}")
    return f"any-{account}"


UNHURRIED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
KINDS = {
    "Analytics": "analytics",
    "IntelligentTiering": "intelligent_tiering",
    "Inventory": "inventory",
    "Metrics": "metrics",
}


@pytest.mark.parametrize("kind", KINDS)
def test_any_configuration_reads_back(aws: Callable[..., AwsClient], bucket: str, kind: str) -> None:
    s3, stem, member = aws("s3"), KINDS[kind], f"{kind}Configuration"

    @UNHURRIED
    @given(configuration=values_of(member_of(f"PutBucket{member}", member)))
    def holds(configuration: dict[str, Any]) -> None:
        name = configuration["Id"]
        getattr(s3, f"put_bucket_{stem}_configuration")(Bucket=bucket, Id=name, **{member: configuration})
        found = getattr(s3, f"get_bucket_{stem}_configuration")(Bucket=bucket, Id=name)[member]
        listed = getattr(s3, f"list_bucket_{stem}_configurations")(Bucket=bucket)[f"{member}List"]
        assert found == configuration
        assert configuration in listed
        getattr(s3, f"delete_bucket_{stem}_configuration")(Bucket=bucket, Id=name)

    holds()


def test_any_cross_origin_rules_read_back(aws: Callable[..., AwsClient], bucket: str) -> None:
    s3 = aws("s3")
    methods = st.lists(st.sampled_from(["GET", "PUT", "HEAD", "POST", "DELETE"]), min_size=1, max_size=3)
    rule = member_of("PutBucketCors", "CORSConfiguration").members["CORSRules"].member

    @UNHURRIED
    @given(rules=st.lists(values_of(rule), min_size=1, max_size=3), allowed=methods)
    def holds(rules: list[dict[str, Any]], allowed: list[str]) -> None:
        sent = [{**one, "AllowedMethods": allowed} for one in rules]
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": sent})
        assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == sent

    holds()


def test_any_website_reads_back(aws: Callable[..., AwsClient], bucket: str) -> None:
    s3 = aws("s3")
    rules = member_of("PutBucketWebsite", "WebsiteConfiguration").members["RoutingRules"]

    @UNHURRIED
    @given(rules=values_of(rules))
    def holds(rules: list[dict[str, Any]]) -> None:
        sent = {"IndexDocument": {"Suffix": "i"}, "RoutingRules": rules}
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=sent)
        answer = s3.get_bucket_website(Bucket=bucket)
        assert {name: answer[name] for name in sent} == sent

    holds()


def test_any_tags_read_back(aws: Callable[..., AwsClient], bucket: str) -> None:
    s3 = aws("s3")

    @UNHURRIED
    @given(tags=st.dictionaries(TEXT, st.text("ab ü&<>", max_size=5), min_size=1, max_size=50))
    def holds(tags: dict[str, str]) -> None:
        sent = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": sent})
        assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == sent

    holds()
