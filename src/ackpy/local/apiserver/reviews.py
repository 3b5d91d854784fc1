"""A question about what the user may do -> yes: the one user of this server is its administrator. Called by `resources`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]

EVERYTHING = ["*"]
RULES: Json = {
    "resourceRules": [{"verbs": EVERYTHING, "apiGroups": EVERYTHING, "resources": EVERYTHING}],
    "nonResourceRules": [{"verbs": EVERYTHING, "nonResourceURLs": EVERYTHING}],
    "incomplete": False,
}
ADMINISTRATOR: Json = {"userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]}}
STATUS_OF_KIND: dict[str, Json] = {"SelfSubjectRulesReview": RULES, "SelfSubjectReview": ADMINISTRATOR}


def reviewed(body: Json, kind: Kind) -> Json:
    """The review with its answer."""
    review = {**body, "apiVersion": kind.api_version, "kind": kind.kind}
    return {**review, "status": STATUS_OF_KIND.get(kind.kind, {"allowed": True})}
