"""The manifests that ACK's users have for S3 and ECR, applied with kubectl; what AWS then holds is what they say.

They stand beside the checkout. A manifest's $NAMES are filled in; each property of its spec is then looked for in what an independent
client reads, by name whatever the case, at every depth: AWS may hold more (defaults, the controller's tags), never less or else.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any, Final

import jmespath
import pytest
import yaml
from botocore import xform_name
from botocore.exceptions import ClientError

from ackpy.testing.aws import AwsClient
from ackpy.testing.stack import LocalStack

pytestmark = pytest.mark.slow

MANIFESTS: Final = Path(__file__).parents[3] / "shared" / "data" / "manifests"

ADOPTION: Final = "adopts: tests/end_to_end/test_adoption.py"
DIRECTORY: Final = "are edits of one bucket: test_a_directory_bucket_and_its_edits"
KEPT_OUT: Final = {
    "s3/_bootstrap": "empty",
    "s3/bucket_adopt": ADOPTION,
    "s3/bucket_adopt_or_create": ADOPTION,
    "s3/bucket_adopt_or_create_not_exist": ADOPTION,
    "s3/bucket_adoption_stack": ADOPTION,
    "s3/directory_bucket": DIRECTORY,
    "s3/directory_bucket_lifecycle": DIRECTORY,
    "s3/directory_bucket_policy": DIRECTORY,
    "ecr/repository_adopt_or_create": ADOPTION,
    "ecr/repository_carm": "needs a second account: tests/end_to_end/test_accounts.py",
    "ecr/repository_invalid_lifecycle_policy": "is refused: test_an_invalid_lifecycle_policy_is_refused",
}
"""Manifests that are not to become synced, and why."""

STATEMENT: Final = {"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}
RULE: Final = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9},
    "action": {"type": "expire"},
}
NAMES: Final = {
    "DELETION_POLICY": "delete",
    "BUCKET_NAMESPACE": "account-regional",
    "UPSTREAM_REGISTRY_URL": "registry.k8s.io",
    "IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER_1": "{filterType: WILDCARD, filter: latest}",
    "IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER_2": '{filterType: WILDCARD, filter: "dev-*"}',
    "REPOSITORY_POLICY": json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]}),
    "REPOSITORY_LIFECYCLE_POLICY": json.dumps({"rules": [RULE]}),
}
"""What stands for a manifest's names, beside those that are made of the account and the test."""

OTHER_REGION: Final = "eu-west-1"
SYNCED: Final = "condition=ACK.ResourceSynced"
LOG_DELIVERY: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"

RESOURCES: Final = {
    "Bucket": "ListBuckets:Buckets[?Name=='$name'] | [0]",
    "Repository": "DescribeRepositories:repositories[?repositoryName=='$name'] | [0]",
    "PullThroughCacheRule": "DescribePullThroughCacheRules:pullThroughCacheRules[?ecrRepositoryPrefix=='$name'] | [0]",
    "RepositoryCreationTemplate": "DescribeRepositoryCreationTemplates:repositoryCreationTemplates[?prefix=='$name'] | [0]",
}
"""Where AWS holds a resource: "Operation:JMESPath". Its members are those of the spec, but for the following."""

READS: Final[Mapping[str, Mapping[str, str]]] = {
    "Bucket": {
        "namespace": "ListBuckets:Buckets[?Name=='$name'] | [?ends_with(Name, '-an')] && 'account-regional'",
        "abac": "GetBucketAbac:AbacStatus",
        "accelerate": "GetBucketAccelerateConfiguration",
        "acl": f"GetBucketAcl:Grants[?Grantee.URI=='{LOG_DELIVERY}'].Permission | sort(@) == ['READ_ACP', 'WRITE'] && 'log-delivery-write'",
        "cors": "GetBucketCors",
        "encryption": "GetBucketEncryption:ServerSideEncryptionConfiguration",
        "lifecycle": "GetBucketLifecycleConfiguration",
        "logging": "GetBucketLogging",
        "notification": "GetBucketNotificationConfiguration",
        "objectLockConfiguration": "GetObjectLockConfiguration:ObjectLockConfiguration",
        "objectLockEnabledForBucket": "GetObjectLockConfiguration:ObjectLockConfiguration.ObjectLockEnabled == 'Enabled'",
        "ownershipControls": "GetBucketOwnershipControls:OwnershipControls",
        "policy": "GetBucketPolicy:Policy",
        "publicAccessBlock": "GetPublicAccessBlock:PublicAccessBlockConfiguration",
        "replication": "GetBucketReplication:ReplicationConfiguration",
        "requestPayment": "GetBucketRequestPayment",
        "tagging": "GetBucketTagging",
        "versioning": "GetBucketVersioning",
        "website": "GetBucketWebsite",
    },
    "Repository": {
        "name": "DescribeRepositories:repositories[?repositoryName=='$name'].repositoryName | [0]",
        "policy": "GetRepositoryPolicy:policyText",
        "lifecyclePolicy": "GetLifecyclePolicy:lifecyclePolicyText",
    },
}
IDENTITY: Final = {"GetRepositoryPolicy": "repositoryName", "GetLifecyclePolicy": "repositoryName"}


def published() -> list[str]:
    """The names of all manifests of both services, none without the folder."""
    paths = [*MANIFESTS.glob("s3/*.yaml"), *MANIFESTS.glob("ecr/*.yaml")]
    return sorted(f"{path.parent.name}/{path.stem}" for path in paths)


def named(manifest: str, account: str) -> str:
    """A name for its resource: in the account's own namespace where the manifest is about that."""
    suffix = f"-{account}-us-east-1-an" if "namespace" in manifest else ""
    return f"m-{secrets.token_hex(4)}{suffix}"


def loaded(manifest: str, name: str, account: str) -> dict[str, Any]:
    """The manifest, filled in. KeyError for a name that stands for nothing here."""
    made = {
        **dict.fromkeys(
            ("NAME", "BUCKET_NAME", "REPOSITORY_NAME", "NAMESPACE", "PREFIX", "ECR_REPOSITORY_PREFIX"), name
        ),
        "REGISTRY_ID": account,
        "NOTIFICATION_TOPIC_ARN": f"arn:aws:sns:us-east-1:{account}:topic",
        "REPLICATION_ROLE_ARN": f"arn:aws:iam::{account}:role/replication",
        "REPLICATION_BUCKET_NAME": f"{name}-copy",
    }
    found: dict[str, Any] = yaml.safe_load(
        Template((MANIFESTS / f"{manifest}.yaml").read_text()).substitute(NAMES, **made)
    )
    return found


def read(client: AwsClient, where: str, name: str) -> Any:
    """What AWS holds at "Operation:JMESPath"; None where it says that there is no such thing."""
    operation, _, path = where.replace("$name", name).partition(":")
    member = "Bucket" if operation.startswith(("GetBucket", "GetObject", "GetPublic")) else IDENTITY.get(operation)
    try:
        answer = getattr(client, xform_name(operation))(**({member: name} if member else {}))
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("NoSuch"):
            raise
        return None
    return jmespath.search(path, answer) if path else answer


def differences(said: Any, held: Any, at: str = "spec") -> Iterator[str]:
    """Where AWS does not hold what is said. Names are the same whatever their case; documents are compared as JSON."""
    if isinstance(said, str) and said.strip().startswith("{"):
        yield from differences(json.loads(said), json.loads(held or "null"), at)
    elif isinstance(said, dict):
        members = {name.lower(): each for name, each in held.items()} if isinstance(held, dict) else {}
        for name, each in said.items():
            yield from differences(each, members.get(name.lower()), f"{at}.{name}")
    elif isinstance(said, list):
        for each in said:
            if not any(not list(differences(each, one)) for one in _listed(held)):
                yield f"{at}: {each} is not in {held}"
    elif said != held and (said or held):
        yield f"{at}: {said!r} is said, {held!r} is held"


def _listed(held: Any) -> list[Any]:
    """A list of one, which AWS may write as its element."""
    return held if isinstance(held, list) else [held]


@pytest.mark.parametrize(
    ("said", "held", "found"),
    [
        ({"topicARN": "a"}, {"TopicArn": "a", "Id": "made up"}, 0),
        ({"topicARN": "a"}, {"TopicArn": "b"}, 1),
        ({"a": {"b": 1, "c": 2}}, {"A": {"B": 1}}, 1),
        ({"a": {"b": 1}}, {}, 1),
        ([{"key": "a"}], [{"Key": "c"}, {"Key": "a"}], 0),
        ([{"key": "a"}, {"key": "b"}], [{"Key": "a"}], 1),
        ('{"Action": ["x"]}', '{"Version": "1", "Action": "x"}', 0),
        ('{"Action": ["x"]}', '{"Action": ["y"]}', 1),
        ('{"Action": ["x"]}', None, 1),
        ("", None, 0),
        (False, True, 1),
    ],
)
def test_differences_are_found(said: Any, held: Any, found: int) -> None:
    assert len(list(differences(said, held))) == found


@pytest.fixture
def manifests() -> Path:
    if not MANIFESTS.exists():
        pytest.skip("skipped: no ../shared")
    return MANIFESTS


def test_what_is_kept_out_exists(manifests: Path) -> None:
    assert set(KEPT_OUT) <= set(published())
    assert len(published()) > len(KEPT_OUT)


@pytest.mark.parametrize("manifest", [each for each in published() if each not in KEPT_OUT] or ["none"])
def test_aws_holds_what_a_manifest_says(local_stack: LocalStack, manifests: Path, manifest: str) -> None:
    account = local_stack.cloud.account_id
    name = named(manifest, account)
    obj = loaded(manifest, name, account)
    namespace = obj["metadata"].get("namespace", "default")
    region = OTHER_REGION if namespace != "default" else "us-east-1"
    if namespace != "default":
        annotations = {"services.k8s.aws/default-region": region}
        local_stack.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "annotations": annotations}}
        )
    client = local_stack.client(manifest.partition("/")[0], region=region)
    if "replication" in manifest:
        client.create_bucket(Bucket=f"{name}-copy")
        client.put_bucket_versioning(Bucket=f"{name}-copy", VersioningConfiguration={"Status": "Enabled"})
    local_stack.apply(obj, namespace=namespace)
    local_stack.wait(f"{obj['kind'].lower()}/{name}", SYNCED, namespace)
    resource = read(client, RESOURCES[obj["kind"]], name)
    assert resource is not None
    special = READS.get(obj["kind"], {})
    held = {path: read(client, special[path], name) for path in obj["spec"] if path in special}
    assert list(differences(obj["spec"], {**resource, **held})) == []
    local_stack.kubectl("delete", f"{obj['kind'].lower()}/{name}", "-n", namespace, "--timeout=30s")
    assert read(client, RESOURCES[obj["kind"]], name) is None


def test_a_directory_bucket_and_its_edits(local_stack: LocalStack, manifests: Path) -> None:
    """Three manifests of one bucket, applied one after the other: what one says is there until the next says nothing of it."""
    account = local_stack.cloud.account_id
    name = f"m-{secrets.token_hex(4)}--use1-az4--x-s3"
    arn = f"arn:aws:s3express:us-east-1:{account}:bucket/{name}"
    names = {"BUCKET_NAME": name, "LOCATION_NAME": "use1-az4", "BUCKET_ARN": arn}
    client = local_stack.client("s3")
    lists = f"ListDirectoryBuckets:Buckets[?Name=='{name}'].BucketArn"
    for manifest in (each for each in KEPT_OUT if KEPT_OUT[each] == DIRECTORY):
        obj = yaml.safe_load(Template((manifests / f"{manifest}.yaml").read_text()).substitute(names))
        local_stack.apply(obj)
        special = {path: READS["Bucket"][path] for path in obj["spec"] if path in READS["Bucket"]}
        local_stack.quiet()
        local_stack.wait(f"bucket/{name}", SYNCED)
        assert read(client, lists, name) == [arn]
        held = {path: read(client, where, name) for path, where in special.items()}
        assert list(differences({path: obj["spec"][path] for path in special}, held)) == []
    assert local_stack.get(f"bucket/{name}")["status"]["ackResourceMetadata"]["arn"] == arn
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        client.get_bucket_lifecycle_configuration(Bucket=name)
    local_stack.kubectl("delete", f"bucket/{name}", "--timeout=30s")
    assert read(client, lists, name) == []


def test_an_invalid_lifecycle_policy_is_refused(local_stack: LocalStack, manifests: Path) -> None:
    name = f"m-{secrets.token_hex(4)}"
    text = Template((manifests / "ecr/repository_invalid_lifecycle_policy.yaml").read_text())
    invalid = json.dumps({"rules": [{**RULE, "selection": {"tagStatus": "any"}}]})
    local_stack.apply(yaml.safe_load(text.substitute(REPOSITORY_NAME=name, REPOSITORY_LIFECYCLE_POLICY=invalid)))
    local_stack.wait(f"repository/{name}", "condition=ACK.Terminal")
    client = local_stack.client("ecr")
    assert read(client, RESOURCES["Repository"], name) is not None
    with pytest.raises(ClientError, match="LifecyclePolicyNotFoundException"):
        client.get_lifecycle_policy(repositoryName=name)
