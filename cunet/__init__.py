"""Conditioned-U-Net: a reproducible pipeline for music source separation."""
