"""dlib's face network (ResNet-29) read from its file and written anew as an ONNX graph, in memory.

The wheel of dlib has no fast matrix product, so that its own descriptor of one face takes 100 ms and more; the same
numbers in a runtime made for it take 7 (vision.md §0). The file holds the layers in order, from picture to vector;
of each this reads the name, the sizes and the floats, and skips what only training needs. Whole numbers are written
as one byte of length (its top bit the sign) and that many bytes, little end first.

A residual block is con affine relu con affine, where it halves the picture avg_pool of what came in, add_prev, relu.
dlib adds pictures of different sizes by taking the smaller one as bordered with zeros (right, below, and in channels).
The factor and offset of an affine layer are multiplied into the convolution before it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from proctor.onnx_bytes import graph, node, tensor

SIDE = 150  # of the aligned picture that comes in, pixels
VECTOR = 128
LAYER = re.compile(rb"[\x04-\x0c](con_4|affine_|relu_110|max_pool_2|avg_pool_2|add_prev_111|fc_2)")

Floats = NDArray[np.float32]
Shape = tuple[int, int, int]  # channels, height, width
Numbers = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer: its floats as they lie, and its whole numbers (con: filters, then as pools: sides, strides, pads)."""

    kind: str
    floats: Floats
    numbers: Numbers = ()


def layers(data: bytes) -> Iterator[Layer]:
    """The layers of the file, first the one next to the picture. Raises ValueError if it is another kind of file."""
    place, nothing = 0, np.empty(0, np.float32)
    while found := LAYER.search(data, place):
        kind, place = found[1].decode(), found.end()
        floats, numbers = nothing, list[int]()
        if kind == "fc_2":
            numbers, place = _numbers(data, place, 2)
        if kind in ("con_4", "affine_", "fc_2"):
            floats, place = _tensor(data, place)
        if kind in ("con_4", "max_pool_2", "avg_pool_2"):
            numbers, place = _numbers(data, place, 7 if kind == "con_4" else 6)
        yield Layer(kind, floats, tuple(numbers))
    if place == 0:
        raise ValueError("no network in this file")


def onnx_model(data: bytes) -> bytes:
    """The network as an ONNX model from `chip` (n, 3, 150, 150), RGB as dlib centres it, to a vector (n, 128)."""
    drawing = _Drawing()
    for layer in layers(data):
        drawing.add(layer)
    return drawing.model()


@dataclass
class _Drawing:
    """The graph so far. `at` is what the next layer gets, `skip` what the block at hand got, each with its shape."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)
    at: tuple[str, Shape] = ("chip", (3, SIDE, SIDE))
    skip: tuple[str, Shape] = ("chip", (3, SIDE, SIDE))
    con: Layer | None = None
    added: bool = False

    def add(self, layer: Layer) -> None:
        match layer.kind:
            case "con_4":
                self.con = layer
            case "affine_":
                self._con(layer.floats)
            case "relu_110":
                self.at = self._node("Relu", [self.at[0]], self.at[1])
                self.skip, self.added = (self.at if self.added else self.skip), False
            case "max_pool_2":
                self.skip = self.at = self._pool("MaxPool", self.at, layer.numbers)
            case "avg_pool_2" if layer.numbers[0] == 0:  # a window without sides is the whole picture
                self.at = self._node("GlobalAveragePool", [self.at[0]], (self.at[1][0], 1, 1))
            case "avg_pool_2":
                self.skip = self._pool("AveragePool", self.skip, layer.numbers)
            case "add_prev_111":
                self._add_skip()
            case _:
                self._fc(layer)

    def model(self) -> bytes:
        if self.at[1] != (VECTOR, 1, 1):
            raise ValueError("another network than the one expected")
        return graph(self.nodes, self.constants, ("chip", ["n", 3, SIDE, SIDE]), (self.at[0], ["n", VECTOR]))

    def _con(self, affine: Floats) -> None:
        assert self.con is not None
        (filters, high, wide), channels = self.con.numbers[:3], self.at[1][0]
        strides, pads = self.con.numbers[3:5], self.con.numbers[5:]
        weights = self.con.floats[:-filters].reshape(filters, channels, high, wide)
        factor, offset = affine[:filters], affine[filters:]
        name = f"w{len(self.nodes)}"
        self.constants += [
            tensor(name, weights * factor[:, None, None, None]),
            tensor(f"{name}b", self.con.floats[-filters:] * factor + offset),
        ]
        shape = (filters, *_sides(self.at[1], (high, wide), strides, pads))
        self.at = self._node(
            "Conv", [self.at[0], name, f"{name}b"], shape, kernel_shape=(high, wide), strides=strides, pads=pads * 2
        )

    def _pool(self, kind: str, what: tuple[str, Shape], numbers: Numbers) -> tuple[str, Shape]:
        window, strides, pads = numbers[:2], numbers[2:4], numbers[4:]
        shape = (what[1][0], *_sides(what[1], window, strides, pads))
        return self._node(kind, [what[0]], shape, kernel_shape=window, strides=strides, pads=pads * 2)

    def _add_skip(self) -> None:
        (channels, high, wide), (more, higher, wider) = self.at[1], self.skip[1]
        shape = (max(channels, more), max(high, higher), max(wide, wider))
        both = [self._bordered(one, shape)[0] for one in (self.at, self.skip)]
        self.at, self.added = self._node("Add", both, shape), True

    def _bordered(self, what: tuple[str, Shape], shape: Shape) -> tuple[str, Shape]:
        if what[1] == shape:
            return what
        name = f"p{len(self.nodes)}"
        missing = [after - before for before, after in zip(what[1], shape, strict=True)]
        self.constants.append(tensor(name, np.array([0, 0, 0, 0, 0, *missing], np.int64)))
        return self._node("Pad", [what[0], name], shape)

    def _fc(self, layer: Layer) -> None:
        wanted, given = layer.numbers
        self.constants.append(tensor("fc", layer.floats.reshape(given, wanted)))
        flat, _ = self._node("Flatten", [self.at[0]], self.at[1])
        self.at = self._node("MatMul", [flat, "fc"], (wanted, 1, 1))

    def _node(self, kind: str, inputs: list[str], shape: Shape, **attributes: Numbers) -> tuple[str, Shape]:
        name = f"x{len(self.nodes)}"
        self.nodes.append(node(kind, inputs, name, **attributes))
        return name, shape


def _sides(shape: Shape, window: Numbers, strides: Numbers, pads: Numbers) -> tuple[int, int]:
    """Height and width of what comes out."""
    high, wide = (
        (side + 2 * pad - size) // stride + 1
        for side, size, stride, pad in zip(shape[1:], window, strides, pads, strict=True)
    )
    return high, wide


def _tensor(data: bytes, place: int) -> tuple[Floats, int]:
    """Version, four sizes, then as many floats."""
    (_, *sizes), place = _numbers(data, place, 5)
    count = int(np.prod(sizes))
    return np.frombuffer(data, "<f4", count, place).astype(np.float32), place + 4 * count


def _numbers(data: bytes, place: int, count: int) -> tuple[list[int], int]:
    found = []
    for _ in range(count):
        end = place + 1 + (data[place] & 0x7F)
        found.append(int.from_bytes(data[place + 1 : end], "little"))
        place = end
    return found, place
