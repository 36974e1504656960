"""Is this a text at all? Known beginnings of binary files, and bytes that texts do not hold."""

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"PK\x03\x04", "a ZIP archive (as are .docx, .odt and .epub files)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"OggS\x00", "an Ogg recording"),
    (b"fLaC\x00", "a FLAC recording"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"GGUF", "a GGUF model"),
)
# Beginnings that a text could have too: believed only where zero bytes follow.
_SHORT_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a program"),
    (b"BM", "a BMP image"),
    (b"ID3", "an MP3 recording"),
    (b"RIFF", "a recording, film or picture (RIFF)"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
)
# Control bytes that plain texts and terminal logs do hold: tab, newline, form feed and so on, and escape.
_INNOCENT = b"\b\t\n\v\f\r\x1b"
_CONTROL = bytes(byte for byte in (*range(32), 127) if byte not in _INNOCENT)

MOST_CONTROL_BYTES = 0.05
"""The share of control bytes above which a file is not taken for text."""


def looks_like(sample: bytes) -> str | None:
    """What a file that begins with ``sample`` looks like (``a PNG image``); None where it may be text."""
    for beginning, kind in _BEGINNINGS:
        if sample.startswith(beginning):
            return kind
    if 0 in sample:
        for beginning, kind in _SHORT_BEGINNINGS:
            if sample.startswith(beginning):
                return kind
        if sample[4:8] == b"ftyp":
            return "a film or recording (MP4)"
        if sample[257:262] == b"ustar":
            return "a tar archive"
        # A length of eight bytes, then a JSON object.
        if sample[8:10] == b'{"' and int.from_bytes(sample[:8], "little") < 1 << 32:
            return "a safetensors file (a model or a state)"
    return None


def control_bytes(data: bytes) -> int:
    """How many bytes are control characters that plain text does not hold."""
    return len(data) - len(data.translate(None, _CONTROL))
