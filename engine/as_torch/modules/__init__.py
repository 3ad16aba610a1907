"""What programs written for PyTorch name and this engine has no other use for: compilers, other devices, processes."""
