"""How Sphinx builds the site from the pages that `pages.py` gathers; `make docs` runs both."""

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

project = "BanditLab"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "BanditLab"
html_copy_source = False
html_show_copyright = False
html_show_search_summary = False  # the browser fetches summaries, which it may not from disk
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
pygments_style = "friendly"
pygments_dark_style = "github-dark"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
suppress_warnings = ["misc.highlighting_failure"]
highlight_language = "none"
default_role = "code"  # `names` in docstrings

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False


def as_mathml(self, node):
    """Write a formula as MathML, which browsers draw by themselves: no script, no font, no network."""
    block = isinstance(node, nodes.math_block)
    try:
        formula = latex2mathml.tex2mathml(node.astext(), as_block=block)
    except MathError as error:
        logging.getLogger(__name__).warning("%s in %s", error, node.astext(), location=node)
        raise nodes.SkipNode from None
    self.body.append(f'<div class="math">{formula}</div>' if block else formula)
    raise nodes.SkipNode


def setup(app):
    """Register the way formulas are drawn."""
    app.add_html_math_renderer("mathml", (as_mathml, None), (as_mathml, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
