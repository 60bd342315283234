# SPDX-License-Identifier: Apache-2.0
"""gen/handoff_revision.h names what git has, and moves only when that does."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HANDOFF_BUILD", ROOT / "build"))


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    run = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


class Revision(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.tree = pathlib.Path(scratch.name).resolve() / "tree"
        self.tree.mkdir()
        (self.tree / "a").write_text("1\n")
        self.header = pathlib.Path(scratch.name, "gen/handoff_revision.h")

    def commit(self, folder):
        git(folder, "init", "-q")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", "a")
        return git(folder, "rev-parse", "HEAD")

    def revision(self, path=None):
        subprocess.run(
            [shutil.which("cmake"), f"-DSOURCE={self.tree}", "-DVERSION=1.2.3",
             f"-DHEADER={self.header}", "-P", ROOT / "cmake/Revision.cmake"],
            env=dict(os.environ, PATH=path or os.environ["PATH"]), check=True,
        )  # fmt: skip
        text = self.header.read_text()
        self.assertIn('kVersion = "1.2.3"', text)
        return re.search(r'kRevision = "(.*)"', text)[1]

    def test_names_the_commit_and_says_if_files_differ(self):
        commit = self.commit(self.tree)
        git(self.tree, "tag", "-a", "v9", "-m", "a tag changes nothing")
        self.assertEqual(self.revision(), commit[:12])
        (self.tree / "a").write_text("2\n")
        self.assertEqual(self.revision(), commit[:12] + "-dirty")

    def test_leaves_the_header_alone_while_nothing_changes(self):
        self.commit(self.tree)
        self.revision()
        os.utime(self.header, (1, 1))
        self.revision()
        self.assertEqual(self.header.stat().st_mtime, 1)
        (self.tree / "a").write_text("2\n")
        self.revision()
        self.assertNotEqual(self.header.stat().st_mtime, 1)

    def test_is_unknown_without_a_repository(self):
        self.assertEqual(self.revision(), "unknown")
        self.commit(self.tree.parent)  # somebody else's, that the sources were unpacked in
        self.assertEqual(self.revision(), "unknown")

    def test_is_unknown_without_git(self):
        self.commit(self.tree)
        self.assertEqual(self.revision(path="/nowhere"), "unknown")

    def test_a_build_compiles_one_file_for_it(self):
        users = [
            str(path.relative_to(ROOT))
            for folder in ("model", "sw", "sim", "tb")
            for suffix in ("h", "cpp")
            for path in (ROOT / folder).rglob(f"*.{suffix}")
            if '"gen/handoff_revision.h"' in path.read_text()
        ]
        self.assertEqual(users, ["sim/build_info/build_info.cpp"])


class Program(unittest.TestCase):
    def test_version_names_revision_compiler_and_verilator(self):
        run = subprocess.run(
            [BUILD / "bin/handoff", "--version"], capture_output=True, text=True, check=True
        )
        self.assertRegex(
            run.stdout,
            r"\Ahandoff \d+\.\d+\.\d+\n"
            r"revision ([0-9a-f]{12,40}(-dirty)?|unknown)\n"
            r"compiler (GCC|Clang) \d+\..*\n"
            r"Verilator \d+\.\d+.*\n"
            r"SystemC \d+\.\d+\.\d+.*\n\Z",
        )


if __name__ == "__main__":
    unittest.main()
