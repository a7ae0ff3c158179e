"""Trained models for others: exported, described, and served by MLflow."""
