#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the program does when it is stopped, started twice, or given a file that never ends."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HANDOFF = pathlib.Path(os.environ.get("HANDOFF_BUILD", ROOT / "build")) / "bin/handoff"
BULK = ROOT / "tb/scenarios/delegated_bulk.yaml"
# Minutes of it, if nobody stops it.
LONG = ("--set", "connections[0].peer.bytes=4G", "--set", "limit_ms=100000", "--no-skip")


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name, "out")

    def start(self):
        command = [HANDOFF, "run", BULK, "--engine", "model", "--out", self.out, *LONG]
        capture = self.out / "capture.pcapng"
        capture.unlink(missing_ok=True)
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.communicate)
        self.addCleanup(run.kill)
        until = time.monotonic() + 60
        while not (capture.exists() and capture.stat().st_size > 4096):
            self.assertIsNone(run.poll(), "it ended by itself")
            self.assertLess(time.monotonic(), until, "it did not begin")
            time.sleep(0.05)
        return run

    def test_a_signal_ends_a_run_with_all_that_it_has_found_out(self):
        for which in (signal.SIGINT, signal.SIGTERM):
            run = self.start()
            run.send_signal(which)
            _, err = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 130, err)
            self.assertIn("interrupted", err)
            summary = json.loads((self.out / "summary.json").read_text())
            self.assertEqual(summary["result"], "interrupted")
            self.assertGreater(summary["frames_in"], 0)
            shown = subprocess.run(
                ["tshark", "-r", self.out / "capture.pcapng", "-c", "5"],
                capture_output=True,
                check=False,
            )
            self.assertEqual(shown.returncode, 0, shown.stderr)

    def test_an_older_summary_goes_when_a_run_starts(self):
        self.out.mkdir()
        (self.out / "summary.json").write_text("{}")
        run = self.start()
        self.assertFalse((self.out / "summary.json").exists())
        run.kill()
        run.communicate()
        self.assertFalse((self.out / "summary.json").exists())

    def test_a_folder_is_for_one_run_at_a_time(self):
        run = self.start()
        command = [HANDOFF, "run", BULK, "--engine", "model", "--out", self.out]
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(second.returncode, 2)
        self.assertIn("another run writes into it", second.stderr)
        self.assertIsNone(run.poll())

    def refused(self, text, *options):
        path = self.out.with_suffix(".yaml")
        path.write_text(text)
        command = [HANDOFF, "run", path, "--out", self.out, *options]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        self.assertEqual(run.returncode, 2, run.stderr)
        return run.stderr

    def test_aliases_that_do_not_end_are_refused_by_place(self):
        own = "the alias stands for something that it is a part of"
        self.assertIn(f".yaml:1:18: {own}", self.refused("connections: &x [*x]\n"))
        self.assertIn(f".yaml:2:9: {own}", self.refused("link: &x\n  peer: *x\n"))
        self.assertIn(own, self.refused("name: a\n", "--set", "link=&x [*x]"))
        bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
        )
        self.assertRegex(self.refused(bomb), r"\.yaml:6:\d+: more than a million values")
        self.assertIn("more than a hundred levels", self.refused("a: " + "[" * 3000))
        # An alias as such is welcome.
        run = subprocess.run(
            [HANDOFF, "run", BULK, "--engine", "model", "--out", self.out, "--set", "link=&x {}"],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertNotEqual(run.returncode, 2, run.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
