"""The pages that are rendered are those that are committed; links between pages lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)")
PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "design", ROOT / "examples")
    for path in folder.glob("*.md" if folder == ROOT else "**/*.md")
)


def renderer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_render", ROOT / "docs" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["flags.md", "kinds.md", "contract.md"])
def test_the_rendered_page_is_the_committed_one(page: str) -> None:
    committed = (ROOT / "docs" / "reference" / page).read_text()
    assert committed == renderer().PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [target for target, _ in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert broken == []
