"""The models: what one is, those there are, and how each is checked before it is used."""

from inpainting.models.interface import Model, Pixels, read_parameters

__all__ = ["Model", "Pixels", "read_parameters"]
