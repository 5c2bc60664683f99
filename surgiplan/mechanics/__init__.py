"""Finite-element-lite: soft tissue that deforms under stents, cuts and its own weight."""
