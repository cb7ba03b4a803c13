"""Renders a judgement: as text, as a page.  It may not judge, nor open a socket."""
