"""Who may assume which role of the embedded AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackpy.testing.aws import refused, session_of
from ackpy.testing.cloud import MakeClient, neighbour_of

pytestmark = pytest.mark.slow


def allow(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}


ROOT = {"AWS": "arn:aws:iam::CALLER:root"}
EXTERNAL = {"Condition": {"StringEquals": {"sts:ExternalId": "secret-handshake"}}}
TRUSTS: dict[str, tuple[list[dict[str, Any]], dict[str, str], bool]] = {
    "the caller's account by its id": ([allow({"AWS": "CALLER"})], {}, True),
    "by its root": ([allow(ROOT)], {}, True),
    "among others": ([allow({"AWS": ["arn:aws:iam::999999999999:root", "CALLER"]})], {}, True),
    "everybody": ([allow("*")], {}, True),
    "every action of STS": ([allow(ROOT, Action=["sts:*"])], {}, True),
    "somebody in the account, for whom the account's key stands": (
        [allow({"AWS": "arn:aws:iam::CALLER:role/x"})],
        {},
        True,
    ),
    "another account": ([allow({"AWS": "arn:aws:iam::999999999999:root"})], {}, False),
    "a service": ([allow({"Service": "ec2.amazonaws.com"})], {}, False),
    "another action": ([allow(ROOT, Action="sts:TagSession")], {}, False),
    "a denial too": ([allow(ROOT), {**allow("*"), "Effect": "Deny"}], {}, False),
    "with the external id": ([allow(ROOT, **EXTERNAL)], {"ExternalId": "secret-handshake"}, True),
    "without the external id": ([allow(ROOT, **EXTERNAL)], {}, False),
}


@pytest.mark.parametrize("case", TRUSTS)
def test_a_trust_policy_decides(aws: MakeClient, account: str, case: str) -> None:
    statements, parameters, may = TRUSTS[case]
    other = neighbour_of(account)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}).replace("CALLER", account)
    aws("iam", of=other).create_role(RoleName="guarded", AssumeRolePolicyDocument=policy)
    arn = f"arn:aws:iam::{other}:role/guarded"
    asked = {"RoleArn": arn, "RoleSessionName": "session", **parameters}
    if may:
        assert aws("sts").assume_role(**asked)["AssumedRoleUser"]["Arn"].startswith(f"arn:aws:sts::{other}:")
        return
    answer = refused(aws("sts").assume_role, **asked)
    assert (answer.code, answer.status) == ("AccessDenied", 403)
    assert answer.message == (
        f"User: arn:aws:iam::{account}:root is not authorized to perform: sts:AssumeRole on resource: {arn}"
    )


@pytest.mark.parametrize("role", ["arn:aws:iam::{other}:role/missing", "arn:aws:iam::999999999998:role/r", "a" * 20])
def test_a_role_that_is_not_there_is_refused_as_one_that_may_not_be_assumed(
    aws: MakeClient, account: str, role: str
) -> None:
    asked = {"RoleArn": role.format(other=neighbour_of(account)), "RoleSessionName": "session"}
    assert refused(aws("sts").assume_role, **asked).code == "AccessDenied"


def test_a_session_is_trusted_by_the_name_of_its_role(aws: MakeClient, account: str) -> None:
    other = neighbour_of(account)
    trust = json.dumps({"Statement": allow({"AWS": account})})
    aws("iam").create_role(RoleName="hop", AssumeRolePolicyDocument=trust)
    for name, trusted in (("by-hop", "hop"), ("by-skip", "skip")):
        by_role = json.dumps({"Statement": allow({"AWS": f"arn:aws:iam::{account}:role/{trusted}"})})
        aws("iam", of=other).create_role(RoleName=name, AssumeRolePolicyDocument=by_role)
    answer = aws("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/hop", RoleSessionName="one")
    sts = aws("sts", **session_of(answer))
    target = {"RoleSessionName": "two", "RoleArn": f"arn:aws:iam::{other}:role/by-hop"}
    assert sts.assume_role(**target)["AssumedRoleUser"]["Arn"].endswith("assumed-role/by-hop/two")
    answer = refused(sts.assume_role, RoleSessionName="two", RoleArn=f"arn:aws:iam::{other}:role/by-skip")
    assert "assumed-role/hop/one is not authorized" in answer.message
