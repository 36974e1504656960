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

# PyTorch's worker threads wait for each other at every time step of a recurrent layer. By default they
# wait by spinning; when anything else runs on the machine (a window, a browser) the thread that spins
# takes the core from the one that is waited for, and a step takes up to twenty times as long. Sleeping
# instead costs a little on an idle machine. Read once, when PyTorch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
