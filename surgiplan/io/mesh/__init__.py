"""Surfaces in and out: STL, PLY, OBJ and GLB, read by numpy alone."""
