"""Run under callgrind: `python counted.py LIBRARY`, the client that starts and stops the counting."""

import ctypes
import sys

from workbench import engine
from workbench.engine.nn import functional as F

FEW, MANY = 4, 500  # of a call that takes microseconds, so many that starting and stopping does not count


def cases():
    """Name: how often it is called, the units of work in a call, and the call."""
    few, many, rows = engine.ones(4), engine.randn(1 << 14), engine.randn(192, 256)
    weight, bias = engine.randn(256, 256), engine.randn(256)
    image, filters = engine.randn(4, 32, 16, 16).to(memory_format=engine.channels_last), engine.randn(32, 32, 3, 3)
    heads = engine.randn(2, 4, 128, 64)
    layer = engine.nn.Linear(4, 4)
    return {
        "add of 4 elements, calls": (MANY, 1, lambda: few + few),
        "a layer of 4 x 4, calls": (MANY, 1, lambda: layer(few)),
        "add, elements": (FEW, many.numel(), lambda: many + many),
        "exp, elements": (FEW, many.numel(), lambda: many.exp()),
        "gelu, elements": (FEW, many.numel(), lambda: F.gelu(many)),
        "sum, elements": (FEW, many.numel(), lambda: many.sum()),
        "softmax, elements": (FEW, rows.numel(), lambda: rows.softmax(1)),
        "layer norm, elements": (FEW, rows.numel(), lambda: F.layer_norm(rows, (256,))),
        "linear, multiplications": (FEW, 192 * 256 * 256, lambda: F.linear(rows, weight, bias)),
        "its weight's gradient, multiplications": (FEW, 192 * 256 * 256, lambda: rows.t() @ rows),
        "3 x 3 convolution, multiplications": (FEW, 4 * 16 * 16 * 32 * 32 * 9, lambda: F.conv2d(image, filters, None, 1, 1)),
        "attention, multiplications": (FEW, 2 * 2 * 4 * 128 * 128 * 64, lambda: F.scaled_dot_product_attention(heads, heads, heads)),
    }


def main():
    client = ctypes.CDLL(sys.argv[1])
    engine.set_num_threads(1)
    with engine.no_grad():
        for i, (calls, _, call) in enumerate(cases().values()):
            call()
            client.start()
            for _ in range(calls):
                call()
            client.stop(str(i).encode())


if __name__ == "__main__":
    main()
