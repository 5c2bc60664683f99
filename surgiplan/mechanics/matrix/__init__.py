"""Matrices of 3x3 blocks, one row of blocks a node."""
