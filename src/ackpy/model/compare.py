"""One function per word of comparison: whether a desired and a latest value mean the same to AWS. `delta` asks.

Each takes the desired value first. All are reflexive, and symmetric but for VERSION, where the latest may say more than the desired.
None stands for absent. Text that is not what the word says (a policy that is no JSON) is compared as text: bad input never raises.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

import yaml

from ackpy.model import policy
from ackpy.model.definition import Compare

# All that json and yaml raise for a text that is no document; yaml's constructors trip over ill-typed tags ("!!bool maybe").
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    yaml.YAMLError,
)

_KMS_ARN: Final = re.compile(r"arn:aws[\w-]*:kms:[\w-]+:\d{12}:(?P<name>(?:key|alias)/.+)")


def exact(desired: Any, latest: Any) -> bool:
    """The same JSON: True is not 1, 1.0 is 1."""
    return canonical(desired) == canonical(latest)


def unordered(desired: Any, latest: Any) -> bool:
    """Lists with the same elements as often, in whatever order; none and empty are one."""
    return Counter(map(canonical, desired or ())) == Counter(map(canonical, latest or ()))


def as_set(desired: Any, latest: Any) -> bool:
    """Lists with the same elements, in whatever order and however often; none and empty are one."""
    return set(map(canonical, desired or ())) == set(map(canonical, latest or ()))


def caseless(desired: Any, latest: Any) -> bool:
    """Texts that differ at most in case; lists of them as sets."""
    if any(isinstance(each, list) for each in (desired, latest)) and all(_listlike(each) for each in (desired, latest)):
        return {_folded(each) for each in desired or ()} == {_folded(each) for each in latest or ()}
    return bool(_folded(desired) == _folded(latest))


def version(desired: Any, latest: Any) -> bool:
    """The latest version is the desired one, or extends it at a dot: "15" is met by "15.4", and "1.2" not by "1.20"."""
    if not (isinstance(desired, str) and isinstance(latest, str)):
        return exact(desired, latest)
    return f"{latest}.".startswith(f"{desired}.")


def iam_policy(desired: Any, latest: Any) -> bool:
    """Policies of the same meaning; "" is none."""
    return bool(normal_policy(desired) == normal_policy(latest))


def document(desired: Any, latest: Any) -> bool:
    """JSON or YAML of the same content; "" is none."""
    return bool(normal_document(desired) == normal_document(latest))


def kms_key(desired: Any, latest: Any) -> bool:
    """Names of one key, as far as that can be known without a call: an id and its ARN, an alias and its ARN; "" is none."""
    if not (isinstance(desired, str) and isinstance(latest, str) and desired and latest):
        return (desired or None) == (latest or None)
    if _KMS_ARN.fullmatch(desired) and _KMS_ARN.fullmatch(latest):
        return desired == latest
    return kms_name(desired) == kms_name(latest)


def kms_name(text: str) -> str:
    """What names a key within an account and region: "key/ID" or "alias/NAME"."""
    arn = _KMS_ARN.fullmatch(text)
    if arn:
        return arn["name"]
    return text if text.startswith(("alias/", "key/")) else f"key/{text}"


def normal_policy(text: Any) -> Any:
    """`policy.normal` of a text, None of ""; anything else as it is."""
    return (policy.normal(text) or None) if isinstance(text, str) else text


def normal_document(text: Any) -> Any:
    """The canonical JSON of a JSON or YAML text, None of ""; a text that is neither, without its outer blanks."""
    if not isinstance(text, str):
        return text
    text = text.strip()
    try:
        return canonical(_parsed(text)) if text else None
    except _UNREADABLE:
        return text


def canonical(value: Any) -> str:
    """Canonical JSON of any value of the CRD's form."""
    return policy.canonical(value)


WORDS: Final[Mapping[Compare, Callable[[Any, Any], bool]]] = {
    Compare.EXACT: exact,
    Compare.SET: as_set,
    Compare.CASELESS: caseless,
    Compare.VERSION: version,
    Compare.IAM_POLICY: iam_policy,
    Compare.DOCUMENT: document,
    Compare.KMS_KEY: kms_key,
    Compare.IGNORE: lambda _desired, _latest: True,
}


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases: a few nested ones expand to a text that fills the memory."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("a document with aliases is compared as text")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return _content(yaml.load(text, _PlainLoader))  # noqa: S506  a subclass of SafeLoader


def _content(value: Any) -> Any:
    """What YAML made of a text, as JSON's types: keys are texts, dates and the like their text."""
    if isinstance(value, Mapping):
        return {str(key): _content(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_content(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _listlike(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _folded(value: Any) -> Hashable:
    return value.casefold() if isinstance(value, str) else canonical(value) if value is not None else None
