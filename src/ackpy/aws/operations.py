"""An operation's name -> what it does: ACK's `op_type` word, and whether AWS's state may change.

Called by client (metrics, budget, retry) and classify. Names are AWS's convention; one that the table does not know is a write, so
that nothing unknown is ever repeated or let through as a read.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import Final


class OpType(StrEnum):
    """The `op_type` label of ACK's outbound metrics."""

    CREATE = "CREATE"
    READ_ONE = "READ_ONE"
    READ_MANY = "READ_MANY"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


_BY_FIRST_WORD: Final = {
    "Get": OpType.READ_ONE,
    "Head": OpType.READ_ONE,
    "Describe": OpType.READ_ONE,
    "Lookup": OpType.READ_ONE,
    "Check": OpType.READ_ONE,
    "Simulate": OpType.READ_ONE,
    "Validate": OpType.READ_ONE,
    "Assume": OpType.READ_ONE,
    "Decode": OpType.READ_ONE,
    "List": OpType.READ_MANY,
    "Search": OpType.READ_MANY,
    "Query": OpType.READ_MANY,
    "Scan": OpType.READ_MANY,
    "Create": OpType.CREATE,
    "Run": OpType.CREATE,
    "Allocate": OpType.CREATE,
    "Register": OpType.CREATE,
    "Import": OpType.CREATE,
    "Request": OpType.CREATE,
    "Delete": OpType.DELETE,
    "Terminate": OpType.DELETE,
    "Release": OpType.DELETE,
    "Deregister": OpType.DELETE,
}
_READS: Final = frozenset({OpType.READ_ONE, OpType.READ_MANY})
_MANY: Final = re.compile(
    r"Describe(?!\w*(Alias|[sui]s)$)\w+s$"
)  # a plural, as ACK counts it: not an address, status, analysis
_WORD: Final = re.compile(r"[A-Z][a-z]+")


@cache
def op_type(operation: str) -> OpType:
    """The kind of an operation by the first word of its name ("BatchGet..." by its second); UPDATE where no other fits."""
    if _MANY.match(operation):
        return OpType.READ_MANY
    words = [word for word in _WORD.findall(operation) if word != "Batch"]
    return _BY_FIRST_WORD.get(words[0], OpType.UPDATE) if words else OpType.UPDATE


def is_write(operation: str) -> bool:
    """Whether AWS's state may change by it."""
    return op_type(operation) not in _READS
