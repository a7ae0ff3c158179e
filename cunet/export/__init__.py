"""Trained models as Keras or ONNX files, with their model card."""
