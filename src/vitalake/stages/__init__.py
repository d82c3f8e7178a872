"""The road, one file a stage."""
