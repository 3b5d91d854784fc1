"""All state of one account as plain values, to compare: what we keep and what moto keeps. Called by the front.

Two equal snapshots mean that nothing was changed in between. moto's objects are walked by their attributes; what a mere
read changes (when a key was last used, caches, page tokens) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from enum import Enum
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.iam.models import AWSManagedPolicy

if TYPE_CHECKING:
    from ackpy.local.cloud.call import State

_CHANGED_BY_READS = frozenset({"last_used", "_pagination_tokens", "aws_managed_policies"})
_IN_USE: list[BackendDict[Any]] = BackendDict._instances  # type: ignore[misc]  # noqa: SLF001  # moto's only such list
_SCALARS = (str, int, float, bool, type(None))
_DEEPEST = 24


def snapshot(account: str, state: State) -> dict[str, Any]:
    """The account's state: `kept` by us and `moto`'s, by service and region. Values are JSON's."""
    moto: dict[str, Any] = {}
    for service in list(_IN_USE):
        for region, backend in service.get(account, {}).items() if account in service else ():
            content = _attributes(backend, [])
            if content:
                moto.setdefault(service.service_name, {})[region] = content
    return {"kept": _plain(state.of_account(account), []), "moto": moto}


def _attributes(thing: Any, above: list[int]) -> dict[str, Any]:
    """The object's attributes without those that reading changes and those that are empty."""
    values = vars(thing)
    names = sorted(name for name in values if name not in _CHANGED_BY_READS)
    plain = ((name, _plain(values[name], above)) for name in names)
    skipped = {"account_id", "region_name", "partition"} if isinstance(thing, BaseBackend) else set()
    return {name: value for name, value in plain if name not in skipped and value not in (None, {}, [], "")}


def _plain(value: Any, above: list[int]) -> Any:
    """The value as JSON has it; objects that contain themselves are cut at the second meeting."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, date):
        return value.isoformat()
    if id(value) in above or len(above) > _DEEPEST:
        return f"<{type(value).__name__} above>"
    return _composite(value, [*above, id(value)])


def _composite(value: Any, above: list[int]) -> Any:
    if isinstance(value, Mapping):
        named = sorted(
            ((str(name), item) for name, item in value.items() if not _is_untouched(item)), key=itemgetter(0)
        )
        return {name: _plain(item, above) for name, item in named}
    if isinstance(value, (list, tuple)):
        return [_plain(item, above) for item in value]
    if isinstance(value, AbstractSet):
        return sorted(str(_plain(item, above)) for item in value)
    if isinstance(value, AWSManagedPolicy):
        return f"{value.arn} attached {value.attachment_count} times"
    if isinstance(value, BaseBackend):
        return f"<{type(value).__name__}>"
    if hasattr(value, "read") and hasattr(value, "seek"):
        return _file(value)
    return (
        _attributes(value, above) if hasattr(value, "__dict__") and not callable(value) else str(type(value).__name__)
    )


def _is_untouched(value: Any) -> bool:
    """AWS's own policies are in every account: only those that somebody uses are the account's."""
    return isinstance(value, AWSManagedPolicy) and value.attachment_count == 0


def _file(file: Any) -> str:
    """A file that moto keeps an object's bytes in: its content, and its position as it was."""
    if file.closed:
        return ""
    position = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(position)
    return content.hex() if isinstance(content, bytes) else str(content)
