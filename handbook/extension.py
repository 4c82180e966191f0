"""Sphinx extension: writes the pages that declarations make, and typesets equations as MathML."""

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from pygments.lexers.special import TextLexer
from pygments.lexers.sql import SqlLexer
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from handbook import commands, errors, house, http_api, kinds, settings, tables, tutorial

MADE = "made"
PAGES: Mapping[str, Callable[[], str]] = {
    "tutorial": tutorial.page,
    "http-api": http_api.page,
    "command-line": commands.page,
    "settings": settings.page,
    "tables": tables.page,
    "errors": errors.page,
    **{name.lower(): partial(house.page, name) for name in house.PAGES},
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_displayed, None))
    app.add_lexer("sqlite", SqlLexer)
    app.add_lexer("csv", TextLexer)
    app.add_lexer("mermaid", TextLexer)
    app.connect("source-read", _link)
    app.connect("builder-inited", _make_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _make_pages(app: Sphinx) -> None:
    folder = Path(app.srcdir) / MADE
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, made in PAGES.items():
        (folder / f"{name}.md").write_text(made())
    kinds.write_pages(folder)


def _link(app: Sphinx, document: str, content: list[str]) -> None:
    if not document.startswith(MADE):
        content[0] = house.linked(content[0])


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _displayed(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f"<div>{convert(node.astext(), display='block')}</div>\n")
    raise nodes.SkipNode
