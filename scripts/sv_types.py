# SPDX-License-Identifier: Apache-2.0
"""Reads SystemVerilog types with pyslang, for the scripts that write C++ and pages from them.

How names and types map to C++ is fixed in docs/conventions.md, section 4. Where an enum and a
struct would get one name (cmd_e, cmd_t), the enum is called CmdKind.
"""

import dataclasses
import pathlib
import re
import sys

from pyslang import Bag, ast, syntax

CPP_KEYWORDS = set(
    """
    auto bool break case char class const continue default delete do double else enum explicit
    export extern false float for friend goto if inline int long mutable namespace new operator
    private protected public register return short signed sizeof static struct switch template
    this throw true try typedef typename union unsigned using virtual void volatile while
    """.split()
)


# Names whose values read better in hexadecimal.
HEX_NAME = re.compile(
    r"(^|_|\.)(addr|mac|ip|data|keep|strb|tag|base|tci\d?|rsvd|flags|mask|key)(_|$)"
)


@dataclasses.dataclass
class Vector:
    """A typedef of a vector, or a plain vector (then `name` is its SystemVerilog text)."""

    name: str
    cpp: str
    width: int
    comment: str = ""


@dataclasses.dataclass
class Enum:
    name: str
    cpp: str
    width: int
    values: list  # (name, value, comment)
    comment: str = ""


@dataclasses.dataclass
class Field:
    name: str
    lsb: int
    type: object  # Vector, Enum or Struct
    comment: str = ""


@dataclasses.dataclass
class Struct:
    name: str
    cpp: str
    width: int
    fields: list
    comment: str = ""


@dataclasses.dataclass
class Const:
    name: str
    cpp: str
    type: object
    value: int
    comment: str = ""


@dataclasses.dataclass
class Port:
    name: str
    is_input: bool
    type: object
    group: int  # ports of one group have one number
    comment: str  # the group's: who is at the other end, and the rule


@dataclasses.dataclass
class Chunk:
    """At most 64 bits of a struct: a leaf field, or one word of a leaf of Bits<N>."""

    access: str  # C++ expression below the struct, "key.dst_ip.w[1]"
    lsb: int
    width: int
    leaf: object


def die(message):
    sys.exit(f"{sys.argv[0]}: {message}")


def camel(name):
    """foo_bar_t -> FooBar"""
    return "".join(part[:1].upper() + part[1:] for part in re.sub(r"_[te]$", "", name).split("_"))


def member(name):
    return name + "_" if name in CPP_KEYWORDS else name


def uint(width):
    """The C++ type of a vector."""
    if width == 1:
        return "bool"
    for bits in (8, 16, 32, 64):
        if width <= bits:
            return f"uint{bits}_t"
    return f"Bits<{width}>"


class Source:
    """The lines of a file, for the comments that the syntax tree does not hold."""

    def __init__(self, path):
        self.lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()

    def trailing(self, line):
        """The comment behind the code of a line (from 1) and its continuation lines below."""
        text = self.lines[line - 1]
        found = re.search(r"//\s*(.*?)\s*$", text)
        if not found:
            return ""
        words = [found.group(1)]
        for below in self.lines[line:]:
            more = re.match(r"(\s*)//\s*(.*?)\s*$", below)
            if not more or len(more.group(1)) < found.start():
                break
            words.append(more.group(2))
        return " ".join(words)

    def above(self, line):
        """The block of comment lines that ends just above a line (from 1)."""
        words = []
        for text in reversed(self.lines[: line - 1]):
            found = re.match(r"\s*//\s*(.*?)\s*$", text)
            if not found or re.match(r"-{8}", found.group(1)):
                break
            words.insert(0, found.group(1))
        return " ".join(words)

    def group(self, line):
        """The comment above the code in which a line (from 1) stands, and the line where it ends."""
        while line > 1 and re.match(r"\s*[^\s/(]", self.lines[line - 2]):
            line -= 1
        return line, self.above(line)


class Types:
    """What a package declares, in order, and the types of ports and parameters that use it."""

    def __init__(self, pkg_path, rtl_paths=(), overrides=(), top=None):
        options = ast.CompilationOptions()
        if top:
            options.topModules = {top} if isinstance(top, str) else top
        options.paramOverrides = list(overrides)
        self.compilation = ast.Compilation(Bag([options]))
        self.trees = [syntax.SyntaxTree.fromFile(str(p)) for p in [pkg_path, *rtl_paths]]
        for tree in self.trees:
            self.compilation.addSyntaxTree(tree)
            self.report(tree.diagnostics)
        name = re.sub(r".*/|\.sv$", "", str(pkg_path))
        self.package = self.compilation.getPackage(name)
        if self.package is None:
            die(f"{pkg_path} declares no package {name}")
        self.sources = {}
        self.items = []
        self.by_name = {}
        self.read_package()

    def report(self, diagnostics):
        errors = [d for d in diagnostics if d.isError()]
        if errors:
            manager = self.compilation.sourceManager
            die(
                "\n"
                + "".join(f"line {manager.getLineNumber(d.location)}: {d.code}\n" for d in errors)
            )

    def place(self, location):
        """The Source and the line of a location: the package, or a file that it includes."""
        manager = self.compilation.sourceManager
        path = str(manager.getFullPath(location.buffer))
        if path not in self.sources:
            self.sources[path] = Source(path)
        return self.sources[path], manager.getLineNumber(location)

    def trailing(self, symbol):
        source, line = self.place(symbol.location)
        return source.trailing(line)

    def read_package(self):
        aliases = {m.name for m in self.package if m.kind == ast.SymbolKind.TypeAlias}
        for symbol in self.package:
            if symbol.kind == ast.SymbolKind.Parameter:
                item = self.const(symbol)
            elif symbol.kind == ast.SymbolKind.TypeAlias:
                clash = symbol.name.endswith("_e") and symbol.name[:-2] + "_t" in aliases
                item = self.alias(symbol, camel(symbol.name) + ("Kind" if clash else ""))
                self.by_name[symbol.name] = item
            else:
                continue
            self.items.append(item)
        seen = {}
        for item in self.items:
            other = seen.setdefault(item.cpp, item)
            if other is not item:
                die(f"{item.name} and {other.name} would both be {item.cpp}")

    def const(self, symbol):
        value = int(symbol.value.value)
        kind = self.resolve(symbol.type)
        if kind.width > 64 and isinstance(kind, Struct):
            die(f"{symbol.name}: constants of structs are not supported")
        return Const(symbol.name, "k" + symbol.name, kind, value, self.trailing(symbol))

    def alias(self, symbol, cpp):
        target = symbol.targetType.type
        canonical = symbol.canonicalType
        width = canonical.bitWidth
        source, first = self.place(symbol.syntax.sourceRange.start)
        above = source.above(first)
        behind = self.trailing(symbol)
        comment = " ".join(c for c in (above, behind) if c)
        if canonical.kind == ast.SymbolKind.EnumType:
            values = [
                (v.name, int(v.value.value), self.trailing(v))
                for v in canonical
                if v.kind == ast.SymbolKind.EnumValue
            ]
            return Enum(symbol.name, cpp, width, values, comment)
        if canonical.kind == ast.SymbolKind.PackedStructType:
            fields = [
                Field(f.name, f.bitOffset, self.resolve(f.type), self.trailing(f))
                for f in canonical
            ]
            return Struct(symbol.name, cpp, width, fields, comment)
        if not target.isIntegral:
            die(f"{symbol.name}: only enums, packed structs and vectors are supported")
        return Vector(symbol.name, cpp, width, comment)

    def resolve(self, kind):
        """A pyslang type to one of ours."""
        if kind.kind == ast.SymbolKind.TypeAlias and kind.name in self.by_name:
            return self.by_name[kind.name]
        if not kind.isIntegral or kind.isStruct or kind.isEnum:
            die(f"type {kind} is not one of the package")
        return Vector(str(kind), uint(kind.bitWidth), kind.bitWidth)

    def module(self, name):
        """Ports and value parameters of a module that was read as top."""
        for instance in self.compilation.getRoot().topInstances:
            if instance.name == name:
                break
        else:
            die(f"no module {name}")
        ports = []
        for port in instance.body.portList:
            is_input = port.direction == ast.ArgumentDirection.In
            source, line = self.place(port.location)
            group = source.group(line)
            ports.append(Port(port.name, is_input, self.resolve(port.type), *group))
        params = [
            (p.name, int(p.value.value))
            for p in instance.body.parameters
            if p.kind == ast.SymbolKind.Parameter and not p.isLocalParam
        ]
        return ports, params


def leaves(kind, access="", name="", lsb=0):
    """The fields that are no structs, most significant first: (name, access, lsb, type)."""
    if not isinstance(kind, Struct):
        yield name, access, lsb, kind
        return
    for field in kind.fields:
        dot = "." if name else ""
        yield from leaves(
            field.type,
            access + dot + member(field.name),
            name + dot + field.name,
            lsb + field.lsb,
        )


def chunks(kind):
    for _, access, lsb, leaf in leaves(kind):
        if leaf.width <= 64:
            yield Chunk(access, lsb, leaf.width, leaf)
        else:
            for i in range(0, leaf.width, 64):
                yield Chunk(f"{access}.w[{i // 64}]", lsb + i, min(64, leaf.width - i), leaf)


def is_hex(name, kind):
    return kind.width > 64 or (kind.width > 1 and HEX_NAME.search(name) is not None)


def words(width):
    return (width + 63) // 64
