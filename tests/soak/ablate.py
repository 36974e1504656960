"""What each ingredient of the recipe is worth: ``python -m tests.soak.ablate RESULTS.jsonl TEXT [TEXT …]``.

One small network learns a text for a fixed number of steps, once with the recipe as it is and once for each ingredient
that is taken out, put in or changed, with several seeds. Equal steps, not equal seconds: the result does not depend on
what else the machine does; what an ingredient costs is told beside it, as seconds of a step over the recipe's in turns.
The texts are cut first: their last tenth is never looked at; the loss is that of the last tenth of what remains.

Results are appended line by line, and what is there already is not run again. ``--table`` prints them as Markdown.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
from chargen.training.average import Average
from chargen.training.backend import Backend
from chargen.training.config import TrainingConfig
from chargen.training.presets import choose_dropout
from chargen.training.schedule import WARMUP_STEPS, learning_rate
from chargen.training.step import LearningStep, make_optimizer

STEPS = 600
SEEDS = (1, 2, 3)
HIDDEN, EMBEDDING, STREAMS, UNROLL, RATE = 256, 32, 32, 64, 2e-2
RESTART_SHARE = 0.02
GAMMAS = {"short": 31.0, "middle": 16.97, "long": 6.94}
HALF = 0.5

Schedule = Callable[[float, float, int], float]


def constant(peak: float, fraction: float, step: int) -> float:
    return peak * min(1.0, (step + 1) / WARMUP_STEPS)


def linear(peak: float, fraction: float, step: int) -> float:
    return constant(peak, fraction, step) * (1 - 0.99 * fraction)


def late_fall(peak: float, fraction: float, step: int) -> float:
    """Constant for six tenths, then down in a straight line."""
    return constant(peak, fraction, step) * min(1.0, 0.01 + 0.99 * (1 - fraction) / 0.4)


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
    forget_bias: float | None = None
    orthogonal: bool = True
    embedding_scale: float | None = None  # standard deviation of the embedding's numbers at the start
    input_scale: float | None = None  # and of the input weights times √I
    recurrent_scale: float = 1.0
    muon_factor: float = 1.0
    head_scale: float | None = None
    rows: float = 0.0
    momentum: float = 0.88
    newton: int = 2
    share: float | None = None
    dropout: str = "as it is"  # none, some, held (one mask for the whole unroll), weights
    penalty: float = 0.0  # on the size and the change of the last layer's activations
    normalised: bool = False


VARIANTS = {
    "recipe": Variant("the recipe"),
    "adamw": Variant("AdamW alone, rate 8e-3", training={"optimizer": "adamw", "learning_rate": 8e-3}),
    "adamw slow": Variant("AdamW alone, rate 4e-3", training={"optimizer": "adamw", "learning_rate": 4e-3}),
    "forget bias 0": Variant("forget bias 0 instead of 1", forget_bias=0.0),
    "forget bias 2": Variant("forget bias 2 instead of 1", forget_bias=2.0),
    "uniform": Variant("recurrent weights uniform ±1/√H instead of orthogonal", orthogonal=False),
    "large embedding": Variant("embedding drawn with deviation 1 instead of 0.1", embedding_scale=1.0),
    "large inputs": Variant("embedding with deviation 1, input weights 1/√I", embedding_scale=1.0, input_scale=1.0),
    "larger inputs": Variant("embedding with deviation 1, input weights 2/√I", embedding_scale=1.0, input_scale=2.0),
    "large recurrence": Variant("recurrent weights twice as large", recurrent_scale=2.0),
    "not carried": Variant("every unroll begins from zeros", carried=False),
    "no restarts": Variant("no stream begins afresh within an epoch", restarts=0.0),
    "many restarts": Variant("a tenth of the streams begins afresh at a step", restarts=0.1),
    "not shifted": Variant("the streams begin at the same characters in every epoch", shifted=False),
    "varied unrolls": Variant("unrolls of 32, 64 and 96 characters by turns of chance", unrolls=(32, 64, 96)),
    "linear": Variant("the rate falls in a straight line", schedule=linear),
    "late fall": Variant("the rate stays for six tenths, then falls in a straight line", schedule=late_fall),
    "constant": Variant("the rate stays", schedule=constant),
    "no dropout": Variant("no dropout", dropout="none"),
    "dropout": Variant("0.1 more dropout", dropout="some"),
    "held dropout": Variant("one mask of dropout for a whole unroll, 0.1 more of it", dropout="held"),
    "weight dropout": Variant("dropout 0.2 of the recurrent weights", dropout="weights"),
    "activations": Variant("a penalty on the size and the change of activations", penalty=1.0),
    "tied": Variant("one matrix for embedding and output (embedding as wide as the network)",
                    model={"tied": True, "embedding": HIDDEN}),
    "wide embedding": Variant("an embedding as wide as the network", model={"embedding": HIDDEN}),
    "learned state": Variant("a learned initial state", model={"initial_state": "learned"}),
    "no limit": Variant("no limit on the gradient's norm", training={"clip": 0.0}),
    "low limit": Variant("gradient norm limited to 0.25", training={"clip": 0.25}),
    "no decay": Variant("no weight decay", training={"weight_decay": 0.0, "matrix_decay": 0.0}),
    "more decay": Variant("Muon's decay 0.3", training={"matrix_decay": 0.3}),
    "16 streams": Variant("16 streams, so half as much text", training={"streams": 16}),
    "normalised": Variant("layer normalisation inside the cell", normalised=True),
}  # fmt: skip


class NormalisedLSTM(torch.nn.Module):
    """An LSTM with normalised gates and cell (Ba et al. 2016, "Layer normalization"), written out."""

    def __init__(self, layer: torch.nn.Module) -> None:
        super().__init__()
        self.layer = layer
        width = layer.weight_hh_l0.shape[1]  # type: ignore[union-attr]
        self.of_inputs = torch.nn.LayerNorm(4 * width)
        self.of_state = torch.nn.LayerNorm(4 * width, bias=False)
        self.of_cell = torch.nn.LayerNorm(width)

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

    def __init__(self, config: ModelConfig, generator: torch.Generator, variant: Variant, seed: int) -> None:
        super().__init__(config, generator)
        self.variant, self.seed, self.calls = variant, seed, 0
        self.penalised: Tensor | float = 0.0
        H = config.hidden
        with torch.no_grad():
            for layer in self.layers:
                if variant.forget_bias is not None:
                    layer.bias_ih_l0[H : 2 * H] = variant.forget_bias  # type: ignore[index,operator]
                if not variant.orthogonal:
                    torch.nn.init.uniform_(layer.weight_hh_l0, -(H**-0.5), H**-0.5, generator=generator)  # type: ignore[arg-type]
                if variant.input_scale is not None:
                    width = layer.weight_ih_l0.shape[1]  # type: ignore[union-attr]
                    layer.weight_ih_l0.normal_(std=variant.input_scale * width**-0.5, generator=generator)  # type: ignore[operator,union-attr]
                layer.weight_hh_l0.mul_(variant.recurrent_scale)  # type: ignore[operator,union-attr]
            if variant.head_scale is not None:
                self.head.weight.mul_(variant.head_scale)
            if variant.embedding_scale is not None:
                self.embedding.weight.normal_(std=variant.embedding_scale, generator=generator)
        self.normalised = torch.nn.ModuleList(NormalisedLSTM(layer) for layer in self.layers)

    def forward(  # type: ignore[override]
        self, ids: Tensor, state: State, *, dropout: float = 0.0, generator: Any = None, dtype: Any = None
    ) -> tuple[Tensor, State]:
        variant = self.variant
        learns = torch.is_grad_enabled()
        if not variant.normalised and variant.dropout not in ("held", "weights") and not variant.penalty:
            return super().forward(ids, state, dropout=dropout, generator=generator, dtype=dtype)
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
        if learns and variant.penalty:
            size, change = x.float().square().mean(), (raw[1:] - raw[:-1]).float().square().mean()
            self.penalised = variant.penalty * 0.1 * (2 * size + change)
        if dtype is None or variant.normalised:
            logits = self.head(x.float())
        else:
            logits = F.linear(x.to(dtype), self.head.weight.to(dtype), self.head.bias.to(dtype)).float()
        return logits, tuple(torch.cat(parts) for parts in zip(*finals, strict=True))

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

    def _learn(self, worker: int, block: Tensor, state: State, fresh: Any, step: int, streams: int) -> Any:
        generator = self._generators[worker]
        generator.manual_seed((self.config.seed * 1_000_003 + step) * 1_009)
        if fresh is not None:
            start = self.network.start_state(block.shape[1])
            state = tuple(torch.where(fresh[None, :, None], a, b) for a, b in zip(start, state, strict=True))
        logits, after = self.network(
            block[:-1], state, dropout=self.config.dropout, generator=generator, dtype=self.backend.dtype
        )
        loss = F.cross_entropy(logits.flatten(0, 1), block[1:].flatten())
        whole = loss + self.network.penalised
        extra = self.extra if self.network.variant.normalised else []
        gradients = torch.autograd.grad(
            whole, [*self._parameters, *extra], allow_unused=True, materialize_grads=True
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
    import chargen.training.muon as muon
    from chargen.training import optimizer
    memory: dict[int, Tensor] = {}
    muon.MOMENTUM = variant.momentum
    if variant.newton == 3:
        muon._STEPS = ((7.3625, -20.7434, 15.1606), (2.9175, -2.1824, 0.4755), (1.875, -1.25, 0.375))
    def update(parameter: Tensor, gradient: Tensor, momentum: Tensor, rate: float, decay: float, dtype: Any) -> None:
        momentum.lerp_(gradient, 1 - muon.MOMENTUM)
        direction = muon.orthogonal(gradient.lerp(momentum, muon.MOMENTUM), dtype)
        if variant.rows:
            key = momentum.data_ptr()
            square = direction.square().mean(1, keepdim=True)
            v = memory.setdefault(key, torch.zeros_like(square)); n = memory.setdefault(-key, torch.zeros(1))
            n += 1
            v.lerp_(square, 1 - variant.rows)
            before = direction.norm()
            direction = direction / ((v / (1 - variant.rows ** n)).sqrt() + 1e-8)
            direction = direction * (before / direction.norm())
        parameter.mul_(1 - rate * decay)
        parameter.add_(direction, alpha=-rate * variant.muon_factor * muon.SCALE * math.sqrt(max(parameter.shape)))
    optimizer.muon.update = torch.no_grad()(update)
    corpus = resolve((text,), validation=0.0)
    ids = corpus.training[: int(len(corpus.training) * 0.9)]
    training_ids, validation_ids = ids[: int(len(ids) * 0.9)], ids[int(len(ids) * 0.9) :]
    model = ModelConfig(
        **{"cell": "lstm", "layers": 1, "hidden": HIDDEN, "embedding": EMBEDDING,
           "vocabulary_size": len(corpus.vocabulary.characters), **variant.model}
    )  # fmt: skip
    dropout = choose_dropout(steps * STREAMS * UNROLL / len(training_ids))
    dropout = {"none": 0.0, "some": dropout + 0.1, "held": dropout + 0.1}.get(variant.dropout, dropout)
    dropout = dropout if variant.share is None else variant.share
    config = TrainingConfig(
        **{"steps": steps, "streams": STREAMS, "unroll": UNROLL, "learning_rate": RATE, "dropout": dropout,
           "seed": seed, **variant.training}
    )  # fmt: skip
    network = AblatedNetwork(model, torch.Generator().manual_seed(seed), variant, seed)
    precision = "float32" if variant.normalised else "bfloat16"
    backend = Backend("native" if variant.normalised else "onednn", precision, 1, 1)
    backend.configure()
    step = AblatedStep(network, config, backend)
    live = list(network.parameters())
    averages = {key: Average(live, [tensor.detach().clone() for tensor in live], gamma) for key, gamma in GAMMAS.items()}
    shape = fit_streams(len(training_ids), config.streams, config.unroll)
    streams = {unroll: Streams(replace(shape, unroll=unroll), seed) for unroll in (UNROLL, *variant.unrolls)}
    state = tuple(part.detach().contiguous() for part in network.start_state(shape.streams))
    position, epoch, results, seconds = 0, 0, {}, 0.0
    curve: list[float] = []

    def validate() -> float:
        with backend.active():
            score = score_ids(
                network, validation_ids, streams=validation_streams(len(validation_ids)), dtype=backend.dtype
            )
        return score.loss

    for number in range(steps):
        draws = np.random.Generator(np.random.PCG64([seed, number, 1]))
        unroll = int(draws.choice(variant.unrolls)) if variant.unrolls else config.unroll
        stride = (shape.length - 1) // shape.streams
        if position + unroll > shape.steps * shape.unroll:
            position, epoch = 0, epoch + 1
        starts = streams[UNROLL].starts(epoch if variant.shifted else 0)
        index = np.minimum(starts[None, :] + position + np.arange(unroll + 1)[:, None], shape.length - 1)
        assert stride > 0
        fresh = torch.from_numpy(draws.random(shape.streams) < variant.restarts)
        if position == 0 or not variant.carried:
            fresh = torch.ones(shape.streams, dtype=torch.bool)
        position += unroll
        rate = variant.schedule(config.learning_rate, number / steps, number)
        block = torch.from_numpy(training_ids[index].astype(np.int64))
        begun = time.perf_counter()
        result = step.run(block, state, rate, number, fresh)
        seconds += time.perf_counter() - begun
        state = result.state
        for average in averages.values():
            average.update(number + 1)
        if (number + 1) % max(1, steps // 8) == 0 and number + 1 < steps:
            curve.append(round(validate(), 3))
        if number + 1 in (round(HALF * steps), steps):
            moment = "half" if number + 1 < steps else "end"
            results[f"{moment}"] = validate()
            live = [parameter.detach().clone() for parameter in network.parameters()]
            for key, average in averages.items():
                with torch.no_grad():
                    for parameter, tensor in zip(network.parameters(), average.tensors, strict=True):
                        parameter.copy_(tensor)
                results[f"{moment} {key}"] = validate()
            with torch.no_grad():
                for parameter, tensor in zip(network.parameters(), live, strict=True):
                    parameter.copy_(tensor)
    step.close()
    found = {key: round(value, 5) if math.isfinite(value) else None for key, value in results.items()}
    readings = round(steps * config.streams * UNROLL / len(training_ids), 2)
    return {"shape": f"{HIDDEN} {STREAMS} {UNROLL} {RATE}", "text": Path(text).stem, "variant": name, "seed": seed, "steps": steps, "dropout": dropout,
            "readings": readings, "step": round(seconds / steps, 5), **found, "curve": curve}  # fmt: skip


def table(lines: list[dict[str, Any]]) -> str:
    """Markdown: a row a variant, a column a text: difference to the recipe's mean, and half the spread of the seeds."""
    texts = list(dict.fromkeys(line["text"] for line in lines))
    rows = ["| what | " + " | ".join(texts) + " |", "|---" * (len(texts) + 1) + "|"]

    def cell(text: str, name: str, key: str, base: float | None) -> str:
        found = [line[key] for line in lines if line["text"] == text and line["variant"] == name and line.get(key)]
        if not found:
            return ""
        spread = f" ± {stdev(found):.3f}" if len(found) > 1 else ""
        return f"{mean(found) - base:+.3f}{spread}" if base is not None else f"{mean(found):.3f}{spread}"

    def base(text: str) -> float:
        return mean(line["end"] for line in lines if line["text"] == text and line["variant"] == "recipe")

    for name, variant in VARIANTS.items():
        if not any(line["variant"] == name for line in lines):
            continue
        cells = [cell(text, name, "end", None if name == "recipe" else base(text)) for text in texts]
        rows.append(f"| {variant.what} | " + " | ".join(cells) + " |")
    for moment in ("half", "end"):
        for name in ("recipe", "constant"):
            for key in ("", *GAMMAS):
                label = f"{VARIANTS[name].what}, at {moment}, " + (f"average ({key})" if key else "as it is")
                cells = [cell(text, name, f"{moment} {key}".strip(), base(text)) for text in texts]
                rows.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("texts", nargs="*")
    parser.add_argument("--only", nargs="*", default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--shape", type=float, nargs=4)
    parser.add_argument("--also", nargs="*", default=[], help="a variant of one's own, as JSON of what is changed")
    asked = parser.parse_args()
    if asked.shape:
        global HIDDEN, STREAMS, UNROLL, RATE
        HIDDEN, STREAMS, UNROLL, RATE = (*(int(n) for n in asked.shape[:3]), asked.shape[3])
    for text in asked.also:
        VARIANTS[text] = Variant(text, **json.loads(text))
        asked.only = [*(asked.only if asked.only != list(VARIANTS)[: len(asked.only)] else []), text]
    done = [json.loads(line) for line in asked.results.read_text().splitlines()] if asked.results.exists() else []
    if asked.table:
        print(table(done))
        return
    known = {(line["shape"], line["text"], line["variant"], line["seed"], line["steps"]) for line in done}
    shape = f"{HIDDEN} {STREAMS} {UNROLL} {RATE}"
    for text in asked.texts:
        for name in asked.only:
            for seed in asked.seeds:
                if (shape, Path(text).stem, name, seed, asked.steps) in known:
                    continue
                line = learn(text, name, seed, asked.steps)
                with asked.results.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
