"""AWS names to Kubernetes names: "KmsMasterKeyId" becomes the property `kmsMasterKeyID`; and the names that derive from them.

A name is normalised in two steps: separators are dropped and the case of the first letter is set, then a table of initialisms is
walked in order (ACK's published property names depend on that order). The shape compiler calls `camel_lower` for each member and
keeps the pairs; nothing inverts a name by rule. A changed row renames public properties: tests/model/names.tsv freezes thousands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from pluralizer import Pluralizer


@dataclass(frozen=True, slots=True)
class Initialism:
    """One row: what is looked for (`camel`, or `pattern`), and what stands for it inside a name and at the start of a lower one."""

    camel: str
    upper: str
    lower: str
    pattern: re.Pattern[str] | None = None


def _row(camel: str, upper: str = "", lower: str = "", pattern: str = "") -> Initialism:
    """A row with the usual forms: "Acl" means ACL and acl. A `pattern` that begins with "!" says what must not follow `camel`."""
    upper = upper or camel.upper()
    if pattern.startswith("!"):
        pattern = f"{camel}(?!{pattern[1:]})"
    return Initialism(camel, upper, lower or upper.lower(), re.compile(pattern) if pattern else None)


INITIALISMS: Final = (
    _row("Ids", "IDs"),
    _row("Id", pattern="!entifier|le|entity|entities|empotency|c"),
    _row("Idc"),
    _row("Dbi", pattern="Dbi"),  # a pattern, so that the DBI of DBInstance is not taken for it
    _row("Db", pattern="!i"),
    _row("DB"),
    _row("CACert", "CACert", "caCert"),
    _row("MD5Of", "MD5Of", "md5Of", "MD5Of|Md5Of"),
    _row("Ipc"),
    _row("IPAddress", "IPAddress", "ip_address"),
    _row("IPv4", "IPv4", pattern="IPv4|Ipv4"),
    _row("IPv6", "IPv6", pattern="IPv6|Ipv6"),
    _row("Ip", pattern="!art|am"),
    _row("IPSet", "IPSet", "ip_set"),
    _row("Amis", "AMIs"),
    _row("Ami"),
    _row("Acl"),
    _row("Acm", pattern="(?:Acm|ACM)(?!e)"),
    _row("AIML"),
    _row("Acp"),
    _row("Api"),
    _row("Arn"),
    _row("ArgoCd", "ArgoCD", "argoCD"),
    _row("Asn"),
    _row("Awsvpc", "AWSVPC", "awsVPC"),
    _row("Aws"),
    _row("Az"),
    _row("Bgp"),
    _row("Cors"),
    _row("Cidr"),
    _row("Cname"),
    _row("Cpu"),
    _row("Crl"),
    _row("Cps"),
    _row("Csr"),
    _row("Dhcp"),
    _row("Dns"),
    _row("Dpd"),
    _row("Ebs"),
    _row("Ec2"),
    _row("Ecr", pattern="(?:Ecr|ecr)(?!et|ease)"),
    _row("Ecs"),
    _row("Edi", pattern="!t"),
    _row("Efs"),
    _row("Eks"),
    _row("Ena", pattern="!bl"),
    _row("Ecmp"),
    _row("Fifo"),
    _row("Fpga"),
    _row("Gid"),
    _row("Gpu"),
    _row("Grpc"),
    _row("Html"),
    _row("Http", pattern="Http(?!s)|HTTP(?!S[A-Z])"),
    _row("Https"),
    _row("Iam"),
    _row("Icmp"),
    _row("Io", pattern="!ps"),
    _row("Iops"),
    _row("Ipam"),
    _row("Ja3"),
    _row("Json"),
    _row("Jwt"),
    _row("Kms"),
    _row("Ldap"),
    _row("Mfa"),
    _row("Mibps", "MiBps", "miBps"),
    _row("Nat", pattern="!i"),
    _row("Oid", pattern="!c"),
    _row("OID", pattern="!C"),
    _row("Oidc"),
    _row("Ocsp"),
    _row("Pca"),
    _row("Pid"),
    _row("Ramdisk", "RAMDisk", "ramDisk"),
    _row("Ram"),
    _row("Rfc"),
    _row("Sasl"),
    _row("Scram"),
    _row("Sdk"),
    _row("Sha256"),
    _row("Sns"),
    _row("Sqli"),
    _row("Sql"),
    _row("Sqs"),
    _row("Sriov"),
    _row("Sse"),
    _row("Ssl"),
    _row("Tcp"),
    _row("Tde"),
    _row("Tpm"),
    _row("Tls"),
    _row("Ttl", pattern="(?i:ttl)(?!ing|e)"),
    _row("Udp"),
    _row("Uri", pattern="uri(?!ty)|Uri|URI"),
    _row("Url"),
    _row("Uuid"),
    _row("Uids", "UIDs"),
    _row("Uid"),
    _row("Ui", pattern="U[iI](?![dD])"),
    _row("Vlan"),
    _row("Vpce", pattern="Vpce|vpce"),
    _row("Vpc", pattern="(?i:vpc)(?!e)"),
    _row("Vpn"),
    _row("Vgw"),
    _row("Waf"),
    _row("Xml"),
    _row("Xss"),
    _row("Yaml"),
)

GO_KEYWORDS: Final = frozenset(
    (
        *("break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough"),
        *("for", "func", "go", "goto", "if", "import", "interface", "map", "package"),
        *("range", "return", "select", "struct", "switch", "type", "var"),
    )
)
"""Property names that ACK's published CRDs carry with a trailing underscore."""

_REFERENCE_SUFFIXES: Final = (
    *("id", "ids", "Id", "Ids", "ID", "IDs", "IDS"),
    *("Name", "Names", "NAME", "NAMEs", "NAMES"),
    *("Arn", "Arns", "ARN", "ARNs", "ARNS"),
)
_PLURALS: Final = Pluralizer()  # type: ignore[no-untyped-call]  # the package ships no types


@cache
def camel(original: str) -> str:
    """The name with a capital first letter, as in kinds, field paths of ACK's files and column headings."""
    return _initialisms(_joined(original, capital=True), lower=False)


@cache
def camel_lower(original: str) -> str:
    """The name of the property: `camel` with a small first word, and "_" after a word that Go reserves."""
    text = _joined(_initialisms(original, lower=True), capital=False)
    text = _initialisms(text, lower=True)
    return f"{text}_" if text in GO_KEYWORDS else text


def upper_first(name: str) -> str:
    """The name as ACK's files spell it: first letter a capital, the rest unchanged."""
    return name[:1].upper() + name[1:]


def reference_name(original: str, *, many: bool) -> str:
    """The property that refers to another object in place of `original`: "SubnetIds" (many) gives subnetRefs.

    ValueError where nothing is left of the name once "Id", "Name" or "Arn" is taken off.
    """
    suffix = next((each for each in _REFERENCE_SUFFIXES if original.endswith(each)), "")
    prefix = original.removesuffix(suffix) if suffix else original
    if not prefix:
        raise ValueError(f"{original!r} leaves no name for a reference: give the field `name_as`")
    return camel_lower(f"{singular(prefix)}Refs" if many else f"{prefix}Ref")


@cache
def singular(word: str) -> str:
    """The singular of an English noun in any case: Repositories gives Repository."""
    result: str = _PLURALS.singular(word)
    return result


@cache
def plural(word: str) -> str:
    """The plural of an English noun in any case: repository gives repositories."""
    result: str = _PLURALS.plural(word)
    return result


@cache
def is_plural(word: str) -> bool:
    """Whether a noun is in the plural; a noun without one (Chassis) is both."""
    result: bool = _PLURALS.is_plural(word)
    return result


def _joined(original: str, *, capital: bool) -> str:
    """Separators dropped, each word after one (or after a digit) begun with a capital, the first letter set as `capital` says."""
    text = original.strip()
    text = "id" if text == "ID" else text
    letters: list[str] = []
    raise_next = capital
    for position, letter in enumerate(text):
        if letter.isascii() and letter.isalpha():
            lowered = letter.lower() if position == 0 and not raise_next else letter
            letters.append(letter.upper() if raise_next else lowered)
            raise_next = False
        elif letter.isascii() and letter.isdigit():
            letters.append(letter)
            raise_next = True
        else:
            raise_next = letter in "_ -."
    return "".join(letters)


def _initialisms(text: str, *, lower: bool) -> str:
    for row in INITIALISMS:
        text = (_plain if row.pattern is None else _by_pattern)(row, text, lower=lower)
    return text


def _plain(row: Initialism, text: str, *, lower: bool) -> str:
    if lower and text.startswith(row.upper):
        text = row.lower + text[len(row.upper) :]
    if row.camel not in text:
        return text
    if lower and text.startswith(row.camel):
        return row.lower + text[len(row.camel) :].replace(row.camel, row.upper)
    return text.replace(row.camel, row.upper)


def _by_pattern(row: Initialism, text: str, *, lower: bool) -> str:
    pattern = row.pattern
    found = pattern.search(text) if pattern else None
    if pattern is None or found is None:
        return text
    if not lower or found.start() > 0:
        return pattern.sub(row.upper, text)
    following = pattern.search(text, found.end())
    text = row.lower + text[found.end() :]
    if following is None:
        return text
    # the upstream algorithm keeps the position it found before the replacement: a lower form of another length shifts nothing
    return text[: following.start()] + pattern.sub(row.upper, text[following.start() :])
