"""What was measured on one machine so that other machines can be predicted: every such number stands here.

``python -m tests.soak.calibrate`` measures them again and prints this module's table of numbers; run it on an idle
machine after the learning step has changed (CONTRIBUTING.md says when). The machine: two cores of an x86 server
processor with AVX-512 and bfloat16. Figures for graphics cards are rules of thumb; nothing was measured there.
"""

REFERENCE_SHAPE = {"cpu": (1, 256, 16, 32), "gpu": (2, 512, 64, 32)}
"""Layers, hidden units, streams and unroll of the little LSTM that every machine is timed with."""

REFERENCE_SYMBOLS = 96
REFERENCE_EMBEDDING = 32

REFERENCE_SECONDS = {"cpu": 14.5e-3}
"""Seconds of one learning step of that network on the machine of these figures."""

STEP_SECONDS: dict[str, tuple[float, float, float, float, float, float]] = {
    "lstm": (3.89e-3, 0.0, 3.19e-10, 2.1e-11, 0.0, 1.67e-8),
    "gru": (6.14e-3, 5.54e-5, 3.67e-10, 1.51e-11, 5.75e-9, 0.0),
    "rnn": (3.26e-3, 0.0, 6.07e-10, 0.0, 1.56e-8, 0.0),
}
"""Seconds of a learning step on a processor: the sum of these times what :func:`chargen.training.speed.work` counts."""

GPU_STEP_SECONDS = (1e-3, 1.2e-5, 0.0, 6e-13, 0.0, 1e-11)
"""The same for a graphics card, by rule of thumb."""

LOOP_FACTOR = 1.08
"""Seconds of a run per second of its timed steps: reports, live samples, now and then a slower step."""

TUNING_STEPS = 28.0
"""Finding the fastest way to compute costs about as much as this many steps in that way."""

VALIDATION_SHARE = 0.34
"""Seconds to validate a character per second to learn one in as many streams."""

VALIDATION_SECONDS_PER_SCORE = 4e-9
"""And for each of the scores, one a character and symbol: what tells where the vocabulary is large."""

FINISH_SECONDS = 0.02
"""The last sample, the last save and the closing of files, of a small network."""

FINISH_SECONDS_PER_PARAMETER = 1.4e-7
"""The same for each parameter that is copied, written, synced and read back."""

BEST_SHARE = 0.3
"""Seconds to save a model that is the best so far per second that the finish takes."""

READING_SECONDS_PER_CHARACTER = 2e-8
"""To write the encoded text into the run folder before learning starts."""

MEMORY_LIBRARIES = {"lstm": 47e6, "gru": 72e6, "rnn": 57e6}
"""Bytes that PyTorch's kernels and threads take once they run; more where every time step is a piece of its own."""

MEMORY_COPIES_LEARNING = 25.6
"""How often the parameters are in memory at a step: values, averages, two moments, each worker's gradients, the
last good point, copies to write."""

MEMORY_COPIES_SAVING = 38.7
"""And while the run is saved: values and moments, copied off the device, and again as the bytes of a file."""

MEMORY_KEPT = {"lstm": 1.33, "gru": 1.37, "rnn": 0.75}
"""An unroll's bytes per byte counted. Only the LSTM has a kernel that keeps an unroll in few pieces."""

MEMORY_VALIDATION = 3.9
"""How often the scores of a piece of validation are in memory."""

MEMORY_PER_CHARACTER = 1.8
"""Bytes per byte of the encoded text, while it is read and written."""

LOSS = (0.69, 108.0, 0.5)
"""Floor, gain and power of :func:`chargen.training.prediction.expected_loss`, fitted to four texts."""
