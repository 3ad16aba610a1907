"""`workbench bench`: training and inference against other engines, in interleaved rounds, on the same weights."""
