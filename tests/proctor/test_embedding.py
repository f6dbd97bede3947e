"""The vector: the same numbers as face_recognition's, from a graph that is written here byte by byte."""

from pathlib import Path

import face_recognition
import face_recognition_models
import numpy as np
import pytest
from PIL import ImageFile

from proctor.dlib_net import layers, onnx_model
from proctor.embedding import Embedding, unit
from proctor.onnx_bytes import graph, node, tensor
from proctor.onnx_session import session
from tests.proctor.astronaut import Bytes, frame, photograph, two

ImageFile.LOAD_TRUNCATED_IMAGES = False  # what the import of face_recognition changed for everybody
NETWORK = Path(face_recognition_models.face_recognition_model_location())


@pytest.fixture(scope="module")
def embedding() -> Embedding:
    return Embedding()


@pytest.mark.parametrize(
    ("picture", "box"),
    [
        (photograph(), (175, 76, 265, 166)),
        (frame(), (221, 139, 407, 325)),
        (frame(), (200, 120, 420, 340)),
        (frame(), (-30, 60, 400, 490)),
        (photograph("coffee.png"), (100, 100, 260, 260)),  # no face, but the same numbers
        (two(), (60, 130, 240, 310)),
    ],
)
def test_the_same_box_gives_the_vector_of_face_recognition(
    embedding: Embedding, picture: Bytes, box: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = box
    (reference,) = face_recognition.face_encodings(picture, [(top, right, bottom, left)])
    vector = embedding.vector(embedding.chip(picture, box))
    assert vector.shape == (128,)
    assert vector.dtype == np.float32
    assert np.abs(vector - reference).max() < 1e-5


def test_a_unit_vector_keeps_its_direction() -> None:
    assert unit(np.array([3.0, 4.0])).tolist() == pytest.approx([0.6, 0.8])


def test_the_file_holds_the_twenty_nine_layers_that_weigh() -> None:
    found = [layer.kind for layer in layers(NETWORK.read_bytes())]
    assert found.count("con_4") == found.count("affine_") == 29
    assert found.count("add_prev_111") == 14
    assert found[-1] == "fc_2"


@pytest.mark.parametrize("data", [b"", b"a network of another kind" * 100])
def test_another_kind_of_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="network"):
        onnx_model(data)


def test_a_network_that_ends_too_early_is_refused() -> None:
    with pytest.raises(ValueError, match="network"):
        onnx_model(NETWORK.read_bytes()[:57_200])


def test_a_graph_written_byte_by_byte_computes() -> None:
    weights = np.arange(6, dtype=np.float32).reshape(2, 3)
    nodes = [node("MatMul", ["x", "w"], "y"), node("Transpose", ["y"], "z", perm=(1, 0))]
    model = graph(nodes, [tensor("w", weights)], ("x", ["n", 2]), ("z", [3, "n"]))
    given = np.array([[1, 2], [300, -4]], np.float32)
    (result,) = session(model).run(None, {"x": given})
    assert np.array_equal(result, (given @ weights).T)
