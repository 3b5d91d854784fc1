"""ECR: the kinds that moto lacks, as rows; repositories are moto's, mended where it leaves out a default."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from moto.utilities.utils import get_partition

from ackpy.local.cloud.call import Emulation, Handler
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.kinds import Kind, invalid
from ackpy.local.cloud.policies import spelled

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call
    from ackpy.local.cloud.wire import HttpAnswer

# host of the upstream registry -> its name in the API; source: the documentation of CreatePullThroughCacheRule
_UPSTREAMS = (
    (r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?", "ecr"),
    (r"public\.ecr\.aws", "ecr-public"),
    (r"quay\.io", "quay"),
    (r"registry\.k8s\.io", "k8s"),
    (r"registry-1\.docker\.io", "docker-hub"),
    (r"ghcr\.io", "github-container-registry"),
    (r"[a-z0-9-]+\.azurecr\.io", "azure-container-registry"),
    (r"registry\.gitlab\.com", "gitlab-container-registry"),
    (r"cgr\.dev", "chainguard"),
)

_FILTERS = "imageTagMutabilityExclusionFilters"


def _upstream(_call: Call, members: Mapping[str, Any]) -> Mapping[str, Any]:
    """The upstream's name, taken from its URL when it is not said, and the prefix ROOT."""
    url = str(members["upstreamRegistryUrl"])
    named = next((name for host, name in _UPSTREAMS if re.fullmatch(host, url)), None)
    if named is None or members.get("upstreamRegistry", named) != named:
        message = f"The upstream registry '{url}' is not supported for a pull through cache rule."
        raise ServiceError("UnsupportedUpstreamRegistryException", message)
    return {"upstreamRegistry": named, "upstreamRepositoryPrefix": members.get("upstreamRepositoryPrefix", "ROOT")}


def _defaults(_call: Call, members: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a repository made from the template gets when the template does not say."""
    return {
        "imageTagMutability": members.get("imageTagMutability", "MUTABLE"),
        "encryptionConfiguration": members.get("encryptionConfiguration", {"encryptionType": "AES256"}),
    }


def _joined(template: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
    """A template with the members of a call: a key only with KMS; filters go with a mutability that excludes, and leave with it."""
    joined = {**template, **members}
    encryption = joined["encryptionConfiguration"]
    if "kmsKey" in encryption and not encryption["encryptionType"].startswith("KMS"):
        raise invalid("'encryptionConfiguration.kmsKey' must not be specified when the encryption type is AES256")
    excludes = joined["imageTagMutability"].endswith("_WITH_EXCLUSION")
    if not excludes and _FILTERS not in members:
        joined.pop(_FILTERS, None)
    if excludes != bool(joined.get(_FILTERS)):
        raise invalid(f"'{_FILTERS}' must be specified with a mutability with exclusion, and with no other")
    return joined


PULL_THROUGH_CACHE_RULE = Kind(
    noun="PullThroughCacheRule",
    plural="PullThroughCacheRules",
    key="ecrRepositoryPrefix",
    listed="pullThroughCacheRules",
    chosen="ecrRepositoryPrefixes",
    exists="PullThroughCacheRuleAlreadyExistsException",
    absent="PullThroughCacheRuleNotFoundException",
    strict=True,
    added=_upstream,
)
REPOSITORY_CREATION_TEMPLATE = Kind(
    noun="RepositoryCreationTemplate",
    plural="RepositoryCreationTemplates",
    key="prefix",
    listed="repositoryCreationTemplates",
    chosen="prefixes",
    exists="TemplateAlreadyExistsException",
    absent="TemplateNotFoundException",
    wrapped="repositoryCreationTemplate",
    added=_defaults,
    joined=_joined,
)


def create_repository(call: Call) -> HttpAnswer:
    """CreateRepository: the key that encrypts it is kept by its ARN, whatever named it; moto keeps the name."""
    encryption = dict(call.parameters().get("encryptionConfiguration", {}))
    if "kmsKey" in encryption:
        encryption["kmsKey"] = _key_arn(call, str(encryption["kmsKey"]))
    return _forwarded(call, encryptionConfiguration=encryption) if encryption else call.forward(call.request)


def _key_arn(call: Call, name: str) -> str:
    """The key's ARN; an alias stands for a key that follows from it, for there is no KMS here to ask."""
    _, _, alias = name.rpartition("alias/")
    if name.startswith("arn:") and alias == name:
        return name
    key = name if alias == name else uuid.uuid5(uuid.NAMESPACE_URL, alias)
    region = call.identity.region
    return f"arn:{get_partition(region)}:kms:{region}:{call.identity.account}:key/{key}"


def set_repository_policy(call: Call) -> HttpAnswer:
    """SetRepositoryPolicy: a policy that moto takes is kept in AWS's spelling; moto keeps its text."""
    answer = call.forward(call.request)
    if answer.status != 200:
        return answer
    return _forwarded(call, policyText=json.dumps(spelled(json.loads(call.parameters()["policyText"]))))


def put_image_scanning_configuration(call: Call) -> HttpAnswer:
    """PutImageScanningConfiguration: a configuration without scanOnPush switches it off; moto keeps what it had."""
    scanning = {"scanOnPush": False, **call.parameters()["imageScanningConfiguration"]}
    return _forwarded(call, imageScanningConfiguration=scanning)


def _forwarded(call: Call, **members: Any) -> HttpAnswer:
    """What moto answers to the call with other values of these members."""
    body = orjson.dumps({**call.parameters(), **members})
    return call.forward(replace(call.request, body=body))


def emulation() -> Emulation:
    """ECR as this AWS answers it."""
    return Emulation(
        {
            **PULL_THROUGH_CACHE_RULE.handlers(),
            **REPOSITORY_CREATION_TEMPLATE.handlers(),
            "CreateRepository": Handler(create_repository, "mended"),
            "SetRepositoryPolicy": Handler(set_repository_policy, "mended"),
            "PutImageScanningConfiguration": Handler(put_image_scanning_configuration, "mended"),
        }
    )
