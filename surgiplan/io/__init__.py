"""Scans in, cases to and from disk, surfaces out."""

from .atomic import write_whole
from .bundle import pack, unpack
from .codec import from_json, to_json
from .confidentiality import PROFILE
from .deidentify import Deidentified, deidentify
from .dicom import load_series
from .encryption import (
    change_passphrase,
    decrypt,
    encrypt,
    encrypted_like,
    new_encrypted,
    unlock,
)
from .exchange.exporting import EXPORT_FORMATS, Exported, export_segments, format_of
from .exchange.importing import load_segments
from .exchange.seg_writing import SegKind
from .happenings import AuditEvent, audit_events, audit_head, log_event, log_export, log_opening
from .identity import identity_of
from .journal import load_edits
from .key_file import Cost, WrongPassphrase
from .labels import label_names, load_labels
from .lock import CaseLock
from .opening import Lost, Opened, load, load_view, opened
from .phases import phase_of, phases
from .pixels import stored_values
from .place import CasePath, EncryptedCase, Place, is_encrypted
from .scan import scan
from .series import ACCEPTABLE, PROBLEM_KINDS, Problem, Scan, SeriesFound
from .stacking import Partial
from .store import autosave, discard_autosaves, holds_autosaves, save
from .surfaces import SURFACE_SUFFIXES, write_surface
from .thumbnails import thumbnail
from .verify import verify
from .volumes import VOLUME_SUFFIXES, load_volume_file

__all__ = [
    "ACCEPTABLE",
    "EXPORT_FORMATS",
    "PROBLEM_KINDS",
    "PROFILE",
    "SURFACE_SUFFIXES",
    "VOLUME_SUFFIXES",
    "AuditEvent",
    "CaseLock",
    "CasePath",
    "Cost",
    "Deidentified",
    "EncryptedCase",
    "Exported",
    "Lost",
    "Opened",
    "Partial",
    "Place",
    "Problem",
    "Scan",
    "SegKind",
    "SeriesFound",
    "WrongPassphrase",
    "audit_events",
    "audit_head",
    "autosave",
    "change_passphrase",
    "decrypt",
    "deidentify",
    "discard_autosaves",
    "encrypt",
    "encrypted_like",
    "export_segments",
    "format_of",
    "from_json",
    "holds_autosaves",
    "identity_of",
    "is_encrypted",
    "label_names",
    "load",
    "load_edits",
    "load_labels",
    "load_segments",
    "load_series",
    "load_view",
    "load_volume_file",
    "log_event",
    "log_export",
    "log_opening",
    "new_encrypted",
    "opened",
    "pack",
    "phase_of",
    "phases",
    "save",
    "scan",
    "stored_values",
    "thumbnail",
    "to_json",
    "unlock",
    "unpack",
    "verify",
    "write_surface",
    "write_whole",
]
