"""Which operation of a service is answered by whom: the table behind `ackpy services --emulation`.

What stands here is what is called, not what is right: a kind counts as working when what was written reads back.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import botocore.session
from moto.backends import ALT_SERVICE_NAMES
from moto.core.utils import camelcase_to_underscores

from ackpy.errors import ConfigError
from ackpy.local.cloud.authentication import Authenticator
from ackpy.local.cloud.call import Emulation, ServedBy, State
from ackpy.local.cloud.protocol import service_model
from ackpy.local.cloud.services import emulated

if TYPE_CHECKING:
    from collections.abc import Mapping

# services of botocore that moto has in a package of another name
_PACKAGES = {
    "application-autoscaling": "applicationautoscaling",
    "docdb": "rds",
    "neptune": "rds",
    "lambda": "awslambda",
}


@dataclass(frozen=True, slots=True)
class Row:
    """An operation, and who answers it: `moto`, `ours`, `mended` (ours around moto's), `missing` (501)."""

    operation: str
    served_by: ServedBy


def emulation(service: str) -> list[Row]:
    """The rows of a service of botocore, by operation. Raises ConfigError when botocore has no such service."""
    if service_model(service) is None:
        msg = f"botocore knows no service {service!r}: see `ackpy services`"
        raise ConfigError(msg)
    names = botocore.session.Session().get_service_model(service).operation_names  # moto's model has some of its own
    ours = _emulated().get(service, Emulation({}))
    by_moto = _methods(service) if ours.moto is None else frozenset[str]()
    return [Row(name, _served_by(name, ours, by_moto)) for name in sorted(names)]


def _served_by(operation: str, ours: Emulation, by_moto: frozenset[str]) -> ServedBy:
    if operation in ours.handlers:
        return ours.handlers[operation].served_by
    known = operation in ours.moto if ours.moto is not None else camelcase_to_underscores(operation) in by_moto
    return "moto" if known else "missing"


@cache
def _emulated() -> Mapping[str, Emulation]:
    return emulated(Authenticator(b"", State()))


def _methods(service: str) -> frozenset[str]:
    """The methods of moto's classes that answer the service's requests."""
    package = _PACKAGES.get(service, ALT_SERVICE_NAMES.get(service, service.replace("-", "")))
    try:
        urls = importlib.import_module(f"moto.{package}.urls")
    except ModuleNotFoundError:
        return frozenset()
    classes = {_class_of(handler) for handler in urls.url_paths.values()}
    return frozenset(name for one in classes for name, _ in inspect.getmembers(one, inspect.isfunction))


def _class_of(handler: object) -> type:
    """The class of a bound method, also of one that is bound to its class."""
    owner = getattr(handler, "__self__", handler)
    return owner if inspect.isclass(owner) else type(owner)
