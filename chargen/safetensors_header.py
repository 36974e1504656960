"""The header of safetensors bytes, read before anything is allocated."""

from typing import Any

from chargen.errors import FileError
from chargen.files import parse_json


def read_header(data: bytes) -> dict[str, Any]:
    """The JSON header of safetensors bytes, bounded. Raises ValueError when it is none."""
    if len(data) < 8:
        raise ValueError("too short")
    size = int.from_bytes(data[:8], "little")
    if not 2 <= size <= min(len(data) - 8, 64 * 2**20):
        raise ValueError("header size")
    try:
        header = parse_json(data[8 : 8 + size], "header")
    except FileError as error:
        raise ValueError("header") from error
    if not isinstance(header, dict):
        raise ValueError("header")
    return header


def read_metadata(data: bytes) -> dict[str, str]:
    """The ``__metadata__`` of safetensors bytes; empty if there is none. Raises ValueError."""
    metadata = read_header(data).get("__metadata__", {})
    if not isinstance(metadata, dict):
        raise ValueError("metadata")
    return metadata


def tensor_table(data: bytes) -> dict[str, tuple[str, list[int]]]:
    """Name → (number type, shape) as the header claims, before anything is allocated. Raises ValueError."""
    table = {}
    for name, entry in read_header(data).items():
        if name == "__metadata__":
            continue
        try:
            shape = [int(extent) for extent in entry["shape"]]
            table[name] = (str(entry["dtype"]), shape)
        except (KeyError, TypeError) as error:
            raise ValueError(name) from error
    return table
