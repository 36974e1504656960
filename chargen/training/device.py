"""Which device computes, and why that one."""

import contextlib
import os
import platform
from dataclasses import dataclass

import psutil
import torch

from chargen.errors import DeviceError
from chargen.training.ranks import place

_DEVICE_ERROR: type[Exception] = getattr(torch, "AcceleratorError", torch.OutOfMemoryError)  # older ones lack the first
_FAILURES = (
    "CUDA error", "CUDA driver", "HIP error", "CUBLAS_STATUS", "CUDNN_STATUS", "MPS backend", "UR error", "XPU error"
)  # fmt: skip


@dataclass(frozen=True)
class Device:
    """A place to compute. ``kind``: cpu, cuda, mps or xpu; ``name`` as a person knows it; ``reason`` in words."""

    kind: str
    name: str
    reason: str

    def describe(self) -> str:
        """Short words for a chip: ``CPU — no CUDA device found``."""
        return f"{self.name} — {self.reason}"


def _cuda_name() -> str | None:
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def _why_no_gpu() -> str:
    if platform.system() == "Darwin":
        return (
            "no Apple GPU found"
            if torch.backends.mps.is_built()
            else "this PyTorch was built without Apple GPU support"
        )
    if torch.version.cuda is None and getattr(torch.version, "hip", None) is None:
        return "this PyTorch was built for the CPU only"
    return "no CUDA device found"


def _available(kind: str) -> Device | None:
    if kind == "cuda":
        name = _cuda_name()
        return Device("cuda", name, "the fastest device found") if name else None
    if kind == "mps":
        return Device("mps", "Apple GPU", "the fastest device found") if torch.backends.mps.is_available() else None
    if kind == "xpu":
        if hasattr(torch, "xpu") and torch.xpu.is_available():
            return Device("xpu", torch.xpu.get_device_name(0), "the fastest device found")
        return None
    return Device("cpu", "CPU", _why_no_gpu())


def choose_device(name: str = "auto") -> Device:
    """The device to compute on; ``auto`` takes CUDA (or ROCm), Apple, Intel, CPU in that order.

    Raises:
        DeviceError: the named device is not there.
    """
    if name == "auto":
        for kind in ("cuda", "mps", "xpu"):
            with contextlib.suppress(RuntimeError):  # a broken driver must not keep anybody from the CPU
                device = _available(kind)
                if device is not None:
                    return device
        device = _available("cpu")
        assert device is not None
        return device
    try:
        device = _available(name)
    except RuntimeError as error:
        raise DeviceError(
            f"The device “{name}” does not answer ({str(error).splitlines()[0]}); use --device cpu."
        ) from error
    if device is None:
        raise DeviceError(f"There is no “{name}” device: {_why_no_gpu()}; use --device auto.")
    return Device(device.kind, device.name, "you chose it")


def out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of PyTorch says that the device, or the machine, has no memory left."""
    words = str(error)
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in words or "can't allocate memory" in words


def lost(error: RuntimeError, kind: str) -> bool:
    """Whether an error of PyTorch says that the device itself has failed: unplugged, reset, its driver gone.

    Nothing can be computed there any more in this process.
    """
    return kind != "cpu" and (isinstance(error, _DEVICE_ERROR) or any(word in str(error) for word in _FAILURES))


def processor_threads() -> int:
    """Threads worth using: the physical cores this process may run on, shared with the training's others here."""
    here = place()
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    cores = min(allowed, psutil.cpu_count(logical=False) or allowed)
    return max(1, cores // (here.local_count if here is not None else 1))


def free_memory(kind: str) -> int:
    """Bytes that a new program could take on that device now."""
    if kind == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return int(psutil.virtual_memory().available)
