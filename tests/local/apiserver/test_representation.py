from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ackpy.local.apiserver.representation import Form, age, form_of, human_duration
from ackpy.local.apiserver.status import ApiError
from ackpy.testing.widgets import WIDGETS, widget

if TYPE_CHECKING:
    from ackpy.testing.api import Api

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
KUBECTL = f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 120, "3h2m"),
        (8 * 3600 + 120, "8h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (8 * 86400 + 3600, "8d"),
        (2 * 365 * 86400, "2y"),
        (2 * 365 * 86400 + 86400, "2y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_durations_are_kubectls(seconds: int, text: str) -> None:
    assert human_duration(seconds) == text


def test_ages() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert age((now - timedelta(seconds=5)).isoformat(), now) == "5s"
    assert age((now + timedelta(seconds=1)).isoformat(), now) == "0s"
    assert [age(value, now) for value in ("2030-01-01T00:00:00Z", "yesterday", 5)] == ["<invalid>"] * 3


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Form()),
        ("*/*", Form()),
        ("application/json", Form()),
        (KUBECTL, Form("Table")),
        ("application/vnd.kubernetes.protobuf,application/json", Form()),
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Form("PartialObjectMetadata")),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", Form()),
    ],
)
def test_the_first_form_that_is_spoken(accept: str, form: Form) -> None:
    assert form_of(accept, "") == form


@pytest.mark.parametrize("accept", ["text/html", "application/vnd.kubernetes.protobuf"])
def test_a_form_that_is_not_spoken_is_refused(accept: str) -> None:
    with pytest.raises(ApiError) as refusal:
        form_of(accept, "")
    assert refusal.value.code == 406


def make_synced(api: Api) -> None:
    api.call("POST", WIDGETS, widget())
    status = {"status": {"conditions": [{"type": "ACK.ResourceSynced", "status": "True"}]}}
    api.call("PATCH", f"{WIDGETS}/a/status", status, type_="application/merge-patch+json")


def table(api: Api, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", f"{WIDGETS}{query}", headers={"Accept": KUBECTL}).body
    return found


def test_a_table_has_the_definitions_columns(api: Api) -> None:
    make_synced(api)
    shown = table(api)
    assert [(c["name"], c["type"], c["priority"]) for c in shown["columnDefinitions"]] == [
        ("Name", "string", 0),
        ("Size", "integer", 0),
        ("Synced", "string", 0),
        ("Color", "string", 1),
        ("Age", "date", 0),
    ]
    (row,) = shown["rows"]
    assert row["cells"][:4] == ["a", 1, "True", "red"]
    assert row["cells"][4].endswith("s")
    assert (row["object"]["kind"], "spec" in row["object"]) == ("PartialObjectMetadata", False)


@pytest.mark.parametrize(
    ("include", "kind"), [("Object", "Widget"), ("None", None), ("Metadata", "PartialObjectMetadata")]
)
def test_a_row_carries_what_is_asked_for(api: Api, include: str, kind: str | None) -> None:
    make_synced(api)
    (row,) = table(api, f"?includeObject={include}")["rows"]
    assert (row.get("object") or {}).get("kind") == kind
