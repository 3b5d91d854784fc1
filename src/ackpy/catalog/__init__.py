"""The kinds that ackpy knows: one folder a service, one file a kind, found by looking into the package.

A file that holds a `Resource` in a module-level name is a kind; files that end in `_hooks` are not asked. `operator` and the command
line call `services` and `load`; a service's files are imported when it is loaded, not before.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

from ackpy.errors import ConfigError
from ackpy.model.definition import Resource


def services() -> tuple[str, ...]:
    """Every service by ACK's alias ("s3"), sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def load(names: Iterable[str]) -> tuple[Resource, ...]:
    """The definitions of those services, by service in the order given, then by kind; a name given twice counts once.

    ConfigError names the unknown services and lists the known ones.
    """
    wanted = tuple(dict.fromkeys(names))
    unknown = sorted(set(wanted) - set(services()))
    if unknown:
        raise ConfigError(f"unknown service {', '.join(unknown)}: choose from {', '.join(services())}")
    return tuple(resource for name in wanted for resource in sorted(_definitions(name), key=lambda each: each.kind))


def _definitions(service: str) -> Iterator[Resource]:
    package = importlib.import_module(f"{__name__}.{service}")
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("_hooks"):
            module = importlib.import_module(found.name)
            yield from (value for value in vars(module).values() if isinstance(value, Resource))
