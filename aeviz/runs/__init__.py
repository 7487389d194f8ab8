"""What is kept of experiments, and the processes that run them."""
