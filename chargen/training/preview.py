"""The live sample: a short text by a frozen copy of the network that learns."""

from chargen.model.model_file import Model
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings


def preview_text(model: Model, length: int, temperature: float, seed: int) -> str:
    """``length`` characters at ``temperature`` from the zero state."""
    settings = SamplingSettings(length=length, temperature=temperature, random_seed=seed)
    return "".join(sampled.character for sampled in Sampler(model).stream(settings, None))
