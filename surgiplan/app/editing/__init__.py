"""The segment editor: what is edited, with what, and what is seen of it before it is decided."""
