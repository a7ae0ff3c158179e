"""Export of trained models as Keras or ONNX files, with a model card."""
