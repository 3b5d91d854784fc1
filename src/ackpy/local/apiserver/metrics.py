"""Requests -> the counter of kube-apiserver's name, as Prometheus text; kept by `app`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

if TYPE_CHECKING:
    from ackpy.local.apiserver.request import Request, ResourcePath

LABELS = ("verb", "group", "version", "resource", "subresource", "scope", "dry_run", "code")
COLLECTION_VERBS = {"GET": "LIST", "DELETE": "DELETECOLLECTION"}


class Metrics:
    """`apiserver_request_total` and `apiserver_current_watches`, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("apiserver_request_total", "Requests answered.", LABELS, registry=self._registry)
        self.watches = Gauge("apiserver_current_watches", "Watches that are open.", registry=self._registry)

    def count(self, request: Request, target: ResourcePath | None, code: int) -> None:
        """Count one answer."""
        self._requests.labels(
            verb=verb_of(request, target),
            group=target.group if target else "",
            version=target.version if target else "",
            resource=target.plural if target else "",
            subresource=target.subresource if target else request.path,
            scope=_scope(target),
            dry_run=request.query.get("dryRun", ""),
            code=str(code),
        ).inc()

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)


def verb_of(request: Request, target: ResourcePath | None) -> str:
    """The verb as kube-apiserver's metrics name it: LIST, WATCH and APPLY beside the HTTP methods."""
    if target is None:
        return request.method
    if request.method == "GET" and request.query.get("watch", "").lower() in ("1", "t", "true"):
        return "WATCH"
    if request.method == "PATCH" and request.content_type == "application/apply-patch+yaml":
        return "APPLY"
    return request.method if target.name else COLLECTION_VERBS.get(request.method, request.method)


def _scope(target: ResourcePath | None) -> str:
    if target is None:
        return ""
    if target.name:
        return "resource"
    return "namespace" if target.namespace else "cluster"
