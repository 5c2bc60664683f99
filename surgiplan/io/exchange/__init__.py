"""Segmentations from and for other programs: DICOM SEG, RTSTRUCT and label maps."""
