# SPDX-License-Identifier: Apache-2.0
"""scripts/gen_params: what may be built is built so everywhere, and the rest is refused with what
there is.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = [
    "DctEntries",
    "Slots",
    "RxFifoBeats",
    "RxFifoFrames",
    "LegacyDepth",
    "RdTags",
    "Ways",
    "StashEntries",
]


def gen_params(*params, rtl=ROOT / "rtl", more=()):
    """What it says, the header and the variables for CMake; the last two are empty if it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        header, cmake = (pathlib.Path(folder, name) for name in ("params.h", "params.cmake"))
        command = [sys.executable, ROOT / "scripts/gen_params", "--rtl", rtl, *more]
        command += [f"--param={param}" for param in params]
        command += ["--header", header, "--cmake", cmake]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        texts = [path.read_text() if path.exists() else "" for path in (header, cmake)]
        if (run.returncode == 0) != bool(texts[0]):
            raise AssertionError(f"exit status {run.returncode}: {run.stderr}")
        return run.stderr, *texts


class Params(unittest.TestCase):
    def test_names_are_those_of_the_engine_in_its_order(self):
        said, header, cmake = gen_params()
        self.assertEqual(said, "")
        self.assertEqual(re.findall(r"uint32_t (\w+) = \d+;", header), NAMES)
        self.assertNotIn("handoff_engine_params_", cmake)  # every unit's defaults are the engine's

    def test_model_and_units_get_what_was_given(self):
        _, header, cmake = gen_params("DctEntries=4096", "Slots=16")
        self.assertIn("uint32_t DctEntries = 4096;", header)
        self.assertIn("uint32_t Slots = 16;", header)
        self.assertIn("set(handoff_engine_params DctEntries=4096 Slots=16)", cmake)
        self.assertIn("set(handoff_engine_params_buffers DctEntries=4096 Slots=16)", cmake)
        self.assertIn("set(handoff_engine_params_lookup DctEntries=4096)", cmake)
        self.assertNotIn("handoff_engine_params_dma", cmake)

    def test_what_cannot_be_is_refused_with_all_there_is(self):
        for param, why in {
            "Entries=64": "no parameter 'Entries'",
            "DctEntries=1000": "DctEntries must be a power of two",
            "DctEntries=32": "DctEntries must be",
            "DctEntries=131072": "DctEntries must be",
            "Slots=2": "Slots must be",
            "Slots=33": "Slots must be",
            "RxFifoBeats=23": "RxFifoBeats must be",
            "RxFifoBeats=65537": "RxFifoBeats must be",
            "RxFifoFrames=1": "RxFifoFrames must be",
            "LegacyDepth=60": "LegacyDepth must be",
            "LegacyDepth=66": "LegacyDepth must be",
            "RdTags=1": "RdTags must be",
            "RdTags=256": "RdTags must be",
            "Ways=3": "Ways must be",
            "Ways=32": "Ways must be",
            "StashEntries=0": "StashEntries must be",
            "StashEntries=65": "StashEntries must be",
            "Slots": "'Slots' is not Name=number",
            "Slots=-1": "'Slots=-1' is not Name=number",
        }.items():
            said, *_ = gen_params(param)
            self.assertIn(why, said.splitlines()[0], param)
            for name in NAMES:
                self.assertRegex(said, rf"\n  {name}=\d+ +\w", param)

    def test_a_parameter_twice_is_refused(self):
        self.assertIn("Slots twice", gen_params("Slots=4", "Slots=5")[0])

    def test_the_least_and_the_most_are_built(self):
        for params in (
            ["DctEntries=64", "Slots=3", "RxFifoBeats=24", "RxFifoFrames=2", "LegacyDepth=64"],
            ["DctEntries=65536", "Slots=32", "RxFifoBeats=65536", "RxFifoFrames=65536"],
            ["RdTags=2", "Ways=1", "StashEntries=1", "LegacyDepth=32768"],
            ["RdTags=128", "Ways=16", "StashEntries=64"],
        ):
            self.assertEqual(gen_params(*params)[0], "")

    def test_a_unit_that_the_engine_does_not_leave_at_its_defaults_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            text = (ROOT / "rtl/handoff_dma.sv").read_text()
            text, count = re.subn(r"(parameter int unsigned RdTags\s*=) \w+", r"\1 64", text)
            self.assertEqual(count, 1)
            pathlib.Path(folder, "handoff_dma.sv").write_text(text)
            said, _, cmake = gen_params(more=["--instead", folder])
            self.assertEqual(said, "")
            self.assertIn("set(handoff_engine_params_dma RdTags=32)", cmake)

    def test_a_bound_without_a_text_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            text = (ROOT / "rtl/handoff_engine.sv").read_text()
            text = text.replace("handoff_engine: Slots must be", "handoff_engine: Slots are")
            pathlib.Path(folder, "handoff_engine.sv").write_text(text)
            said, *_ = gen_params(more=["--instead", folder])
            self.assertIn("says of Slots nowhere what it must be", said)

    def test_texts_follow_the_constants(self):
        with tempfile.TemporaryDirectory() as folder:
            text = (ROOT / "rtl/handoff_params_pkg.sv").read_text()
            text, count = re.subn(r"(MaxDctEntries) = \d+;", r"\1 = 32768;", text)
            self.assertEqual(count, 1)
            pathlib.Path(folder, "handoff_params_pkg.sv").write_text(text)
            text = "DctEntries must be a power of two from 64 to 32768"
            said, *_ = gen_params("DctEntries=65536", more=["--instead", folder])
            self.assertIn(text, said.splitlines()[0])
            self.assertIn("DctEntries=1024      a power of two from 64 to 32768\n", said)

    def test_a_text_that_prints_no_constant_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            for instead, why in {
                '%0d to %0d", MinWays);': "has not a %0d for each constant",
                '%0d to %0d", MinWays, 1 * MaxWays);': "prints 1 * MaxWays",
            }.items():
                text = (ROOT / "rtl/handoff_engine.sv").read_text()
                text, count = re.subn(r'%0d to %0d", MinWays, MaxWays\);', instead, text)
                self.assertEqual(count, 1)
                pathlib.Path(folder, "handoff_engine.sv").write_text(text)
                self.assertIn(why, gen_params(more=["--instead", folder])[0])

    def test_the_page_has_the_same_numbers(self):
        """Defaults and bounds, docs/units/engine.md: columns 3 and 4 of a parameter's row."""
        command = [sys.executable, ROOT / "scripts/gen_params", "--rtl", ROOT / "rtl", "--list"]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        there_is = {}
        for name, default, bounds in re.findall(r"\n  (\w+)=(\d+) +(.*)", run.stdout):
            there_is[name] = [default], re.findall(r"\d+", bounds)
        page = {}
        for row in re.findall(
            r"\n\| `([A-Z]\w+)` (.*)", (ROOT / "docs/units/engine.md").read_text()
        ):
            cells = row[1].replace(",", "").split("|")
            if len(cells) < 6:  # of the table below, which has no numbers
                continue
            self.assertNotIn(row[0], page)
            page[row[0]] = tuple(re.findall(r"\d+", cell) for cell in cells[2:4])
        self.assertEqual(page, there_is)
        self.assertEqual(list(page), NAMES)

    def test_cmake_refuses_with_the_texts(self):
        with tempfile.TemporaryDirectory() as folder:
            command = ["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "--log-level=WARNING"]
            run = subprocess.run(
                [*command, "-DHANDOFF_PARAMS=Ways=3 Slots=4"],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "CCACHE_DISABLE": "1"},
            )
            self.assertNotEqual(run.returncode, 0)
            self.assertIn("Ways must be a power of two from 1 to 16", " ".join(run.stderr.split()))


if __name__ == "__main__":
    unittest.main()
