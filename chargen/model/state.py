"""The hidden state of a network, as a thing one can keep.

Immutable, float32, without torch: sampling, files and the window share it. A state carries its
*recipe* (how it was made), so that it can be made again for another checkpoint.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as safetensors_load
from safetensors.numpy import save as safetensors_save

from chargen.errors import FileError, StateError
from chargen.files import parse_json, read_capped, write_atomic
from chargen.model.config import ModelConfig
from chargen.model.recipes import bounded
from chargen.safetensors_header import read_metadata, tensor_table

if TYPE_CHECKING:
    from chargen.model.model_file import Model

Array = NDArray[np.float32]

STATE_FORMAT = 1
MAXIMUM_STATE_BYTES = 64 * 2**20


def _frozen(array: Any) -> Array:
    copy = np.array(array, dtype=np.float32, order="C")
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True, eq=False)
class HiddenState:
    """h and (LSTM) c of every layer.

    Attributes:
        cell: the kind of cell it belongs to.
        h: [L, B, H], float32, read-only.
        c: [L, B, H] for LSTM, else None.
        recipe: how it was made: ``{"kind": "zero" | "learned" | "random" | "text" | "captured" | "blend" |
            "combination" | …, …}``, kept within the bounds of :mod:`chargen.model.recipes`.
        fingerprint: of the model that made it, or empty.
        name, note: the user's words.
    """

    cell: str
    h: Array
    c: Array | None
    recipe: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({"kind": "zero"}))
    fingerprint: str = ""
    name: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "h", _frozen(self.h))
        object.__setattr__(self, "c", None if self.c is None else _frozen(self.c))
        object.__setattr__(self, "recipe", MappingProxyType(bounded(self.recipe)))
        if self.h.ndim != 3:
            raise StateError("A state needs three axes: layers, streams and units.")
        if (self.cell == "lstm") != (self.c is not None):
            raise StateError(
                f"A state of a {self.cell.upper()} {'needs' if self.cell == 'lstm' else 'has no'} cell part (c)."
            )
        if self.c is not None and self.c.shape != self.h.shape:
            raise StateError("The two parts of the state (h and c) differ in size.")
        for part in self.parts():
            if not np.isfinite(part).all():
                raise StateError("The state holds numbers that are not finite; it cannot be used.")

    @property
    def layers(self) -> int:
        return int(self.h.shape[0])

    @property
    def streams(self) -> int:
        return int(self.h.shape[1])

    @property
    def hidden(self) -> int:
        return int(self.h.shape[2])

    def parts(self) -> tuple[Array, ...]:
        """(h, c) for LSTM, (h,) otherwise."""
        return (self.h,) if self.c is None else (self.h, self.c)

    def renamed(self, name: str, note: str = "") -> "HiddenState":
        """The same state under another name and with another note."""
        return HiddenState(self.cell, self.h, self.c, self.recipe, self.fingerprint, name, note)

    def check_fits(self, config: ModelConfig) -> None:
        """Raise StateError, saying why, unless the state has the model's cell, layers and size."""
        mine = (self.cell, self.layers, self.hidden)
        if mine != (config.cell, config.layers, config.hidden):
            raise StateError(
                f"This state is of a {self.layers}×{self.hidden} {self.cell.upper()}, but the model is a "
                f"{config.describe()}; make the state again with this model."
            )
        if self.streams != 1:
            raise StateError(f"This state holds {self.streams} streams side by side; a seed state has one.")

    def distance(self, other: "HiddenState") -> list[float]:
        """Euclidean distance per layer over h and c together. Raises StateError when the kinds differ."""
        if self.cell != other.cell or self.h.shape != other.h.shape:
            raise StateError("States of different kinds or sizes cannot be compared.")
        squares = sum(
            ((a.astype(np.float64) - b) ** 2).sum(axis=(1, 2)) for a, b in zip(self.parts(), other.parts(), strict=True)
        )
        return [float(value) for value in np.sqrt(squares)]

    # -- making states -------------------------------------------------------------------------

    @classmethod
    def from_parts(
        cls,
        config: ModelConfig,
        parts: tuple[Array, ...],
        recipe: dict[str, Any],
        *,
        fingerprint: str = "",
        name: str = "",
    ) -> "HiddenState":
        """A state from arrays [L, H] or [L, B, H], in the order of :attr:`ModelConfig.state_parts`."""
        shaped = [part[:, None, :] if part.ndim == 2 else part for part in parts]
        c = shaped[1] if config.cell == "lstm" else None
        return cls(config.cell, shaped[0], c, MappingProxyType(recipe), fingerprint, name)

    @classmethod
    def zero(cls, config: ModelConfig) -> "HiddenState":
        """All zeros."""
        zeros = np.zeros((config.layers, 1, config.hidden), np.float32)
        return cls.from_parts(config, (zeros,) * len(config.state_parts), {"kind": "zero"}, name="Zeros")

    @classmethod
    def random(cls, config: ModelConfig, seed: int, scale: float = 1.0) -> "HiddenState":
        """Normal numbers with standard deviation ``scale``; h is kept within its range by tanh.

        Raises:
            StateError: ``scale`` is negative or not finite.
        """
        if not np.isfinite(scale) or scale < 0:
            raise StateError("The scale of a random state must be a finite number, zero or more.")
        generator = np.random.Generator(np.random.PCG64(seed))
        shape = (config.layers, 1, config.hidden)
        parts = [generator.standard_normal(shape) * scale for _ in config.state_parts]
        parts[0] = np.tanh(parts[0])  # h = o·tanh(c), or a mean of tanh: always between -1 and 1
        with np.errstate(over="ignore"):  # a scale beyond all measure is refused in a sentence
            arrays = tuple(part.astype(np.float32) for part in parts)
        return cls.from_parts(config, arrays, {"kind": "random", "seed": seed, "scale": scale}, name=f"Random {seed}")

    @classmethod
    def learned(cls, model: "Model") -> "HiddenState":
        """The initial state the model learned. Raises StateError if it learned none."""
        if model.config.initial_state != "learned":
            raise StateError(
                "This model started from zeros and learned no initial state; train with --initial-state learned."
            )
        parts = tuple(model.tensors[f"initial_state.{part}"] for part in model.config.state_parts)
        return cls.from_parts(model.config, parts, {"kind": "learned"}, fingerprint=model.fingerprint, name="Learned")

    # -- files -----------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """The content of a ``.state`` file (safetensors)."""
        header = {
            "format": STATE_FORMAT,
            "cell": self.cell,
            "layers": self.layers,
            "hidden": self.hidden,
            "recipe": dict(self.recipe),
            "fingerprint": self.fingerprint,
            "name": self.name,
            "note": self.note,
        }
        tensors = {"h": np.array(self.h)} if self.c is None else {"h": np.array(self.h), "c": np.array(self.c)}
        return safetensors_save(tensors, metadata={"chargen_state": json.dumps(header, allow_nan=False)})

    def save(self, path: Path) -> None:
        """Write a ``.state`` file, atomically. Raises FileError."""
        data = self.to_bytes()
        write_atomic(path, data, verify=lambda written: self._verify(written, str(path)))

    @classmethod
    def _verify(cls, written: bytes, what: str) -> None:
        cls.from_bytes(written, what)

    @classmethod
    def load(cls, path: Path) -> "HiddenState":
        """Read a ``.state`` file from anyone. Raises FileError or StateError."""
        return cls.from_bytes(read_capped(path, MAXIMUM_STATE_BYTES), str(path))

    @classmethod
    def from_bytes(cls, data: bytes, what: str) -> "HiddenState":
        """Parse the content of a ``.state`` file. Raises StateError unless it is one, whole and finite."""
        damaged = StateError(f"“{what}” is not a chargen state, or is damaged.")
        try:
            header = parse_json(read_metadata(data)["chargen_state"], what)
            if type(header["format"]) is not int or header["format"] > STATE_FORMAT:
                raise StateError(f"“{what}” was made by a newer chargen; update to open it.")
            words = [header[key] for key in ("cell", "fingerprint", "name", "note")]
            if not all(isinstance(word, str) and len(word) < 100_000 for word in words) or not isinstance(
                header["recipe"], dict
            ):
                raise damaged
            expected = {"h", "c"} if header["cell"] == "lstm" else {"h"}
            shapes = tensor_table(data)
            shape = [header["layers"], 1, header["hidden"]]
            if header["cell"] not in ("lstm", "gru", "rnn") or set(shapes) != expected:
                raise damaged
            for dtype, extents in shapes.values():
                if dtype != "F32" or len(extents) != 3 or [extents[0], extents[2]] != [shape[0], shape[2]]:
                    raise damaged
            tensors = safetensors_load(data)
            return cls(
                header["cell"],
                tensors["h"],
                tensors.get("c"),
                MappingProxyType(header["recipe"]),
                header["fingerprint"],
                header["name"],
                header["note"],
            )
        except (KeyError, TypeError, ValueError, SafetensorError, FileError):
            raise damaged from None
