"""How every model is run: on the processor, on one thread, since there are as many worker processes as cores to use."""

import onnxruntime

QUIET = 3  # errors only


def session(model: bytes) -> onnxruntime.InferenceSession:
    """Make a model ready to run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
