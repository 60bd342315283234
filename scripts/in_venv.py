# SPDX-License-Identifier: Apache-2.0
"""Imported by every script first: it then runs by the Python of .venv, which has what it needs,
however it was started."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv/bin/python"

if pathlib.Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
    if not PYTHON.exists():
        sys.exit(f"{sys.argv[0]}: no Python in .venv: run scripts/setup")
    os.execv(PYTHON, [PYTHON, *sys.argv])
