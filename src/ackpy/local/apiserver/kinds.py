"""The value that says what the server knows of one version of one kind; made by `builtins_` and `crd`, read everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

READ_VERBS = ("get", "list", "watch")
ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`: `path` is a JSONPath without braces; a priority above 0 shows with `-o wide` only.

    `render` names how a cell is made (see `representation`): the value found, its size, a time, KIND/NAME of a reference.
    """

    name: str
    type: str
    path: str
    description: str = ""
    format: str = ""
    priority: int = 0
    render: str = "value"


AGE = Column("Age", "date", ".metadata.creationTimestamp")


@dataclass(frozen=True, slots=True)
class Kind:
    """One served version of a kind.

    `schema` is OpenAPI v3 of the whole object. `custom` kinds come from a CustomResourceDefinition. `stored_group` is the
    group under which objects are kept when two groups serve the same ones. `renames` maps this version's field names to the
    stored ones. `selectable` are the paths that a field selector may name besides metadata.name and metadata.namespace.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    schema: Schema
    list_kind: str = ""
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = (AGE,)
    status: bool = False
    scale: Schema | None = None
    custom: bool = False
    stored: bool = True
    storage_version: str = ""
    stored_group: str | None = None
    renames: dict[str, str] = field(default_factory=dict)
    selectable: tuple[str, ...] = ()
    has_rules: bool = False
    generation: bool = True
    strategic: bool = False
    verbs: tuple[str, ...] = ALL_VERBS

    @property
    def api_version(self) -> str:
        """GROUP/VERSION, or VERSION for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """PLURAL.GROUP as errors name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def stored_resource(self) -> str:
        """The key of the resource in the storage."""
        group = self.group if self.stored_group is None else self.stored_group
        return f"{self.plural}.{group}" if group else self.plural

    @property
    def list_name(self) -> str:
        """The kind of a list of these."""
        return self.list_kind or f"{self.kind}List"

    @property
    def singular_name(self) -> str:
        """The name in the singular, lower case."""
        return self.singular or self.kind.lower()
