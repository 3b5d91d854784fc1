"""What somebody can do about an AWS error: its meaning, the definition's words and who asked -> a sentence for `Ready` and the Event.

Pure, and a function of the fault alone: no time, attempt or request id. A service's own codes stand in the definition (`advice`), those
that mean the same everywhere in the table here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ackpy.aws.classify import Meaning, Verdict, codes, matches
from ackpy.errors import AwsError
from ackpy.model.descriptor import Descriptor, Role

_QUOTA: Final = "an AWS quota is used up: raise it in Service Quotas, or delete what is not needed"
_VALUE: Final = "correct the field that AWS names"
_BY_CODE: Final[Mapping[str, str]] = {
    "LimitExceeded": _QUOTA,
    "LimitExceededException": _QUOTA,
    "QuotaExceededException": _QUOTA,
    "ServiceQuotaExceededException": _QUOTA,
    "InvalidParameter": _VALUE,
    "InvalidParameterCombination": "set only one of the fields that AWS names",
    "InvalidParameterException": _VALUE,
    "InvalidParameterValue": _VALUE,
    "InvalidParameterValueException": _VALUE,
    "InvalidRequest": _VALUE,
    "InvalidTag": "correct the tag: keys have 1 to 128 characters, values up to 256, and neither begins with aws:",
    "MalformedPolicy": "correct the policy: its principals and resources must exist, its actions must fit the resource",
    "MalformedPolicyDocument": "correct the policy: its principals and resources must exist, its actions must fit the resource",
    "ValidationError": _VALUE,
    "ValidationException": _VALUE,
    "OptInRequired": "enable the service or the region for this account",
    "TagLimitExceeded": "take tags away: AWS keeps 50 at a resource, those of the controller included",
}
_BY_MEANING: Final[Mapping[Meaning, str]] = {
    Meaning.DENIED: "{who} may not do {action} on {what}: allow it in the policies of both, unless it belongs to another account",
    Meaning.CREDENTIALS: "{who} has no valid AWS credentials, or may not assume the role",
    Meaning.NOT_IMPLEMENTED: "the AWS endpoint does not offer {operation}",
    Meaning.THROTTLED: "AWS accepts no more {operation} for now; it is tried again by itself",
    Meaning.TERMINAL: "{change}",
}
_FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf AWS was asked: the role's ARN ("" is the controller itself), and the object, such as "Bucket default/b"."""

    role: str = ""
    about: str = ""


UNNAMED: Final = Asker()
"""Nobody in particular."""


def advice(descriptor: Descriptor, error: AwsError, found: Verdict, asker: Asker) -> str:
    """What to do about the error; "" where waiting is all."""
    own = [text for code, text in descriptor.definition.advice.items() if matches(error, code)]
    general = [text for code, text in _BY_CODE.items() if code in codes(error)]
    if found.meaning is Meaning.TERMINAL and (known := [*own, *general]):
        return known[0]
    return _BY_MEANING.get(found.meaning, "").format(
        who=asker.role or found.principal or "the controller's own AWS identity",
        action=found.action or f"{error.service}:{error.operation}",
        what=_object(asker.about, found.resource),
        operation=error.operation,
        change=_change(descriptor, error.operation),
    )


def _change(descriptor: Descriptor, operation: str) -> str:
    """What of the spec AWS was given with an operation that it refuses."""
    used = [usage for usage in descriptor.operations() if usage.operation == operation]
    if any(usage.role is Role.DELETE for usage in used):
        return "remove what AWS names, or let AWS keep it with the annotation services.k8s.aws/deletion-policy: retain"
    written = [path for usage in used if usage.role is not Role.READ for path in usage.paths]
    fields = dict.fromkeys(path.partition(".")[0] for path in written or (descriptor.identifiers if used else ()))
    return f"correct {', '.join(f'spec.{name}' for name in fields)}" if 0 < len(fields) <= _FEW else "correct the spec"


def _object(about: str, resource: str) -> str:
    return f"{about} ({resource})" if about and resource else about or resource or "the resource"
