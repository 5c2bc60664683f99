"""Scans in, cases to and from disk, surfaces out."""

from .atomic import write_whole
from .case.bundle import pack, unpack
from .case.codec import from_json, to_json
from .case.encryption import (
    change_passphrase,
    decrypt,
    encrypt,
    encrypted_like,
    new_encrypted,
    unlock,
)
from .case.happenings import (
    AuditEvent,
    audit_events,
    audit_head,
    log_event,
    log_export,
    log_opening,
)
from .case.journal import load_edits
from .case.kept import Kept, kept_beside
from .case.key_file import Cost, WrongPassphrase
from .case.lock import CaseLock
from .case.opening import Lost, Opened, load, load_view, opened
from .case.place import CasePath, EncryptedCase, Place, is_encrypted
from .case.store import autosave, discard_autosaves, holds_autosaves, save
from .case.verify import verify
from .dicom.confidentiality import PROFILE
from .dicom.deidentify import Deidentified, deidentify
from .dicom.identity import identity_of
from .dicom.loading import load_series
from .dicom.phases import phase_of, phases
from .dicom.pixels import stored_values
from .dicom.scan import scan
from .dicom.series import ACCEPTABLE, PROBLEM_KINDS, Problem, Scan, SeriesFound
from .dicom.stacking import Partial
from .dicom.thumbnails import thumbnail
from .exchange.anatomy import known_anatomy, unsided_warning
from .exchange.exporting import (
    EXPORT_FORMATS,
    Exported,
    export_label_map,
    export_segments,
    format_of,
)
from .exchange.importing import load_segments, segments_alone
from .exchange.label_reading import names_in
from .exchange.placing import onto_scan
from .exchange.seg_writing import SegKind
from .labels import LabelMap, label_names, load_labels, open_label_map
from .mesh.reading import OTHER_MESH_SUFFIXES, UNITS_MM, LoadedSurface, load_surface
from .mesh.tetrahedra import MESH_SUFFIXES, require_mesh_path, write_tetrahedra
from .mesh.writing import SURFACE_SUFFIXES, write_surface
from .volumes import VOLUME_SUFFIXES, load_volume_file

__all__ = [
    "ACCEPTABLE",
    "EXPORT_FORMATS",
    "MESH_SUFFIXES",
    "OTHER_MESH_SUFFIXES",
    "PROBLEM_KINDS",
    "PROFILE",
    "SURFACE_SUFFIXES",
    "UNITS_MM",
    "VOLUME_SUFFIXES",
    "AuditEvent",
    "CaseLock",
    "CasePath",
    "Cost",
    "Deidentified",
    "EncryptedCase",
    "Exported",
    "Kept",
    "LabelMap",
    "LoadedSurface",
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
    "export_label_map",
    "export_segments",
    "format_of",
    "from_json",
    "holds_autosaves",
    "identity_of",
    "is_encrypted",
    "kept_beside",
    "known_anatomy",
    "label_names",
    "load",
    "load_edits",
    "load_labels",
    "load_segments",
    "load_series",
    "load_surface",
    "load_view",
    "load_volume_file",
    "log_event",
    "log_export",
    "log_opening",
    "names_in",
    "new_encrypted",
    "onto_scan",
    "open_label_map",
    "opened",
    "pack",
    "phase_of",
    "phases",
    "require_mesh_path",
    "save",
    "scan",
    "segments_alone",
    "stored_values",
    "thumbnail",
    "to_json",
    "unlock",
    "unpack",
    "unsided_warning",
    "verify",
    "write_surface",
    "write_tetrahedra",
    "write_whole",
]
