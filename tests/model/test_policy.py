from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model import policy
from ackpy.model.compare import iam_policy

ALLOW: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "read",
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::210987654321:role/r"]},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": "arn:aws:s3:::b/*",
            "Condition": {"StringLike": {"aws:PrincipalTag/team": ["a", "b"]}, "Bool": {"aws:SecureTransport": "true"}},
        },
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": ["arn:aws:s3:::b/*"]},
    ],
}


def changed(statement: int = 0, **parts: Any) -> str:
    """The policy with parts of one statement replaced; None takes a part out."""
    statements = [dict(each) for each in ALLOW["Statement"]]
    merged = {**statements[statement], **parts}
    statements[statement] = {name: value for name, value in merged.items() if value is not None}
    return json.dumps({**ALLOW, "Statement": statements})


SAME = {
    "order of statements": json.dumps({**ALLOW, "Statement": ALLOW["Statement"][::-1]}),
    "blanks and order of members": json.dumps(dict(reversed(ALLOW.items())), indent=3),
    "percent-encoded": quote(json.dumps(ALLOW)),
    "order of actions": changed(Action=["s3:ListBucket", "s3:GetObject"]),
    "case of actions": changed(Action=["S3:getobject", "s3:LISTBucket"]),
    "an action twice": changed(Action=["s3:ListBucket", "s3:GetObject", "s3:listbucket"]),
    "a list of one resource": changed(Resource=["arn:aws:s3:::b/*"]),
    "one action of a list": changed(1, Action=["s3:DeleteObject"]),
    "the account of a root ARN": changed(Principal={"AWS": ["123456789012", "arn:aws:iam::210987654321:role/r"]}),
    "order of principals": changed(Principal={"AWS": ["arn:aws:iam::210987654321:role/r", "123456789012"]}),
    "everybody, spelled out": changed(1, Principal={"AWS": "*"}),
    "everybody, in a list": changed(1, Principal={"AWS": ["*"]}),
    "an empty Sid": changed(1, Sid=""),
    "an empty condition": changed(1, Condition={}),
    "order of condition values": changed(
        Condition={"StringLike": {"aws:PrincipalTag/team": ["b", "a"]}, "Bool": {"aws:SecureTransport": "true"}}
    ),
    "a boolean in a condition": changed(
        Condition={"StringLike": {"aws:PrincipalTag/team": ["a", "b"]}, "Bool": {"aws:SecureTransport": True}}
    ),
    "case of condition keys": changed(
        Condition={"StringLike": {"AWS:principalTag/team": ["a", "b"]}, "Bool": {"aws:securetransport": ["true"]}}
    ),
}

OTHER = {
    "another effect": changed(Effect="Deny"),
    "another action": changed(Action=["s3:GetObject"]),
    "case of a resource": changed(Resource="arn:aws:s3:::B/*"),
    "another account": changed(Principal={"AWS": ["123456789013", "arn:aws:iam::210987654321:role/r"]}),
    "a user, not the root": changed(
        Principal={"AWS": ["arn:aws:iam::123456789012:user/root", "arn:aws:iam::210987654321:role/r"]}
    ),
    "another Sid": changed(Sid="write"),
    "no condition": changed(Condition=None),
    "case of a condition's value": changed(
        Condition={"StringLike": {"aws:PrincipalTag/team": ["A", "b"]}, "Bool": {"aws:SecureTransport": "true"}}
    ),
    "all but the action": changed(Action=None, NotAction=["s3:GetObject", "s3:ListBucket"]),
    "an older version": json.dumps({**ALLOW, "Version": "2008-10-17"}),
    "an id": json.dumps({**ALLOW, "Id": "x"}),
    "a service called like everybody": changed(1, Principal={"Service": "*"}),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_the_same_meaning(text: str) -> None:
    assert iam_policy(json.dumps(ALLOW), text)


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER.keys())
def test_another_meaning(text: str) -> None:
    assert not iam_policy(json.dumps(ALLOW), text)


def test_one_statement_needs_no_list_and_a_missing_version_is_the_oldest() -> None:
    statement = ALLOW["Statement"][1]
    listed = json.dumps({"Version": policy.OLDEST_VERSION, "Statement": [statement]})
    assert iam_policy(json.dumps({"Statement": statement}), listed)


@pytest.mark.parametrize(
    "text",
    ["{", "not json", "[1]", '"text"', "%7B", "%7Bx", "[" * 100_000, '{"Statement":' * 20_000, "1" * 5000, "\ud800"],
    ids=range(10),
)
def test_what_is_no_policy_is_compared_as_text(text: str) -> None:
    assert policy.normal(f" {text}\n") == text
    assert iam_policy(text, text)
    assert not iam_policy(text, "{}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "Condition", "Other"]
)
OPERANDS = st.dictionaries(st.sampled_from(["Bool", "StringLike"]), st.dictionaries(st.text(max_size=3), JSON))
STATEMENTS = st.dictionaries(NAMES, JSON | OPERANDS | st.lists(st.text(max_size=3)), max_size=4) | JSON
POLICIES = st.fixed_dictionaries({"Statement": STATEMENTS | st.lists(STATEMENTS, max_size=4)})


@given(POLICIES)
def test_the_normal_form_of_any_json_is_its_own_normal_form(tree: dict[str, Any]) -> None:
    once = policy.normal(json.dumps(tree))
    assert policy.normal(once) == once


@given(st.text())
def test_the_normal_form_of_any_text_is_its_own_normal_form(text: str) -> None:
    once = policy.normal(text)
    assert policy.normal(once) == once


@given(st.lists(STATEMENTS, max_size=5), st.randoms())
def test_the_order_of_statements_says_nothing(statements: list[Any], random: Any) -> None:
    shuffled = random.sample(statements, len(statements))
    assert iam_policy(json.dumps({"Statement": statements}), json.dumps({"Statement": shuffled}))
