from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.errors import KubeUnreachable
from ackpy.kube.stream import lines

VALUES = st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3), max_size=5)


async def pieces(body: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    edges = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        yield body[start:end]


@given(VALUES, st.lists(st.integers(0, 10_000), max_size=8))
async def test_wherever_the_body_is_cut_the_lines_are_the_same(values: list[dict[str, str]], cuts: list[int]) -> None:
    body = b"".join(orjson.dumps(value) + b"\n" for value in values)
    assert [value async for value in lines(pieces(body, cuts))] == values


@pytest.mark.parametrize("tail", [b"", b"\n\n", b'{"half": ', b'{"whole": "but not ended"}'])
async def test_a_line_without_an_end_is_dropped_and_an_empty_one_passed_over(tail: bytes) -> None:
    assert [value async for value in lines(pieces(b'{"a": 1}\n' + tail, [3]))] == [{"a": 1}]


@pytest.mark.parametrize("bad", [b"<html>\n", b"[1]\n", b"null\n"])
async def test_a_line_that_is_no_event_is_an_error_that_does_not_quote_it(bad: bytes) -> None:
    seen: list[Any] = []
    with pytest.raises(KubeUnreachable, match="watch: a line") as caught:
        seen.extend([value async for value in lines(pieces(b'{"a": 1}\n' + bad, []))])
    assert "html" not in str(caught.value)
