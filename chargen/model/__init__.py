"""The network, its hidden state and its files. Knows nothing of training."""
