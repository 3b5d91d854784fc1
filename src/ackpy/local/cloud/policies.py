"""A resource policy as it was put -> the same policy in AWS's spelling, which is what it reads back as. Called by S3 and ECR.

AWS parses policies and writes them anew: accounts become ARNs, lists of one their element, values of conditions texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_ACCOUNT = re.compile(r"\d{12}")


def spelled(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy, its statements as a list and each of them in AWS's spelling."""
    return {**policy, "Statement": [_statement(each) for each in listed(policy["Statement"])]}


def listed(value: Any) -> list[Any]:
    """The value as a list, which it may be already."""
    return value if isinstance(value, list) else [value]


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: _alone(value) for name, value in statement.items()}
    if isinstance(kept.get("Principal"), dict):
        kept["Principal"] = {kind: _alone(_principal(kind, who)) for kind, who in kept["Principal"].items()}
    if isinstance(kept.get("Condition"), dict):
        kept["Condition"] = {test: _condition(keys) for test, keys in kept["Condition"].items()}
    return kept


def _condition(keys: Any) -> Any:
    return {key: _alone(_texts(value)) for key, value in keys.items()} if isinstance(keys, dict) else keys


def _principal(kind: str, who: Any) -> Any:
    """Account ids become the ARN of the account's root."""
    if kind != "AWS":
        return who
    if isinstance(who, list):
        return [_principal(kind, one) for one in who]
    return f"arn:aws:iam::{who}:root" if _ACCOUNT.fullmatch(str(who)) else who


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(each) for each in value]
    return value if isinstance(value, str) else json.dumps(value)
