# SPDX-License-Identifier: Apache-2.0
"""The checks of the book name each seeded fault and pass a clean page; the site links what it should."""

import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True


def load(name):
    """A script as a module, whether its name has a suffix or not."""
    loader = importlib.machinery.SourceFileLoader(
        pathlib.Path(name).stem, str(ROOT / "scripts" / name)
    )
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


INDEX = "# The book\n1. [A](a.md)\n2. [Unit](units/u.md)\n"
PAGE = "# A\n\n## 1. First\nText.\n\n## 2. Second part\n1. Item.\n\n| F3 | row |\n"


class Docs(unittest.TestCase):
    def setUp(self):
        self.check = load("check_docs")

    def in_tree(self, files, run):
        with tempfile.TemporaryDirectory() as scratch:
            self.check.ROOT = pathlib.Path(scratch).resolve()
            for name, text in files.items():
                path = self.check.ROOT / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return list(run())

    def test_pages_in_the_index_once_pass(self):
        pages = {"docs/README.md": INDEX, "docs/a.md": "", "docs/units/u.md": ""}
        pages["README.md"] = "See docs/README.md."
        self.assertEqual(list(self.check.check_index(pages)), [])

    def test_orphans_and_doubles_are_named(self):
        pages = {"docs/README.md": INDEX, "docs/a.md": "", "docs/units/u.md": ""}
        for change, fault in (
            ({"docs/b.md": ""}, "docs/b.md: an orphan"),
            ({"docs/README.md": INDEX + "[A](a.md)\n"}, "names docs/a.md 2 times"),
            ({"README.md": "no book"}, "README.md: does not lead to docs/README.md"),
        ):
            with self.subTest(fault=fault):
                self.assertIn(fault, "\n".join(self.check.check_index(pages | change)))
        self.assertIn("missing", "".join(self.check.check_index({"docs/a.md": ""})))

    def links(self, text):
        page = self.check.Page
        files = {"docs/b.md": text, "docs/a.md": PAGE, "sw/x.h": "", "sw/y.h": ""}
        pages = {name: page(t) for name, t in files.items() if name.endswith(".md")}
        return "\n".join(
            self.in_tree(
                files, lambda: self.check.check_links("docs/b.md", pages["docs/b.md"], pages)
            )
        )

    def test_live_links_and_paths_pass(self):
        for text in (
            "[a](a.md) [b](a.md#2-second-part) [c](#here) [d](https://x.y/z)\n\n# Here\n",
            "`sw/x.h`, sw/{x,y}.h, sw/*.h, `rtl/handoff_<unit>.sv`, `model/x/`",
            "```\n[dead](none.md) sw/none.h\n```",
            "`[dead](none.md)`",
        ):
            with self.subTest(text=text):
                self.assertEqual(self.links(text), "")

    def test_dead_links_and_paths_are_named(self):
        for text, fault in (
            ("[a](none.md)", "docs/b.md:1: a dead link: none.md"),
            ("\n[a](a.md#third)", "docs/b.md:2: a dead link: a.md#third: no such heading"),
            ("[a](#third)", "a dead link: #third"),
            ("see sw/none.h", "names sw/none.h, which does not exist"),
            ("`sw/{x,none}.h`", "names sw/none.h"),
            ("`sw/*.cpp`", "names sw/*.cpp"),
        ):
            with self.subTest(text=text):
                self.assertIn(fault, self.links(text))

    def sentences(self, text):
        return "\n".join(self.check.check_sentences("docs/b.md", text))

    def test_one_sentence_a_line_passes(self):
        for text in (
            "One sentence.\nAnother one, e.g. this; it ends here.\n",
            "1. **Name.**\n   A sentence.\n2. **Name:** a sentence.\n",
            "- An item\n- another\n\nRFC 9293, 3.10.7.4 is one.\n",
            "A sentence with `code. And more` and [a link](x.md. Y).\n",
            "| a table. With two | cells. Each |\n",
            "```\nCode. That is none.\n```\n",
            "It says this:\n- an item\n",
        ):
            with self.subTest(text=text):
                self.assertEqual(self.sentences(text), "")

    def test_two_sentences_and_broken_ones_are_named(self):
        for text, fault in (
            ("One. Two.\n", 'b.md:1: a second sentence on the line: "Two."'),
            ("- Is it? `It` is.\n", "b.md:1: a second sentence"),
            ("1. **Name.** One. Two.\n", "b.md:1: a second sentence"),
            ("It goes\non here.\n", "b.md:1: a sentence that goes on"),
        ):
            with self.subTest(text=text):
                self.assertIn(fault, self.sentences(text))

    def test_long_lines_are_named(self):
        self.assertEqual(list(self.check.check_lines("docs/b.md", "x" * 200)), [])
        self.assertIn("201 characters", "".join(self.check.check_lines("docs/b.md", "x" * 201)))

    def citations(self, text, name="sw/x.cpp"):
        pages = {
            "docs/design.md": self.check.Page(PAGE),
            "docs/corners.md": self.check.Page("## One\n1. A.\n2. B.\n\n## Two\n3. C.\n"),
            "docs/twins.md": self.check.Page("1. A.\n2. B.\n"),
        }
        return "\n".join(self.check.check_citations(name, text, pages))

    def test_citations_that_exist_pass(self):
        for text in (
            "// docs/design.md 2, docs/design.md, 1; docs/design.md section 1 to 2",
            '// docs/design.md, "First"; Part "Second part" of docs/design.md',
            "// docs/design.md, row F3; corners 1 to 3; corner 2; CORNERS 1, 3; TWINS 2; DESIGN 1",
            "# docs/design.md,\n# 2",
            "// docs/units/X.md",
        ):
            with self.subTest(text=text):
                self.assertEqual(self.citations(text), "")

    def test_citations_of_nothing_are_named(self):
        for text, fault in (
            ("int x;\n// docs/none.md", "sw/x.cpp:2: cites docs/none.md"),
            ("// docs/design.md 3", "cites docs/design.md 3"),
            ("// docs/design.md,\n// 3", "cites docs/design.md 3"),
            ("// docs/design.md, 1 to 4", "cites docs/design.md 4"),
            ("// DESIGN 9", "cites docs/design.md 9"),
            ("// TWINS 4", "cites docs/twins.md 4"),
            ("// Corners 1, 4", "cites docs/corners.md 4"),
            ('// docs/design.md, "Third"', 'cites docs/design.md, "Third"'),
            ('// Part "Third" of docs/design.md', 'cites docs/design.md, "Third"'),
            ("// docs/design.md, row F4", "cites row F4 of docs/design.md"),
            ("// rows F3 to F5 of docs/design.md", "cites row F5 of docs/design.md"),
            ("// see design.md 2", "cites design.md without its folder"),
        ):
            with self.subTest(text=text):
                self.assertIn(fault, self.citations(text))


VCD = """$scope module run $end
$var wire 1 ! clk $end
$var wire 64 " cycle [63:0] $end
$upscope $end
$scope module rtl $end
$var wire 1 # a $end
$var wire 8 $ b [7:0] $end
$upscope $end
$scope module model $end
$var wire 1 % a $end
$upscope $end
#0
b111 "
0#
0%
b1010 $
#10
b1000 "
1%
#20
b1001 "
0%
"""


class Waves(unittest.TestCase):
    def draw(self, *words):
        draw_waves = load("draw_waves")
        with tempfile.TemporaryDirectory() as scratch:
            vcd, svg = pathlib.Path(scratch, "w.vcd"), pathlib.Path(scratch, "w.svg")
            vcd.write_text(VCD)
            argv, sys.argv = sys.argv, ["draw_waves", str(vcd), "--out", str(svg), *words]
            try:
                draw_waves.main()
            finally:
                sys.argv = argv
            return svg.read_text()

    def test_a_picture_shows_values_and_marks_what_differs(self):
        picture = self.draw("--cycles", "7:9", "@head", "rtl.a=rtl a", "model.a=model a", "rtl.b")
        for text in (">7<", ">9<", ">head<", ">rtl a<", ">0xa<"):
            self.assertIn(text, picture)
        self.assertEqual(picture.count("#c02020"), 2)  # of both, in the one cycle

    def test_what_is_not_there_is_refused(self):
        for words, fault in (
            (("--cycles", "7:9", "rtl.none"), "there is no rtl.none"),
            (("--cycles", "70:90", "rtl.a"), "no cycle of 70 to 90"),
        ):
            with self.subTest(fault=fault), self.assertRaises(SystemExit) as stopped:
                self.draw(*words)
            self.assertIn(fault, str(stopped.exception))


class Site(unittest.TestCase):
    def test_the_navigation_is_the_books_order(self):
        order = load("site_hooks.py").book_order(
            "## What\n1. [A](a.md): x.\n2. [B](units/b.md)\n## How\n3. [C](c.md)\n"
        )
        self.assertEqual(
            order, [("What", [("A", "a.md"), ("B", "units/b.md")]), ("How", [("C", "c.md")])]
        )

    def test_what_pages_name_becomes_links(self):
        hooks = load("site_hooks.py")
        with tempfile.TemporaryDirectory() as scratch:
            docs = pathlib.Path(scratch)
            (docs / "units").mkdir()
            for name, text in (
                ("design.md", PAGE),
                ("corners.md", "1. A.\n"),
                ("interfaces.md", "### hdr_t\n"),
                ("registers.md", "| `0x0` | **`limit_us[4], every 0x4`** |\n"),
                ("units/ack.md", ""),
            ):
                (docs / name).write_text(text)
            linker = hooks.Linker(hooks.Targets(docs), "units/tx.md")
            for text, link in (
                ("see docs/design.md 2.", "see [docs/design.md 2](../design.md#2-second-part)."),
                ("corner 1", "[corner 1](../corners.md#corner-1)"),
                ("DESIGN 1", "[DESIGN 1](../design.md#1-first)"),
                ("a hdr_t", "a [hdr_t](../interfaces.md#hdr_t)"),
                ("`hdr_t`", "[`hdr_t`](../interfaces.md#hdr_t)"),
                ("`ack`", "[`ack`](../units/ack.md)"),
                ("`limit_us`", "[`limit_us`](../registers.md#register-limit_us)"),
                ("```\nhdr_t\n```", "```\nhdr_t\n```"),
                ("docs/none.md, none_t", "docs/none.md, none_t"),
            ):
                with self.subTest(text=text):
                    self.assertEqual(linker.all(text), link)

    def test_a_port_leads_to_its_channel(self):
        hooks = load("site_hooks.py")

        class Targets:
            channels = {"hdr"}

        class Config:
            book_targets = Targets

        def page(name):
            class File:
                src_uri = name

            class Page:
                file = File

            return Page

        row = "<tr>\n<td>{}</td>\n<td>in</td>\n</tr>"
        link = '<a href="../channels.html#table">{}</a>'
        for name, cell, linked in (
            ("units/lookup.md", "hdr", link.format("hdr")),
            ("units/lookup.md", "<code>hdr</code>", link.format("<code>hdr</code>")),
            ("units/lookup.md", "clk", "clk"),
            ("words.md", "hdr", "hdr"),
        ):
            with self.subTest(page=name, cell=cell):
                made = hooks.on_page_content(row.format(cell), page(name), Config, None)
                self.assertEqual(made, row.format(linked))
        other = "<tr>\n<td>hdr</td>\n<td>what</td>\n</tr>"
        self.assertEqual(hooks.on_page_content(other, page("units/tx.md"), Config, None), other)

    def test_the_channels_are_those_of_the_page(self):
        targets = load("site_hooks.py").Targets(ROOT / "docs")
        self.assertLessEqual({"rx", "hdr", "upload_wr", "legacy_more", "quiet"}, targets.channels)

    def test_lists_are_those_that_github_shows(self):
        lists = load("site_hooks.py").lists
        self.assertEqual(
            lists("Text:\n- a\n  - b\n  more\n- c\n"), "Text:\n\n- a\n    - b\n  more\n- c\n"
        )
        for same in ("- a\n- b", "# T\n- a", "```\nx\n- a\n```", "Text.\n\n1. a\n   b\n2. c"):
            self.assertEqual(lists(same), same)

    def test_a_diagram_with_a_wrong_key_is_named(self):
        hooks = load("site_hooks.py")
        good = '{signal: [{name: "a", wave: "0.1"}, {}, ["g", {name: "b", wave: "x3", data: "d"}]]}'
        self.assertEqual(list(hooks.diagram_faults(good)), [])
        for source, fault in (
            ('{signal: [{name: "a", wave "0.1"}]}', 'unknown key wave "0.1"'),
            ('{signals: [{name: "a"}]}', "expected {signal"),
            ('{signal: ["a"]}', "no signal: a"),
            ("{signal: [], heads: {}}", "unknown key heads"),
        ):
            with self.subTest(source=source):
                self.assertIn(fault, "; ".join(hooks.diagram_faults(source)))


if __name__ == "__main__":
    unittest.main()
