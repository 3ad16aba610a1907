"""ONNX: building graphs, and checking the ONNX forms of ops."""
