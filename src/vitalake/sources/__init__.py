"""How raw messages come in: files, a simulator, data sets."""
