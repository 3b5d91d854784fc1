"""What `adoption-fields` say becomes identifiers; ARNs read backwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.catalog import load
from ackpy.errors import TerminalError
from ackpy.model.adoption import check_place, identified
from ackpy.model.call import Scope, View, arn, arn_values
from ackpy.model.compiler import compile_service
from ackpy.model.descriptor import Descriptor

SCOPE = Scope("123456789012", "eu-central-1")
KINDS: dict[str, Descriptor] = {
    descriptor.kind: descriptor for descriptor in compile_service(load(["s3"])) + compile_service(load(["ecr"]))
}
BUCKET, REPOSITORY = KINDS["Bucket"], KINDS["Repository"]
ARN = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
NAMELESS = replace(BUCKET, identifiers=(), definition=replace(BUCKET.definition, arn=""), read=None)
IN_STATUS = replace(
    BUCKET, spec=replace(BUCKET.spec, members={}), status=BUCKET.spec, definition=replace(BUCKET.definition, arn="")
)


@pytest.mark.parametrize(
    ("kind", "fields", "spec", "status"),
    [
        pytest.param(BUCKET, {"name": "b"}, {"name": "b"}, {}, id="the identifier"),
        pytest.param(
            REPOSITORY,
            {"name": "r", "registryID": "1"},
            {"name": "r", "registryID": "1"},
            {},
            id="what the read takes too",
        ),
        pytest.param(BUCKET, {"name": "b", "versioning": "x"}, {"name": "b"}, {}, id="other keys are passed over"),
        pytest.param(
            BUCKET,
            {"arn": "arn:aws:s3:::b"},
            {"name": "b"},
            {"ackResourceMetadata": {"arn": "arn:aws:s3:::b"}},
            id="an ARN",
        ),
        pytest.param(
            REPOSITORY,
            {"arn": ARN},
            {"name": "team/app"},
            {"ackResourceMetadata": {"arn": ARN}},
            id="a name with a slash",
        ),
        pytest.param(
            NAMELESS, {"arn": "arn:a"}, {}, {"ackResourceMetadata": {"arn": "arn:a"}}, id="a kind that its ARN names"
        ),
        pytest.param(IN_STATUS, {"name": "vpc-1"}, {}, {"name": "vpc-1"}, id="an identifier that AWS gives"),
    ],
)
def test_fields_lead_to_the_resource(
    kind: Descriptor, fields: dict[str, str], spec: dict[str, Any], status: dict[str, Any]
) -> None:
    assert identified(kind, fields) == View(spec, status)


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        (BUCKET, {}, "required field missing: name"),
        (BUCKET, {"name": ""}, "required field missing: name"),
        (BUCKET, {"Name": "b"}, "required field missing: name"),
        (NAMELESS, {"name": "b"}, "required field missing: arn"),
        (IN_STATUS, {"arn": "arn:aws:s3:::b"}, "required field missing: name"),
        (BUCKET, {"arn": ARN}, f"arn {ARN} has not the form arn:{{partition}}:s3:::{{name}}"),
    ],
)
def test_fields_that_lead_nowhere_say_why(kind: Descriptor, fields: dict[str, str], says: str) -> None:
    with pytest.raises(TerminalError) as refused:
        identified(kind, fields)
    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("arn_given", "says"),
    [
        (ARN, ""),
        (ARN.replace("eu-central-1", "eu-west-1"), "in region eu-west-1, the object in eu-central-1"),
        (ARN.replace("123456789012", "999988887777"), "in account 999988887777, the object in 123456789012"),
        (ARN.replace("arn:aws:", "arn:aws-cn:"), "in partition aws-cn, the object in aws"),
        ("", ""),
    ],
)
def test_an_arn_of_another_place_is_refused(arn_given: str, says: str) -> None:
    if not says:
        assert identified(REPOSITORY, {"name": "r", "arn": arn_given}).spec
        check_place(REPOSITORY, {"arn": arn_given}, SCOPE)
        return
    with pytest.raises(TerminalError, match=says):
        check_place(REPOSITORY, {"arn": arn_given}, SCOPE)


@given(st.from_regex(r"[a-z][a-z0-9._/-]{0,40}", fullmatch=True))
def test_what_the_template_predicts_it_reads_back(name: str) -> None:
    for descriptor in (BUCKET, REPOSITORY):
        values = arn_values(descriptor, arn(descriptor, View({"name": name}), SCOPE))
        assert values is not None
        assert values["name"] == name
        assert {values[place] for place in values.keys() & {"partition", "account", "region"}} <= {
            "aws",
            SCOPE.account,
            SCOPE.region,
        }


def test_a_hole_that_comes_twice_stands_for_one_value() -> None:
    twice = replace(BUCKET, definition=replace(BUCKET.definition, arn="arn:{partition}:x:{name}/{region}/{name}"))
    assert arn_values(twice, "arn:aws:x:a/eu/a") == {"partition": "aws", "name": "a", "region": "eu"}
    assert arn_values(twice, "arn:aws:x:a/eu/b") is None
    assert arn_values(NAMELESS, "arn:aws:s3:::b") is None
