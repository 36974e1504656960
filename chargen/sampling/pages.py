"""Arrays as long as a text, in memory pages of their own.

While a text grows it is copied whole now and then, to be kept, and each copy is a little longer than the one before.
Among the small things of the process every copy would leave a hole that the next one does not fit into; pages of its
own go back to the system with the array.
"""

import mmap

import numpy as np
from numpy.typing import NDArray

LEAST_BYTES = 2**18
"""Shorter arrays lie where all others do."""


def own_pages(count: int) -> NDArray[np.float32]:
    """Zeros [count], float32, to be written to."""
    size = 4 * count
    return np.zeros(count, np.float32) if size < LEAST_BYTES else np.frombuffer(mmap.mmap(-1, size), np.float32)
