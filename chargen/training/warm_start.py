"""Starting from a model that exists: its vocabulary first, new characters after, rows matched by character.

Matching by position instead would turn what was learned into a letter cipher.
"""

import numpy as np

from chargen.corpus.corpus import Corpus
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model, Tensors


def merge_vocabulary(corpus: Corpus, known: tuple[str, ...]) -> tuple[Corpus, tuple[str, ...]]:
    """The corpus in the model's ids, new characters appended; and notices that say what was added."""
    new = tuple(character for character in corpus.vocabulary.characters if character not in set(known))
    merged = corpus.with_vocabulary(known + new)
    if not new:
        return merged, ()
    return merged, (
        f"The text brings {len(new)} character{'s' * (len(new) > 1)} that the model did not know; they are added.",
    )


def extend_model(model: Model, vocabulary: tuple[str, ...], seed: int) -> Model:
    """The model with rows for the characters beyond its own: small random inputs, unlikely outputs."""
    added = len(vocabulary) - len(model.vocabulary)
    if added == 0:
        return model
    config = ModelConfig.from_json(model.config.to_json(), len(vocabulary))
    generator = np.random.Generator(np.random.PCG64(seed))
    tensors: Tensors = dict(model.tensors)
    for name in ("embedding.weight", "head.weight"):
        rows = generator.standard_normal((added, tensors[name].shape[1])) * 0.1
        tensors[name] = np.concatenate([tensors[name], rows.astype(np.float32)])
    # As unlikely as the least likely character that is known: the text will say how likely they are.
    low = np.full(added, tensors["head.bias"].min(), np.float32)
    tensors["head.bias"] = np.concatenate([tensors["head.bias"], low])
    return Model(config, vocabulary, tensors, model.training, model.corpus)
