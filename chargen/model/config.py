"""What a network is made of, and the tensors that follow from it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from chargen.errors import ModelFileError, SettingError
from chargen.settings import option

Cell = Literal["lstm", "gru", "rnn"]
InitialState = Literal["zeros", "learned"]

GATES: dict[str, int] = {"lstm": 4, "gru": 3, "rnn": 1}
"""How many blocks of H rows a cell's weights hold: LSTM i, f, g, o; GRU r, z, n; RNN one."""

MAXIMUM_PARAMETERS = 2**31
MAXIMUM_VOCABULARY = 0x110000


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a character-level recurrent network.

    Attributes:
        cell: ``lstm``, ``gru`` or ``rnn`` (the plain tanh cell).
        layers: L, 1 to 8.
        hidden: H, units per layer.
        embedding: E, numbers per input character; equals ``hidden`` where ``tied``.
        vocabulary_size: V.
        initial_state: what a sequence starts from in training.
        tied: the output weights are the embedding's (one matrix for both).
    """

    cell: Cell
    layers: int
    hidden: int
    embedding: int
    vocabulary_size: int
    initial_state: InitialState = "zeros"
    tied: bool = False

    def __post_init__(self) -> None:
        for name in ("cell", "layers", "hidden", "embedding", "initial_state"):
            value = getattr(self, name)
            if value is None or (option(name).kind == "int" and type(value) is not int):
                raise SettingError(f"{option(name).label} must be given, not “{value}”.")
            option(name).check(value)
        if type(self.vocabulary_size) is not int or not 2 <= self.vocabulary_size <= MAXIMUM_VOCABULARY:
            raise SettingError("A model needs a vocabulary of at least two characters.")
        if self.tied and self.embedding != self.hidden:
            raise SettingError("A tied embedding needs as many numbers per character as there are hidden units.")
        if self.parameter_count() > MAXIMUM_PARAMETERS:
            raise SettingError(
                f"A model of {self.parameter_count():,} parameters is too large; choose fewer layers or hidden units."
            )

    @property
    def gates(self) -> int:
        """Blocks of H rows in each weight."""
        return GATES[self.cell]

    @property
    def state_parts(self) -> tuple[str, ...]:
        """Names of the state's parts: ``("h", "c")`` for LSTM, ``("h",)`` otherwise."""
        return ("h", "c") if self.cell == "lstm" else ("h",)

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor of the model file, in order.

        PyTorch's names and gate order: ``rnn.weight_ih_l{k}`` [G·H, E or H], ``rnn.weight_hh_l{k}`` [G·H, H],
        two biases [G·H] a layer, ``embedding.weight`` [V, E], ``head.weight`` [V, H], ``head.bias`` [V]; with a
        learned initial state ``initial_state.h`` (and ``.c``) [L, H].
        """
        rows, H, V = self.gates * self.hidden, self.hidden, self.vocabulary_size
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (V, self.embedding)}
        for layer in range(self.layers):
            shapes[f"rnn.weight_ih_l{layer}"] = (rows, self.embedding if layer == 0 else H)
            shapes[f"rnn.weight_hh_l{layer}"] = (rows, H)
            shapes[f"rnn.bias_ih_l{layer}"] = (rows,)
            shapes[f"rnn.bias_hh_l{layer}"] = (rows,)
        shapes["head.weight"] = (V, H)
        shapes["head.bias"] = (V,)
        if self.initial_state == "learned":
            for part in self.state_parts:
                shapes[f"initial_state.{part}"] = (self.layers, H)
        return shapes

    def parameter_count(self) -> int:
        """Numbers that are learned (a tied matrix counts once)."""
        total = 0
        for name, shape in self.tensor_shapes().items():
            if self.tied and name == "head.weight":
                continue
            size = 1
            for extent in shape:
                size *= extent
            total += size
        return total

    def describe(self) -> str:
        """Short words for a chip: ``2×256 LSTM``."""
        return f"{self.layers}×{self.hidden} {self.cell.upper()}"

    def to_json(self) -> dict[str, Any]:
        """The config as plain JSON values; the vocabulary size is implied by the vocabulary."""
        values = asdict(self)
        del values["vocabulary_size"]
        return values

    @classmethod
    def from_json(cls, values: Any, vocabulary_size: int) -> "ModelConfig":
        """Build from a stranger's JSON. Raises ModelFileError when anything is missing or out of range."""
        if not isinstance(values, dict):
            raise ModelFileError("The model's configuration is missing; the file is damaged or of another kind.")
        try:
            return cls(
                cell=values["cell"],
                layers=values["layers"],
                hidden=values["hidden"],
                embedding=values["embedding"],
                vocabulary_size=vocabulary_size,
                initial_state=values.get("initial_state", "zeros"),
                tied=values.get("tied", False) is True,
            )
        except KeyError as error:
            raise ModelFileError(f"The model's configuration lacks “{error.args[0]}”; the file is damaged.") from None
        except (SettingError, TypeError) as error:
            raise ModelFileError(f"The model's configuration is wrong: {error}") from error
