"""The process that runs one jq expression: {"program", "input"} on its input -> {"value": the first result} or {} on its output.

It imports nothing of ours, and holds itself to the limits before it reads: a jq expression is a program of somebody else's. `jq` starts it
with an empty environment. The exit status tells what failed: see the constants.
"""

from __future__ import annotations

import json
import resource
import sys

MEMORY_BYTES = 64 * 1024 * 1024
CPU_SECONDS = 1
OUTPUT_BYTES = 64 * 1024
UNPARSED, FAILED, TOO_MUCH = 64, 65, 66


def main() -> int:
    """Run one expression."""
    import jq  # noqa: PLC0415  before the limits: the library itself is ours

    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(what, (limit, limit))
    task = json.load(sys.stdin.buffer)
    try:
        program = jq.compile(task["program"])
    except ValueError:
        return UNPARSED
    try:
        found = [
            {"value": value} for value in [next(iter(program.input_value(task["input"])), ...)] if value is not ...
        ]
    except ValueError:
        return FAILED
    answer = json.dumps(found[0] if found else {}).encode()
    if len(answer) > OUTPUT_BYTES:
        return TOO_MUCH
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
