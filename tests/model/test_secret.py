from __future__ import annotations

import pickle

import pytest

from ackpy.model import secret
from ackpy.model.descriptor import Descriptor
from ackpy.model.secret import SecretValue

ONE = SecretValue("hunter2")


def test_a_secret_shows_itself_to_reveal_alone() -> None:
    assert ONE.reveal() == "hunter2"
    for text in (repr(ONE), str(ONE), f"{ONE}", f"{ONE!r}", repr({"a": [ONE]}), "%s" % ONE):  # noqa: UP031
        assert "hunter2" not in text


def test_secrets_compare_by_content() -> None:
    assert SecretValue("hunter2") == ONE
    assert hash(SecretValue("hunter2")) == hash(ONE)
    assert SecretValue("other") != ONE
    assert ONE != "hunter2"


def test_a_secret_is_not_stored() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(ONE)


def test_references_are_found_and_resolved(widget: Descriptor) -> None:
    one, other = {"name": "s", "key": "k"}, {"name": "t", "namespace": "n", "key": "k"}
    spec = {"name": "w", "password": one, "users": [{"name": "u"}, {"name": "v", "password": other}]}
    assert list(secret.references(widget, spec)) == [("password", one), ("users[1].password", other)]
    resolved = secret.resolve(spec, {"password": "a", "users[1].password": "b"})
    assert resolved == {
        "name": "w",
        "password": SecretValue("a"),
        "users": [{"name": "u"}, {"name": "v", "password": SecretValue("b")}],
    }
    assert list(secret.references(widget, resolved)) == []
    assert spec["password"] is one
