"""Figures in seconds and times-faster, beside peers in the same run."""
