from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from ackpy.model.descriptor import Descriptor
from ackpy.model.redact import parameters, redact
from ackpy.model.secret import SecretValue

REFERENCE = {"name": "s", "key": "k"}


def sensitive(descriptor: Descriptor, name: str) -> Descriptor:
    member = descriptor.spec.members[name]
    marked = replace(member, node=replace(member.node, sensitive=True))
    return replace(descriptor, spec=replace(descriptor.spec, members={**descriptor.spec.members, name: marked}))


def test_a_spec_is_shown_without_what_must_be_hidden(widget: Descriptor) -> None:
    kind = sensitive(widget, "description")
    spec = {
        "name": "w",
        "description": "d",
        "code": {"zip": "c2VjcmV0"},
        "password": REFERENCE,
        "users": [{"name": "u", "password": SecretValue("p")}],
        "capacity": {"read": None},
        "variables": {"a": "b"},
        "unknown": 1,
    }
    assert redact(kind, spec) == {
        **spec,
        "description": "***",
        "code": "***",
        "users": [{"name": "u", "password": "***"}],
    }


@pytest.mark.parametrize(
    ("at", "value", "shown"),
    [
        ("name", "w", "w"),
        ("code.zip", "c2VjcmV0", "***"),
        ("code", None, None),
        ("users[0]", {"password": SecretValue("p")}, {"password": "***"}),
        ("password", REFERENCE, REFERENCE),
        ("lifecycle.rules[id=a].days", 3, 3),
    ],
)
def test_a_part_of_a_spec_is_shown_by_its_path(widget: Descriptor, at: str, value: Any, shown: Any) -> None:
    assert redact(widget, value, at) == shown


def test_parameters_are_shown_as_json(widget: Descriptor) -> None:
    params = {
        "Name": "w",
        "Password": SecretValue("p"),
        "Code": {"Zip": b"secret"},
        "Nested": {"Users": [{"Name": "u", "Password": "plain"}]},
        "Until": dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
        "Bytes": b"a",
    }
    shown = parameters(widget, params)
    assert shown == {
        "Name": "w",
        "Password": "***",
        "Code": "***",
        "Nested": {"Users": [{"Name": "u", "Password": "***"}]},
        "Until": "2026-11-24T00:00:00+00:00",
        "Bytes": "YQ==",
    }
    assert json.loads(json.dumps(shown)) == shown


def test_sensitive_members_are_hidden_in_parameters(widget: Descriptor) -> None:
    assert parameters(sensitive(widget, "description"), {"Description": "d"}) == {"Description": "***"}
