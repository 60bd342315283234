# SPDX-License-Identifier: Apache-2.0
"""The checks find what they are for: each seeded fault is named, and a clean input passes."""

import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True


def load(name):
    """A script as a module, though its name has no suffix."""
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


class Tree(unittest.TestCase):
    def faults(self, name, text):
        return list(load("check_tree").check_file(name, text))

    def test_clean_file_passes(self):
        self.assertEqual(self.faults("sw/x.cpp", SPDX + '#include "sw/hw.h"\n'), [])

    def constants(self, **files):
        texts = {f"rtl/{name}.sv": text for name, text in files.items()}
        return list(load("check_tree").check_constants(texts))

    def test_constants_of_packages_and_of_parameters_pass(self):
        self.assertEqual(
            self.constants(
                a_pkg="localparam int unsigned Words = 8;\nlocalparam int unsigned DefaultN = 4;\n",
                b="import a_pkg::*; #(parameter int unsigned N = DefaultN\n) (\n"
                "localparam int unsigned Bits = $clog2(N);\nlocalparam logic [3:0] Last = Bits'(1);",
                c="import a_pkg::*; #(parameter type T = logic, parameter int unsigned N = DefaultN\n)"
                " (\nlocalparam int unsigned Bits = $clog2(N);  // localparam u8_t Words = 8'd8;\n",
                d="#(parameter type T = logic\n) (\nlocalparam int unsigned Words = 16;\n",
            ),
            [],
        )

    def test_constants_that_exist_twice_are_told(self):
        for fault, files in {
            "Type = 2048 stands in rtl/a.sv too": {
                "a": "localparam u16_t Type = 16'h0800;\n",
                "b": "localparam logic [15:0] Type = 16'd2_048;  // another spelling\n",
            },
            "N = 1024 stands in": {
                "a": "#(\n    parameter int unsigned N = 1024\n) (\n",
                "b": "#(\n    parameter int unsigned M = 2,\n    parameter int unsigned N = 1024\n) (\n",
            },
            "Bits = $clog2(Bytes) stands in": {
                "a": "localparam int unsigned Bits = $clog2(Bytes);",
                "b": "localparam int unsigned Bits =\n    $clog2(Bytes);",
            },
            "rtl/b.sv: Kind hides that of rtl/a_pkg.sv": {
                "a_pkg": "localparam u8_t Kind = 8'd8;\n",
                "b": "import a_pkg::*;\nlocalparam u16_t Kind = 16'h080a;\n",
            },
        }.items():
            with self.subTest(fault=fault):
                self.assertIn(fault, "\n".join(self.constants(**files)))

    def test_each_rule_is_checked(self):
        marker = "TO" + "DO"
        waiver = "// verilator lint" + "_off WIDTH\n"
        for name, text, fault in (
            ("sw/x.cpp", "int x;\n", "no SPDX"),
            ("sw/x.cpp", SPDX + "\n" * 600, "601 lines"),
            ("sw/x_old.cpp", SPDX, "name of a version"),
            ("sw/x.cpp", SPDX + f"// {marker}: later\n", "left undone"),
            ("sw/x.cpp", SPDX + "int x; \n", "white space"),
            ("sw/x.cpp", SPDX + "int x;", "no newline"),
            ("sw/x.cpp", SPDX + "#include <systemc>\n", "include that runs up"),
            ("sw/x.cpp", SPDX + '#include "model/handoff_ack.h"\n', "include that runs up"),
            ("model/x.cpp", SPDX + "#include <verilated.h>\n", "include that runs up"),
            ("model/x.cpp", SPDX + '#include "sim/ports.h"\n', "include that runs up"),
            ("sim/x.cpp", SPDX + '#include "tb/rig/raw_driver.h"\n', "include that runs up"),
            ("rtl/x.sv", SPDX + "// \u2026\n", "not ASCII"),
            ("rtl/x.sv", SPDX + "\n" + waiver, "without its reason"),
        ):
            with self.subTest(fault=fault):
                self.assertIn(fault, "\n".join(self.faults(name, text)))

    def test_notice_names_what_is_installed(self):
        check = load("check_tree").check_notice
        lists = ["# Debian\ncmake\ng++\n", "jinja2==3.1.6\n"]
        told = "  CMake (cmake)  BSD\n  GCC (g++, in Debian)  GPL\n"
        self.assertEqual(list(check(told + "  Jinja2 (jinja2)  BSD\n", lists)), [])
        self.assertIn("jinja2 is not there", "\n".join(check(told, lists)))

    def test_waiver_with_a_reason_passes(self):
        waiver = "// verilator lint" + "_off WIDTH\n"
        self.assertEqual(self.faults("rtl/x.sv", SPDX + "// The sum wraps.\n" + waiver), [])


MODULE = """
module handoff_toy
  import handoff_params_pkg::*;
  import handoff_pkg::*;
#(
    parameter int unsigned Slots = DefaultSlots,
    parameter int unsigned Depth = 6
) (
    input logic clk_i,
    input logic rst_ni,
    // from above: go
    input logic go_valid_i,
    input u32_t go_i,

    // to below
    // and beside: how often
    output u32_t count_o,
    input logic count_ready_i,
    output logic quiet_o
);
endmodule
"""
FACE = """
#include "gen/handoff_toy_ports.h"
  struct Params {
    uint32_t Slots = kDefaultSlots;
    uint32_t Depth = 6;  // words
  };
  using In = handoff_toy_in;
  using Out = handoff_toy_out;
"""


class Twins(unittest.TestCase):
    def errors(self, model):
        check = load("check_twins")
        with tempfile.TemporaryDirectory() as scratch:
            check.ROOT = pathlib.Path(scratch)
            for name, text in (("rtl/handoff_toy.sv", MODULE), ("model/handoff_toy.h", model)):
                path = check.ROOT / name
                path.parent.mkdir()
                path.write_text(text)
            return check.check_ports("toy") + check.check_params("toy")

    def test_same_ports_and_parameters_pass(self):
        self.assertEqual(self.errors(FACE), [])
        self.assertEqual(self.errors(FACE.replace("kDefaultSlots", "8")), [])

    def test_each_difference_is_named(self):
        by_hand = "struct In { const bool* go_valid = nullptr; };"
        for old, new, fault in (
            ("using In = handoff_toy_in;", by_hand, "In is struct In; wanted: handoff_toy_in"),
            ("using In", by_hand + "using In", "In is struct In and handoff_toy_in; wanted"),
            ("toy_out", "ack_out", "Out is handoff_ack_out; wanted: handoff_toy_out"),
            ("using Out", "// using Out", "Out is missing; wanted: handoff_toy_out"),
            ("#include", "// #include", "gen/handoff_toy_ports.h is not included"),
            ("Depth = 6", "Depth = 7", "member 2: Depth = 7; the RTL's: Depth = 6"),
            ("kDefaultSlots", "kDefaultWays", "Slots = kDefaultWays; the RTL's: Slots = 8"),
            ("kDefaultSlots", "kNoName", "Slots = kNoName; the RTL's: Slots = 8"),
            ("uint32_t Depth = 6;", "", "member 2: nothing; the RTL's: Depth = 6"),
            ("uint32_t Slots", "uint32_t N = 1; uint32_t Slots", "N = 1; the RTL's: Slots = 8"),
            ("};", "uint32_t N = 1;};", "member 3: N = 1; the RTL's: nothing"),
            ("uint32_t Depth", "uint64_t Depth", "that are not uint32_t with a default"),
            ("struct Params", "struct Other", "no Params"),
        ):
            with self.subTest(fault=fault):
                self.assertIn(fault, "\n".join(self.errors(FACE.replace(old, new, 1))))


class Ports(unittest.TestCase):
    def header(self, module):
        with tempfile.TemporaryDirectory() as scratch:
            rtl, header = pathlib.Path(scratch, "handoff_toy.sv"), pathlib.Path(scratch, "x.h")
            rtl.write_text(module)
            words = [sys.executable, ROOT / "scripts/gen_ports", "--unit", "handoff_toy"]
            words += ["--pkg", ROOT / "rtl/handoff_pkg.sv", "--ports", header]
            words += ["--rtl", ROOT / "rtl/handoff_params_pkg.sv", rtl]
            run = subprocess.run(words, capture_output=True, text=True)
            return header.read_text() if run.returncode == 0 else run.stderr

    def struct(self, name):
        found = re.search(rf"struct handoff_toy_{name} {{\n(.*?)\n}};", self.header(MODULE), re.S)
        return [line.strip() for line in found.group(1).splitlines() if line.strip()]

    def test_members_stand_in_port_order_under_their_groups_comments(self):
        self.assertEqual(
            self.struct("in")[3:],
            [
                "// from above: go",
                "const bool* go_valid = nullptr;",
                "const U32* go = nullptr;",
                "// to below and beside: how often",
                "const bool* count_ready = nullptr;",
            ],
        )
        self.assertEqual(
            self.struct("out"),
            ["// to below and beside: how often", "U32 count{};", "bool quiet{};"],
        )
        self.assertEqual(
            self.struct("pins")[:7],
            [
                "// from above: go",
                'Input<bool> go_valid_i{"go_valid_i"};',
                'Input<U32> go_i{"go_i"};',
                "// to below and beside: how often",
                'Output<U32> count_o{"count_o"};',
                'Input<bool> count_ready_i{"count_ready_i"};',
                'Output<bool> quiet_o{"quiet_o"};',
            ],
        )

    def test_ports_that_the_conventions_forbid_are_refused(self):
        for old, new, fault in (
            ("u32_t go_i", "logic [4:0] go_i", "go_i: logic[4:0] is neither logic nor a type"),
            ("u32_t go_i", "u32_t go", "port go: inputs end in _i, outputs in _o"),
        ):
            with self.subTest(fault=fault):
                self.assertIn(fault, self.header(MODULE.replace(old, new)))


PORT_TABLE = """
## Ports
| port | in/out | type | kind | peer | what it is |
| --- | --- | --- | --- | --- | --- |
| clk | in | logic | clock | pin | The clock. |
| rst_n | in | logic | reset | csr | The reset. |
| go | in | [`u32_t`](../interfaces.md) | pulse | csr | Go: the number to add. |
| count | out | u32_t | level | csr | The sum. |
| count_ready | in | logic | level | csr | The sum may change. |
| quiet | out | logic | level | engine | Nothing is left to do. |

## Stages
| go | no port |
"""


class PortTables(unittest.TestCase):
    def errors(self, page):
        check = load("check_twins")
        with tempfile.TemporaryDirectory() as scratch:
            check.ROOT = pathlib.Path(scratch)
            for name, text in (("rtl/handoff_toy.sv", MODULE), ("docs/units/toy.md", page)):
                path = check.ROOT / name
                path.parent.mkdir(parents=True)
                path.write_text(text)
            return "\n".join(check.check_port_table("toy"))

    def test_same_ports_pass(self):
        self.assertEqual(self.errors(PORT_TABLE), "")
        valid = "| go_valid | in | logic | pulse | csr | Go is there. |\n| go | in"
        self.assertEqual(self.errors(PORT_TABLE.replace("| go | in", valid)), "")

    def test_each_difference_is_named(self):
        for old, new, fault in (
            ("## Ports", "## Pins", 'no table "| port | in/out'),
            ("| kind |", "| sort |", 'no table "| port | in/out'),
            ("| clk |", "| clock |", "clk: missing, but a port of the RTL"),
            ("| rst_n |", "| rst |", "rst: no port of the RTL"),
            ("| go | in", "| went | in", "go: missing, but a port"),
            ("| count | out", "| count | in", "count: in u32_t; the RTL's: out u32_t"),
            ("| count | out | u32_t", "| count | out | u16_t", "out u16_t; the RTL's: out u32_t"),
            ("| The sum. |", "| |", "count: no description"),
            ("| level | csr |", "| level |", "no port of the RTL"),
            ("| go | in", "| go | in | u32_t | pulse | csr | Go. |\n| go | in", "go: twice"),
            ("| count | out", "| go | out", "go: out u32_t; the RTL's: in u32_t"),
        ):
            with self.subTest(fault=fault, new=new):
                self.assertIn(fault, self.errors(PORT_TABLE.replace(old, new)))


RULE = "// " + "-" * 60 + "\n"


class Titles(unittest.TestCase):
    RTL = (
        RULE + "// Take: one a cycle.\n\n" + RULE + "// Nodes, lists.\n" + RULE + "// Registers.\n"
    )
    MODEL = RULE + "// Take.\n\n  " + RULE + "  // Nodes, lists: drawn above.\n"

    def errors(self, rtl, model, unit="toy"):
        check = load("check_twins")
        with tempfile.TemporaryDirectory() as scratch:
            check.ROOT = pathlib.Path(scratch)
            for name, text in {f"rtl/handoff_{unit}.sv": rtl, **model}.items():
                path = check.ROOT / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check.check_titles(unit)

    def test_same_titles_pass(self):
        self.assertEqual(self.errors(self.RTL, {"model/handoff_toy.cpp": self.MODEL}), [])

    def test_titles_of_a_composed_units_folder_count(self):
        model = {"model/handoff_engine.cpp": "", "model/engine/shell.h": self.MODEL}
        self.assertEqual(self.errors(self.RTL, model, "engine"), [])

    def test_each_difference_is_named(self):
        take, lists = self.MODEL.split("\n\n")
        for model, fault in (
            (lists + "\n" + take + "\n", 'section 1 is "Nodes, lists"; the RTL\'s: "Take"'),
            (take + "\n", 'section 2 is nothing; the RTL\'s: "Nodes, lists"'),
            (self.MODEL + RULE + "// Wake.\n", 'section 3 is "Wake"; the RTL\'s: nothing'),
            (self.MODEL.replace("Take", "Taken"), 'section 1 is "Taken"; the RTL\'s: "Take"'),
            (self.MODEL.replace("-" * 60, "-"), 'section 1 is nothing; the RTL\'s: "Take"'),
        ):
            with self.subTest(fault=fault):
                errors = self.errors(self.RTL, {"model/handoff_toy.cpp": model})
                self.assertEqual(errors, ["model/handoff_toy.cpp: " + fault])
        self.assertIn("no section", "".join(self.errors("", {"model/handoff_toy.cpp": ""})))


PAGE = """
## Stages
Prims: `u_in` (prim_skid); `u_way[i]` (prim_ram).

| register | type | reset | loads |
| --- | --- | --- | --- |
| a_q, b_q[4] | logic | 0 | a \\|\\| b |
| c_valid_q; c_q | u8_t | 0 | below |

| row | case |
| --- | --- |
| 1 | no register |
"""
RTL = """
  prim_skid #(
      .T(u8_t)
  ) u_in (
  prim_ram #(.T(u8_t)) u_way (
  logic a_q;  // not_this_q
  u8_t c_q, b_q[4];
  assign c_valid_o = c_valid_q;
"""
MODEL = """
  template <class F>
  void ForEachReg(F&& f) {
    f("a", r_.a);
    f("b", Members{b_, &B::x}, 2);
    f("c_valid", d_.c_valid);
    f("c", r_.c.low);
    f("u_in", u_in_);
    f("u_way.rdata", u_way_);
  }
  struct B {
    uint8_t x = 0;
    bool y[2] = {};
    template <class F>
    void ForEachField(F&& f) {
      f("x", x);
      f("y", y);
    }
  };
  struct Regs {
    bool a = false;
    std::array<uint8_t, 4> c{};  // low, high
  };
  prim::Skid<A> u_in_;
  prim::Ram<B> u_way_;
"""


class Registers(unittest.TestCase):
    def errors(self, page=PAGE, rtl=RTL, model=MODEL):
        check = load("check_twins")
        with tempfile.TemporaryDirectory() as scratch:
            check.ROOT = pathlib.Path(scratch)
            for name, text in (
                ("docs/units/toy.md", page),
                ("rtl/handoff_toy.sv", rtl),
                ("model/handoff_toy.h", model),
            ):
                path = check.ROOT / name
                path.parent.mkdir(parents=True)
                path.write_text(text)
            return check.check_registers("toy")

    def test_same_registers_pass(self):
        self.assertEqual(self.errors(), [])

    def test_each_difference_is_named(self):
        for change, fault in (
            ({"page": PAGE.replace("a_q, ", "")}, "toy.md: a: not on the page, but in the RTL"),
            (
                {"page": PAGE.replace("`u_in` (", "")},
                "toy.md: u_in: not on the page, but in the RTL",
            ),
            ({"rtl": RTL + "logic n_q;"}, "toy.md: n: not on the page, but in the RTL"),
            ({"rtl": RTL + "prim_arb #(.N(2)) u_arb ("}, "toy.md: u_arb: not on the page"),
            ({"model": MODEL.replace('f("b"', 'f("n"')}, "toy.h: b: not in ForEachReg, but on"),
            ({"model": MODEL.replace('f("b"', 'f("n"')}, "n: not on the page, but in the model's"),
            ({"model": MODEL.replace("r_.a)", "d_.a)")}, "toy.h: a: a register in Regs of which"),
            ({"model": MODEL + "prim::Arb<2> u_arb_;"}, "toy.h: u_arb: a prim that is not in"),
            ({"model": MODEL.replace('f("y", y);', "")}, "toy.h: B::y: not in its ForEachField"),
            ({"model": "struct Regs {};"}, "toy.h: no ForEachReg"),
        ):
            with self.subTest(fault=fault):
                self.assertIn(fault, "\n".join(self.errors(**change)))


RESULT = """<testsuites><testsuite name="S">
<testcase name="Shows" classname="S" status="run" result="completed" file="{file}">
<properties><property name="claims" value="8 9"/></properties></testcase>
<testcase name="Fails" classname="S" status="run" result="completed" file="{file}">
<failure message="x"/><properties><property name="claims" value="10"/></properties></testcase>
<testcase name="Other" classname="S" status="run" result="completed"/>
</testsuite></testsuites>"""


class Claims(unittest.TestCase):
    def test_only_a_passing_test_shows_a_claim(self):
        claims = load("claims")
        with tempfile.TemporaryDirectory() as scratch:
            pathlib.Path(scratch, "x.xml").write_text(RESULT.format(file=ROOT / "tb/x_test.cpp"))
            shown, not_passed = claims.read_results(pathlib.Path(scratch))
        self.assertEqual(set(shown), {8, 9})
        self.assertEqual(not_passed, {"S.Fails"})
        page = claims.page_text({8: "eight", 10: "ten"}, shown)
        self.assertIn("| 8 | eight | [S.Shows](../tb/x_test.cpp) |", page)
        self.assertIn("| 10 | ten | **nothing yet** |", page)


if __name__ == "__main__":
    unittest.main()
