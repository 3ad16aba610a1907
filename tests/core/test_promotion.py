"""The dtype that tensors, 0-d tensors and numbers are computed in is PyTorch's."""

import itertools

import pytest
import torch

from workbench import engine

DTYPES = ["bool", "uint8", "int64", "float32", "float64", "complex64", "complex128"]
NUMBERS = [True, 2, 1.5, 1j]


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtype_of_a_product(dtype):
    """Of a vector with each vector, each 0-d tensor and each number, in both orders."""

    def products(module):
        x = module.ones(2, dtype=getattr(module, dtype))
        others = [module.ones(shape, dtype=getattr(module, d)) for shape, d in itertools.product([(2,), ()], DTYPES)]
        return [str(r.dtype) for other in others + NUMBERS for r in (x * other, other * x)]

    assert products(engine) == products(torch)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtype_of_a_0d_tensor_and_a_number(dtype):
    def products(module):
        return [str((module.ones((), dtype=getattr(module, dtype)) * n).dtype) for n in NUMBERS]

    assert products(engine) == products(torch)


@pytest.mark.parametrize("dtype", DTYPES)
def test_result_type(dtype):
    def types(module):
        x = module.ones(2, dtype=getattr(module, dtype))
        others = [module.ones((), dtype=getattr(module, d)) for d in DTYPES]
        return [str(module.result_type(x, other)) for other in others + NUMBERS]

    assert types(engine) == types(torch)
