"""What each ingredient of the recipe is worth: ``python -m tests.soak.ablate RESULTS.jsonl TEXT [TEXT …]``.

One small network learns a text for a fixed number of steps, once with the recipe as it is and once for each ingredient
that is taken out, put in or changed, with several seeds. Equal steps, not equal seconds: the result does not depend on
what else the machine does. The texts are cut first: their last tenth is never looked at; the loss is that of the last
tenth of what remains.

Results are appended line by line, and what is there already is not run again; several may run at once on different
``--seeds``. ``--table`` prints them as Markdown, as they stand in CONTRIBUTING.md.
"""

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from chargen.corpus.catalog import resolve
from chargen.corpus.streams import Streams, fit_streams
from chargen.model.config import ModelConfig
from chargen.model.network import CharRNN, State, drop_mask
from chargen.model.scoring import score_ids, validation_streams
from chargen.training import muon
from chargen.training.average import Average
from chargen.training.backend import Backend
from chargen.training.config import TrainingConfig
from chargen.training.presets import choose_dropout
from chargen.training.schedule import WARMUP_STEPS, learning_rate
from chargen.training.step import LearningStep, make_optimizer

STEPS = 400
SEEDS = (1, 2, 3)
HIDDEN, EMBEDDING, STREAMS, UNROLL, RATE = 128, 32, 32, 64, 3e-2
RESTART_SHARE = 0.02
GAMMAS = {"a thirtieth": 31.0, "a twentieth": 16.97, "a tenth": 6.94}
AVERAGED = ("recipe", "constant")
"""What is also measured at half of the steps, and with averages of the weights."""

MORE_DROPOUT = 0.1

Schedule = Callable[[float, float, int], float]


def constant(peak: float, fraction: float, step: int) -> float:
    return peak * min(1.0, (step + 1) / WARMUP_STEPS)


def linear(peak: float, fraction: float, step: int) -> float:
    return constant(peak, fraction, step) * (1 - 0.99 * fraction)


def late_fall(peak: float, fraction: float, step: int) -> float:
    """Constant for six tenths, then down in a straight line."""
    return constant(peak, fraction, step) * min(1.0, 0.01 + 0.99 * (1 - fraction) / 0.4)


def extended(peak: float, fraction: float, step: int) -> float:
    """As if the budget had been half of it, and was doubled at its end."""
    return learning_rate(peak, 2 * fraction if fraction < 0.5 else fraction, step)


@dataclass(frozen=True)
class Variant:
    """The recipe with one thing changed."""

    what: str
    model: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    schedule: Schedule = learning_rate
    carried: bool = True
    restarts: float = RESTART_SHARE
    shifted: bool = True
    unrolls: tuple[int, ...] = ()
    start: Callable[[CharRNN, torch.Generator], None] | None = None  # changes the initial weights
    momentum: float = muon.MOMENTUM
    scale: float = muon.SCALE
    dropout: str = "as it is"  # none, more, held (one mask for the whole unroll), weights
    penalty: float = 0.0  # on the size and the change of the last layer's activations
    normalised: bool = False


def _small(network: CharRNN, generator: torch.Generator) -> None:
    torch.nn.init.normal_(network.embedding.weight, std=0.1, generator=generator)
    for layer in network.layers:
        torch.nn.init.uniform_(layer.weight_ih_l0, -(HIDDEN**-0.5), HIDDEN**-0.5, generator=generator)  # type: ignore[arg-type]


def _uniform(network: CharRNN, generator: torch.Generator) -> None:
    for layer in network.layers:
        torch.nn.init.uniform_(layer.weight_hh_l0, -(HIDDEN**-0.5), HIDDEN**-0.5, generator=generator)  # type: ignore[arg-type]


def _forget(bias: float) -> Callable[[CharRNN, torch.Generator], None]:
    def change(network: CharRNN, generator: torch.Generator) -> None:
        for layer in network.layers:
            layer.bias_ih_l0.data[HIDDEN : 2 * HIDDEN] = bias  # type: ignore[union-attr]

    return change


VARIANTS = {
    "recipe": Variant("**the recipe**"),
    "small start": Variant("initial inputs as small as libraries draw them", start=_small),
    "uniform": Variant("recurrent weights uniform ±1/√H instead of orthogonal", start=_uniform),
    "forget 0": Variant("forget bias 0 instead of 1", start=_forget(0.0)),
    "forget 2": Variant("forget bias 2 instead of 1", start=_forget(2.0)),
    "adamw": Variant("AdamW alone, rate 1.2e-2", training={"optimizer": "adamw", "learning_rate": 1.2e-2}),
    "adamw slow": Variant("AdamW alone, rate 6e-3", training={"optimizer": "adamw", "learning_rate": 6e-3}),
    "small muon": Variant("Muon's updates half as large", scale=muon.SCALE / 2),
    "momentum": Variant("Muon's momentum 0.95 instead of 0.88", momentum=0.95),
    "no decay": Variant("no weight decay", training={"weight_decay": 0.0, "matrix_decay": 0.0}),
    "no limit": Variant("no limit on the gradient's norm", training={"clip": 0.0}),
    "low limit": Variant("gradient norm limited to 0.25 instead of 1", training={"clip": 0.25}),
    "not carried": Variant("every unroll begins from zeros", carried=False),
    "no restarts": Variant("no stream begins afresh within an epoch", restarts=0.0),
    "not shifted": Variant("streams begin at the same characters in every epoch", shifted=False),
    "varied unrolls": Variant("unrolls of 32, 64 or 96 characters by chance", unrolls=(32, 64, 96)),
    "linear": Variant("the rate falls in a straight line", schedule=linear),
    "late fall": Variant("the rate stays for six tenths, then falls", schedule=late_fall),
    "constant": Variant("the rate stays", schedule=constant),
    "extended": Variant("a budget of half the steps, doubled at its end", schedule=extended),
    "no dropout": Variant("no dropout", dropout="none"),
    "more dropout": Variant("0.1 more dropout", dropout="more"),
    "held dropout": Variant("0.1 more, its mask held for a whole unroll (variational)", dropout="held"),
    "weight dropout": Variant("dropout 0.2 of the recurrent weights", dropout="weights"),
    "activations": Variant("penalty on the size and the change of activations", penalty=0.1),
    "tied": Variant("one matrix for embedding and output", model={"tied": True, "embedding": HIDDEN}),
    "learned state": Variant("a learned initial state", model={"initial_state": "learned"}),
    "normalised": Variant("layer normalisation inside the cell", normalised=True),
}


class NormalisedLSTM(torch.nn.Module):
    """An LSTM with normalised gates and cell (Ba et al. 2016, "Layer normalization"), written out."""

    def __init__(self, layer: torch.nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.of_inputs = torch.nn.LayerNorm(4 * HIDDEN)
        self.of_state = torch.nn.LayerNorm(4 * HIDDEN, bias=False)
        self.of_cell = torch.nn.LayerNorm(HIDDEN)

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        w, u, b, _ = self.layer.parameters()
        inputs = self.of_inputs(x @ w.T) + b
        h, c = state[0][0], state[1][0]
        outputs = []
        for now in inputs:
            i, f, g, o = (now + self.of_state(h @ u.T)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(self.of_cell(c))
            outputs.append(h)
        return torch.stack(outputs), (h[None], c[None])


class AblatedNetwork(CharRNN):
    """The network, with the ingredients that it does not have."""

    def __init__(self, config: ModelConfig, generator: torch.Generator, variant: Variant) -> None:
        super().__init__(config, generator)
        self.variant = variant
        self.penalised: Tensor | float = 0.0
        if variant.start is not None:
            variant.start(self, generator)
        self.normalised = torch.nn.ModuleList(NormalisedLSTM(layer) for layer in self.layers)

    def forward(  # type: ignore[override]
        self, ids: Tensor, state: State, *, dropout: float = 0.0, generator: Any = None, dtype: Any = None
    ) -> tuple[Tensor, State]:
        variant, learns = self.variant, torch.is_grad_enabled()
        x = F.embedding(ids, self.embedding.weight)
        finals = []
        for index, layer in enumerate(self.layers):
            part = tuple(piece[index : index + 1] for piece in state)
            if variant.normalised:
                x, final = self.normalised[index](x, part)
            elif variant.dropout == "weights" and learns:
                x, final = self._with_dropped_weights(layer, x, part, generator, dtype)
            else:
                x, final = self._run_layer(layer, x, part, dtype)
            finals.append(final)
            raw = x
            if learns and dropout > 0:
                shape = (1, *x.shape[1:]) if variant.dropout == "held" else tuple(x.shape)
                x = x * drop_mask(shape, dropout, generator, x.dtype)
        if learns and variant.penalty:  # Merity et al. 2017, "Revisiting activation regularization"
            size, change = x.float().square().mean(), (raw[1:] - raw[:-1]).float().square().mean()
            self.penalised = variant.penalty * (2 * size + change)
        weight, bias = (self.head.weight.to(x.dtype), self.head.bias.to(x.dtype))
        return F.linear(x, weight, bias).float(), tuple(torch.cat(parts) for parts in zip(*finals, strict=True))

    def _with_dropped_weights(
        self, layer: Any, x: Tensor, state: State, generator: Any, dtype: Any
    ) -> tuple[Tensor, State]:
        w, u, b, b_h = layer.parameters()
        u = u * drop_mask(tuple(u.shape), 0.2, generator, u.dtype)
        weights = [tensor.to(dtype) for tensor in (w, u, b, b_h)]
        settings = (weights, True, 1, 0.0, True, False, False)
        output, h, c = torch.lstm(x.to(dtype), tuple(part.to(dtype).contiguous() for part in state), *settings)
        return output, (h.float(), c.float())


class AblatedStep(LearningStep):
    """A learning step that adds the network's penalty and lets the normalisation's parameters learn."""

    network: AblatedNetwork

    def __init__(self, network: AblatedNetwork, config: TrainingConfig, backend: Backend) -> None:
        super().__init__(network, make_optimizer(network, config), config, backend)
        self.extra = [p for name, p in network.named_parameters() if "normalised" in name and ".of_" in name]
        self.extra_adam = torch.optim.Adam(self.extra, lr=1.0, betas=(0.9, 0.99))

    def _learn(self, worker: int, block: Tensor, state: State, fresh: Any, step: int, *_: Any) -> Any:
        generator = self._generators[worker]
        generator.manual_seed((self.config.seed * 1_000_003 + step) * 1_009)
        start = self.network.start_state(block.shape[1])
        state = tuple(torch.where(fresh[None, :, None], a, b) for a, b in zip(start, state, strict=True))
        dropout, dtype = self.config.dropout, self.backend.dtype
        logits, after = self.network(block[:-1], state, dropout=dropout, generator=generator, dtype=dtype)
        loss = F.cross_entropy(logits.flatten(0, 1), block[1:].flatten())
        extra = self.extra if self.network.variant.normalised else []
        wanted = [*self._parameters, *extra]
        gradients = torch.autograd.grad(
            loss + self.network.penalised, wanted, allow_unused=True, materialize_grads=True
        )
        for parameter, gradient in zip(extra, gradients[len(self._parameters) :], strict=True):
            parameter.grad = gradient
        mine = [gradient.contiguous() for gradient in gradients[: len(self._parameters)]]
        return loss.detach(), mine, tuple(part.detach() for part in after)

    def run(self, block: Tensor, state: State, learning_rate: float, step: int, fresh: Any = None) -> Any:
        result = super().run(block, state, learning_rate, step, fresh)
        if self.network.variant.normalised:
            self.extra_adam.param_groups[0]["lr"] = learning_rate
            self.extra_adam.step()
        return result


def learn(text: str, name: str, seed: int, steps: int) -> dict[str, Any]:
    """One training; losses with the weights as they are, at half and at the end, and with averages of them."""
    variant = VARIANTS[name]
    muon.MOMENTUM, muon.SCALE = variant.momentum, variant.scale
    corpus = resolve((text,), validation=0.0)
    ids = corpus.training[: int(len(corpus.training) * 0.9)]
    training_ids, validation_ids = ids[: int(len(ids) * 0.9)], ids[int(len(ids) * 0.9) :]
    vocabulary = len(corpus.vocabulary.characters)
    shape_of = {"cell": "lstm", "layers": 1, "hidden": HIDDEN, "embedding": EMBEDDING, **variant.model}
    model = ModelConfig(**shape_of, vocabulary_size=vocabulary)
    readings = steps * STREAMS * UNROLL / len(training_ids)
    dropout = choose_dropout(readings)
    more = round(dropout + MORE_DROPOUT, 2)
    dropout = {"none": 0.0, "more": more, "held": more}.get(variant.dropout, dropout)
    values = {"streams": STREAMS, "unroll": UNROLL, "learning_rate": RATE, "dropout": dropout, **variant.training}
    config = TrainingConfig(steps=steps, seed=seed, **values)
    network = AblatedNetwork(model, torch.Generator().manual_seed(seed), variant)
    backend = Backend("native", "float32", 1) if variant.normalised else Backend("onednn", "bfloat16", 1)
    backend.configure()
    step = AblatedStep(network, config, backend)
    live = [parameter.detach() for parameter in network.parameters()]
    averages = {key: Average(live, [part.clone() for part in live], gamma) for key, gamma in GAMMAS.items()}
    shape = fit_streams(len(training_ids), STREAMS, UNROLL)
    streams = Streams(shape, seed)
    state = tuple(part.detach().contiguous() for part in network.start_state(shape.streams))
    position, epoch, results = 0, 0, {}

    def validate() -> float:
        width = validation_streams(len(validation_ids))
        with backend.active():
            return score_ids(network, validation_ids, streams=width, dtype=backend.dtype).loss

    for number in range(steps):
        draws = np.random.Generator(np.random.PCG64([seed, number, 1]))
        unroll = int(draws.choice(variant.unrolls)) if variant.unrolls else UNROLL
        if position + unroll > shape.steps * shape.unroll:
            position, epoch = 0, epoch + 1
        starts = streams.starts(epoch if variant.shifted else 0)
        index = starts[None, :] + position + np.arange(unroll + 1)[:, None]
        fresh = torch.from_numpy(draws.random(shape.streams) < variant.restarts)
        if position == 0 or not variant.carried:
            fresh = torch.ones(shape.streams, dtype=torch.bool)
        position += unroll
        rate = variant.schedule(config.learning_rate, number / steps, number)
        state = step.run(torch.from_numpy(training_ids[index].astype(np.int64)), state, rate, number, fresh).state
        for average in averages.values():
            average.update(number + 1)
        if number + 1 == steps or (number + 1 == steps // 2 and name in AVERAGED):
            moment = "half" if number + 1 < steps else "end"
            results[moment] = validate()
            now = [part.clone() for part in live]
            for key, average in averages.items() if name in AVERAGED else ():
                torch._foreach_copy_(live, average.tensors)
                results[f"{moment} {key}"] = validate()
            torch._foreach_copy_(live, now)
    step.close()
    found = {key: round(value, 5) if math.isfinite(value) else None for key, value in results.items()}
    described = {"text": Path(text).stem, "variant": name, "seed": seed, "steps": steps}
    return {**described, "dropout": dropout, "readings": round(readings, 2), **found}


def table(lines: list[dict[str, Any]]) -> str:
    """Markdown: a column a text, its recipe's mean first, then differences to it, ± deviation of the seeds."""
    texts = list(dict.fromkeys(line["text"] for line in lines))
    rows = ["| what | " + " | ".join(texts) + " |", "|---" * (len(texts) + 1) + "|"]

    def cell(text: str, name: str, key: str, base: float) -> str:
        found = [line[key] for line in lines if line["text"] == text and line["variant"] == name and line.get(key)]
        spread = f" ± {stdev(found):.3f}" if len(found) > 1 else ""
        sign = "+" if base else ""
        return f"{mean(found) - base:{sign}.3f}{spread}" if found else ""

    bases = [float(cell(text, "recipe", "end", 0.0).partition(" ")[0]) for text in texts]
    shown = [(variant.what, name, "end") for name, variant in VARIANTS.items()]
    for name, of in zip(AVERAGED, ("the recipe", "the rate stays"), strict=True):
        for moment, at in (("half", "at half of the steps"), ("end", "at the end")):
            shown.append((f"{of}, {at}: weights of the moment", name, moment))
            shown += [(f"{of}, {at}: average over {key} of the steps", name, f"{moment} {key}") for key in GAMMAS]
    for what, name, key in shown:
        cells = [
            cell(text, name, key, 0.0 if (name, key) == ("recipe", "end") and "weights" not in what else base)
            for text, base in zip(texts, bases, strict=True)
        ]
        if any(cells):
            rows.append(f"| {what} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("texts", nargs="*")
    parser.add_argument("--only", nargs="*", default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()

    def done() -> list[dict[str, Any]]:
        return [json.loads(line) for line in asked.results.read_text().splitlines()] if asked.results.exists() else []

    if asked.table:
        print(table(done()))
        return
    for text in asked.texts:
        for name in asked.only:
            for seed in asked.seeds:
                key = {"text": Path(text).stem, "variant": name, "seed": seed, "steps": asked.steps}
                if any(key.items() <= line.items() for line in done()):
                    continue
                line = learn(text, name, seed, asked.steps)
                with asked.results.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
