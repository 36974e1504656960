"""PyTorch, or one sentence why not."""

import importlib

from chargen.errors import DeviceError


def import_torch() -> None:
    """Load PyTorch now; it takes seconds. Raises DeviceError with the reason and the way out."""
    try:
        importlib.import_module("torch")
    except (ImportError, OSError) as error:  # OSError: a library of its own is missing or broken
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DeviceError(f"PyTorch cannot be loaded ({reason}); “chargen doctor” says what to install.") from error
