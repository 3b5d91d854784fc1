"""The flags, the catalog and the tables of rules -> the pages under docs/reference. Run by `make docs`; a test holds the pages to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from ackpy.model.descriptor import Descriptor
from ackpy.operator.flags import FLAGS, VARIABLES, Flag
from ackpy.operator.gates import GATES
from ackpy.operator.kinds import descriptors
from ackpy.testing.rules import read, sections, title

FOLDER = Path(__file__).parent / "reference"
TESTS = Path(__file__).parents[1] / "tests"
NOTICE = "<!-- rendered by `make docs` from the source: do not edit -->"


def flags_page() -> str:
    """Every flag of `ackpy run`, group by group."""
    lines = [
        "# Flags of `ackpy run`",
        "",
        NOTICE,
        "",
        "`ackpy up` takes them too; there `--kubeconfig` is the file to write, and the controllers' addresses are off.",
        "A list has commas. A boolean is written `--flag`, `--flag=true` or `--flag=false`. A flag wins over its variable.",
        "A flag that does not exist is an error, and so is a variable that is nearly one of these.",
        "",
    ]
    for group, flags in groupby(FLAGS, key=lambda flag: flag.group):
        lines += [f"## {group}", "", "| flag | environment variable | default | |", "|---|---|---|---|"]
        lines += [_row(flag) for flag in flags]
        lines.append("")
    lines += ["## Other environment variables", "", "| environment variable | |", "|---|---|"]
    lines += [f"| `{each.name}` | {each.help} |" for each in VARIABLES]
    lines += ["", "## Feature gates", "", "| gate | stage | default |", "|---|---|---|"]
    lines += [f"| `{gate.name}` | {gate.stage.value} | {'on' if gate.default else 'off'} |" for gate in GATES]
    return "\n".join([*lines, ""])


def _row(flag: Flag) -> str:
    variable = f"`{flag.variable}`" if flag.variable else ""
    default = f"`{flag.default}`" if flag.default not in {"", "0", "false"} else ""
    letter = f"`-{flag.short}`, " if flag.short else ""
    return f"| {letter}`--{flag.name}` | {variable} | {default} | {flag.help} |"


def kinds_page() -> str:
    """Every kind of the catalog, with what it may call."""
    lines = ["# Kinds", "", NOTICE, ""]
    for kind in descriptors():
        lines += [
            f"## {kind.service} {kind.kind}",
            "",
            f"`{kind.api_version}`, `kubectl get {kind.plural}.{kind.group}`",
            "",
        ]
        lines += ["| role | AWS operations |", "|---|---|", *_operations(kind), ""]
    return "\n".join(lines)


def _operations(kind: Descriptor) -> Iterator[str]:
    by_role: dict[str, list[str]] = {}
    for usage in kind.operations():
        by_role.setdefault(usage.role.value, []).append(usage.operation)
    for role, operations in by_role.items():
        yield f"| {role} | {', '.join(dict.fromkeys(operations))} |"


def contract_page() -> str:
    """Every rule of ACK's behaviour that was found, and how many test cases hold it."""
    tables = [(path, read(path)) for folder in ("contract", "compatibility") for path in sections(TESTS / folder)]
    rows = sum(len(section.rows) for _, section in tables)
    rules = sum(len(section.rules) for _, section in tables)
    lines = [
        "# ACK's behaviour, rule by rule",
        "",
        NOTICE,
        "",
        f"{rules} rules that users of ACK rely on, and the {rows} test cases that hold them, each of which runs the controllers between a",
        "Kubernetes API server and an AWS over HTTP. Where ackpy does the better thing on purpose, the rule is",
        "ackpy's: see [differences from ACK](../differences-from-ack.md). A rule without a case says why. `make test` runs the first case",
        "of each rule, `make test-long` all of them.",
        "",
    ]
    for path, section in tables:
        lines += [f"## {title(path)}", "", "| rule | | cases |", "|---|---|---|"]
        held = Counter(number for number, _ in section.rows)
        lines += [
            f"| {number} | {_cell(says)} | {held[number] or _cell('none: ' + section.uncovered[number])} |"
            for number, says in section.rules.items()
        ]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


PAGES = {"flags.md": flags_page, "kinds.md": kinds_page, "contract.md": contract_page}


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()
