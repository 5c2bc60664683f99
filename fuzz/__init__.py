"""Damaged scans by the thousand: none may crash the program, hang it or mislead silently."""
