"""The registry -> OpenAPI v3 documents, one for each group version; called by `app`.

kubectl learns from them which fields a kind has (explain), that the server validates fields itself (the `fieldValidation` parameter
of PATCH), and which lists merge by which key (strategic merge).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from ackpy.local.apiserver.schemas import LIST_META, OBJECT_META
from ackpy.local.apiserver.writes import accepted_patches

if TYPE_CHECKING:
    from ackpy.local.apiserver.kinds import Kind, Schema
    from ackpy.local.apiserver.registry import Registry

Json = dict[str, Any]

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
ANY_OBJECT: Schema = {"type": "object"}
WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
LIST_PARAMETERS = ("allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion",
                   "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch")  # fmt: skip
# Operation -> action, parameters.
ITEM_OPERATIONS = {
    "get": ("get", ()),
    "put": ("put", WRITE_PARAMETERS),
    "patch": ("patch", (*WRITE_PARAMETERS, "force")),
    "delete": ("delete", ("dryRun", "gracePeriodSeconds", "propagationPolicy")),
}
STATUS_OPERATIONS = {name: ITEM_OPERATIONS[name] for name in ("get", "put", "patch")}
COLLECTION_OPERATIONS = {
    "get": ("list", LIST_PARAMETERS),
    "post": ("post", WRITE_PARAMETERS),
    "delete": ("deletecollection", LIST_PARAMETERS),
}

# OpenAPI v2, which kubectl still asks for before it writes a `kind: List`. We publish no schema there: what it finds no schema for it
# leaves to the server's own validation. client-go wants gnostic's protobuf (Document: 1 swagger, 2 info {1 title, 2 version}).
V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
V2_DOCUMENT: Json = {"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1"}, "paths": {}, "definitions": {}}
V2_DOCUMENT_PROTOBUF = b"\x0a\x032.0\x12\x10\x0a\x0aKubernetes\x12\x02v1"


class Documents:
    """The documents of a registry, made when asked for and kept until the registry changes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._generation = -1
        self._made: dict[str, bytes] = {}

    def index(self) -> Json:
        """The answer to GET /openapi/v3."""
        paths = {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={self._hash(path)}"} for path in self._paths()}
        return {"paths": paths}

    def document(self, path: str) -> bytes | None:
        """The document of `api/v1` or `apis/GROUP/VERSION`; None when there is none."""
        if self._generation != self._registry.generation:
            self._made, self._generation = {}, self._registry.generation
        if path not in self._made:
            kinds = self._paths().get(path)
            if kinds is None:
                return None
            self._made[path] = orjson.dumps(_document(kinds))
        return self._made[path]

    def _paths(self) -> dict[str, list[Kind]]:
        found: dict[str, list[Kind]] = {}
        for kind in self._registry.kinds():
            found.setdefault(_prefix(kind).strip("/"), []).append(kind)
        return found

    def _hash(self, path: str) -> str:
        return hashlib.sha256(self.document(path) or b"").hexdigest().upper()


def _document(kinds: list[Kind]) -> Json:
    schemas: Json = {f"{META}.ObjectMeta": OBJECT_META, f"{META}.ListMeta": LIST_META, f"{META}.Patch": ANY_OBJECT}
    paths: Json = {}
    for kind in kinds:
        schemas |= _schemas(kind)
        paths |= _kind_paths(kind)
    info = {"title": "Kubernetes", "version": "v1.35.0"}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _schemas(kind: Kind) -> Json:
    name = _schema_name(kind)
    whole = {**kind.schema, "properties": {**kind.schema["properties"], "metadata": _reference(f"{META}.ObjectMeta")}}
    items = {"type": "array", "items": _reference(name)}
    properties: Json = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "items": items}
    properties["metadata"] = _reference(f"{META}.ListMeta")
    listed = {"type": "object", "required": ["items"], "properties": properties}
    gvk = [{"group": kind.group, "version": kind.version, "kind": kind.list_name}]
    return {name: whole, f"{name}List": {**listed, "x-kubernetes-group-version-kind": gvk}}


def _kind_paths(kind: Kind) -> Json:
    namespaced = f"{_prefix(kind)}/namespaces/{{namespace}}/{kind.plural}"
    everywhere = f"{_prefix(kind)}/{kind.plural}"
    collection = namespaced if kind.namespaced else everywhere
    if not kind.stored:
        return {collection: _operations(kind, {"post": COLLECTION_OPERATIONS["post"]}, collection)}
    item = f"{collection}/{{name}}"
    paths = {
        collection: _operations(kind, COLLECTION_OPERATIONS, collection),
        item: _operations(kind, ITEM_OPERATIONS, item),
    }
    if kind.namespaced:
        paths[everywhere] = _operations(kind, {"get": COLLECTION_OPERATIONS["get"]}, everywhere)
    if kind.status:
        paths[f"{item}/status"] = _operations(kind, STATUS_OPERATIONS, f"{item}/status")
    return paths


def _operations(kind: Kind, operations: dict[str, tuple[str, tuple[str, ...]]], path: str) -> Json:
    in_path = [name for name in ("namespace", "name") if f"{{{name}}}" in path]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
    made = {method: _operation(kind, method, *operation) for method, operation in operations.items()}
    return {"parameters": parameters, **made} if parameters else made


def _operation(kind: Kind, method: str, action: str, parameters: tuple[str, ...]) -> Json:
    name = _schema_name(kind) + ("List" if action == "list" else "")
    operation: Json = {
        "operationId": f"{action}{kind.kind}",
        "parameters": [{"name": p, "in": "query", "schema": {"type": "string"}} for p in parameters],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": _reference(name)}}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    }
    if method in ("post", "put"):
        operation["requestBody"] = _body(["*/*"], name)
    if method == "patch":
        strategic = kind.custom or kind.strategic
        types = [t for t in accepted_patches(kind) if strategic or "strategic" not in t]
        operation["requestBody"] = _body(types, f"{META}.Patch")
    return operation


def _body(media_types: list[str], name: str) -> Json:
    return {"required": True, "content": {media: {"schema": _reference(name)} for media in media_types}}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _schema_name(kind: Kind) -> str:
    if kind.custom:
        return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])
    return f"io.k8s.api.{kind.group.split('.')[0] or 'core'}.{kind.version}.{kind.kind}"


def _prefix(kind: Kind) -> str:
    return f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
