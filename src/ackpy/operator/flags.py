"""Every flag of the controllers, as a table: `ackpy run --help`, `ackpy up`, the docs and chart values are made of it.

Names, variables, defaults and meanings are ACK's (runtime contract, sections 17 and 18), beside a few of our own. `options` turns
the values into settings; here stands how each text is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeAlias

from ackpy.operator import syntax
from ackpy.operator.gates import GATES

Raw: TypeAlias = str | Sequence[str]
"""What a command line or a variable holds of a flag: a text; of a REPEATED one, the text of each occurrence."""

DEFAULT_TAGS: Final = (
    "services.k8s.aws/controller-version=%CONTROLLER_SERVICE%-%CONTROLLER_VERSION%,"
    "services.k8s.aws/namespace=%K8S_NAMESPACE%"
)
LOG_LEVELS: Final = ("debug", "info", "warn", "error", "dpanic", "panic", "fatal")


class Kind(Enum):
    """How a flag's text is read. LIST has commas; REPEATED too, and may be given several times, which adds up."""

    TEXT = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    DURATION = auto()
    LIST = auto()
    REPEATED = auto()


_READERS: Final[Mapping[Kind, Callable[[str, Any], Any]]] = {
    Kind.TEXT: lambda _flag, text: text,
    Kind.NUMBER: syntax.number,
    Kind.BOOLEAN: syntax.boolean,
    Kind.DURATION: syntax.duration,
    Kind.LIST: lambda _flag, text: syntax.split(text),
    Kind.REPEATED: lambda _flag, texts: tuple(entry for text in texts for entry in syntax.split(text)),
}


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: `name` without dashes, `default` as one would type it, `variable` the environment variable that sets it ("" none).

    `short` is its letter, if it has one; a `hidden` flag is not in the help, for nobody should start to use it.
    """

    name: str
    kind: Kind
    default: str
    group: str
    help: str
    variable: str = ""
    metavar: str = ""
    short: str = ""
    hidden: bool = False

    @property
    def field(self) -> str:
        """The name as an identifier, as click and `options.parse` spell it."""
        return self.name.replace("-", "_")

    @property
    def raw_default(self) -> Raw:
        """The default in the form that `read` takes."""
        return (self.default,) if self.kind is Kind.REPEATED else self.default

    def read(self, raw: Raw) -> Any:
        """The value: str, int, bool, seconds as float, or a tuple of str. ConfigError names the flag."""
        return _READERS[self.kind](f"--{self.name}", raw)


TEXT, NUMBER, BOOLEAN, DURATION, LIST, REPEATED = Kind
WHAT, CLUSTER, AWS, BEHAVIOUR, PACE, REPLICAS, PROCESS, GO = (
    "What to run",
    "Cluster",
    "AWS",
    "Behaviour",
    "Pace",
    "Several replicas",
    "Process",
    "Logging flags of Go's programs",
)


def _go(name: str, help: str, kind: Kind = TEXT, default: str = "", metavar: str = "", short: str = "") -> Flag:  # noqa: A002
    """A flag of zap or klog that an existing Deployment may have among its arguments."""
    return Flag(name, kind, default, GO, help, metavar=metavar, short=short, hidden=True)


_SILENT: Final = "Accepted; has no effect."

FLAGS: tuple[Flag, ...] = (
    Flag("services", LIST, "", WHAT, "Services to run; all when left out.", "ACKPY_SERVICES", "LIST"),
    Flag(
        "reconcile-resources",
        LIST,
        "",
        WHAT,
        "Kinds to reconcile, such as Bucket or s3.Bucket; all when left out.",
        "RECONCILE_RESOURCES",
        "LIST",
    ),
    Flag("watch-namespace", LIST, "", WHAT, "Namespaces to watch; all when left out.", "ACK_WATCH_NAMESPACE", "LIST"),
    Flag(
        "watch-selectors",
        TEXT,
        "",
        WHAT,
        "Label selector of the objects to reconcile.",
        "ACK_WATCH_SELECTORS",
        "SELECTOR",
    ),
    Flag(
        "kubeconfig",
        TEXT,
        "",
        CLUSTER,
        "A kubeconfig file; else KUBECONFIG, else the Pod's service account.",
        metavar="FILE",
    ),
    Flag("aws-region", TEXT, "", AWS, "The region of resources that name none. Required.", "AWS_REGION", "REGION"),
    Flag("aws-endpoint-url", TEXT, "", AWS, "Another endpoint than AWS's own.", "AWS_ENDPOINT_URL", "URL"),
    Flag(
        "aws-identity-endpoint-url",
        TEXT,
        "",
        AWS,
        "Another endpoint for STS alone.",
        "AWS_IDENTITY_ENDPOINT_URL",
        "URL",
    ),
    Flag(
        "allow-unsafe-aws-endpoint-urls",
        BOOLEAN,
        "false",
        AWS,
        "Accept an endpoint URL that is not https.",
        "ALLOW_UNSAFE_AWS_ENDPOINT_URLS",
    ),
    Flag(
        "allowed-endpoint-hosts",
        LIST,
        "",
        AWS,
        "Hosts beside AWS's own that a namespace's endpoint-url may name: host, host:port or *.domain.",
        "ACKPY_ALLOWED_ENDPOINT_HOSTS",
        "LIST",
    ),
    Flag("aws-endpoint-use-path-style", BOOLEAN, "false", AWS, "Address S3 buckets by path, not by host name."),
    Flag(
        "http-client-timeout",
        DURATION,
        "60s",
        AWS,
        "How long one attempt of an AWS call may take; 0 is for ever.",
        metavar="DURATION",
    ),
    Flag(
        "deletion-policy",
        TEXT,
        "delete",
        BEHAVIOUR,
        "What deleting an object does to AWS: delete or retain.",
        "DELETION_POLICY",
        "POLICY",
    ),
    Flag(
        "resource-tags",
        REPEATED,
        DEFAULT_TAGS,
        BEHAVIOUR,
        "Tags that every AWS resource gets, KEY=TEMPLATE.",
        "ACK_RESOURCE_TAGS",
        "LIST",
    ),
    Flag("enable-carm", BOOLEAN, "true", BEHAVIOUR, "Let namespaces name the AWS account that owns their resources."),
    Flag("enable-cross-namespace", BOOLEAN, "true", BEHAVIOUR, "Let references lead to other namespaces."),
    Flag(
        "late-initialize",
        TEXT,
        "minimal",
        BEHAVIOUR,
        "Into which fields that were left out AWS's values are written: minimal (those that clients read) or ack (as ACK does).",
        "ACKPY_LATE_INITIALIZE",
        "WHICH",
    ),
    Flag("enable-field-export-reconciler", BOOLEAN, "true", BEHAVIOUR, "Run the controller of FieldExport."),
    Flag(
        "feature-gates",
        LIST,
        "",
        BEHAVIOUR,
        f"Features to turn on or off, NAME=true or NAME=false: {', '.join(gate.name for gate in GATES)}.",
        "FEATURE_GATES",
        "LIST",
    ),
    Flag(
        "reconcile-default-resync-seconds",
        NUMBER,
        "0",
        PACE,
        "How often a synced resource is compared with AWS; 0 is ten hours.",
        "RECONCILE_DEFAULT_RESYNC_SECONDS",
        "N",
    ),
    Flag(
        "reconcile-resource-resync-seconds",
        REPEATED,
        "",
        PACE,
        "The same for one kind, KIND=N; may be given several times.",
        "RECONCILE_RESOURCE_RESYNC_SECONDS",
        "KIND=N",
    ),
    Flag(
        "reconcile-default-max-concurrent-syncs",
        NUMBER,
        "8",
        PACE,
        "How many objects of a kind are worked on at once.",
        "RECONCILE_DEFAULT_MAX_CONCURRENT_SYNCS",
        "N",
    ),
    Flag(
        "reconcile-resource-max-concurrent-syncs",
        REPEATED,
        "",
        PACE,
        "The same for one kind, KIND=N; may be given several times.",
        "RECONCILE_RESOURCE_MAX_CONCURRENT_SYNCS",
        "KIND=N",
    ),
    Flag("enable-leader-election", BOOLEAN, "false", REPLICAS, "Act only while holding a Lease."),
    Flag(
        "leader-election-namespace",
        TEXT,
        "",
        REPLICAS,
        "Where Leases are; the Pod's own namespace when left out.",
        "LEADER_ELECTION_NAMESPACE",
        "NAMESPACE",
    ),
    Flag(
        "leader-election-id",
        TEXT,
        "ackpy",
        REPLICAS,
        "The Lease's name: one for each set of replicas.",
        "ACKPY_LEADER_ELECTION_ID",
        "NAME",
    ),
    Flag(
        "ack-leases",
        BOOLEAN,
        "false",
        REPLICAS,
        "Hold ACK's Lease of each service too, so that its Go controller never acts beside us.",
        "ACKPY_ACK_LEASES",
    ),
    Flag(
        "metrics-addr",
        TEXT,
        "",
        PROCESS,
        "Where /metrics is served, port 8080 when left out; 0 is off.",
        metavar="HOST:PORT",
    ),
    Flag(
        "healthz-addr",
        TEXT,
        "",
        PROCESS,
        "Where /healthz and /readyz are served, port 8081 when left out; 0 is off.",
        metavar="HOST:PORT",
    ),
    Flag(
        "max-watch-silence",
        DURATION,
        "10m",
        PROCESS,
        "How long the API server may say nothing of a kind until /healthz fails.",
        metavar="DURATION",
    ),
    Flag(
        "shutdown-grace",
        DURATION,
        "20s",
        PROCESS,
        "How long work under way may go on after a SIGTERM.",
        metavar="DURATION",
    ),
    Flag("log-level", TEXT, "info", PROCESS, f"One of {', '.join(LOG_LEVELS)}.", "ACK_LOG_LEVEL", "LEVEL"),
    Flag("enable-development-logging", BOOLEAN, "false", PROCESS, "Log lines for people instead of JSON."),
    Flag(
        "enable-webhook-server",
        BOOLEAN,
        "false",
        PROCESS,
        "Accepted for ACK's manifests; there are no webhooks to serve.",
    ),
    Flag("webhook-server-addr", TEXT, "0.0.0.0:9433", PROCESS, "Accepted for ACK's manifests.", metavar="HOST:PORT"),
    _go(
        "zap-log-level",
        "Goes before --log-level: debug, info, error, panic, or a number, which is debug.",
        metavar="LEVEL",
    ),
    _go("zap-devel", "The same as --enable-development-logging.", BOOLEAN, "false"),
    _go("zap-encoder", "json, or console: log lines for people.", metavar="FORM"),
    _go("zap-stacktrace-level", _SILENT, metavar="LEVEL"),
    _go("zap-time-encoding", _SILENT, metavar="FORM"),
    _go("v", "Verbosity; 4 and more is --log-level=debug.", NUMBER, "0", "N", short="v"),
    _go("vmodule", _SILENT, metavar="LIST"),
    _go("log_backtrace_at", _SILENT, metavar="PLACE"),
    _go("log_dir", _SILENT, metavar="DIR"),
    _go("log_file", _SILENT, metavar="FILE"),
    _go("log_file_max_size", _SILENT, metavar="N"),
    _go("logtostderr", "Accepted; the log goes there anyway.", BOOLEAN, "true"),
    _go("alsologtostderr", _SILENT, BOOLEAN, "false"),
    _go("stderrthreshold", _SILENT, metavar="LEVEL"),
    _go("add_dir_header", _SILENT, BOOLEAN, "false"),
    _go("skip_headers", _SILENT, BOOLEAN, "false"),
    _go("skip_log_headers", _SILENT, BOOLEAN, "false"),
    _go("one_output", _SILENT, BOOLEAN, "false"),
)


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that is no flag's."""

    name: str
    help: str


VARIABLES: tuple[Variable, ...] = (
    Variable("ACK_SYSTEM_NAMESPACE", "The namespace of the controller, where its ConfigMaps are."),
    Variable("K8S_NAMESPACE", "The same, where ACK_SYSTEM_NAMESPACE is not set; ack-system when neither is."),
    Variable("AWS_PROFILE", "The profile of the AWS configuration to take credentials from. Read by the AWS SDK."),
    Variable("AWS_SHARED_CREDENTIALS_FILE", "The file that holds AWS credentials. Read by the AWS SDK."),
)
