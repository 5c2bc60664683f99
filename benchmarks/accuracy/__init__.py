"""How near the automatic organs come to the truth, over synthetic patients and real scans."""
