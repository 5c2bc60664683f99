"""The panels on the right: one for each stage of a case."""
