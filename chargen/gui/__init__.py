"""The window. The only folder that knows Qt: it watches jobs, asks, and computes nothing itself."""

import contextlib
import sys

if sys.platform == "win32":  # the loader there needs torch before Qt
    with contextlib.suppress(ImportError, OSError):
        import torch  # noqa: F401
