"""Loads kernels: ONNX by onnxruntime, TorchScript by torch where it is installed."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from inpainting.models.contract import Array, Layout, Runner, SetupError, Signature
from inpainting.models.exports import ONNX, TORCHSCRIPT, Export

_RUNTIME_BY_SUFFIX = {".onnx": ONNX, ".pt": TORCHSCRIPT, ".pth": TORCHSCRIPT, ".torchscript": TORCHSCRIPT}
_DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}
_CUDA_ADVICE = "or set INFERENCE_DEVICE to auto or cpu"


def find_runtime(name: str) -> str:
    """The runtime for a file of that name; raises SetupError."""
    suffix = Path(name).suffix.lower()
    if suffix not in _RUNTIME_BY_SUFFIX:
        raise SetupError(
            f"its weights are a '{suffix or name}' file: {', '.join(_RUNTIME_BY_SUFFIX)} can be loaded. "
            "Export the model to ONNX."
        )
    return _RUNTIME_BY_SUFFIX[suffix]


def load_runner(path: Path, export: Export, *, device: str) -> Runner:
    """The kernel in a file, on `device` (auto, cpu or cuda); raises SetupError."""
    if export.runtime == ONNX:
        return _load_onnx(path, device)
    assert export.signature is not None  # noqa: S101 - told for each TorchScript export
    return _load_torchscript(path, export.signature, device)


# ONNX


class OnnxRunner:
    """A session of onnxruntime. On a processor it computes in the thread that calls it."""

    def __init__(self, session: Any, device: str) -> None:
        self.signature = _read_signature(session)
        self.device = device
        self._session = session

    def run(self, arrays: Sequence[Array]) -> Array:
        """The output for inputs in the signature's order; raises RuntimeError."""
        feed = dict(zip(self.signature.names, arrays, strict=True))
        try:
            output: Array = self._session.run([self.signature.output_name], feed)[0]
        except Exception as error:
            raise RuntimeError(_shorten(error)) from error
        return output


def _load_onnx(path: Path, device: str) -> Runner:
    onnxruntime: Any = importlib.import_module("onnxruntime")
    onnxruntime.set_default_logger_severity(4)
    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device == "cuda" and not has_cuda:
        raise SetupError(
            "INFERENCE_DEVICE is cuda, and the onnxruntime that is installed has no CUDA: install onnxruntime-gpu "
            f"in its place, {_CUDA_ADVICE}."
        )
    options = onnxruntime.SessionOptions()
    # Items are what runs side by side: a thread for each, whose time on the processor is the item's.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    providers = ["CPUExecutionProvider"]
    if has_cuda and device != "cpu":
        providers.insert(0, "CUDAExecutionProvider")
        onnxruntime.preload_dlls()
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:
        raise SetupError(
            f"onnxruntime {onnxruntime.__version__} cannot load its weights: {_shorten(error)}. The file is damaged, "
            "no ONNX model, or newer than this onnxruntime."
        ) from error
    runs_on_cuda = "CUDAExecutionProvider" in session.get_providers()
    if device == "cuda" and not runs_on_cuda:
        raise SetupError(
            "INFERENCE_DEVICE is cuda, and onnxruntime found no GPU that it can use: check the driver, and CUDA and "
            f"cuDNN of the versions that onnxruntime-gpu needs, {_CUDA_ADVICE}."
        )
    return OnnxRunner(session, "cuda" if runs_on_cuda else "cpu")


def _read_signature(session: Any) -> Signature:
    """What a session tells of its arrays; raises SetupError where they are not those of an inpainting model."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    told = ", ".join(f"{each.name} {each.type} {list(each.shape)}" for each in [*inputs, *outputs])
    for each in [*inputs, *outputs]:
        if each.type not in _DTYPES or len(each.shape) != 4:
            raise SetupError(
                f"its array {each.name} is {each.type} {list(each.shape)}: four dimensions (batch, channels, height, "
                f"width) of {', '.join(_DTYPES.values())} are needed."
            )
    layout, ordered = _order_inputs(inputs, told)
    pictures = [each for each in outputs if each.shape[1] == 3] or [
        each for each in outputs if not isinstance(each.shape[1], int)
    ]
    if not pictures:
        raise SetupError(f"none of its outputs is a picture with 3 channels; its arrays are {told}.")
    picture = ordered[0]
    batch, _, height, width = (size if isinstance(size, int) else None for size in picture.shape)
    return Signature(
        layout=layout,
        names=tuple(each.name for each in ordered),
        dtype=_DTYPES[picture.type],
        mask_dtype=_DTYPES[ordered[-1].type],
        output_name=pictures[0].name,
        output_dtype=_DTYPES[pictures[0].type],
        batch=batch,
        height=height,
        width=width,
    )


def _order_inputs(inputs: list[Any], told: str) -> tuple[Layout, list[Any]]:
    if len(inputs) == 1 and inputs[0].shape[1] == 4 and inputs[0].type != "tensor(uint8)":
        return Layout.JOINED, inputs
    if len(inputs) == 2:
        masks = [each for each in inputs if each.shape[1] == 1]
        masks = masks or [each for each in inputs if "mask" in each.name.lower()]
        if len(masks) == 1:
            return Layout.SEPARATE, [next(each for each in inputs if each is not masks[0]), masks[0]]
    raise SetupError(
        "its inputs are not those of an inpainting model, a picture with 3 channels and a mask with 1, or both as 4 "
        f"channels of floats; its arrays are {told}."
    )


# TorchScript


class CallableRunner:
    """A function of arrays whose file does not tell what it takes."""

    def __init__(self, function: Callable[..., Array], signature: Signature, device: str) -> None:
        self.signature = signature
        self.device = device
        self._function = function

    def run(self, arrays: Sequence[Array]) -> Array:
        """The output for inputs in the signature's order; raises RuntimeError."""
        try:
            return self._function(*arrays)
        except Exception as error:
            raise RuntimeError(_shorten(error)) from error


def _load_torchscript(path: Path, signature: Signature, device: str) -> Runner:
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError:
        raise SetupError(
            "its weights are TorchScript, and torch is not installed: install the extra 'torchscript' (5 GB), or "
            "name an ONNX export."
        ) from None
    has_cuda = bool(torch.cuda.is_available())
    if device == "cuda" and not has_cuda:
        raise SetupError(f"INFERENCE_DEVICE is cuda, and torch finds no GPU: check the driver, {_CUDA_ADVICE}.")
    place = "cuda" if has_cuda and device != "cpu" else "cpu"
    torch.set_num_threads(1)
    try:
        module = torch.jit.load(str(path), map_location=place).eval()
    except Exception as error:
        raise SetupError(f"torch {torch.__version__} cannot load its weights: {_shorten(error)}.") from error

    def call(*arrays: Array) -> Array:
        with torch.inference_mode():
            output = module(*(torch.from_numpy(array).to(place) for array in arrays))
            result: Array = output.float().cpu().numpy()
            return result

    return CallableRunner(call, signature, place)


def _shorten(error: Exception) -> str:
    """The first words of a library's error, without its prefix of codes."""
    text = re.sub(r"^(\[ONNXRuntimeError\] : \d+ : \w+ : )", "", " ".join(str(error).split()))
    return (text or type(error).__name__).rstrip(".")[:300]
