"""The errors of a pass -> one report, one Event and the time of the next try. Pure; `aws.classify` says what each error means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ackpy.aws.classify import Meaning, Verdict, classify
from ackpy.aws.failures import NoCredentials
from ackpy.controllers.advice import UNNAMED, Asker, advice
from ackpy.errors import AwsApiError, AwsError
from ackpy.model.descriptor import Descriptor

CREDENTIALS_SECONDS: Final = 5.0
_EVENTS: Final = {
    Meaning.THROTTLED: "Throttled",
    Meaning.TERMINAL: "Refused",
    Meaning.DENIED: "AccessDenied",
    Meaning.CREDENTIALS: "NoCredentials",
    Meaning.NOT_IMPLEMENTED: "NotImplemented",
    Meaning.UNREACHABLE: "Unreachable",
    Meaning.AMBIGUOUS: "Unreachable",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, all of it: `terminal` when trying again soon is no use. `event` is the Event's reason, `detail` its message.

    `slow`: no condition of the object's own, yet not worth trying soon. `after` are the seconds that the definition asks for.
    """

    text: str
    terminal: bool
    slow: bool
    event: str
    detail: str
    advice: str
    after: float
    error: AwsError


def fault(descriptor: Descriptor, errors: Sequence[AwsError], asker: Asker = UNNAMED) -> Fault:
    """Several errors as one; the gravest gives the Event its reason. `asker` is whom the advice is for."""
    verdicts = [(error, verdict(descriptor, error)) for error in errors]
    first, gravest = next((pair for pair in verdicts if pair[1].meaning is Meaning.TERMINAL), verdicts[0])
    meanings = {each.meaning for _, each in verdicts}
    return Fault(
        text="; ".join(dict.fromkeys(str(error) for error in errors)),
        terminal=Meaning.TERMINAL in meanings,
        slow=meanings == {Meaning.NOT_IMPLEMENTED},
        event=_EVENTS.get(gravest.meaning, "Failed"),
        detail="; ".join(_detail(error) for error in errors),
        advice=advice(descriptor, first, gravest, asker),
        after=max(_pause(each, each_verdict) for each, each_verdict in verdicts),
        error=first,
    )


def _pause(error: AwsError, found: Verdict) -> float:
    """Seconds that something asks for. A role that may be assumed at last tells nobody, so that it is asked again soon."""
    return CREDENTIALS_SECONDS if isinstance(error, NoCredentials) else found.after


def verdict(descriptor: Descriptor, error: AwsError) -> Verdict:
    """What an error means for this kind."""
    definition = descriptor.definition
    return classify(error, not_found=definition.not_found, retry=definition.retry, terminal=definition.terminal)


def _detail(error: AwsError) -> str:
    """For an Event, which may say what changes from try to try."""
    request = f" (request {error.request_id})" if isinstance(error, AwsApiError) and error.request_id else ""
    return f"{error.operation}: {error}{request}"
