"""The model file: one ``.safetensors`` that anyone can read and nobody can hide code in.

Loading trusts nothing: sizes are capped, expected names and shapes are computed from the
configuration and compared with the header before anything is allocated, values must be finite,
and the fingerprint must match. No torch: sampling needs only this and NumPy.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as safetensors_load
from safetensors.numpy import save as safetensors_save

from chargen.errors import FileError, ModelFileError
from chargen.files import parse_json, read_capped, write_atomic
from chargen.model.config import MAXIMUM_VOCABULARY, ModelConfig
from chargen.safetensors_header import read_metadata, tensor_table

FORMAT = 1
MAXIMUM_MODEL_BYTES = 9 * 2**30
METADATA_KEY = "chargen"

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Model:
    """A network at rest: configuration, vocabulary and float32 tensors in PyTorch's names.

    Attributes:
        config: the shape. vocabulary: characters in id order. tensors: as
            :meth:`ModelConfig.tensor_shapes` says, read-only.
        training: a summary (steps, losses, settings). corpus: hash and size of the text; no path, no excerpt.
    """

    config: ModelConfig
    vocabulary: tuple[str, ...]
    tensors: Tensors
    training: dict[str, Any] = field(default_factory=dict)
    corpus: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hex, over canonical config, vocabulary and tensor bytes; computed once."""
        known = self.__dict__.get("_fingerprint")
        if known is None:
            known = compute_fingerprint(self.config, self.vocabulary, self.tensors)
            self.__dict__["_fingerprint"] = known
        return str(known)

    def characters_outside(self, text: str) -> tuple[str, ...]:
        """The distinct characters of ``text`` that the vocabulary lacks, in order of appearance."""
        return tuple(sorted(set(text) - set(self.vocabulary), key=text.index))


def compute_fingerprint(config: ModelConfig, vocabulary: tuple[str, ...], tensors: Tensors) -> str:
    """SHA-256 over what decides the model's behaviour, independent of file layout."""
    digest = hashlib.sha256()
    digest.update(json.dumps(config.to_json(), sort_keys=True, separators=(",", ":")).encode())
    digest.update(json.dumps(list(vocabulary), separators=(",", ":")).encode())
    for name in sorted(config.tensor_shapes()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensors[name], dtype="<f4").tobytes())
    return digest.hexdigest()


def check_tensors(config: ModelConfig, tensors: Tensors) -> None:
    """Raise ModelFileError unless names, shapes and number types are the config's and all values finite."""
    shapes = config.tensor_shapes()
    if set(tensors) != set(shapes):
        wrong = sorted(set(tensors) ^ set(shapes))[0]
        raise ModelFileError(f"The model's tensors do not fit its configuration (“{wrong}”).")
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != np.float32:
            raise ModelFileError(f"The tensor “{name}” has shape {list(tensor.shape)}, expected {list(shape)}.")
        if not np.isfinite(tensor).all():
            raise ModelFileError(f"The tensor “{name}” holds numbers that are not finite; the model is spoiled.")


def model_to_bytes(model: Model) -> bytes:
    """The content of a model file. Raises ModelFileError if the model is not sound."""
    check_tensors(model.config, model.tensors)
    header = {
        "format": FORMAT,
        "config": model.config.to_json(),
        "vocabulary": list(model.vocabulary),
        "training": model.training,
        "corpus": model.corpus,
        "fingerprint": model.fingerprint,
    }
    # ASCII JSON: a lone surrogate in a vocabulary survives as an escape.
    return safetensors_save(
        {name: np.ascontiguousarray(model.tensors[name]) for name in model.config.tensor_shapes()},
        metadata={METADATA_KEY: json.dumps(header, allow_nan=False)},
    )


def model_from_bytes(data: bytes, what: str) -> Model:
    """Parse a model file from anyone; ``what`` names it in errors. Raises ModelFileError."""
    try:
        metadata, table = read_metadata(data), tensor_table(data)
    except ValueError:
        raise ModelFileError(f"“{what}” is not a model file, or it is cut short or damaged.") from None
    if METADATA_KEY not in metadata:
        raise ModelFileError(f"“{what}” is a tensor file, but not a chargen model.")
    try:
        header = parse_json(metadata[METADATA_KEY], what)
    except FileError:
        header = None
    if not isinstance(header, dict) or type(header.get("format")) is not int:
        raise ModelFileError(f"The description inside “{what}” is damaged.")
    if header["format"] > FORMAT:
        raise ModelFileError(f"“{what}” was made by a newer chargen (format {header['format']}); update to open it.")
    vocabulary = _vocabulary(header.get("vocabulary"), what)
    config = ModelConfig.from_json(header.get("config"), len(vocabulary))
    for name, shape in config.tensor_shapes().items():
        if table.get(name) != ("F32", list(shape)):
            found = table[name][1] if name in table else "nothing"
            raise ModelFileError(f"In “{what}” the tensor “{name}” is {found}, expected {list(shape)} of float32.")
    if len(table) != len(config.tensor_shapes()):
        raise ModelFileError(f"“{what}” holds tensors that its configuration does not know.")
    try:
        tensors = safetensors_load(data)
    except (SafetensorError, ValueError):
        raise ModelFileError(f"“{what}” is cut short or damaged.") from None
    check_tensors(config, tensors)
    for tensor in tensors.values():
        tensor.flags.writeable = False
    training, corpus = header.get("training"), header.get("corpus")
    model = Model(
        config,
        vocabulary,
        tensors,
        training if isinstance(training, dict) else {},
        corpus if isinstance(corpus, dict) else {},
    )
    if header.get("fingerprint") != model.fingerprint:
        raise ModelFileError(f"“{what}” does not match its own fingerprint; it was changed or damaged.")
    return model


def _vocabulary(values: Any, what: str) -> tuple[str, ...]:
    if (
        not isinstance(values, list)
        or not 2 <= len(values) <= MAXIMUM_VOCABULARY
        or not all(isinstance(value, str) and len(value) == 1 for value in values)
        or len(set(values)) != len(values)
    ):
        raise ModelFileError(f"The vocabulary inside “{what}” is damaged.")
    return tuple(values)


def save_model(path: Path, model: Model, *, keep_previous: bool = False) -> None:
    """Write a model file: atomic, synced, read back and parsed before it takes the name. Raises FileError."""
    data = model_to_bytes(model)
    write_atomic(path, data, verify=lambda written: _verify(written, str(path)), keep_previous=keep_previous)


def _verify(written: bytes, what: str) -> None:
    model_from_bytes(written, what)


def resolve_model(path: Path) -> Path:
    """The model file that ``path`` means: itself, or the best (else the latest) model of a run folder.

    Raises:
        ModelFileError: there is none.
    """
    if path.is_dir():
        for name in ("model.safetensors", "latest.safetensors"):
            if (path / name).is_file():
                return path / name
        raise ModelFileError(f"The folder “{path}” holds no model yet; train one with: chargen train --run {path}")
    if not path.exists():
        raise ModelFileError(f"There is no model at “{path}”; check the name.")
    return path


def load_model(path: Path) -> Model:
    """Read a model file or the model of a run folder, from anyone. Raises ModelFileError or FileError."""
    file = resolve_model(Path(path))
    return model_from_bytes(read_capped(file, MAXIMUM_MODEL_BYTES), str(file))
