"""Transforms of images, named as in torchvision; random ones draw from the sample's own stream (`current_key`)."""

from .base import RandomTransform, Transform
from .color import ColorJitter, ConvertImageDtype, Grayscale, Normalize, RandomErasing, RandomGrayscale, ToTensor
from .compose import Compose, Lambda, RandomApply, RandomChoice
from .geometry import (
    CenterCrop,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomShift,
    RandomVerticalFlip,
    Resize,
)

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "Grayscale",
    "Lambda",
    "Normalize",
    "Pad",
    "RandomAffine",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomShift",
    "RandomTransform",
    "RandomVerticalFlip",
    "Resize",
    "ToTensor",
    "Transform",
]
