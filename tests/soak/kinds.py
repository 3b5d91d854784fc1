"""The kinds of the soak: how an object of each is written, what AWS holds of it, and what a stranger does to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from botocore.exceptions import ClientError
from tests.soak.definitions import OTHERS

from ackpy.catalog import load
from ackpy.controllers.references import resource_of
from ackpy.kube.resource import Resource
from ackpy.model.compiler import compile_service
from ackpy.model.definition import Resource as Definition
from ackpy.model.descriptor import Descriptor
from ackpy.testing.aws import AwsClient

REGION = "eu-central-1"  # us-east-1 answers a second CreateBucket of the same owner as if it were the first
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9},
                "action": {"type": "expire"},
            }
        ]
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
POLICIES = [f"arn:aws:iam::aws:policy/{name}" for name in ("ReadOnlyAccess", "SecurityAudit", "job-function/Billing")]
FOREIGN_POLICY = "arn:aws:iam::aws:policy/PowerUserAccess"
DOMAIN = ".example.com"
OURS = "services.k8s.aws/"

Spec: TypeAlias = dict[str, Any]
Clients: TypeAlias = Callable[[str], AwsClient]
"""A botocore client of the soak's account, by service."""


@dataclass(frozen=True)
class Held:
    """What AWS has under a name: the settings that differ from AWS's defaults, and whether our controllers' tags are on it."""

    settings: Spec
    ours: bool | None = None


@dataclass(frozen=True)
class Kind:
    """A kind and its values. `title` is what its objects are called by, in small letters.

    Beside its name (at `name`), an object always says `fixed` and `always`, and may say `settings`: a value for each number. `held`
    are all resources of the kind in AWS by name; what is fixed is not looked at. `make` is a stranger's own creation, which holds
    `bare`; `drift` is what a stranger changes of a setting. `exclusive`: a create of a name that is taken is refused. `suffix`
    follows the name where an object says it.
    """

    descriptor: Descriptor
    title: str
    name: str
    settings: Mapping[str, Callable[[int], Any]]
    held: Callable[[Clients], Mapping[str, Held]]
    make: Callable[[Clients, str], object]
    fixed: Spec = field(default_factory=dict)
    always: Mapping[str, Callable[[int], Any]] = field(default_factory=dict)
    bare: Spec = field(default_factory=dict)
    drift: Mapping[str, Callable[[Clients, str], object]] = field(default_factory=dict)
    exclusive: bool = True
    suffix: str = ""

    @property
    def resource(self) -> Resource:
        return resource_of(self.descriptor)


def bucket_held(clients: Clients) -> Mapping[str, Held]:
    s3 = clients("s3")
    return {each["Name"]: _bucket(s3, each["Name"]) for each in s3.list_buckets()["Buckets"]}


def _bucket(s3: AwsClient, name: str) -> Held:
    tags = answered(lambda: s3.get_bucket_tagging(Bucket=name)["TagSet"]) or []
    rules = answered(lambda: s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"])
    payer = s3.get_bucket_request_payment(Bucket=name)["Payer"]
    status = s3.get_bucket_versioning(Bucket=name).get("Status")
    return held(
        versioning={"status": "Enabled"} if status == "Enabled" else None,
        tagging={"tagSet": users(tags)} if users(tags) else None,
        lifecycle=rules and BUCKET.settings["lifecycle"](rules[0]["Expiration"]["Days"] - 1),
        requestPayment={"payer": payer} if payer != "BucketOwner" else None,
        ours=is_ours(tags),
    )


def repository_held(clients: Clients) -> Mapping[str, Held]:
    ecr = clients("ecr")
    pages = ecr.get_paginator("describe_repositories").paginate()
    return {each["repositoryName"]: _repository(ecr, each) for page in pages for each in page["repositories"]}


def _repository(ecr: AwsClient, found: Mapping[str, Any]) -> Held:
    tags = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    policy = answered(lambda: ecr.get_lifecycle_policy(repositoryName=found["repositoryName"])["lifecyclePolicyText"])
    return held(
        imageTagMutability="IMMUTABLE" if found["imageTagMutability"] == "IMMUTABLE" else None,
        tags=users(tags) or None,
        imageScanningConfiguration={"scanOnPush": True} if found["imageScanningConfiguration"]["scanOnPush"] else None,
        lifecyclePolicy=same_document(policy),
        ours=is_ours(tags),
    )


def rule_held(clients: Clients) -> Mapping[str, Held]:
    pages = clients("ecr").get_paginator("describe_pull_through_cache_rules").paginate()
    found = [each for page in pages for each in page["pullThroughCacheRules"]]
    return {each["ecrRepositoryPrefix"]: held(credentialARN=each.get("credentialArn")) for each in found}


def template_held(clients: Clients) -> Mapping[str, Held]:
    pages = clients("ecr").get_paginator("describe_repository_creation_templates").paginate()
    return {each["prefix"]: _template(each) for page in pages for each in page["repositoryCreationTemplates"]}


def _template(found: Mapping[str, Any]) -> Held:
    return held(
        description=found.get("description") or None,
        imageTagMutability="IMMUTABLE" if found.get("imageTagMutability") == "IMMUTABLE" else None,
        lifecyclePolicy=same_document(found.get("lifecyclePolicy") or None),
        resourceTags=users(found.get("resourceTags") or []) or None,
    )


def topic_held(clients: Clients) -> Mapping[str, Held]:
    sns = clients("sns")
    pages = sns.get_paginator("list_topics").paginate()
    return {
        arn.rpartition(":")[2]: _topic(sns, arn) for page in pages for arn in [t["TopicArn"] for t in page["Topics"]]
    }


def _topic(sns: AwsClient, arn: str) -> Held:
    tags = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
    found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    return held(displayName=found["DisplayName"] or None, tags=users(tags) or None, ours=is_ours(tags))


def table_held(clients: Clients) -> Mapping[str, Held]:
    dynamodb = clients("dynamodb")
    pages = dynamodb.get_paginator("list_tables").paginate()
    return {name: _table(dynamodb, name) for page in pages for name in page["TableNames"]}


def _table(dynamodb: AwsClient, name: str) -> Held:
    arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    tags = dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    on = {"attributeName": ttl.get("AttributeName"), "enabled": True}
    return held(
        timeToLive=on if ttl["TimeToLiveStatus"] == "ENABLED" else None, tags=users(tags) or None, ours=is_ours(tags)
    )


def log_group_held(clients: Clients) -> Mapping[str, Held]:
    logs = clients("logs")
    pages = logs.get_paginator("describe_log_groups").paginate()
    return {each["logGroupName"]: _log_group(logs, each) for page in pages for each in page["logGroups"]}


def _log_group(logs: AwsClient, found: Mapping[str, Any]) -> Held:
    tags = pairs(logs.list_tags_for_resource(resourceArn=found["arn"].removesuffix(":*"))["tags"])
    users_own = {each["key"]: each["value"] for each in users(tags)}
    return held(retentionDays=found.get("retentionInDays"), tags=users_own or None, ours=is_ours(tags))


def role_held(clients: Clients) -> Mapping[str, Held]:
    iam = clients("iam")
    pages = iam.get_paginator("list_roles").paginate()
    return {each["RoleName"]: _role(iam, each["RoleName"]) for page in pages for each in page["Roles"]}


def _role(iam: AwsClient, name: str) -> Held:
    tags = iam.list_role_tags(RoleName=name)["Tags"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return held(
        description=iam.get_role(RoleName=name)["Role"].get("Description") or None,
        policies=sorted(each["PolicyArn"] for each in attached) or None,
        tags=users(tags) or None,
        ours=is_ours(tags),
    )


def secret_held(clients: Clients) -> Mapping[str, Held]:
    pages = clients("secretsmanager").get_paginator("list_secrets").paginate()
    return {each["Name"]: _secret(each) for page in pages for each in page["SecretList"]}


def _secret(found: Mapping[str, Any]) -> Held:
    tags = found.get("Tags") or []
    return held(description=found.get("Description") or None, tags=users(tags) or None, ours=is_ours(tags))


def certificate_held(clients: Clients) -> Mapping[str, Held]:
    """By domain; one that was made twice has a name of its own, which nobody accounts for."""
    acm = clients("acm")
    found: dict[str, Held] = {}
    for page in acm.get_paginator("list_certificates").paginate():
        for each in page["CertificateSummaryList"]:
            tags = acm.list_tags_for_certificate(CertificateArn=each["CertificateArn"])["Tags"]
            name = each["DomainName"].removesuffix(DOMAIN)
            twice = f" again: {each['CertificateArn']}" if name in found else ""
            found[f"{name}{twice}"] = held(tags=users(tags) or None, ours=is_ours(tags))
    return found


def held(*, ours: bool | None = None, **settings: Any) -> Held:
    return Held({path: value for path, value in settings.items() if value is not None}, ours)


def users(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """The tags that are not our controllers'."""
    return [{"key": key, "value": value} for key, value in _by_key(tags).items() if not key.startswith(OURS)]


def is_ours(tags: list[dict[str, str]]) -> bool:
    return sum(key.startswith(OURS) for key in _by_key(tags)) == 2


def _by_key(tags: list[dict[str, str]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in tags}


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def same_document(text: str | None) -> str | None:
    return LIFECYCLE if text and json.loads(text) == json.loads(LIFECYCLE) else text


def answered(call: Callable[[], Any]) -> Any:
    """The answer; None where AWS says that there is none."""
    try:
        return call()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 404}  # noqa: PT017  the other outcome
        return None


def secret_arn(number: int) -> str:
    return f"arn:aws:secretsmanager:{REGION}:123456789012:secret:ecr-pullthroughcache/{number}"


def one_tag(number: int) -> list[dict[str, str]]:
    return [{"key": "n", "value": str(number)}]


def compiled(*definitions: Definition) -> Iterator[Descriptor]:
    for service in dict.fromkeys(each.service for each in definitions):
        yield from compile_service([each for each in definitions if each.service == service])


_COMPILED = {each.kind: each for each in compiled(*load(["s3", "ecr"]), *OTHERS)}

BUCKET = Kind(
    _COMPILED["Bucket"],
    "bucket",
    "name",
    {
        "versioning": lambda _: {"status": "Enabled"},
        "tagging": lambda n: {"tagSet": one_tag(n)},
        "lifecycle": lambda n: {
            "rules": [{"id": "old", "status": "Enabled", "prefix": "", "expiration": {"days": 1 + n}}]
        },
        "requestPayment": lambda _: {"payer": "Requester"},
    },
    bucket_held,
    lambda clients, name: clients("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
    ),
    drift={
        "versioning": lambda clients, name: clients("s3").put_bucket_versioning(
            Bucket=name, VersioningConfiguration={"Status": "Suspended"}
        ),
        "lifecycle": lambda clients, name: clients("s3").delete_bucket_lifecycle(Bucket=name),
    },
)
REPOSITORY = Kind(
    _COMPILED["Repository"],
    "repo",
    "name",
    {
        "imageTagMutability": lambda _: "IMMUTABLE",
        "tags": one_tag,
        "imageScanningConfiguration": lambda _: {"scanOnPush": True},
        "lifecyclePolicy": lambda _: LIFECYCLE,
    },
    repository_held,
    lambda clients, name: clients("ecr").create_repository(repositoryName=name),
    drift={
        "imageTagMutability": lambda clients, name: clients("ecr").put_image_tag_mutability(
            repositoryName=name, imageTagMutability="MUTABLE"
        ),
        "lifecyclePolicy": lambda clients, name: clients("ecr").delete_lifecycle_policy(repositoryName=name),
    },
)
CACHE_RULE = Kind(
    _COMPILED["PullThroughCacheRule"],
    "rule",
    "ecrRepositoryPrefix",
    {},
    rule_held,
    lambda clients, name: clients("ecr").create_pull_through_cache_rule(
        ecrRepositoryPrefix=name, upstreamRegistryUrl="public.ecr.aws", credentialArn=secret_arn(0)
    ),
    fixed={"upstreamRegistryURL": "public.ecr.aws"},
    always={"credentialARN": secret_arn},
    bare={"credentialARN": secret_arn(0)},
    drift={
        "credentialARN": lambda clients, name: clients("ecr").update_pull_through_cache_rule(
            ecrRepositoryPrefix=name, credentialArn=secret_arn(100)
        )
    },
)
TEMPLATE = Kind(
    _COMPILED["RepositoryCreationTemplate"],
    "template",
    "prefix",
    {
        "description": lambda n: f"number {n}",
        "imageTagMutability": lambda _: "IMMUTABLE",
        "lifecyclePolicy": lambda _: LIFECYCLE,
        "resourceTags": one_tag,
    },
    template_held,
    lambda clients, name: clients("ecr").create_repository_creation_template(
        prefix=name, appliedFor=["PULL_THROUGH_CACHE"]
    ),
    fixed={"appliedFor": ["PULL_THROUGH_CACHE"]},
    drift={
        "description": lambda clients, name: clients("ecr").update_repository_creation_template(
            prefix=name, description="another"
        )
    },
)
TOPIC = Kind(
    _COMPILED["Topic"],
    "topic",
    "name",
    {"displayName": lambda n: f"number {n}", "tags": one_tag},
    topic_held,
    lambda clients, name: clients("sns").create_topic(Name=name),
    drift={
        "displayName": lambda clients, name: clients("sns").set_topic_attributes(
            TopicArn=topic_arn(clients, name), AttributeName="DisplayName", AttributeValue="another"
        )
    },
    exclusive=False,
)
TABLE = Kind(
    _COMPILED["Table"],
    "table",
    "tableName",
    {"timeToLive": lambda n: {"attributeName": f"ttl{n}", "enabled": True}, "tags": one_tag},
    table_held,
    lambda clients, name: clients("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    ),
    fixed={
        "keySchema": [{"attributeName": "k", "keyType": "HASH"}],
        "attributeDefinitions": [{"attributeName": "k", "attributeType": "S"}],
        "billingMode": "PAY_PER_REQUEST",
    },
)
LOG_GROUP = Kind(
    _COMPILED["LogGroup"],
    "logs",
    "name",
    {"retentionDays": lambda n: (1, 3, 5, 7, 14)[n % 5]},
    log_group_held,
    lambda clients, name: clients("logs").create_log_group(logGroupName=name, tags={"n": "0"}),
    always={
        "tags": lambda n: {"n": str(n)}
    },  # moto keeps the tags of a group that is deleted, for the next of its name
    bare={"tags": {"n": "0"}},
    drift={
        "retentionDays": lambda clients, name: clients("logs").put_retention_policy(
            logGroupName=name, retentionInDays=3653
        )
    },
)
ROLE = Kind(
    _COMPILED["Role"],
    "role",
    "name",
    {
        "description": lambda n: f"number {n}",
        "policies": lambda n: sorted(POLICIES[: 1 + n % len(POLICIES)]),
        "tags": one_tag,
    },
    role_held,
    lambda clients, name: clients("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST),
    fixed={"assumeRolePolicyDocument": TRUST},
    drift={
        "policies": lambda clients, name: clients("iam").attach_role_policy(RoleName=name, PolicyArn=FOREIGN_POLICY),
        "description": lambda clients, name: clients("iam").update_role(RoleName=name, Description="another"),
    },
)
SECRET = Kind(
    _COMPILED["Secret"],
    "secret",
    "name",
    {"tags": one_tag},
    secret_held,
    lambda clients, name: clients("secretsmanager").create_secret(Name=name, Description="number 0"),
    always={"description": lambda n: f"number {n}"},  # moto takes no empty one
    bare={"description": "number 0"},
    drift={
        "description": lambda clients, name: clients("secretsmanager").update_secret(
            SecretId=name, Description="another"
        )
    },
)
CERTIFICATE = Kind(
    _COMPILED["Certificate"],
    "cert",
    "domainName",
    {"tags": one_tag},
    certificate_held,
    lambda clients, name: clients("acm").request_certificate(DomainName=f"{name}{DOMAIN}"),
    suffix=DOMAIN,
    fixed={"validationMethod": "DNS"},
    exclusive=False,
)


def topic_arn(clients: Clients, name: str) -> str:
    """The topic's ARN; KeyError where there is none."""
    pages = clients("sns").get_paginator("list_topics").paginate()
    found = [each["TopicArn"] for page in pages for each in page["Topics"]]
    return next((arn for arn in found if arn.endswith(f":{name}")), f"arn:aws:sns:{REGION}:000000000000:{name}")


CATALOG = (BUCKET, REPOSITORY, CACHE_RULE, TEMPLATE)
KINDS = (*CATALOG, TOPIC, TABLE, LOG_GROUP, ROLE, SECRET, CERTIFICATE)
