"""The models: what one is, those there are, and how each is checked before it is used."""

from inpainting.models.interface import BatchModel, Model, Pixels, read_parameters

__all__ = ["BatchModel", "Model", "Pixels", "read_parameters"]
