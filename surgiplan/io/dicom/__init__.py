"""DICOM: what is there, where its voxels lie, and what they are."""
