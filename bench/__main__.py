"""`python -m bench [NAME...]`: run the benches, all of them or those named. Each prints a table of one run, to be compared within it."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import counts, latency, restart

BENCHES: dict[str, Callable[[], None]] = {"counts": counts.main, "latency": latency.main, "restart": restart.main}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"bench: no bench is called {unknown[0]!r}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name in names or BENCHES:
        print(f"== {name}", flush=True)
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
