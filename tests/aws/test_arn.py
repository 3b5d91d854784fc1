import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.aws.arn import Arn, Partition, Template, partition
from ackpy.errors import ConfigError, DefinitionError

ARNS = [
    "arn:aws:s3:::bucket",
    "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a/b",
    "arn:aws:iam::123456789012:role/path/name",
    "arn:aws:sns:eu-central-1:123456789012:topic:sub:scription",
    "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/x:*",
]
word = st.from_regex(r"[a-zA-Z0-9._-]{1,12}", fullmatch=True)
path = st.from_regex(r"[a-z0-9._-]{1,8}(/[a-z0-9._-]{1,8}){0,3}", fullmatch=True)


@pytest.mark.parametrize("text", ARNS)
def test_an_arn_reads_back_as_it_was_written(text: str) -> None:
    assert str(Arn.parse(text)) == text


def test_the_parts_of_an_arn() -> None:
    assert Arn.parse(ARNS[3]) == Arn("aws", "sns", "eu-central-1", "123456789012", "topic:sub:scription")


@pytest.mark.parametrize("text", ["", "bucket", "arn:aws:s3", "arn:aws:s3:::", "urn:aws:s3:::b", " arn:aws:s3:::b"])
def test_what_is_no_arn(text: str) -> None:
    with pytest.raises(ValueError, match="is no ARN"):
        Arn.parse(text)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("eu-central-1", Partition("aws", "amazonaws.com")),
        ("cn-north-1", Partition("aws-cn", "amazonaws.com.cn")),
        ("us-gov-west-1", Partition("aws-us-gov", "amazonaws.com")),
        ("eu-central-77", Partition("aws", "amazonaws.com")),
        ("aws-global", Partition("aws", "amazonaws.com")),
    ],
)
def test_the_partition_of_a_region(region: str, expected: Partition) -> None:
    assert partition(region) == expected


@pytest.mark.parametrize("region", ["", "nowhere", "eu_central_1"])
def test_a_region_of_no_partition(region: str) -> None:
    with pytest.raises(ConfigError, match="is in no AWS partition"):
        partition(region)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("arn:{partition}:s3:::{name}", {"partition": "aws-cn", "name": "b.x"}, "arn:aws-cn:s3:::b.x"),
        (
            "arn:{partition}:ecr:{region}:{account}:repository/{+name}",
            {"partition": "aws", "region": "eu-central-1", "account": "123456789012", "name": "team/app"},
            "arn:aws:ecr:eu-central-1:123456789012:repository/team/app",
        ),
        (
            "https://sqs.{region}.{suffix}/{account}/{name}",
            {"region": "eu-central-1", "suffix": "amazonaws.com", "account": "123456789012", "name": "q"},
            "https://sqs.eu-central-1.amazonaws.com/123456789012/q",
        ),
        ("{name}/x/{name}", {"name": "a"}, "a/x/a"),
        ("arn:aws:iam:{region}:{account}:x", {}, "arn:aws:iam:::x"),
        ("{region}.txt", {"region": "eu"}, "eu.txt"),
    ],
)
def test_a_template_predicts(template: str, values: dict[str, str], text: str) -> None:
    assert Template(template).format(values) == text


@given(partition=word, region=word, account=word, name=path)
def test_a_template_reads_back_what_it_predicts(partition: str, region: str, account: str, name: str) -> None:
    template = Template("arn:{partition}:ecr:{region}:{account}:repository/{+name}")
    values = {"partition": partition, "region": region, "account": account, "name": name}
    assert template.names == set(values)
    assert template.parse(template.format(values)) == values


@given(text=st.text(max_size=40))
def test_a_text_of_another_form_is_not_read(text: str) -> None:
    template = Template("arn:{partition}:s3:::{name}")
    found = template.parse(text)
    assert found is None or template.format(found) == text


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("arn:aws:s3:::a/key", None),
        ("arn:aws:s3::1:a", None),
        ("arn:aws:s3:::a\n", {"partition": "aws", "name": "a\n"}),
    ],
)
def test_a_hole_ends_at_a_separator(text: str, parsed: dict[str, str] | None) -> None:
    assert Template("arn:{partition}:s3:::{name}").parse(text) == parsed


@pytest.mark.parametrize(
    ("values", "complaint"),
    [({"partition": "aws"}, "name is missing"), ({"partition": "aws", "name": "a:b"}, "name 'a:b' holds ':' or '/'")],
)
def test_what_could_not_be_read_back_is_not_written(values: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Template("arn:{partition}:s3:::{name}").format(values)


@pytest.mark.parametrize("text", ["{", "a}", "{a-b}", "{}", "{++a}"])
def test_braces_that_are_no_holes(text: str) -> None:
    with pytest.raises(DefinitionError, match="a hole is"):
        Template(text)
