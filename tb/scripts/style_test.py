# SPDX-License-Identifier: Apache-2.0
"""scripts/check_tree's rules about the text of C++, SystemVerilog and scripts: what breaks one is
named, what breaks none passes."""

import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
PRAGMA = SPDX + "\n#pragma once\n"


def check_tree():
    loader = importlib.machinery.SourceFileLoader("check_tree", str(ROOT / "scripts/check_tree"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_tree", loader))
    loader.exec_module(module)
    return module


class Style(unittest.TestCase):
    def faults(self, name, text):
        return list(check_tree().check_file(name, text))

    def test_each_rule_is_checked(self):
        drawing = "//   |" + "-" * 70 + "| goes on too\n//   long\n//   | and what was below it\n"
        for name, text, fault in (
            ("sw/x.md", "<" * 7 + " HEAD\n", "nobody has solved"),
            ("sw/x.h", SPDX + "int x;\n", "begins with #pragma once"),
            ("sw/x.h", PRAGMA + "#ifndef SW_X_H_\n", "guard of another style"),
            ("sw/x.cpp", SPDX + "for (int i = 0; i < n; i++) f();\n", "i < n; ++i) f();"),
            ("sw/x.cpp", SPDX + "  if (full) p->lost[i]--;\n", "write if (full) --p->lost[i];"),
            ("sw/x.cpp", SPDX + "int x = 0x1fULL + 2U;\n", "write int x = 0x1full + 2u;"),
            ("sw/x.h", PRAGMA + drawing, "the formatter cut"),
            ("rtl/x.sv", SPDX + "  assert property (x);\n", "outside of `ifndef SYNTHESIS"),
            (
                "rtl/x.sv",
                SPDX + "`ifndef SYNTHESIS\n`endif\n  cover property (x);\n",
                ":4: an asser",
            ),
            ("model/handoff_x.h", PRAGMA + "struct Params {\n  int A = 8;\n};\n", "is kDefaultA"),
        ):
            with self.subTest(fault=fault):
                self.assertIn(fault, "\n".join(self.faults(name, text)))

    def test_what_breaks_no_rule_passes(self):
        for name, text in (
            ("sw/x.cpp", SPDX + "const auto next = x++;\n"),  # somebody reads it
            ("sw/x.cpp", SPDX + "queue.Push(id++);\n"),
            ("sw/x.cpp", SPDX + 'f("i++; 1U");  // i++; 1U\n'),
            ("sw/x.cpp", SPDX + "int x = 0xbadu;\n"),
            ("sw/x.cpp", SPDX + "/* i++;\n1U */\n"),
            ("sw/x.h", PRAGMA + "// " + "word " * 18 + "and the\n// rest.\n// More.\n"),
            ("rtl/x.sv", SPDX + "`ifndef SYNTHESIS\n  assert property (x);\n`endif\n"),
            ("model/handoff_x.h", PRAGMA + "struct Params {\n  int A = kDefaultA;\n};\n"),
        ):
            with self.subTest(text=text):
                self.assertEqual(self.faults(name, text), [])

    def test_the_formatter_mends_what_is_told(self):
        mend = check_tree().rules.mend_cpp
        self.assertEqual(mend("a.b->c[i]++; else d--;\n"), "++a.b->c[i]; else --d;\n")
        self.assertEqual(mend('x = 1\'000U;\nR"(i++; 1U)"'), 'x = 1\'000u;\nR"(i++; 1U)"')


class Numbers(unittest.TestCase):
    def told(self, texts):
        return "\n".join(check_tree().rules.check_cpp_constants(texts, {"kSlotBytes": "64"}))

    def test_constants_that_exist_twice_are_told(self):
        one = "inline constexpr uint32_t kA = 1'024, kB = 7;\n"
        for texts, fault in (
            (
                {"model/a.h": one, "model/b.cpp": "constexpr int kB = 7;\n"},
                "kB = 7 stands in model/",
            ),
            (
                {"sim/a.h": one, "sim/b.h": "  static constexpr int kA = 1024;\n"},
                "kA = 1024 stands",
            ),
            (
                {"tb/a.h": one, "tb/b_test.cpp": "constexpr int kB = 7;\n"},
                "kB = 7 stands in tb/a.h",
            ),
            ({"model/a.cpp": "constexpr int kSlotBytes = 64;\n"}, "kSlotBytes is the package's"),
        ):
            with self.subTest(fault=fault):
                self.assertIn(fault, self.told(texts))

    def test_constants_that_only_look_alike_pass(self):
        one = "inline constexpr uint32_t kA = 1'024, kB = 7;\n"
        for texts in (
            {"model/a.h": one, "sim/b.h": one},  # another floor
            {"model/a.h": one, "model/b.h": "constexpr int kB = 8;\n"},  # another value
            {"tb/a_test.cpp": one, "tb/b_test.cpp": one},  # two tests
            {"sw/a.h": "constexpr int kSlotBytes = 64;\n"},
            {"model/a.h": one, "model/b.h": "constexpr int kB = sizeof(X);\n"},
        ):
            with self.subTest(texts=texts):
                self.assertEqual(self.told(texts), "")


class Sizes(unittest.TestCase):
    def test_a_size_that_no_unit_checks_is_told(self):
        check = check_tree().rules.check_sizes
        rtl = {"rtl/a.sv": "if ($bits(ntf_t) != 8 * NtfBytes) begin : gen_check\n"}
        self.assertEqual(list(check(rtl, ["ntf_t"])), [])
        self.assertIn("that state_t has its size", "\n".join(check(rtl, ["ntf_t", "state_t"])))

    def test_the_units_refuse_types_of_another_size(self):
        for size, unit in (
            ("SlotBytes = 64", "handoff_command: every command must"),
            ("SlotBytes = 64", "handoff_tx_fetch: tx_desc_t must"),
            ("LegacyDescBytes = 16", "handoff_legacy: legacy_desc_t must"),
            ("NtfBytes = 32", "handoff_notify: ntf_t must"),
            ("StateBytes = 128", "handoff_rx_tcp: state_t must"),
        ):
            with self.subTest(unit=unit), tempfile.TemporaryDirectory() as scratch:
                rtl = pathlib.Path(scratch, "rtl")
                shutil.copytree(ROOT / "rtl", rtl)
                types = rtl / "handoff_host_types.svh"
                name, value = size.split(" = ")
                text = types.read_text()
                self.assertIn(size + ";", text)
                types.write_text(text.replace(size + ";", f"{name} = {2 * int(value)};"))
                command = [ROOT / "scripts/gen_params", "--rtl", rtl]
                files = ["--header", rtl / "x.h", "--cmake", rtl / "x.cmake"]
                run = subprocess.run(
                    [*command, *files], capture_output=True, text=True, check=False
                )
                self.assertNotEqual(run.returncode, 0)
                self.assertIn(unit, run.stderr)

    def made(self, bits):
        """Of a notification of 4 bytes, so many bits in its first field: header, page."""
        with tempfile.TemporaryDirectory() as scratch:
            pkg, header, page = (pathlib.Path(scratch, f"toy_pkg.{x}") for x in ("sv", "h", "md"))
            pkg.write_text(
                "package toy_pkg;\n  localparam int unsigned NtfBytes = 4;\n"
                f"  typedef struct packed {{\n    logic [{bits - 1}:0] a;\n    logic [7:0] b;\n"
                "    logic [7:0] rsvd_lo;\n  } ntf_t;\nendpackage\n"
            )
            command = [ROOT / "scripts/gen_pkg", "--pkg", pkg, "--header", header, "--page", page]
            subprocess.run(command, check=True)
            main = pathlib.Path(scratch, "main.cpp")
            main.write_text('#include "toy_pkg.h"\n')
            compiler = ["c++", "-std=c++20", "-fsyntax-only", main]
            run = subprocess.run(compiler, capture_output=True, text=True, check=False)
            return run, page.read_text()

    def test_the_header_asserts_sizes_and_the_page_shows_what_is_free(self):
        run, page = self.made(16)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("| `ntf_t` | 4 (`NtfBytes`) | 8 |", page)
        run, _ = self.made(24)
        self.assertIn("Ntf::kWidth == ", run.stderr)


class Scripts(unittest.TestCase):
    def test_scripts_that_do_not_run_as_named_are_told(self):
        files = {
            "scripts/good": "#!/bin/sh\n",
            "scripts/bad": "true\n",
            "x.md": "`scripts/good` and `scripts/gone`\npython3 scripts/good\n",
        }
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            (root / "scripts").mkdir()
            for name, text in files.items():
                (root / name).write_text(text)
            modes = {"scripts/good": "100755"}
            told = list(check_tree().rules.check_scripts(root, sorted(files), modes))
        self.assertEqual(
            told,
            [
                "scripts/bad: not executable: chmod +x",
                "scripts/bad:1: no #! line",
                "x.md:1: scripts/gone is not there",
                "x.md:2: scripts are run by their names alone",
            ],
        )

    def test_scripts_run_by_name_from_anywhere_with_any_python(self):
        for name in (
            "check_tree",
            "gen_params",
            "gen_pkg",
            "gen_ports",
            "gen_regs",
            "claims",
            "lint",
        ):
            with self.subTest(script=name), tempfile.TemporaryDirectory() as folder:
                run = subprocess.run(
                    ["/usr/bin/env", "-i", "PATH=/usr/bin:/bin", ROOT / "scripts" / name, "--help"],
                    cwd=folder, capture_output=True, text=True, check=False,
                )  # fmt: skip
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertIn("usage:", run.stdout)


class Assertions(unittest.TestCase):
    """Verilator sees what stands behind `ifndef SYNTHESIS."""

    def test_every_assertion_of_a_unit_is_in_its_verilated_class(self):
        build = pathlib.Path(os.environ.get("HANDOFF_BUILD", ROOT / "build"))
        for unit in ("ack", "dma", "notify", "upload"):
            source = (ROOT / f"rtl/handoff_{unit}.sv").read_text()
            verilated = build / f"verilated/rtl_{unit}"
            text = "".join(path.read_text() for path in sorted(verilated.glob("*.cpp")))
            if not text:
                self.skipTest("the units are not built")
            with self.subTest(unit=unit):
                self.assertGreaterEqual(
                    text.count("Assertion failed in"), source.count("assert property")
                )


if __name__ == "__main__":
    unittest.main()
