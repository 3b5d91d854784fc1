"""What a jq expression reaches beside its object, word by word as jq reads it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.controllers.field_export import jq_words
from ackpy.controllers.field_export.jq_words import OUTSIDE, Unreadable, outside


@pytest.mark.parametrize("word", sorted(OUTSIDE - {"import", "include", "ENV", "__prog_args", "__prog_name"}))
@pytest.mark.parametrize(
    "around", ["{}", ".a|{}", "[{}]", '"\\({})"', "{{a: {}}}", "{{({}): 1}}", ".[{}]", "{{a: ({})}}"]
)
def test_a_call_is_found_anywhere(word: str, around: str) -> None:
    assert outside(around.format(word)) == {word}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$ENV", {"ENV"}),
        ("$ENV.PATH", {"ENV"}),
        ("$ ENV", {"ENV"}),
        ("$\n\tENV", {"ENV"}),
        ('"\\($ENV.AWS_SECRET_ACCESS_KEY)"', {"ENV"}),
        ('"\\("\\(env)")"', {"env"}),
        ('@base64 "\\(env)"', {"env"}),
        ("{$ENV}", {"ENV"}),
        ("$__prog_args", {"__prog_args"}),
        ("env.X", {"env"}),
        ("1.env", {"env"}),
        ("..env", {"env"}),
        ("...env", set()),
        ("1 .env", set()),
        ("m::env", {"env"}),
        ('import "x" as $x; $x', {"import"}),
        ('include "x"; .', {"include"}),
        ("def f: env; f", {"env"}),
        ("[limit(3; inputs)]", {"inputs"}),
        ("now|tostring", {"now"}),
        ('"env"', set()),
        (".env", set()),
        (".status.ENV", set()),
        ('."env"', set()),
        ('.["env"]', set()),
        ('"a \\" env"', set()),
        ('"\\\\" + "env"', set()),
        ('"a\\\\\\" env"', set()),
        ("{env: 1}", set()),
        ("{a: 1, env: 2}", set()),
        ("{env}.env", set()),
        ("{a: [env]}", {"env"}),
        ("[env: 1]", {"env"}),
        ("{a: 1 | env}", {"env"}),
        (".environment", set()),
        ("@env", set()),
        (".a as $env | $env", {"env"}),
        ("reduce .[] as {input: $i} (0; . + $i)", set()),
        ("", set()),
    ],
)
def test_the_words_of_an_expression(text: str, words: set[str]) -> None:
    assert outside(text) == words


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 # env", "comments"),
        ('1 # "\nenv\n# "', "comments"),
        ('"env', "not closed"),
        ('"\\(env', "not closed"),
        ("(.a", "not closed"),
        (".a)", "closes nothing"),
        ("(.a]", "closes nothing"),
        ('"\\(.a]"', "closes nothing"),
    ],
)
def test_what_cannot_be_judged_is_not_run(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        outside(text)


PIECES = [
    "env",
    ".env",
    '"',
    "\\(",
    ")",
    "(",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "$",
    " ",
    "\\",
    "1",
    ".",
    "|",
    "a",
    "#",
    "\n",
    "\r",
    "@",
    "::",
]


@pytest.mark.slow
def test_nothing_that_jq_runs_as_env_passes() -> None:
    """jq itself is asked, in a process whose environment it must not be able to tell of."""
    pytest.importorskip("jq", reason="skipped: no jq")
    child = subprocess.run(
        [sys.executable, "-I", str(Path(__file__).with_name("jq_oracle.py")), *PIECES],
        capture_output=True,
        text=True,
        env={"CANARY": "tweet-tweet"},
        check=True,
        timeout=300,
    )
    telling = child.stdout.split("\0")[:-1]
    assert len(telling) > 20, child.stderr
    for text in telling:
        try:
            words = jq_words.outside(text)
        except Unreadable:
            continue
        assert words, text


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_every_text_is_judged(text: str) -> None:
    with suppress(Unreadable):
        assert outside(text) <= OUTSIDE
