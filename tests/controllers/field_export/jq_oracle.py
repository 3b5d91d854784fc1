"""The process of a test: pieces of jq -> those of many random expressions made of them whose result tells of the environment."""

from __future__ import annotations

import random
import sys

import jq

TRIES = 30_000
SEED = 20261124


def tells(text: str) -> bool:
    """Whether jq, run on null, says what is in the environment."""
    try:
        return "tweet-tweet" in str(jq.compile(text).input_value(None).all())
    except ValueError:
        return False


def main() -> None:
    """Print those that tell, each with a NUL after it."""
    pieces = sys.argv[1:]
    chance = random.Random(SEED)
    for _ in range(TRIES):
        size = chance.randint(1, 7)
        text = "".join(chance.choice(pieces) for _ in range(size))
        if "env" in text and tells(text):
            print(text, end="\0")


main()
