"""Conditions: ACK's types, texts, order and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.controllers.conditions import Advisory, Report, render
from ackpy.kube.clock import parse_timestamp

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AT_NOON = "2026-01-01T12:00:00Z"
reports = st.builds(
    Report,
    synced=st.sampled_from([True, False, None]),
    terminal=st.sampled_from(["", "api error X: no"]),
    recoverable=st.sampled_from(["", "api error Y: no"]),
    advice=st.sampled_from(["", "do this"]),
    advisories=st.sampled_from([(), (Advisory("A", "a"),), (Advisory("A", "a"), Advisory("B", "b"))]),
    late=st.sampled_from([None, True, False]),
)
ORDER = ["ACK.Terminal", "ACK.Recoverable", "ACK.Advisory", "ACK.LateInitialized", "ACK.ResourceSynced", "Ready"]


def by_type(report: Report, previous: list[dict[str, Any]] | None = None, **how: Any) -> dict[str, dict[str, Any]]:
    return {each["type"]: each for each in render(report, previous or [], NOON, **how)}


@pytest.mark.parametrize(
    ("report", "kind", "wanted"),
    [
        (Report(True), "ACK.ResourceSynced", ("True", "", "Resource synced successfully")),
        (Report(False), "ACK.ResourceSynced", ("False", "", "Resource not synced")),
        (Report(False, reason="state is CREATING"), "ACK.ResourceSynced", ("False", "state is CREATING", "Resource not synced")),
        (Report(False, terminal="t"), "ACK.ResourceSynced", ("False", "resource is in terminal condition", "Resource not synced")),
        (
            Report(None, recoverable="api error X: y"),
            "ACK.ResourceSynced",
            ("Unknown", "api error X: y", "Unable to determine if desired resource state matches latest observed state"),
        ),
        (Report(True), "Ready", ("True", "", "Resource synced successfully")),
        (Report(False, terminal="t", advice="do this"), "Ready", ("False", "ACK.Terminal", "t. do this")),
        (Report(None, recoverable="r"), "Ready", ("False", "ACK.Recoverable", "r")),
        (Report(False, terminal="t", recoverable="r"), "Ready", ("False", "ACK.Terminal", "t")),
        (Report(True, late=True), "ACK.LateInitialized", ("True", "Late initialization successful", "Late initialization successful")),
        (
            Report(False, late=False),
            "ACK.LateInitialized",
            (
                "False",
                "Delayed Late Initialization",
                "Late initialization did not complete, requeuing with delay of 5 seconds",
            ),
        ),
    ],
)  # fmt: skip
def test_the_texts_are_acks(report: Report, kind: str, wanted: tuple[str, str, str]) -> None:
    found = by_type(report)[kind]
    assert (found["status"], found["reason"], found["message"]) == wanted


@pytest.mark.parametrize("kind", ["ACK.Terminal", "ACK.Recoverable"])
def test_faults_have_type_status_and_message_alone(kind: str) -> None:
    report = Report(False, terminal="why") if kind == "ACK.Terminal" else Report(None, recoverable="why")
    assert by_type(report)[kind] == {"type": kind, "status": "True", "message": "why"}


@given(reports)
def test_the_order_is_fixed_and_what_does_not_hold_is_absent(report: Report) -> None:
    kinds = [each["type"] for each in render(report, [], NOON)]
    assert kinds == sorted(kinds, key=ORDER.index)
    assert ("ACK.Terminal" in kinds) is bool(report.terminal)
    assert ("ACK.Recoverable" in kinds) is bool(report.recoverable)


@given(reports)
def test_the_same_report_later_changes_nothing(report: Report) -> None:
    before = render(report, [], NOON)
    assert render(report, before, NOON + timedelta(hours=1)) == before


@given(reports, reports)
def test_texts_do_not_vary_with_time_or_history(report: Report, other: Report) -> None:
    def timeless(conditions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{k: v for k, v in each.items() if k != "lastTransitionTime"} for each in conditions]

    assert timeless(render(report, render(other, [], NOON), NOON + timedelta(days=1))) == timeless(
        render(report, [], NOON)
    )


@given(reports, reports, st.integers(-5, 5))
def test_a_new_generation_moves_synced_and_ready_strictly_forward(before: Report, after: Report, seconds: int) -> None:
    old = {each["type"]: each for each in render(before, [], NOON)}
    new = render(after, list(old.values()), NOON + timedelta(seconds=seconds), fresh=True)
    for each in new:
        if each["type"] in {"ACK.ResourceSynced", "Ready"}:
            moved = parse_timestamp(each["lastTransitionTime"]) - parse_timestamp(
                old[each["type"]]["lastTransitionTime"]
            )
            assert moved >= timedelta(seconds=1)


def test_a_change_has_the_time_of_now() -> None:
    before = render(Report(True), [], NOON - timedelta(hours=1))
    assert by_type(Report(False), before)["ACK.ResourceSynced"]["lastTransitionTime"] == AT_NOON


def test_advisories_are_told_apart_by_reason() -> None:
    before = render(Report(True, advisories=(Advisory("A", "a"),)), [], NOON - timedelta(hours=1))
    both = render(Report(True, advisories=(Advisory("A", "a"), Advisory("B", "b"))), before, NOON)
    times = {each["reason"]: each["lastTransitionTime"] for each in both if each["type"] == "ACK.Advisory"}
    assert times == {"A": "2026-01-01T11:00:00Z", "B": AT_NOON}
