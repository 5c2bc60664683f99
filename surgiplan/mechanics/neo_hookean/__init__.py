"""The usual law of tissue, from strain to nodal force and tangent in one pass."""
