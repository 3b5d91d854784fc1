"""A request for a resource -> its answer or stream; called by `app`.

The verb follows from the method and from whether the path has a name; the table below says who answers it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver import deletion, intake, reads, writes
from ackpy.local.apiserver.builtin_kinds import NAMESPACES
from ackpy.local.apiserver.options import delete_options, list_options, write_options
from ackpy.local.apiserver.patch import APPLY_PATCH
from ackpy.local.apiserver.representation import JSON, Form, form_of, show_object, show_page
from ackpy.local.apiserver.reviews import reviewed
from ackpy.local.apiserver.status import (
    ApiError,
    method_not_allowed,
    no_such_resource,
    not_found,
    unsupported_media_type,
)
from ackpy.local.apiserver.watch import Watch
from ackpy.local.apiserver.writes import Target, Written

if TYPE_CHECKING:
    from collections.abc import Callable

    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.local.apiserver.kinds import Kind
    from ackpy.local.apiserver.request import Request, ResourcePath

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `warnings` become Warning headers."""

    body: Json | bytes = field(repr=False)
    code: int = 200
    media_type: str = JSON
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stream:
    """A watch to be streamed."""

    watch: Watch
    kind: Kind
    form: Form
    code: int = 200


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a kind that is there."""

    cluster: Cluster
    request: Request
    kind: Kind
    namespace: str
    name: str
    subresource: str

    @property
    def target(self) -> Target:
        """What a write is to."""
        return Target(self.kind, self.namespace, self.name, self.subresource)

    @property
    def form(self) -> Form:
        """How the client wants objects shown."""
        return form_of(self.request.headers.get("accept", ""), self.request.query.get("includeObject", ""))

    @property
    def user_agent(self) -> str:
        """The client's own name for itself."""
        return self.request.headers.get("user-agent", "")


def answer_resource(cluster: Cluster, request: Request, path: ResourcePath) -> Answer | Stream:
    """Answer a request whose path names a resource; raises 404 and 405 for what is not there."""
    kind = cluster.registry.find(path.group, path.version, path.plural)
    if kind is None or (path.namespace and not kind.namespaced):
        raise no_such_resource()
    call = Call(cluster, request, kind, path.namespace, path.name, path.subresource)
    if not kind.stored:
        return _review(call)
    _check_subresource(call)
    handlers = _ON_OBJECT if path.name else _ON_COLLECTION
    handler = handlers.get(request.method)
    if handler is None or (path.subresource and request.method not in ("GET", "PUT", "PATCH")):
        raise method_not_allowed()
    if kind.namespaced and not path.namespace and (path.name or request.method != "GET"):
        raise method_not_allowed()
    return handler(call)


def _check_subresource(call: Call) -> None:
    known = call.subresource == "" or (call.subresource == "status" and call.kind.status)
    if not known and not (call.subresource == "finalize" and call.kind is NAMESPACES):
        raise not_found(call.kind.group, call.kind.plural, call.name)


def _get(call: Call) -> Answer:
    obj = reads.get(call.cluster, call.kind, call.namespace, call.name)
    return _shown(call, obj)


def _list(call: Call) -> Answer | Stream:
    options = list_options(call.request.query)
    if options.watch:
        matches = reads.tests(call.kind, options)
        watch = Watch(call.cluster, call.kind, call.namespace, options, matches)
        return Stream(watch, call.kind, call.form)
    page = reads.list_page(call.cluster, call.kind, call.namespace, options)
    form = call.form
    return Answer(show_page(page, call.kind, form, call.cluster.clock()), media_type=form.media_type())


def _create(call: Call) -> Answer:
    options = write_options("create", call.request.query, call.user_agent)
    body = intake.decode(call.request.body, call.request.content_type, call.kind)
    return _written(call, writes.create(call.cluster, call.target, body, options))


def _replace(call: Call) -> Answer:
    options = write_options("update", call.request.query, call.user_agent)
    body = intake.decode(call.request.body, call.request.content_type, call.kind)
    return _written(call, writes.replace(call.cluster, call.target, body, options))


def _patch(call: Call) -> Answer:
    content_type = call.request.content_type
    if content_type not in writes.accepted_patches(call.kind):
        raise unsupported_media_type(writes.accepted_patches(call.kind))
    is_apply = content_type == APPLY_PATCH
    options = write_options("patch", call.request.query, call.user_agent, apply=is_apply)
    body = intake.parse(call.request.body, yaml_allowed=is_apply, what="error decoding patch")
    return _written(call, writes.patch(call.cluster, call.target, body, content_type, options))


def _delete(call: Call) -> Answer:
    options = delete_options(call.request.query, _delete_body(call))
    done = deletion.delete(call.cluster, call.kind, call.namespace, call.name, options)
    return Answer(done) if done["kind"] == "Status" else _shown(call, done)


def _delete_collection(call: Call) -> Answer:
    options = delete_options(call.request.query, _delete_body(call))
    chosen = replace(list_options(call.request.query), limit=0, token="")
    page = reads.list_page(call.cluster, call.kind, call.namespace, chosen)
    refusals: list[ApiError] = []
    with call.cluster.together():
        for item in page.items:
            metadata = item["metadata"]
            try:
                deletion.delete(call.cluster, call.kind, metadata.get("namespace", ""), metadata["name"], options)
            except ApiError as refusal:  # one that may not be deleted does not keep the others
                refusals.append(refusal)
    if refusals:
        raise refusals[0]
    return Answer(show_page(page, call.kind, Form(), call.cluster.clock()))


def _delete_body(call: Call) -> Json:
    if not call.request.body:
        return {}
    return intake.decode(call.request.body, call.request.content_type, call.kind)


def _review(call: Call) -> Answer:
    if call.request.method != "POST" or call.name:
        raise method_not_allowed()
    body = intake.decode(call.request.body, call.request.content_type, call.kind)
    return Answer(reviewed(body, call.kind), code=201)


def _shown(call: Call, obj: Json, code: int = 200, warnings: list[str] | None = None) -> Answer:
    form = call.form
    shown = show_object(obj, call.kind, form, call.cluster.clock())
    return Answer(shown, code, form.media_type(), warnings or [])


def _written(call: Call, written: Written) -> Answer:
    return _shown(call, written.obj, 201 if written.created else 200, written.warnings)


_ON_OBJECT: dict[str, Callable[[Call], Answer | Stream]] = {
    "GET": _get,
    "PUT": _replace,
    "PATCH": _patch,
    "DELETE": _delete,
}
_ON_COLLECTION: dict[str, Callable[[Call], Answer | Stream]] = {
    "GET": _list,
    "POST": _create,
    "DELETE": _delete_collection,
}
