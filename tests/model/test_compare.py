from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model import compare
from ackpy.model.definition import Compare

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:eu-west-1:123456789012:key/{KEY}"


@pytest.mark.parametrize(
    ("word", "desired", "latest", "same"),
    [
        (Compare.EXACT, ["a", "b"], ["b", "a"], False),
        (Compare.EXACT, 1, 1.0, True),
        (Compare.EXACT, 1, True, False),
        (Compare.SET, ["a", "b", "a"], ["b", "a"], True),
        (Compare.SET, [], None, True),
        (Compare.SET, ["a"], ["a", "b"], False),
        (Compare.SET, [{"a": 1, "b": 2}], [{"b": 2, "a": 1}], True),
        (Compare.CASELESS, "Aurora-MySQL", "aurora-mysql", True),
        (Compare.CASELESS, ["A", "b"], ["B", "a"], True),
        (Compare.CASELESS, "a", "b", False),
        (Compare.CASELESS, "a", None, False),
        (Compare.VERSION, "15", "15.4", True),
        (Compare.VERSION, "15.4", "15.4", True),
        (Compare.VERSION, "1.2", "1.20", False),
        (Compare.VERSION, "15.4", "15", False),
        (Compare.VERSION, "15", None, False),
        (Compare.KMS_KEY, KEY, ARN, True),
        (Compare.KMS_KEY, ARN, ARN.replace("eu-west-1", "us-east-1"), False),
        (Compare.KMS_KEY, "alias/a", "arn:aws-cn:kms:cn-north-1:123456789012:alias/a", True),
        (Compare.KMS_KEY, "alias/a", ARN, False),
        (Compare.KMS_KEY, KEY, ARN[:-1] + "f", False),
        (Compare.KMS_KEY, "", None, True),
        (Compare.KMS_KEY, "", ARN, False),
        (Compare.DOCUMENT, '{"a": [1, 2]}', "a:\n- 1\n- 2\n", True),
        (Compare.DOCUMENT, '{"a": [1, 2]}', '{"a": [2, 1]}', False),
        (Compare.DOCUMENT, '{"a": 1}', '{"a": "1"}', False),
        (Compare.DOCUMENT, "a: &x [1]\nb: *x", "a: [1]\nb: [1]", False),
        (Compare.DOCUMENT, "when: 2026-11-24", '{"when": "2026-11-24"}', True),
        (Compare.DOCUMENT, "", None, True),
        (Compare.DOCUMENT, "!!bool maybe", "!!bool maybe", True),
        (Compare.DOCUMENT, "a: [", " a: [ ", True),
        (Compare.IAM_POLICY, "", None, True),
        (Compare.IAM_POLICY, "{}", None, False),
        (Compare.IGNORE, "a", "b", True),
    ],
)
def test_words(word: Compare, desired: Any, latest: Any, *, same: bool) -> None:
    assert compare.WORDS[word](desired, latest) is same


def test_aliases_do_not_multiply() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{one}: &{one} [{','.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert compare.normal_document(bomb) == bomb.strip()


def test_lists_of_plain_values_count_their_elements() -> None:
    assert compare.unordered(["a", "b", "a"], ["b", "a", "a"])
    assert not compare.unordered(["a", "b", "a"], ["b", "a", "b"])
    assert compare.unordered(None, [])


VALUES = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.booleans(),
    st.lists(st.text(max_size=4), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3).map(json.dumps),
    st.sampled_from(
        [KEY, ARN, "alias/a", "arn:aws:kms:eu-west-1:123456789012:alias/a", "15", "15.4", "a: 1", "!!int x"]
    ),
)
TEXTS = st.none() | VALUES.filter(lambda each: isinstance(each, str))
WORDS = [word for word in Compare if word is not Compare.IGNORE]
DIRECTED = {Compare.VERSION}  # the latest may extend the desired one, and not the other way round


def fitting(word: Compare) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(st.text(max_size=4), max_size=4) if word is Compare.SET else VALUES


@pytest.mark.parametrize("word", WORDS)
@given(data=st.data())
def test_every_word_is_reflexive(word: Compare, data: st.DataObject) -> None:
    value = data.draw(fitting(word))
    assert compare.WORDS[word](value, value)


@pytest.mark.parametrize("word", [word for word in WORDS if word not in DIRECTED])
@given(data=st.data())
def test_every_word_is_symmetric(word: Compare, data: st.DataObject) -> None:
    one, other = data.draw(fitting(word)), data.draw(fitting(word))
    assert compare.WORDS[word](one, other) is compare.WORDS[word](other, one)


@pytest.mark.parametrize("normal", [compare.normal_policy, compare.normal_document])
@given(text=TEXTS | st.text().map(lambda text: f"%7B{text}") | st.text(alphabet="!&*[]{}:,-? \n\"'#|>abtm012"))
def test_normal_forms_are_their_own(normal: Callable[[Any], Any], text: Any) -> None:
    once = normal(text)
    assert normal(once) == once
    assert normal(text) == once
