"""The tests: cases are data, laws are code."""
