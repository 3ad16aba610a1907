"""Convolutional networks."""

from __future__ import annotations

from typing import Any

from ..case import Case, Work, fill, fused, normal, whole

LAYOUTS = ("contiguous", "channels_last")


def _residual(torch: Any, widths: tuple[int, ...], blocks: int) -> Any:
    """The residual network for 32 x 32 images of He et al. (2015), arXiv:1512.03385."""
    nn = torch.nn
    relu = nn.functional.relu

    class Block(nn.Module):  # type: ignore[name-defined]
        def __init__(self, c_in: int, c_out: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(c_out)
            self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(c_out)
            changes = stride != 1 or c_in != c_out
            self.short = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)) if changes else None

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))
            return relu(y + (x if self.short is None else self.short(x)))

    class Net(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
            self.bn = nn.BatchNorm2d(widths[0])
            stack, c = [], widths[0]
            for stage, width in enumerate(widths):
                for i in range(blocks):
                    stack.append(Block(c, width, 2 if stage and not i else 1))
                    c = width
            self.blocks = nn.Sequential(*stack)
            self.head = nn.Linear(widths[-1], 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.blocks(relu(self.bn(self.conv(x)))).mean((2, 3)))

    return fill(torch, Net())


def _classify(torch: Any, model: Any, batch: int, side: int) -> Work:
    target = whole(torch, 10, batch)
    return Work(
        model,
        (normal(torch, batch, 3, side, side),),
        lambda output: torch.nn.functional.cross_entropy(output, target),
        fused(torch, "SGD", model, lr=0.01, momentum=0.9, weight_decay=5e-4),
    )


def resnet18(torch: Any, batch: int = 64, width: int = 64) -> Work:
    """Four stages of two blocks, the stem as for small images."""
    return _classify(torch, _residual(torch, (width, 2 * width, 4 * width, 8 * width), 2), batch, 32)


def resnet20(torch: Any, batch: int = 128, width: int = 16) -> Work:
    """Three stages of three narrow blocks."""
    return _classify(torch, _residual(torch, (width, 2 * width, 4 * width), 3), batch, 32)


def unet(torch: Any, batch: int = 16, width: int = 64) -> Work:
    """Two steps down and two up by transposed convolutions (Ronneberger et al., 2015, arXiv:1505.04597), a class per pixel."""
    nn = torch.nn

    def double(c_in: int, c_out: int) -> Any:
        layers = []
        for c in (c_in, c_out):
            layers += [nn.Conv2d(c, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
        return nn.Sequential(*layers)

    class UNet(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.down1, self.down2 = double(3, width), double(width, 2 * width)
            self.middle = double(2 * width, 4 * width)
            self.up2, self.join2 = nn.ConvTranspose2d(4 * width, 2 * width, 2, 2), double(4 * width, 2 * width)
            self.up1, self.join1 = nn.ConvTranspose2d(2 * width, width, 2, 2), double(2 * width, width)
            self.pool = nn.MaxPool2d(2)
            self.head = nn.Conv2d(width, 2, 1)

        def forward(self, x: Any) -> Any:
            a = self.down1(x)
            b = self.down2(self.pool(a))
            y = self.middle(self.pool(b))
            y = self.join2(torch.cat([b, self.up2(y)], 1))
            return self.head(self.join1(torch.cat([a, self.up1(y)], 1)))

    model = fill(torch, UNet())
    target = whole(torch, 2, batch, 32, 32)
    return Work(
        model,
        (normal(torch, batch, 3, 32, 32),),
        lambda output: nn.functional.cross_entropy(output, target),
        fused(torch, "Adam", model, lr=1e-3),
    )


# channels out, kernel, stride, expansion: the first stages of EfficientNet-B0, for images of 64 x 64
_BOTTLENECKS = (
    (16, 3, 1, 1), (24, 3, 1, 6), (24, 3, 1, 6), (40, 5, 2, 6), (40, 5, 1, 6), (80, 3, 2, 6), (80, 3, 1, 6), (80, 3, 1, 6),
)  # fmt: skip


def mobile(torch: Any, batch: int = 32, width: int = 8) -> Work:
    """Inverted bottlenecks with squeeze and excitation (Tan and Le, 2019, arXiv:1905.11946); `width` is what channels are multiples of."""
    nn = torch.nn

    def conv(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> list[Any]:
        return [nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(c_out)]

    class Squeeze(nn.Module):  # type: ignore[name-defined]
        def __init__(self, c: int, inner: int) -> None:
            super().__init__()
            self.gate = nn.Sequential(nn.Conv2d(c, inner, 1), nn.SiLU(), nn.Conv2d(inner, c, 1), nn.Sigmoid())

        def forward(self, x: Any) -> Any:
            return x * self.gate(x.mean((2, 3), keepdim=True))

    class Bottleneck(nn.Module):  # type: ignore[name-defined]
        def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, expansion: int) -> None:
            super().__init__()
            inner = c_in * expansion
            layers = [*conv(c_in, inner, 1), nn.SiLU()] if expansion > 1 else []
            layers += [*conv(inner, inner, kernel, stride, inner), nn.SiLU(), Squeeze(inner, c_in // 4), *conv(inner, c_out, 1)]
            self.layers = nn.Sequential(*layers)
            self.adds = stride == 1 and c_in == c_out

        def forward(self, x: Any) -> Any:
            return x + self.layers(x) if self.adds else self.layers(x)

    class Net(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            c = 32 * width // 8
            layers = [*conv(3, c, 3, 2), nn.SiLU()]
            for c_out, kernel, stride, expansion in _BOTTLENECKS:
                layers.append(Bottleneck(c, c_out * width // 8, kernel, stride, expansion))
                c = c_out * width // 8
            self.layers = nn.Sequential(*layers)
            self.head = nn.Linear(c, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.layers(x).mean((2, 3)))

    return _classify(torch, fill(torch, Net()), batch, 64)


CASES = (
    Case("resnet18", "ResNet-18 on 32 x 32, batch 64, SGD", resnet18, {"batch": 64, "width": 64}, LAYOUTS),
    Case("resnet20", "ResNet-20 (16-32-64), batch 128, SGD", resnet20, {"batch": 128, "width": 16}, LAYOUTS),
    Case("unet", "U-Net 64-128-256 on 32 x 32, batch 16, Adam", unet, {"batch": 16, "width": 64}, LAYOUTS),
    Case("mobile", "inverted bottlenecks on 64 x 64, batch 32, SGD", mobile, {"batch": 32, "width": 8}, LAYOUTS),
)
