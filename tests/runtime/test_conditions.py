from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ackpy.runtime.conditions import (
    Condition,
    TransitionRule,
    get_condition,
    in_order,
    on_change,
    refreshed,
    remove_condition,
    set_condition,
    untimed,
)

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
READY = Condition("Ready", "True", "Well", "All is well.")


@pytest.mark.parametrize(
    ("rule", "before", "time"),
    [
        (on_change, None, "2026-05-01T12:00:00Z"),
        (on_change, Condition("Ready", "True", last_transition_time="2026-04-01T00:00:00Z"), "2026-04-01T00:00:00Z"),
        (on_change, Condition("Ready", "False", last_transition_time="2026-04-01T00:00:00Z"), "2026-05-01T12:00:00Z"),
        (on_change, Condition("Ready", "True"), "2026-05-01T12:00:00Z"),
        (untimed, Condition("Ready", "True", last_transition_time="2026-04-01T00:00:00Z"), None),
        (refreshed, None, "2026-05-01T12:00:00Z"),
        (refreshed, Condition("Ready", "True", last_transition_time="2026-04-01T00:00:00Z"), "2026-05-01T12:00:00Z"),
        (refreshed, Condition("Ready", "True", last_transition_time="2026-05-01T12:00:00Z"), "2026-05-01T12:00:01Z"),
        (refreshed, Condition("Ready", "True", last_transition_time="2026-05-01T12:00:05Z"), "2026-05-01T12:00:06Z"),
        (refreshed, Condition("Ready", "True", last_transition_time="yesterday"), "2026-05-01T12:00:00Z"),
    ],
)
def test_when_a_transition_time_moves(rule: TransitionRule, before: Condition | None, time: str | None) -> None:
    conditions = [before.to_json()] if before else []
    (entry,) = set_condition(conditions, READY, now=NOW, rule=rule)
    assert entry.get("lastTransitionTime") == time
    assert {name: value for name, value in entry.items() if name != "lastTransitionTime"} == {
        "type": "Ready",
        "status": "True",
        "reason": "Well",
        "message": "All is well.",
    }


def test_a_condition_keeps_its_place_and_the_list_is_not_touched() -> None:
    before = [{"type": "A", "status": "True"}, {"type": "Ready", "status": "False"}, {"type": "B", "status": "True"}]
    after = set_condition(before, READY, now=NOW)
    assert [entry["type"] for entry in after] == ["A", "Ready", "B"]
    assert before[1]["status"] == "False"
    assert [entry["type"] for entry in set_condition(before, Condition("C", "True"), now=NOW)] == [
        "A",
        "Ready",
        "B",
        "C",
    ]


def test_removing_and_sorting() -> None:
    listed = [{"type": kind, "status": "True"} for kind in ("X", "Ready", "A", "X")]
    assert [entry["type"] for entry in remove_condition(listed, "X")] == ["Ready", "A"]
    assert remove_condition([], "X") == []
    assert [entry["type"] for entry in in_order(listed, ("A", "Ready"))] == ["A", "Ready", "X", "X"]


def test_none_is_left_out_and_an_empty_string_is_written() -> None:
    assert Condition("T", "True", reason="").to_json() == {"type": "T", "status": "True", "reason": ""}


def test_reading_gives_back_what_was_written() -> None:
    full = Condition("T", "False", "R", "M", "2026-05-01T12:00:00Z", 7)
    assert get_condition([full.to_json()], "T") == full
    assert get_condition([full.to_json()], "U") is None
    assert get_condition([{"type": "T"}], "T") == Condition("T", "Unknown")
