# SPDX-License-Identifier: Apache-2.0
"""What is installed serves others: the examples build from an empty folder against it, and run."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["HANDOFF_BUILD"])
EXAMPLES = ROOT / "tb" / "examples"

# What each example prints.
EXPECTED = {
    "platform": "NtfLegacyFrame, 100 bytes in buffer 0: 02 03 04 05 06 07 ...\n"
    "version 65536, 1 frames as they were sent, 1 interrupts\n",
    "host_stack": "300000 bytes received, 0 of them wrong\n",
    "unit_pins": "ReasonNone: port 40000 to port 5000, seq 0x12345678, 6 bytes\n"
    "ReasonBadTcpChecksum: port 0 to port 0, seq 0x0, 0 bytes\n"
    "2 beats, 2 headers: as they should be\n",
}
# Every object of a component's library, with nothing but what the package says that it needs.
CONSUMER = """
cmake_minimum_required(VERSION 3.25)
project(headers LANGUAGES CXX)
find_package(handoff REQUIRED COMPONENTS {component})
add_executable(headers headers.cpp)
target_link_libraries(headers PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,handoff::{component}>)
"""


def run(*words, **options):
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, **options
    )
    if done.returncode != 0:
        raise AssertionError(f"{words} exits with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="handoff_package_"))
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        cls.prefix = cls.scratch / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.include = cls.prefix / "include" / "handoff"
        cls.lib = next(cls.prefix.glob("lib*/**/libhandoff_model.a")).parent

    def configure_and_build(self, source, *more):
        build = self.scratch / f"build_{source.name}"
        run(
            "cmake",
            "-S",
            source,
            "-B",
            build,
            "-G",
            "Ninja",
            f"-DCMAKE_PREFIX_PATH={self.prefix}",
            *more,
        )
        run("cmake", "--build", build, "-j", "2")
        return build

    def test_examples_print_what_they_should(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                source = self.scratch / name
                shutil.copytree(EXAMPLES / name, source)
                program = self.configure_and_build(source) / name
                self.assertEqual(
                    run(program, env={"SYSTEMC_DISABLE_COPYRIGHT_MESSAGE": "1"}), expected
                )

    def test_every_example_is_tried(self):
        folders = {path.name for path in EXAMPLES.iterdir() if (path / "CMakeLists.txt").exists()}
        self.assertEqual(folders, set(EXPECTED))

    # One file that includes all installed headers of a component: none lacks another.
    def test_headers_and_libraries_lack_nothing(self):
        for component in ["sw", "model", "sim"]:
            with self.subTest(component):
                source = self.scratch / f"headers_{component}"
                source.mkdir()
                (source / "CMakeLists.txt").write_text(CONSUMER.format(component=component))
                headers = sorted((self.include / component).rglob("*.h"))
                self.assertTrue(headers)
                lines = [f'#include "{header.relative_to(self.include)}"\n' for header in headers]
                main = "sc_main(int, char**)" if component != "sw" else "main()"
                lines.append(f"int {main} {{ return 0; }}\n")
                (source / "headers.cpp").write_text("".join(lines))
                self.configure_and_build(source, "-DCMAKE_CXX_FLAGS=-O0")

    def test_headers_include_nothing_of_verilator(self):
        for header in self.include.rglob("*.h"):
            found = re.search(r'#include [<"](V|verilated|gen/\w+_rtl)', header.read_text())
            self.assertIsNone(found, header)

    def test_model_needs_no_verilated_symbol(self):
        for name in ["libhandoff_sw.a", "libhandoff_model.a"]:
            symbols = run("nm", "--undefined-only", "--demangle", self.lib / name)
            self.assertIn(" U ", symbols)
            self.assertNotRegex(symbols, r"Verilated|Vhandoff|\bvl_|VL_")

    def test_pkg_config_knows_the_libraries(self):
        env = dict(os.environ, PKG_CONFIG_PATH=str(self.lib / "pkgconfig"))
        for name in ["handoff_sw", "handoff_model", "handoff_sim"]:
            words = run("pkg-config", "--cflags", "--libs", name, env=env).split()
            self.assertIn(f"-l{name}", words)
            include = next(word[2:] for word in words if word.endswith("include/handoff"))
            self.assertEqual(pathlib.Path(include).resolve(), self.include.resolve())

    # What is generated is made, and of what is compiled the commands are read.
    def test_model_alone_is_configured_without_verilator(self):
        build = self.scratch / "model_only"
        env = dict(os.environ, VERILATOR_ROOT="/nonexistent")
        run("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DHANDOFF_MODEL_ONLY=ON", env=env)
        run("ninja", "-C", build, "gen", env=env)
        commands = run("ninja", "-C", build, "-t", "commands", env=env)
        self.assertIn("libhandoff_model.a", commands)
        self.assertNotIn("verilat", commands.replace(str(ROOT), "").lower())


if __name__ == "__main__":
    unittest.main()
