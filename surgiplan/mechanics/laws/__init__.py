"""The tissue laws at single points, as they are summed by ``integrals``."""
