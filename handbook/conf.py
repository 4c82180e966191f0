"""Sphinx configuration: `make docs` builds `site/` from `docs/`, strictly and without a network."""

from importlib.metadata import version as version_of

project = "Solenoid"
author = "the Solenoid authors"
release = version = version_of("solenoid")

extensions = ["myst_parser", "sphinx.ext.autodoc", "handbook.extension"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["images/pages/all/*"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "dollarmath", "fieldlist"]
myst_heading_anchors = 4
suppress_warnings = ["myst.strikethrough"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_display_short_literal_types = True

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["handbook.css"]
html_title = "Solenoid"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
pygments_style = "friendly"
pygments_dark_style = "native"
