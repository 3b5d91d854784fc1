"""Not acting, as a value: why a pass does not do what the object asks for, since when nothing else is to be tried, and on whom it waits.

The steps of a pass return a `Blocked`; conditions and Events are rendered from it, so that no text is ever parsed back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ackpy.kube.objects import ObjectKey


class Code(StrEnum):
    """Why nothing is done."""

    EXISTS = "exists"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    IMMUTABLE = "immutable"
    NO_UPDATE = "no-update"
    ANNOTATION = "annotation"
    REGION = "region"
    ACCOUNT = "account"
    ROLE = "role"
    SELECTORS = "selectors"
    ENDPOINT = "endpoint"
    UNSAFE_ENDPOINT = "unsafe-endpoint"
    ADOPTED_GONE = "adopted-gone"
    READ_ONLY_GONE = "read-only-gone"
    FAILED = "failed"
    BUSY = "busy"
    REFERENCE = "reference"
    BAD_REFERENCE = "bad-reference"
    PAUSED = "paused"
    SECRET = "secret"  # noqa: S105  a code's name


WITHOUT_ROLE: Final = frozenset({Code.ROLE, Code.SELECTORS})
"""What ACK's clients know by a message of its own: nobody is there to act."""
UNRESOLVED: Final = frozenset({Code.REFERENCE, Code.BAD_REFERENCE})
"""What ACK's clients know by the condition ACK.ReferencesResolved. Waiting helps with the first."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """What keeps a pass from acting.

    `facts` fill the code's texts and hold no values of secrets; `until` is after how many seconds another look is worth while
    (None: only when something changes, or at the slow retry); `on` names the objects whose change may end it.
    """

    code: Code
    facts: Mapping[str, str] = field(default_factory=dict)
    until: float | None = None
    on: tuple[ObjectKey, ...] = ()

    @property
    def terminal(self) -> bool:
        """Whether somebody has to edit something; otherwise waiting is enough."""
        return self.code not in {Code.BUSY, Code.PAUSED, Code.SECRET, *UNRESOLVED, *WITHOUT_ROLE} and not self.missing

    @property
    def missing(self) -> bool:
        """Whether the AWS resource is missing and not ours to make: somebody may make it at any time."""
        return self.code in {Code.ADOPTED_GONE, Code.READ_ONLY_GONE}

    @property
    def text(self) -> str:
        """The condition's message: a function of the fault alone."""
        return _TEXTS[self.code][0].format_map(self.facts)

    @property
    def advice(self) -> str:
        """What to do about it, for `Ready` and the Event; "" where the text says it."""
        return _TEXTS[self.code][1].format_map(self.facts)


# ACK's own texts where it has one, for clients that wait for them; then the advice, which ACK has not.
_TEXTS: Final[Mapping[Code, tuple[str, str]]] = {
    Code.EXISTS: (
        "Resource already exists",
        (
            "{resource} is in AWS and this object has not created it: choose another name, or adopt it with the annotation "
            "services.k8s.aws/adoption-policy"
        ),
    ),
    Code.DUPLICATE: (
        "{resource} is already declared by {older}",
        "one AWS resource has one owner: delete one of the two objects, or name another resource",
    ),
    Code.REFUSED: ("{why}", ""),
    Code.IMMUTABLE: ("{path} is immutable: {advice}", ""),
    Code.NO_UPDATE: (
        "{paths}: AWS has no operation that changes it",
        "set it back, or delete the object and create it anew",
    ),
    Code.ANNOTATION: (
        'the annotation {annotation} of {holder} is "{found}"; it must be {expected}',
        "nothing is created, changed or deleted until it is corrected",
    ),
    Code.REGION: (
        "the resource is in region {found}, the annotation services.k8s.aws/region says {wanted}",
        "a resource cannot move: set the annotation back, or delete the object and create it anew",
    ),
    Code.ACCOUNT: (
        "the resource is in account {found}, the role in use is of account {wanted}",
        "a resource cannot move: give the namespace back to account {found}, or delete the object and create it anew",
    ),
    Code.ROLE: (
        'retrieving role ARN for account/team ID "{id}" from "{map}" configmap: {why}',
        "add the role to the ConfigMap; the object is tried again at once",
    ),
    Code.SELECTORS: (
        "several IAMRoleSelectors match: {selectors}",
        "one object has one role: narrow or delete all but one of them",
    ),
    Code.ENDPOINT: (
        "the annotation {annotation} of {holder} sends requests to {host}, which is no endpoint of AWS",
        "take it away, or let the controller run with --allowed-endpoint-hosts={host}",
    ),
    Code.UNSAFE_ENDPOINT: (
        "the annotation {annotation} of {holder} sends requests to {host} without TLS",
        "use https, or let the controller run with --allow-unsafe-aws-endpoint-urls",
    ),
    Code.ADOPTED_GONE: (
        "adopted resource not found",
        (
            "what was adopted is not made anew: make it in AWS, correct the identifiers, or delete the object; to have it made "
            "from the spec, take the annotations services.k8s.aws/adoption-policy and services.k8s.aws/adopted away"
        ),
    ),
    Code.READ_ONLY_GONE: (
        "read-only resource not found",
        "a read-only object makes nothing: make the resource in AWS, or correct the identifiers",
    ),
    Code.FAILED: ("{why}", "AWS reports {path} as {state}"),
    Code.REFERENCE: ("{why}", "{advice}"),
    Code.BAD_REFERENCE: ("{why}", "{advice}"),
    Code.SECRET: ("{why}", "{advice}"),
    Code.PAUSED: (
        "paused by the annotation {annotation}",
        "AWS is neither read nor written for this object until it is taken away",
    ),
    Code.BUSY: ("{path} is {state}", "AWS accepts the change when this has passed"),
}
