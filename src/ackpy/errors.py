"""The exception tree: everything that this project raises on purpose.

AckpyError
├── ConfigError              a flag, environment variable, file or data folder is wrong; the text says which and what to do
├── StackError               a process of the local stack ended, or did not start
├── DefinitionError          a catalog file says something that the AWS model does not hold (a bug of ours: found by compiling)
├── LeadershipLost           (runtime.leader) somebody else holds the Lease: this process must stop acting
├── KubeError                a call to the Kubernetes API server failed
│   ├── KubeUnreachable      no answer: refused, reset, timed out; whether the server acted is unknown
│   │   └── NotSent          (kube.errors) the request never left: the server has not acted
│   └── KubeApiError         an answer with a Status: code, reason, message
│       ├── NotFound         404
│       ├── Conflict         409 Conflict: somebody wrote in between
│       ├── AlreadyExists    409 AlreadyExists
│       ├── Gone             410: a watch or list position has expired; list again
│       ├── Invalid          422
│       └── Forbidden        401, 403
├── AwsError                 a call to AWS failed
│   ├── AwsUnreachable       no answer: whether AWS acted is unknown
│   │   ├── NotConnected     (aws.failures) no connection came about: AWS has not acted
│   │   └── NoAwsAnswer      (aws.failures) something answered that is not AWS: an HTML page, half a document
│   ├── AwsRefused           refused before signing
│   │   ├── NotAllowed       (aws.failures) an operation that this client may not call
│   │   ├── NoCredentials    (aws.failures) the credential chain has none
│   │   └── InvalidRequest   (aws.failures) AWS's model forbids the parameters; their values are left out
│   └── AwsApiError          an answer with a code: see ackpy.aws.classify for what it means
└── TerminalError            the object cannot be reconciled until somebody edits it
"""

from __future__ import annotations


class AckpyError(Exception):
    """The root: `except AckpyError` catches all of them and nothing else."""


class ConfigError(AckpyError):
    """A flag, variable, file or folder is wrong; the message names it, what was found and what to do."""


class StackError(AckpyError):
    """A process of the local stack ended or did not start; the message names it and gives its last log lines."""


class StartError(AckpyError):
    """The controllers cannot start, for a reason outside their settings; the message names it and says what to do."""


class DefinitionError(AckpyError):
    """A definition does not fit the AWS model; the message names the kind, the field path and the member."""


class KubeError(AckpyError):
    """A call to the Kubernetes API server failed."""


class KubeUnreachable(KubeError):
    """No answer came; whether the server acted is unknown."""


class KubeApiError(KubeError):
    """An answer with a Status object: `code` (HTTP), `reason` (CamelCase), `message`, and `details` as the server gave them."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, object] | None = None) -> None:
        super().__init__(f"{reason or code}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}


class NotFound(KubeApiError):
    """404."""


class Conflict(KubeApiError):
    """409 Conflict: the resourceVersion sent is no longer the latest."""


class AlreadyExists(KubeApiError):
    """409 AlreadyExists: an object of this name is there."""


class Gone(KubeApiError):
    """410: the resourceVersion asked for has expired; list again."""


class Invalid(KubeApiError):
    """422: the object does not fit its schema or breaks a rule; `details.causes` names the fields."""


class Forbidden(KubeApiError):
    """401 or 403."""


class AwsError(AckpyError):
    """A call to AWS failed: `service`, `operation`."""

    def __init__(self, message: str, *, service: str, operation: str) -> None:
        super().__init__(message)
        self.service = service
        self.operation = operation


class AwsUnreachable(AwsError):
    """No answer came (time-out, reset, refused connection, an answer that is no AWS answer): AWS may have acted."""


class AwsRefused(AwsError):
    """Never sent: the operation is not allowed here, there are no credentials, or botocore's model forbids the request."""


class AwsApiError(AwsError):
    """AWS answered with an error.

    `code` is the error code of the wire, `codes` all names it goes by (shape name, modelled code, query code), `status` the
    HTTP status, `detail` AWS's text, `request_id` for support. Its text is ACK's: "api error CODE: MESSAGE" without request id.
    """

    def __init__(
        self,
        *,
        service: str,
        operation: str,
        code: str,
        detail: str,
        status: int,
        codes: frozenset[str],
        request_id: str,
    ) -> None:
        super().__init__(f"api error {code}: {detail}", service=service, operation=operation)
        self.code = code
        self.codes = codes
        self.detail = detail
        self.status = status
        self.request_id = request_id


class TerminalError(AckpyError):
    """The object cannot be reconciled until its spec or annotations change; the message is the condition's message."""
