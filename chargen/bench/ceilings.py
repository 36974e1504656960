"""What the machine itself can do: the rates that ours are held against.

Each function returns a contestant for :func:`chargen.bench.timing.interleaved`: floating-point operations (an
addition and a multiplication are two) or bytes. NumPy computes with one thread, see :mod:`chargen`.
"""

import numpy as np

from chargen.bench.timing import Contestant, repeated


def matrix_product(rows: int, inner: int, columns: int) -> Contestant:
    """Operations of the float32 product [rows, inner] × [inner, columns], into an array that is there already."""
    generator = np.random.default_rng(0)
    left = generator.standard_normal((rows, inner), dtype=np.float32)
    right = generator.standard_normal((inner, columns), dtype=np.float32)
    result = np.empty((rows, columns), np.float32)
    return repeated(lambda: np.dot(left, right, result), 2.0 * rows * inner * columns)


def matrix_products(shapes: list[tuple[int, int, int]]) -> Contestant:
    """Operations of several such products, one after the other, as in one step of a network."""
    generator = np.random.default_rng(0)
    products = [
        (
            generator.standard_normal((rows, inner), dtype=np.float32),
            generator.standard_normal((inner, columns), dtype=np.float32),
            np.empty((rows, columns), np.float32),
        )
        for rows, inner, columns in shapes
    ]

    def step() -> None:
        for left, right, result in products:
            np.dot(left, right, result)

    return repeated(step, sum(2.0 * rows * inner * columns for rows, inner, columns in shapes))


def vector_product(total_bytes: int, columns: int) -> Contestant:
    """Bytes read by a float32 vector-matrix product whose matrix has ``total_bytes`` and ``columns`` columns.

    A matrix that fits a cache is read from there, like the weights of a network of that size, which are read anew
    at every step and nothing else between.
    """
    inner = max(1, round(total_bytes / 4 / columns))
    generator = np.random.default_rng(0)
    matrix = generator.standard_normal((inner, columns), dtype=np.float32)
    vector = generator.standard_normal(inner, dtype=np.float32)
    result = np.empty(columns, np.float32)
    return repeated(lambda: np.dot(vector, matrix, result), 4.0 * inner * columns)
