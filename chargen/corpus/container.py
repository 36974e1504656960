"""One array of ids and a JSON description in one safetensors file.

The description is metadata, so that any safetensors reader opens the file. Reading makes no second
copy: the array is a view of the bytes that were read.
"""

import json
from typing import Any

import numpy as np

from chargen.corpus.vocabulary import Ids
from chargen.errors import CorpusError, FileError
from chargen.files import parse_json
from chargen.safetensors_header import read_header, read_metadata

FORMAT = 1
_KEY = "chargen_corpus"
_TENSOR = "ids"
_TYPES: dict[str, np.dtype[Any]] = {"U8": np.dtype("u1"), "U16": np.dtype("<u2"), "U32": np.dtype("<u4")}


def pack(ids: Ids, description: dict[str, Any]) -> tuple[bytes, memoryview]:
    """The file's content in two pieces, so that a long text is not copied: the header, and the array itself.

    ``ids`` [N]; ``description`` holds plain JSON values. The layout is safetensors': the header's length in eight
    bytes, the header in JSON padded with spaces to a multiple of eight, the numbers.
    """
    number_type = next(name for name, dtype in _TYPES.items() if dtype == ids.dtype)
    text = json.dumps({"format": FORMAT, **description}, allow_nan=False)
    header = {
        "__metadata__": {_KEY: text},
        _TENSOR: {"dtype": number_type, "shape": [len(ids)], "data_offsets": [0, ids.nbytes]},
    }
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded, np.ascontiguousarray(ids).data.cast("B")


def unpack(data: bytes, what: str) -> tuple[Ids, dict[str, Any]]:
    """The ids [N] (read-only) and the description.

    Raises:
        CorpusError: the bytes are damaged, of another kind or of a newer version; ``what`` names them.
    """
    foreign = CorpusError(f"“{what}” is not an encoded text, or it is damaged.")
    try:
        description = parse_json(read_metadata(data)[_KEY], what)
        entry = read_header(data)[_TENSOR]
        number_type, (length,), (begin, end) = _TYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
        body = 8 + int.from_bytes(data[:8], "little")
        version = description["format"]
        whole = begin == 0 and end == length * number_type.itemsize == len(data) - body
    except (FileError, KeyError, TypeError, ValueError) as error:
        raise foreign from error
    if type(version) is not int or not whole:
        raise foreign
    if version > FORMAT:
        raise CorpusError(f"“{what}” was made by a newer chargen (format {version}); update to open it.")
    return np.frombuffer(data, number_type, length, body), description
