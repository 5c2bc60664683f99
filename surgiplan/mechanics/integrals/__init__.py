"""Sums over the points of elements."""
