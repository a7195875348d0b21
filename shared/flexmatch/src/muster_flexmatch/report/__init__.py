"""Makes a page out of simulations: self-contained HTML with inline SVG, no script, no network."""

from muster_flexmatch.report.page import report

__all__ = ["report"]
