"""Three accounts, four namespaces, assumed roles: what is in which account, what a role that may not does, and how soon it is mended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ackpy.local.stack import StackOptions
from ackpy.testing.controllers import Controllers, controlled
from ackpy.testing.stack import LocalStack, eventually

pytestmark = pytest.mark.slow

SYSTEM = "ack-system"
REGION, OTHER_REGION = "us-east-1", "eu-west-1"
A, B = "111122223333", "222233334444"
GATES = "--feature-gates=TeamLevelCARM=true,ServiceLevelCARM=true"
SELECTORS = ("--enable-carm=false", "--feature-gates=IAMRoleSelector=true")
OWNER = "services.k8s.aws/owner-account-id"
MANIFESTS = Path(__file__).parents[3] / "shared" / "data" / "manifests" / "ecr"
WAKE_SECONDS = 5.0
"""Far below every timer that could bring a pass instead of a wake; how soon a wake comes is for `bench/latency.py` to say."""
MEND_SECONDS = 10.0
Stage = tuple[LocalStack, Controllers]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Controllers of one account; which tests ran in it before is any of them, or none."""
    with controlled(options(tmp_path_factory)) as (stack, controllers):
        controllers.start(GATES)
        yield stack, controllers


@pytest.fixture
def stack(stage: Stage) -> LocalStack:
    return stage[0]


@pytest.fixture
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The same in a cluster of its own, where no ConfigMap of roles is yet."""
    with controlled(options(tmp_path_factory)) as (stack, controllers):
        controllers.start(GATES)
        yield stack


def options(folders: pytest.TempPathFactory) -> StackOptions:
    return StackOptions(data=folders.mktemp("accounts"), services=("s3", "ecr"), region=REGION)


def role_arn(account: str, name: str = "ack") -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def trust(stack: LocalStack, *, effect: str = "Allow") -> str:
    principal = {"AWS": f"arn:aws:iam::{stack.cloud.account_id}:root"}
    statement = {"Effect": effect, "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_role(stack: LocalStack, account: str, name: str, *, effect: str = "Allow") -> str:
    iam = stack.client("iam", account)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(stack, effect=effect))
    return role_arn(account, name)


def namespace(stack: LocalStack, name: str, **annotations: str) -> None:
    stack.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "annotations": annotations}})


def role_map(stack: LocalStack, name: str, data: dict[str, str]) -> None:
    """Add the entries; one manager each, for what a manager leaves out of its next apply is taken away."""
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
    manager = "-".join(sorted(data))
    stack.kubectl(
        "apply", "--server-side", f"--field-manager={manager}", "-n", SYSTEM, "-f", "-", stdin=json.dumps(made)
    )


def bucket(name: str, **annotations: str) -> dict[str, Any]:
    meta = {"name": name, "annotations": annotations}
    return {"apiVersion": "s3.services.k8s.aws/v1alpha1", "kind": "Bucket", "metadata": meta, "spec": {"name": name}}


def repository(name: str, **annotations: str) -> dict[str, Any]:
    meta = {"name": name, "annotations": annotations}
    return {
        "apiVersion": "ecr.services.k8s.aws/v1alpha1",
        "kind": "Repository",
        "metadata": meta,
        "spec": {"name": name},
    }


def buckets(stack: LocalStack, account: str) -> set[str]:
    return {each["Name"] for each in stack.client("s3", account).list_buckets()["Buckets"]}


def repositories(stack: LocalStack, account: str, region: str = REGION) -> set[str]:
    ecr = stack.client("ecr", account, region)
    return {each["repositoryName"] for each in ecr.describe_repositories()["repositories"]}


def condition(stack: LocalStack, what: str, space: str, kind: str) -> dict[str, Any]:
    found = stack.get(what, space).get("status", {}).get("conditions", [])
    return next((each for each in found if each["type"] == kind), {})


def synced(stack: LocalStack, what: str, space: str) -> None:
    stack.wait(what, "condition=ACK.ResourceSynced", space)


def within(seconds: float, holds: Callable[[], object]) -> float:
    """The seconds until it holds."""
    since = time.monotonic()
    eventually(holds, f"within {seconds} s", 30.0)
    took = time.monotonic() - since
    assert took < seconds
    return took


def test_the_life_of_four_namespaces(bare: LocalStack) -> None:
    """One story, for each step stands on the one before: no map, the map, the right accounts, another hand, the end."""
    stack = bare
    home = stack.cloud.account_id
    for account in (A, B):
        make_role(stack, account, "ack")
    namespace(stack, "team-a", **{OWNER: A})
    namespace(stack, "team-b", **{OWNER: B})
    namespace(stack, "team-blue", **{"services.k8s.aws/team-id": "blue", OWNER: A})
    namespace(stack, "own")
    stack.apply(bucket("of-a"), namespace="team-a")
    eventually(lambda: condition(stack, "bucket/of-a", "team-a", "ACK.ResourceSynced"), "a word on the missing role")
    found = condition(stack, "bucket/of-a", "team-a", "ACK.ResourceSynced")
    assert (found["status"], found["message"]) == ("False", "IAM Role is not available")
    assert (
        found["reason"]
        == f'retrieving role ARN for account/team ID "{A}" from "ack-role-account-map" configmap: configmap not found'
    )
    assert condition(stack, "bucket/of-a", "team-a", "Ready")["status"] == "False"
    assert not [call for call in stack.cloud.calls() if call.service == "s3"]

    role_map(stack, "ack-role-account-map", {A: role_arn(A), B: role_arn(B)})
    within(WAKE_SECONDS, lambda: [call for call in stack.cloud.calls(A) if call.operation == "CreateBucket"])
    role_map(stack, "ack-role-team-map", {"blue": role_arn(B)})

    places = {"own": (home, "of-home"), "team-a": (A, "of-a"), "team-b": (B, "of-b"), "team-blue": (B, "of-blue")}
    for space, (_, name) in places.items():
        stack.apply(bucket(name), repository(name), namespace=space)
    for space, (account, name) in places.items():
        for what in ("bucket", "repository"):
            synced(stack, f"{what}/{name}", space)
            owner = stack.get(f"{what}/{name}", space)["status"]["ackResourceMetadata"]["ownerAccountID"]
            assert owner == account
    for account, names in {home: {"of-home"}, A: {"of-a"}, B: {"of-b", "of-blue"}}.items():
        assert (buckets(stack, account), repositories(stack, account)) == (names, names)

    namespace(stack, "team-a", **{OWNER: B})
    within(WAKE_SECONDS + 1, lambda: A in condition(stack, "bucket/of-a", "team-a", "ACK.Terminal").get("message", ""))
    assert B in condition(stack, "bucket/of-a", "team-a", "ACK.Terminal")["message"]
    stack.kubectl("delete", "bucket/of-a", "-n", "team-a", "--timeout=20s")
    assert (buckets(stack, A), buckets(stack, B)) == (set(), {"of-b", "of-blue"})
    stack.kubectl("delete", "repository/of-a", "-n", "team-a", "--timeout=20s")
    assert repositories(stack, A) == set()


def test_a_role_that_may_not_is_reported_and_picked_up_when_it_may(stack: LocalStack) -> None:
    account = "333344445555"
    arn = make_role(stack, account, "closed", effect="Deny")
    namespace(stack, "closed", **{OWNER: account})
    role_map(stack, "ack-role-account-map", {account: arn, "444455556666": role_arn("444455556666", "gone")})
    namespace(stack, "gone", **{OWNER: "444455556666"})
    for space in ("closed", "gone"):
        stack.apply(bucket(f"of-{space}"), namespace=space)
        eventually(
            lambda space=space: condition(stack, f"bucket/of-{space}", space, "ACK.Recoverable"),  # type: ignore[misc]
            "a word on the role",
        )
        message = condition(stack, f"bucket/of-{space}", space, "ACK.Recoverable")["message"]
        assert message.startswith("cannot assume role ")
        assert "is not authorized to perform: sts:AssumeRole" in message
        assert condition(stack, f"bucket/of-{space}", space, "Ready")["status"] == "False"
    stack.client("iam", account).update_assume_role_policy(RoleName="closed", PolicyDocument=trust(stack))
    within(MEND_SECONDS, lambda: buckets(stack, account) == {"of-closed"})
    make_role(stack, "444455556666", "gone")
    within(MEND_SECONDS, lambda: buckets(stack, "444455556666") == {"of-gone"})


def test_a_service_has_a_role_of_its_own(stack: LocalStack) -> None:
    account = "555566667777"
    roles = {account: make_role(stack, account, "all"), f"ecr.{account}": make_role(stack, account, "images")}
    role_map(stack, "ack-role-account-map", roles)
    namespace(stack, "split", **{OWNER: account})
    before = stack.last_call()
    stack.apply(bucket("split"), repository("split"), namespace="split")
    synced(stack, "bucket/split", "split")
    synced(stack, "repository/split", "split")
    assumed = [call for call in stack.cloud.calls(since=before) if call.operation == "AssumeRole"]
    assert len(assumed) == 2
    assert (buckets(stack, account), repositories(stack, account)) == ({"split"}, {"split"})


def test_the_regions_of_a_namespace_and_of_an_object(stack: LocalStack) -> None:
    home = stack.cloud.account_id
    namespace(stack, "far", **{"services.k8s.aws/default-region": OTHER_REGION})
    stack.apply(
        repository("by-namespace"),
        repository("by-object", **{"services.k8s.aws/region": "ap-south-1"}),
        namespace="far",
    )
    for name in ("by-namespace", "by-object"):
        synced(stack, f"repository/{name}", "far")
    for region, name in ((OTHER_REGION, "by-namespace"), ("ap-south-1", "by-object")):
        assert repositories(stack, home, region) == {name}
        assert name not in repositories(stack, home)
    namespace(stack, "far", **{"services.k8s.aws/default-region": "eu-west-2"})
    stack.kubectl("delete", "repository/by-namespace", "-n", "far", "--timeout=20s")
    assert repositories(stack, home, OTHER_REGION) == set()


def test_a_namespace_cannot_send_tokens_where_it_likes(stack: LocalStack) -> None:
    namespace(stack, "astray", **{"services.k8s.aws/endpoint-url": "https://collector.example"})
    before = stack.last_call()
    stack.apply(bucket("astray"), namespace="astray")
    stack.wait("bucket/astray", "condition=ACK.Terminal", "astray")
    assert "collector.example" in condition(stack, "bucket/astray", "astray", "ACK.Terminal")["message"]
    assert not [call for call in stack.cloud.calls(since=before) if call.operation == "CreateBucket"]
    namespace(stack, "astray", **{"services.k8s.aws/endpoint-url": stack.cloud.url})
    within(WAKE_SECONDS + 1, lambda: "astray" in buckets(stack, stack.cloud.account_id))


@pytest.mark.parametrize("manifest", ["repository_carm.yaml", "repository_region.yaml"])
def test_a_manifest_of_acks_tests(stack: LocalStack, manifest: str) -> None:
    if not MANIFESTS.exists():
        pytest.skip("skipped: no ../shared")
    account = "666677778888"
    name = manifest.partition(".")[0].replace("_", "-")
    annotations = {OWNER: account} if "carm" in manifest else {"services.k8s.aws/default-region": OTHER_REGION}
    owner, region = (account, REGION) if "carm" in manifest else (stack.cloud.account_id, OTHER_REGION)
    if "carm" in manifest:
        role_map(stack, "ack-role-account-map", {account: make_role(stack, account, "ack")})
    namespace(stack, name, **annotations)
    text = (MANIFESTS / manifest).read_text()
    for variable, value in (("REPOSITORY_NAME", name), ("NAMESPACE", name), ("REGISTRY_ID", f'"{owner}"')):
        text = text.replace(f"${variable}", value)  # the id in quotes: to YAML it is a number
    stack.apply(yaml.safe_load(text), namespace=name)
    synced(stack, f"repository/{name}", name)
    metadata = stack.get(f"repository/{name}", name)["status"]["ackResourceMetadata"]
    assert (metadata["ownerAccountID"], metadata["region"]) == (owner, region)
    assert metadata["arn"] == f"arn:aws:ecr:{region}:{owner}:repository/{name}"
    assert name in repositories(stack, owner, region)


def test_one_watched_namespace_hears_its_annotations(stage: Stage) -> None:
    stack, controllers = stage
    account = "777788889999"
    role_map(stack, "ack-role-account-map", {account: make_role(stack, account, "ack")})
    policy = "s3.services.k8s.aws/deletion-policy"
    namespace(stack, "alone", **{OWNER: account, policy: "retain"})
    controllers.stop()
    controllers.start("--watch-namespace=alone")
    stack.apply(bucket("alone"), namespace="alone")
    synced(stack, "bucket/alone", "alone")
    stack.kubectl("delete", "bucket/alone", "-n", "alone", "--timeout=20s")
    assert buckets(stack, account) == {"alone"}
    controllers.stop()
    controllers.start(GATES)


def test_selectors_choose_roles(stage: Stage) -> None:
    stack, controllers = stage
    account, home = "888899990000", stack.cloud.account_id
    arn = make_role(stack, account, "picked")
    controllers.stop()
    selector = {"apiVersion": "services.k8s.aws/v1alpha1", "kind": "IAMRoleSelector"}
    picked = {
        **selector,
        "metadata": {"name": "picked"},
        "spec": {"arn": arn, "namespaceSelector": {"names": ["chosen"]}},
    }
    broken = {**selector, "metadata": {"name": "broken"}, "spec": {"arn": "no-arn"}}
    namespace(stack, "chosen")
    namespace(stack, "plain")
    stack.apply(picked, broken)
    stack.apply(bucket("chosen"), namespace="chosen")
    stack.apply(bucket("plain"), namespace="plain")
    controllers.start(*SELECTORS)
    synced(stack, "bucket/chosen", "chosen")
    synced(stack, "bucket/plain", "plain")
    assert buckets(stack, account) == {"chosen"}
    assert "plain" in buckets(stack, home)
    assert "chosen" not in buckets(stack, home)
    found = condition(stack, "bucket/chosen", "chosen", "ACK.IAMRoleSelected")
    assert (found["status"], found["reason"]) == ("True", "Selected")
    assert found["message"].startswith(f"roleARN: {arn}, selectorName: picked, selectorResourceVersion: ")
    assert condition(stack, "bucket/plain", "plain", "ACK.IAMRoleSelected") == {}

    def reported() -> bool:
        fields = "--field-selector=reason=InvalidSelector"
        return "no-arn" in stack.kubectl("get", "events", "-A", fields, "-o", "jsonpath={..message}").output

    eventually(reported, "an Event on the invalid selector")
    second = {
        **selector,
        "metadata": {"name": "second"},
        "spec": {"arn": arn, "namespaceSelector": {"names": ["chosen"]}},
    }
    stack.apply(second)
    several = "several IAMRoleSelectors match: picked, second"
    within(
        WAKE_SECONDS + 1,
        lambda: condition(stack, "bucket/chosen", "chosen", "ACK.ResourceSynced").get("reason") == several,
    )
    stack.kubectl("delete", "iamroleselector/second", "iamroleselector/broken")
    within(
        WAKE_SECONDS + 1,
        lambda: condition(stack, "bucket/chosen", "chosen", "ACK.ResourceSynced").get("status") == "True",
    )
    stack.kubectl("delete", "bucket/chosen", "-n", "chosen", "--timeout=20s")
    assert buckets(stack, account) == set()
    controllers.stop()
    controllers.start(GATES)
