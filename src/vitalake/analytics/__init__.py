"""Answers to the questions of a ward."""
