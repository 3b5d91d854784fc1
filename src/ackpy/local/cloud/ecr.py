"""ECR: the kinds that moto lacks, as rows; repositories are moto's, mended where it leaves out a default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from ackpy.local.cloud.call import Emulation, Handler
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.kinds import Kind

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
)


def put_image_scanning_configuration(call: Call) -> HttpAnswer:
    """PutImageScanningConfiguration: a configuration without scanOnPush switches it off; moto keeps what it had."""
    parameters = call.parameters()
    scanning = {"scanOnPush": False, **parameters["imageScanningConfiguration"]}
    body = orjson.dumps({**parameters, "imageScanningConfiguration": scanning})
    return call.forward(replace(call.request, body=body))


def emulation() -> Emulation:
    """ECR as this AWS answers it."""
    return Emulation(
        {
            **PULL_THROUGH_CACHE_RULE.handlers(),
            **REPOSITORY_CREATION_TEMPLATE.handlers(),
            "PutImageScanningConfiguration": Handler(put_image_scanning_configuration, "mended"),
        }
    )
