"""A case on disk: saved, kept by itself, sealed, sent, verified."""
