"""Writes small ONNX models with the contracts of the public exports, for tests and for trying the service out.

.venv/bin/python scripts/make_models.py FOLDER

They fill a hole with the average of what is around it. Each also exists with something wrong, named for what it is.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 9
# The window of the average, in pixels; beyond it the average of the whole picture counts.
REACH = 49
KINDS = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a model takes and gives. `side` and `batch` of None are free."""

    dtype: str = "float32"
    joined: bool = False
    side: int | None = None
    batch: int | None = None
    image: tuple[float, float] = (0, 1)
    hole_is_high: bool = True
    output: tuple[float, float] = (0, 255)
    composited: bool = True
    names: tuple[str, ...] = ("image", "mask")
    output_name: str = "output"
    fault: str | None = None


LAMA = Contract(side=512)
MIGAN = Contract(dtype="uint8", batch=1, image=(0, 255), hole_is_high=False, output=(0, 255), output_name="result")
MODELS = {
    "lama-512": LAMA,
    "lama-64": replace(LAMA, side=64),
    "lama-any": replace(LAMA, side=None),
    "lama-unit": replace(LAMA, side=64, output=(0, 1)),
    "lama-keep": replace(LAMA, side=64, hole_is_high=False),
    "lama-half": replace(LAMA, side=64, dtype="float16"),
    "lama-signed": replace(LAMA, side=64, image=(-1, 1), output=(-1, 1), names=("masked_picture", "m")),
    "lama-one": replace(LAMA, side=64, batch=1),
    "migan-any": MIGAN,
    "migan-hole": replace(MIGAN, hole_is_high=True),
    "migan-joined": Contract(
        joined=True, side=64, batch=1, image=(-1, 1), output=(-1, 1), composited=False, names=("input",)
    ),
    "wrong-numbers": replace(LAMA, side=64, fault="numbers"),
    "wrong-outside": replace(LAMA, side=64, fault="outside"),
    "wrong-filling": replace(LAMA, side=64, fault="filling"),
    "wrong-shape": replace(LAMA, side=64, fault="shape"),
    "wrong-inputs": replace(LAMA, side=64, fault="inputs"),
    "wrong-dtype": replace(LAMA, side=64, fault="dtype"),
    "wrong-run": replace(LAMA, side=64, fault="run"),
}


class Graph:
    """Nodes and constants, each by the name of what it makes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: object, kind: type = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def build(contract: Contract) -> onnx.ModelProto:
    """The model of a contract."""
    graph = Graph()
    picture, mask = _read(graph, contract)
    hole = mask if contract.hole_is_high else graph.add("Sub", graph.constant(1), mask)
    known = graph.add("Sub", graph.constant(1), hole)
    fill = _average(graph, graph.add("Mul", picture, known), known)
    if contract.fault == "filling":
        fill = graph.add("Mul", fill, graph.constant(0.1))
    result = fill
    if contract.composited:
        kept = graph.add("Mul", picture, known)
        if contract.fault == "outside":
            kept = graph.add("Mul", kept, graph.constant(0.8))
        result = graph.add("Add", kept, graph.add("Mul", fill, hole))
    _write(graph, contract, result)
    body = helper.make_graph(
        graph.nodes,
        "inpainting",
        _list_inputs(contract),
        [_describe(contract.output_name, contract.dtype, contract, 3)],
        graph.constants,
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def _list_inputs(contract: Contract) -> list[onnx.ValueInfoProto]:
    if contract.joined:
        return [_describe(contract.names[0], contract.dtype, contract, 4)]
    inputs = [
        _describe(contract.names[0], contract.dtype, contract, 3),
        _describe(contract.names[1], contract.dtype, contract, 1),
    ]
    if contract.fault == "inputs":
        inputs.append(_describe("prompt", "float32", contract, 1))
    if contract.fault == "dtype":
        inputs[1] = helper.make_tensor_value_info("mask", TensorProto.INT64, [1, 1, contract.side, contract.side])
    return inputs


def _describe(name: str, dtype: str, contract: Contract, channels: int) -> onnx.ValueInfoProto:
    shape = [contract.batch or "n", channels, contract.side or "height", contract.side or "width"]
    return helper.make_tensor_value_info(name, KINDS[dtype], shape)


def _read(graph: Graph, contract: Contract) -> tuple[str, str]:
    """The picture from 0 to 1, cut off there as a network would be lost beyond, and the mask from 0 to 1."""
    if contract.joined:
        low, high, end = (graph.constant([value], np.int64) for value in (0, 1, 4))
        axis = graph.constant([1], np.int64)
        first = graph.add("Slice", contract.names[0], low, high, axis)
        picture = graph.add("Slice", contract.names[0], high, end, axis)
        mask = graph.add("Sub", graph.constant(0.5), first)
    else:
        picture = graph.add("Cast", contract.names[0], to=TensorProto.FLOAT)
        mask = graph.add("Cast", contract.names[1], to=TensorProto.FLOAT)
        if contract.dtype == "uint8":
            mask = graph.add("Div", mask, graph.constant(255))
    black, white = contract.image
    level = graph.add("Div", graph.add("Sub", picture, graph.constant(black)), graph.constant(white - black))
    return graph.add("Clip", level, graph.constant(0), graph.constant(1)), mask


def _average(graph: Graph, picture: str, known: str) -> str:
    """The average of known pixels within reach, where there are none that of all."""
    sums = []
    for values in (picture, known):
        across = graph.add(
            "AveragePool", values, kernel_shape=[1, REACH], pads=[0, REACH // 2] * 2, count_include_pad=1
        )
        near = graph.add("AveragePool", across, kernel_shape=[REACH, 1], pads=[REACH // 2, 0] * 2, count_include_pad=1)
        everywhere = graph.add("ReduceMean", values, axes=[2, 3], keepdims=1)
        sums.append(graph.add("Add", near, graph.add("Mul", everywhere, graph.constant(1e-3))))
    return graph.add("Div", *sums)


def _write(graph: Graph, contract: Contract, result: str) -> None:
    black, white = contract.output
    result = graph.add("Add", graph.add("Mul", result, graph.constant(white - black)), graph.constant(black))
    if contract.fault == "numbers":
        result = graph.add("Sqrt", graph.add("Sub", result, graph.constant(1000)))
    if contract.fault == "shape":
        result = graph.add("AveragePool", result, kernel_shape=[2, 2], strides=[2, 2])
    if contract.fault == "run":
        result = graph.add("Reshape", result, graph.constant([1, 3, 5, 5], np.int64))
    if contract.dtype == "uint8":
        result = graph.add("Round", graph.add("Clip", result, graph.constant(0), graph.constant(255)))
    graph.nodes.append(helper.make_node("Cast", [result], [contract.output_name], to=KINDS[contract.dtype]))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, contract in MODELS.items():
        target = folder / f"{name}.onnx"
        onnx.save(build(contract), target)
        print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
