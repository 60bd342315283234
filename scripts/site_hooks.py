# SPDX-License-Identifier: Apache-2.0
"""What mkdocs does with the pages beyond their text: their order, links between them, diagrams.

The pages stay plain: a reader on GitHub sees the same words. mkdocs calls the functions on_*.
"""

import pathlib
import re

import yaml

INDEX = "README.md"
KEYS = {"running.md"}  # pages whose code spans are keys, not units
SHORT_NAMES = {
    "DESIGN": "design.md",
    "CORNERS": "corners.md",
    "TWINS": "twins.md",
    "STYLE": "style.md",
}


def book_order(text):
    """[(chapter, [(title, page)])] by the headings and links of docs/README.md."""
    chapters = []
    for line in text.splitlines():
        if line.startswith("## "):
            chapters.append((line[3:].strip(), []))
        found = re.match(r"\d+\. \[([^\]]+)\]\(([\w./-]+\.md)\)", line)
        if found and chapters:
            chapters[-1][1].append((found[1], found[2]))
    return chapters


def on_config(config):
    text = (pathlib.Path(config.docs_dir) / INDEX).read_text(encoding="utf-8")
    config.nav = [{"The book": INDEX}]
    config.nav += [
        {chapter: [{title: page} for title, page in pages]} for chapter, pages in book_order(text)
    ]
    return config


# ------------------------------------------------------------------------------------------------
# Links that the pages do not write.


class Targets:
    """What there is to link to: pages, their numbered sections, types, units, channels."""

    def __init__(self, docs):
        self.docs = docs
        self.pages = {p.relative_to(docs).as_posix() for p in docs.rglob("*.md")}
        self.sections = {page: self._sections(page) for page in self.pages}
        self.types = set(re.findall(r"^### (\w+_[te])$", self._read("interfaces.md"), re.MULTILINE))
        self.units = {pathlib.Path(p).stem for p in self.pages if p.startswith("units/")}
        # Others have names that are words for something else, too.
        self.registers = {n for n in REGISTER.findall(self._read("registers.md")) if "_" in n}
        self.channels = set(re.findall(r"^\| `(\w+)` \|", self._read("channels.md"), re.M))

    def _read(self, page):
        path = self.docs / page
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _sections(self, page):
        titles = re.findall(r"^## +((\d+)\. .*?)\s*$", self._read(page), re.MULTILINE)
        return {number: slug(title) for title, number in titles}


REGISTER = re.compile(r"\*\*`(\w+?)(?:\[\d+\].*?)?`\*\*")


def slug(title):
    title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
    return re.sub(r"[^\w\- ]", "", title).strip().replace(" ", "-")


# What is left as it is: code blocks, code spans and links that are there already. A code span that
# is one word may become a link as a whole.
KEPT = re.compile(
    r"(```.*?```|~~~.*?~~~|`[^`\n]+`|!?\[[^\]]*\]\([^)]*\)|^#+ .*?$|<[^>\n]+>)", re.S | re.M
)
PAGE = re.compile(r"docs/([\w/]+\.md)(?:,? (\d+))?(?![\w-])")
SHORT = re.compile(rf"\b({'|'.join(SHORT_NAMES)}) (\d+)\b")
CORNER = re.compile(r"\b([Cc]orners?|CORNERS) (\d+)\b")
TYPE = re.compile(r"(?<![\w`\[])(\w+_[te])\b(?!\w)")


class Linker:
    def __init__(self, targets, page):
        self.targets, self.page = targets, page
        self.up = "../" * page.count("/")

    def link(self, words, page, anchor=""):
        """Itself, if it is the page on which it stands and no part of it."""
        if page == self.page and not anchor:
            return words
        where = "" if page == self.page else self.up + page
        return f"[{words}]({where}{'#' + anchor if anchor else ''})"

    def of_page(self, found):
        page, number = found[1], found[2]
        if page not in self.targets.pages:
            return found[0]
        if number and page == "corners.md":
            return self.link(found[0], page, f"corner-{number}")
        return self.link(found[0], page, self.targets.sections[page].get(number, ""))

    def of_short(self, found):
        page = SHORT_NAMES[found[1]]
        anchor = self.targets.sections.get(page, {}).get(found[2], "")
        return self.link(found[0], page, anchor) if page in self.targets.pages else found[0]

    def of_corner(self, found):
        return self.link(found[0], "corners.md", f"corner-{found[2]}")

    def of_type(self, found):
        if self.page == "interfaces.md" or found[1] not in self.targets.types:
            return found[0]
        return self.link(found[0], "interfaces.md", found[1])

    def text(self, part):
        links = []

        def keep(made):
            links.append(made)
            return f"\0{len(links) - 1}\0"

        for pattern, make in (
            (PAGE, self.of_page), (CORNER, self.of_corner), (SHORT, self.of_short), (TYPE, self.of_type),
        ):  # fmt: skip
            part = pattern.sub(lambda found, make=make: keep(make(found)), part)
        while "\0" in part:
            part = re.sub("\0(\\d+)\0", lambda found: links[int(found[1])], part)
        return part

    def span(self, part):
        """A code span that names a type or a unit's page."""
        word = part.strip("`")
        if word in self.targets.types and self.page != "interfaces.md":
            return self.link(part, "interfaces.md", word)
        if word in self.targets.registers and self.page != "registers.md":
            return self.link(part, "registers.md", f"register-{word}")
        if word in self.targets.units and self.page not in KEYS and f"units/{word}.md" != self.page:
            return self.link(part, f"units/{word}.md")
        return part

    def all(self, markdown):
        parts = KEPT.split(markdown)
        for i, part in enumerate(parts):
            if i % 2 == 0:
                parts[i] = self.text(part)
            elif re.fullmatch(r"`[\w/.]+`", part):
                parts[i] = self.span(part)
        return "".join(parts)


def outside(markdown, docs, page):
    """Links to files outside docs/ are words on the site: it does not hold the sources."""

    def words(found):
        target = (docs / page).parent / found[2].split("#")[0]
        inside = target.resolve().is_relative_to(docs.resolve())
        return found[0] if inside or ":" in found[2] or not found[2] else f"`{found[1]}`"

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)\)", words, markdown)


# ------------------------------------------------------------------------------------------------
# Timing diagrams and numbered items.


DIAGRAM_KEYS = {"signal", "edge", "head", "foot", "config"}
SIGNAL_KEYS = {"name", "wave", "data", "node", "period", "phase"}


def diagram_faults(source):
    """What is wrong with a diagram; wavedrom itself passes over what it does not know."""
    drawn = yaml.safe_load(source)
    if not isinstance(drawn, dict) or "signal" not in drawn:
        yield "expected {signal: [...]}"
        return
    yield from (f"unknown key {key}" for key in drawn.keys() - DIAGRAM_KEYS)
    rows = list(drawn["signal"])
    while rows:
        row = rows.pop()
        if isinstance(row, list):  # a group: its name, then its rows
            rows += row[1:]
        elif isinstance(row, dict):
            yield from (f"unknown key {key}" for key in row.keys() - SIGNAL_KEYS)
        else:
            yield f"no signal: {row}"


def wavedrom_svg(source):
    """The SVG of a diagram's source; a wrong source ends the build with what is wrong."""
    import wavedrom  # only here, so that what else is in this file needs no package

    try:
        faults = list(diagram_faults(source))
        text = "" if faults else wavedrom.render(source).tostring()
    except yaml.YAMLError as error:
        faults = [str(error)]
    if faults:
        raise SystemExit(f"wavedrom: {'; '.join(faults)}\n{source}")
    return f'<div class="wavedrom" style="background:#ffffff;overflow-x:auto">{text}</div>'


def diagrams(markdown):
    def draw(found):
        return "\n" + wavedrom_svg(found[1]).replace("\n", "") + "\n"

    return re.sub(r"^```wavedrom\n(.*?)^```$", draw, markdown, flags=re.S | re.M)


def numbered_items(markdown, name):
    """An anchor at each item of a list that is cited by number."""
    return re.sub(r"^(\d+)\. ", rf'\1. <a id="{name}-\1"></a>', markdown, flags=re.M)


ITEM = re.compile(r"( *)([-*]|\d+\.) ")


def lists(markdown):
    """Lists as GitHub sees them: one may follow a line of text, and two spaces make it an inner one."""
    lines, fence, before = [], False, ""
    for line in markdown.split("\n"):
        fence ^= line.lstrip().startswith("```")
        item = None if fence else ITEM.match(line)
        if item and before.strip() and not ITEM.match(before) and not before.startswith((" ", "#")):
            lines.append("")
        if item and len(item[1]) in (2, 3):
            line = "    " + line.lstrip()
        lines.append(line)
        before = line
    return "\n".join(lines)


def register_rows(markdown):
    """An anchor at each register."""
    return REGISTER.sub(lambda found: f'<a id="register-{found[1]}"></a>{found[0]}', markdown)


def on_page_markdown(markdown, page, config, files):
    docs = pathlib.Path(config.docs_dir)
    name = page.file.src_uri
    if not hasattr(config, "book_targets"):
        config.book_targets = Targets(docs)
    quoted = re.split(
        r"^(````.*?^````)$", markdown, flags=re.S | re.M
    )  # a fence that shows a fence
    linker = Linker(config.book_targets, name)
    for i in range(0, len(quoted), 2):
        text = lists(linker.all(outside(quoted[i], docs, name)))
        if name == "registers.md":
            text = register_rows(text)
        if name == "corners.md":
            text = numbered_items(text, "corner")
        quoted[i] = diagrams(text)  # last: words in a picture are no links
    return "".join(quoted)


def on_page_content(content, page, config, files):
    """Channels of a unit's port table lead to the page of channels."""
    if not page.file.src_uri.startswith("units/") or not hasattr(config, "book_targets"):
        return content
    channels = config.book_targets.channels

    def row(found):
        name = re.sub(r"<[^>]+>", "", found[1])
        if name not in channels:
            return found[0]
        return found[0].replace(found[1], f'<a href="../channels.html#table">{found[1]}</a>')

    # A row of ports: its second cell is the direction.
    return re.sub(r"<td>((?:<code>)?\w+(?:</code>)?)</td>(?=\s*<td>(?:in|out)</td>)", row, content)
