"""The same text again, from an export."""

from chargen.errors import ExportError
from chargen.model.model_file import Model
from chargen.sampling.sample import Sample, versions
from chargen.sampling.sampler import Sampler


def replay(model: Model | Sampler, record: Sample, *, allow_other_model: bool = False) -> Sample:
    """Write ``record`` again, change of temperature by change, as many characters as it has.

    On the same model, device and versions the text is the same, byte for byte. What differs is said in the
    notices of the result: another model (where allowed), another formulation or version, another text.

    Raises:
        ExportError: the model is another one and that is not allowed. StateError: the seed state does not fit.
    """
    sampler = model if isinstance(model, Sampler) else Sampler(model)
    notices = []
    if record.model_fingerprint != sampler.model.fingerprint:
        sentence = (
            f"The sample was written by another model ({record.model_fingerprint[:12]}), "
            f"not by this one ({sampler.model.fingerprint[:12]})"
        )
        if not allow_other_model:
            raise ExportError(f"{sentence}; open the model that wrote it.")
        notices.append(f"{sentence}, so the text differs.")
    for what, then, now in (
        ("formulation", record.engine, sampler.engine.formulation),
        ("version", record.versions, versions()),
    ):
        changed = [key for key in sorted({*then, *now}) if then.get(key) != now.get(key)]
        notices += [
            f"The {what} differs ({key} was {then.get(key)}, is {now.get(key)}); the text may differ."
            for key in changed
        ]
    stream = sampler.stream(record.settings, record.seed_state, after=record.after)
    changes = dict(record.temperature_changes)
    for position in range(len(record.text)):
        if position in changes:
            stream.set_temperature(changes[position])
        if next(stream, None) is None:
            break
    if len(record.text) in changes and len(stream.text) == len(record.text):
        stream.set_temperature(changes[len(record.text)])  # set, but nothing was written after it
    written = stream.text
    if written != record.text:
        pairs = zip(written, record.text, strict=False)
        same = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(written), len(record.text)))
        notices.append(f"The text differs from the exported one from character {same + 1:,} on.")
    return stream.sample(notices)
