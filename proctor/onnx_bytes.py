"""Just enough of ONNX's protobuf format to hand a small graph to the runtime without the `onnx` package.

A field on the wire is its number and kind (a varint), then a varint or a length and that many bytes. The numbers are
those of onnx.proto3, which never change. Floats only; a shape holds sizes and, where it is free, a name.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IR_VERSION = 8
OPSET_VERSION = 13
FLOAT, INT64 = 1, 7  # TensorProto.DataType
INT, INTS = 2, 7  # AttributeProto.AttributeType


def node(kind: str, inputs: Sequence[str], output: str, **attributes: int | Sequence[int]) -> bytes:
    """An operation: NodeProto."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            _text(2, output),
            _text(4, kind),
            *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
        ]
    )


def tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    """A constant: TensorProto with its values as they lie in little-endian memory."""
    kind = INT64 if values.dtype == np.int64 else FLOAT
    raw = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    return b"".join([*(_number(1, size) for size in values.shape), _number(2, kind), _text(8, name), _bytes(9, raw)])


def graph(
    nodes: Sequence[bytes],
    constants: Sequence[bytes],
    given: tuple[str, Sequence[int | str]],
    result: tuple[str, Sequence[int | str]],
) -> bytes:
    """A whole model: ModelProto with one input and one output, each a name and a shape."""
    body = b"".join(
        [
            *(_bytes(1, one) for one in nodes),
            _text(2, "graph"),
            *(_bytes(5, one) for one in constants),
            _bytes(11, _value(*given)),
            _bytes(12, _value(*result)),
        ]
    )
    return _number(1, IR_VERSION) + _bytes(7, body) + _bytes(8, _number(2, OPSET_VERSION))


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, INT)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, INTS)


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(_bytes(1, _number(1, one) if isinstance(one, int) else _text(2, one)) for one in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, sizes)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    assert value >= 0
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
