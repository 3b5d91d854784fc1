"""Compiled kinds and checked options -> the kinds to run, each with the options that hold for it. Called by `assemble`. Pure.

A kind is named as in its manifests (`Bucket`: that kind of every service that has one) or with its service (`s3.Bucket`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ackpy.controllers.options import ReconcilerOptions
from ackpy.errors import ConfigError
from ackpy.model.descriptor import Descriptor
from ackpy.operator.options import RunOptions
from ackpy.operator.syntax import nearest


def selected(options: RunOptions, kinds: Sequence[Descriptor]) -> tuple[tuple[Descriptor, ReconcilerOptions], ...]:
    """Those of the kinds that the options ask for. ConfigError names a kind that none of them is."""
    for flag, named in (
        ("--reconcile-resources", options.kinds),
        ("--reconcile-resource-resync-seconds", options.resync_of),
        ("--reconcile-resource-max-concurrent-syncs", options.concurrency_of),
    ):
        _check(flag, named, kinds)
    wanted = [kind for kind in kinds if not options.kinds or not options.kinds.isdisjoint(_names(kind))]
    return tuple((kind, _options_of(options, kind)) for kind in wanted)


def _names(kind: Descriptor) -> tuple[str, str]:
    """Both names of a kind, the more exact one last, so that it wins."""
    return kind.kind, f"{kind.service}.{kind.kind}"


def _check(flag: str, named: Collection[str], kinds: Sequence[Descriptor]) -> None:
    known = {name for kind in kinds for name in _names(kind)}
    for name in named:
        if name not in known:
            raise ConfigError(f"{flag}: no service that runs has a kind {name!r}; {nearest(name, known)}")


def _options_of(options: RunOptions, kind: Descriptor) -> ReconcilerOptions:
    resync: float = options.reconciler.resync_seconds
    concurrency = options.reconciler.concurrency
    for name in _names(kind):
        resync = options.resync_of.get(name, resync)
        concurrency = options.concurrency_of.get(name, concurrency)
    return replace(options.reconciler, resync_seconds=resync, concurrency=concurrency)
