"""The loop that a good programmer writes in PyTorch in ten minutes: what our training is measured against.

``nn.Embedding``, ``nn.LSTM`` (GRU, RNN) and ``nn.Linear`` in float32 with library defaults, ``torch.optim.Adam`` as it
comes, the text as contiguous streams whose state is carried, and the loss asked for at each step.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chargen.model.config import ModelConfig
from chargen.model.network import CharRNN

_LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class PlainLoop:
    """A network and its optimizer.

    Args:
        config: the shape; the initial state is zeros. device: where. seed: of the initial weights.
    """

    def __init__(self, config: ModelConfig, device: str = "cpu", seed: int = 0) -> None:
        self.config = config
        with torch.random.fork_rng(devices=[]):  # initialised on the CPU, by the library's own generator
            torch.manual_seed(seed)
            self._network = nn.ModuleDict(
                {
                    "embedding": nn.Embedding(config.vocabulary_size, config.embedding),
                    "rnn": _LAYERS[config.cell](config.embedding, config.hidden, config.layers),
                    "head": nn.Linear(config.hidden, config.vocabulary_size),
                }
            ).to(device)
        self._optimizer = torch.optim.Adam(self._network.parameters())
        self._state: Tensor | tuple[Tensor, Tensor] | None = None

    def learn(self, block: Tensor) -> float:
        """One step on the characters of ``block``, int64 [T + 1, B] on the device; the loss before it, in nats."""
        embedding, rnn, head = (self._network[name] for name in ("embedding", "rnn", "head"))
        output, state = rnn(embedding(block[:-1]), self._state)
        loss = F.cross_entropy(head(output).flatten(0, 1), block[1:].flatten())
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        return loss.item()

    def forget(self) -> None:
        """Start the next block from zeros: the streams begin anew."""
        self._state = None

    def network(self) -> CharRNN:
        """A copy as a network of ours, on the device, so that both are scored by the same function."""
        tensors = {name: tensor.detach().cpu().numpy() for name, tensor in self._network.state_dict().items()}
        with torch.random.fork_rng(devices=[]):  # its layers draw weights first, whatever is loaded then
            network = CharRNN(self.config)
        network.load_tensors(tensors)
        return network.requires_grad_(False).to(next(self._network.parameters()).device)
