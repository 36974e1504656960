"""chargen: train a recurrent network on your own text, watch it learn, and write with it.

Data flows through the folders in this order::

    corpus -> training -> model -> sampling -> export

``gui`` and ``cli`` only watch and ask.
"""

import os

# NumPy's own matrix library may split a product over threads, which changes the order of its
# additions and with it the last bits of a sample. One thread is also the fastest choice for the
# matrix-vector products of sampling. Read once, when NumPy is first imported, hence here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
