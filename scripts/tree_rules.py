# SPDX-License-Identifier: Apache-2.0
"""Rules of docs/style.md about the text of C++ and SystemVerilog, for scripts/check_tree; those that
a script can mend, scripts/lint --format mends."""

import pathlib
import re

# What is no code: strings, characters, comments. First in every pattern, so that it is passed over.
NO_CODE = r"R\"(\w*)\((?:.|\n)*?\)\1\"|\"(?:\\.|[^\"\\\n])*\"|(?<![\w'])'(?:\\.|[^'\\\n])'|//[^\n]*|/\*(?:.|\n)*?\*/"

SUFFIX = re.compile(NO_CODE + r"|\b(0[xX][0-9a-fA-F']+|0[bB][01']+|\d[\d']*)([uUlL]+)\b")

# x++, p->x[i]-- where nobody reads the value: a statement, or the last part of a for's head.
STEP = re.compile(
    NO_CODE + r"|(^\s*|[;{})]\s*|\belse\s+)([A-Za-z_]\w*(?:(?:\.|->|::)\w+|\[[^\[\]\n]*\])*)"
    r"(\+\+|--)(?=\s*[;),])",
    re.MULTILINE,
)


def lower_suffix(found):
    if found[2] is None:
        return found[0]
    return found[2] + found[3].lower()


def prefix_step(found):
    if found[3] is None:
        return found[0]
    return found[2] + found[4] + found[3]


def mend_cpp(text):
    """Suffixes of literals are small letters; what is only stepped is stepped by ++x."""
    text = SUFFIX.sub(lower_suffix, text)
    return STEP.sub(prefix_step, text)


def check_cpp(name, text):
    mended = mend_cpp(text)
    pairs = zip(text.splitlines(), mended.splitlines(), strict=True)
    for number, (old, new) in enumerate(pairs, start=1):
        if old != new:
            yield f"{name}:{number}: write {new.strip()} (make format does)"
    if name.endswith(".h"):
        if "\n#pragma once\n" not in text:
            yield f"{name}: a header begins with #pragma once"
        guard = re.search(r"^#ifndef \w+_H_?$", text, re.MULTILINE)
        if guard:
            line = text[: guard.start()].count("\n") + 1
            yield f"{name}:{line}: an include guard of another style; #pragma once is ours"
    yield from check_drawings(name, text)
    yield from check_params(name, text)


# What clang-format leaves of a line of a drawing that was too long: a few words, alone, in front of a
# line that goes on where the drawing was.
COMMENT = re.compile(r"\s*//(\s*)(.*)$")


def check_drawings(name, text):
    """No comment's line was cut by the formatter in the middle of a drawing or a table."""
    lines = text.splitlines()
    for i in range(1, len(lines) - 1):
        above, cut, below = (COMMENT.match(line) for line in lines[i - 1 : i + 2])
        if not (above and cut and below) or len(lines[i - 1]) < 70 or len(cut[2]) > 30:
            continue
        ragged = len(below[1]) >= len(cut[1]) + 6 or re.match(r"\|", below[2])
        if ragged and cut[2] and not cut[2].endswith((".", ":")):
            yield f"{name}:{i + 1}: a drawing that the formatter cut: shorten the line above"


def check_params(name, text):
    """The defaults of a twin's parameters are those of handoff_params_pkg, by name."""
    if not re.fullmatch(r"model/handoff_\w+\.h", name):
        return
    for block in re.finditer(r"struct Params \{(.*?)\};", text, re.DOTALL):
        for member, value in re.findall(r"\w+ (\w+) = ([^;]*);", block[1]):
            if value != f"kDefault{member}":
                line = text[: block.start()].count("\n") + 1
                yield f"{name}:{line}: {member} = {value}; its default is kDefault{member}"


# Constants of C++ that others can see: at the beginning of a line, or static in a class.
CPP_CONSTANTS = re.compile(
    r"^(?:(?:inline )?(?:static )?constexpr|  static constexpr) [\w:<>]+ (k\w+ = [^;{}]+);",
    re.MULTILINE,
)


def cpp_constants(text):
    text = re.sub(r"//[^\n]*", "", text)
    for found in CPP_CONSTANTS.finditer(text):
        for part in re.split(r",\s*(?=k\w+ = )", found[1]):
            name, value = part.split(" = ", 1)
            yield name, " ".join(value.split()).replace("'", ""), found[0].startswith(" ")


def check_cpp_constants(texts, packages):
    """No constant stands in two files of one floor, nor one of a package under its name elsewhere.
    Two tests may choose alike.

    `texts` are the files by name, `packages` the constants of the RTL's packages, by the C++ name.
    sw/ is for itself: it runs without the engine, and its numbers are the stack's.
    """
    seen = {}
    for name, text in sorted(texts.items()):
        # An example is a program of somebody else's, each for itself.
        example = re.match(r"tb/examples/\w+/", name)
        floor = example[0] if example else name.split("/")[0]
        for constant, value, in_class in cpp_constants(text):
            first = seen.setdefault((floor, constant, value), name)
            tests = first.endswith("_test.cpp") and name.endswith("_test.cpp")
            if first != name and not tests and re.search(r"\d", value):
                yield f"{name}: {constant} = {value} stands in {first} too"
            if not in_class and floor != "sw" and packages.get(constant) == value:
                yield f"{name}: {constant} is the package's: include gen/handoff_pkg.h"


def check_assertions(name, text):
    """Assertions are for simulation: each stands between `ifndef SYNTHESIS and `endif."""
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("`ifndef SYNTHESIS"):
            inside = True
        elif line.startswith("`endif"):
            inside = False
        elif not inside and re.search(r"\b(assert|assume|cover)\s+(property|final)\b", line):
            yield f"{name}:{number}: an assertion outside of `ifndef SYNTHESIS"


def check_sizes(rtl, memory):
    """Some unit asserts the size of each type of host memory. `rtl` are texts, `memory` type names."""
    for name in memory:
        pattern = re.compile(rf"\$bits\(\s*{name}\s*\)\s*!=")
        if not any(pattern.search(text) for text in rtl.values()):
            yield f"rtl: no unit checks that {name} has its size (if ($bits({name}) != ...) $error)"


def check_scripts(root, names, modes):
    """Scripts can be run as the pages name them; what a page names is there."""
    for name in names:
        path = pathlib.Path(name)
        if path.parent.name in ("scripts", ".ci") and not path.suffix and len(path.parts) == 2:
            if modes.get(name) != "100755":
                yield f"{name}: not executable: chmod +x"
            if not (root / name).read_text(encoding="utf-8").startswith("#!"):
                yield f"{name}:1: no #! line"
    for name in names:
        if not name.endswith((".md", ".yml", "Makefile", "Containerfile", ".ci/run")):
            continue
        for number, line in enumerate((root / name).read_text(encoding="utf-8").splitlines(), 1):
            for script in re.findall(r"(?<![\w/])((?:scripts|\.ci)/[a-z_]+)\b(?!\.)", line):
                if script not in names:
                    yield f"{name}:{number}: {script} is not there"
            if re.search(r"\b(python3?|bash|sh) (scripts|\.ci)/", line) and ".venv" not in line:
                yield f"{name}:{number}: scripts are run by their names alone"
