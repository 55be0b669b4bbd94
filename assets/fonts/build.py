#!/usr/bin/env python3
"""Builds the fonts of Pitdesk from their Debian packages.

    apt-get install fonts-inter fonts-jetbrains-mono fonts-dejavu-core
    pip install fonttools==4.68.0
    python3 assets/fonts/build.py          # rewrites the .otf and .ttf files beside this script

Run it only to change the fonts; the results are committed. The same inputs give the same
bytes (SHA256SUMS records both), because no time stamp is taken from the clock.

What it does, and why:

* Subsets to what a trading terminal writes: Latin, Greek, currencies, arrows, marks.
* Freezes the OpenType feature `tnum` into the character map of the sans, because egui cannot
  switch features on: every digit then has one width, and a changing price does not jitter.
* Switches kerning off inside numbers ("4," is tighter than "1," in Inter): equal formats align.
* Drops every substitution feature but composition. Inter would turn `->` into an arrow and
  lift the colon between digits, JetBrains Mono would join `>=`: a terminal shows what was typed,
  and a glyph drawn alone must equal the same glyph inside a word (ui::paint copies glyphs).
* Renames the families, as the licences ask of modified versions under a protected name.
* Cuts from DejaVu the few marks that the two text fonts lack, each from the cut of DejaVu
  that fits (its mono advance is within 0.4 % of JetBrains Mono's).
"""

import hashlib
import pathlib

from fontTools import subset
from fontTools.otlLib.builder import buildPairPosGlyphsSubtable
from fontTools.ttLib.tables.otBase import ValueRecord
from fontTools.ttLib import TTFont

HERE = pathlib.Path(__file__).parent
INTER = pathlib.Path("/usr/share/fonts/opentype/inter")
JETBRAINS = pathlib.Path("/usr/share/fonts/truetype/jetbrains-mono")
DEJAVU = pathlib.Path("/usr/share/fonts/truetype/dejavu")
LIMIT = 150_000


def span(first, last):
    return range(first, last + 1)


TEXT = {
    *span(0x0020, 0x007E),  # ASCII
    *span(0x00A0, 0x017F),  # Latin-1, Latin Extended-A
    *span(0x0391, 0x03C9),  # Greek, for µ Δ Σ and the option greeks
    *span(0x2002, 0x200A), 0x202F,  # spaces, figure space and thin space among them
    *span(0x2010, 0x2015), *span(0x2018, 0x201E), *span(0x2020, 0x2022),
    0x2026, 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x2044,
    *span(0x2070, 0x2079), *span(0x2080, 0x2089),
    *span(0x20A0, 0x20BF),  # currencies
    0x2116, 0x2122, 0x2126,
    *span(0x2190, 0x2199), 0x21A9, 0x21AA, 0x21B5, 0x21BA, 0x21BB, 0x21D2, 0x21D4, 0x21E5, 0x21E7,
    0x2202, 0x2205, 0x2206, 0x220F, 0x2211, 0x2212, 0x2215, 0x221A, 0x221E, 0x222B,
    0x2248, 0x2260, 0x2264, 0x2265, 0x22C5,
    0x2303, 0x2318, 0x2325, 0x232B, 0x238B, 0x23CE,  # keys, for shortcuts
    *(ord(c) for c in "■□▪▫▲△▴▵▶▷▸▹►▼▽▾▿◀◁◂◃◄◆◇◉○●◐◑◦◯☰☆★⚙⚠⚑✎✓✔✕✖✗⋮⋯⟳"),
}
NUMERIC = "0123456789.,:;+-−–%/ ()×$¥₩€£₿"
BOX = {*span(0x2500, 0x257F), *span(0x2580, 0x259F)}  # frames and bars in monospaced tables


def cmap(path):
    return set(TTFont(path, lazy=True).getBestCmap())


def freeze_tabular_figures(font):
    """Lets the characters that `tnum` would substitute show their tabular form always."""
    table = font["GSUB"].table
    lookups = next(r.Feature.LookupListIndex for r in table.FeatureList.FeatureRecord if r.FeatureTag == "tnum")
    mapping = {}
    for index in lookups:
        for sub in table.LookupList.Lookup[index].SubTable:
            mapping.update(getattr(sub, "ExtSubTable", sub).mapping)
    for sub in font["cmap"].tables:
        if sub.isUnicode():
            sub.cmap = {code: mapping.get(glyph, glyph) for code, glyph in sub.cmap.items()}


def even_out_figures(font):
    """Gives all digits one advance and all separators one: Inter's interpolated weights miss by a few units.

    `hmtx` is what counts in OpenType; the widths inside the CFF outlines are left as they are.
    """
    characters, metrics = font.getBestCmap(), font["hmtx"].metrics
    for group in ("0123456789", ".,:;"):
        glyphs = [characters[ord(c)] for c in group]
        advance = max(metrics[g][0] for g in glyphs)
        for g in glyphs:
            assert advance - metrics[g][0] <= 6, f"{g} is no tabular figure"
            metrics[g] = (advance, metrics[g][1])


def stop_kerning_in_numbers(font):
    """Puts a zero in front of the kerning of every pair that can stand in a number.

    The first subtable that knows a pair decides about it, so the class-based ones behind stay as they are.
    """
    characters = font.getBestCmap()
    glyphs = [characters[ord(c)] for c in NUMERIC if ord(c) in characters]
    zero = ValueRecord()
    zero.XAdvance = 0
    pairs = {(first, second): (zero, None) for first in glyphs for second in glyphs}
    table = font["GPOS"].table
    indices = {i for r in table.FeatureList.FeatureRecord if r.FeatureTag == "kern" for i in r.Feature.LookupListIndex}
    for index in sorted(indices):
        lookup = table.LookupList.Lookup[index]
        assert lookup.LookupType == 2, "kerning is expected as plain pair adjustment"
        lookup.SubTable.insert(0, buildPairPosGlyphsSubtable(pairs, font.getReverseGlyphMap(), valueFormat1=4))
        lookup.SubTableCount = len(lookup.SubTable)


def rename(font, family, style, origin):
    full = f"{family} {style}"
    post = f"{family.replace(' ', '')}-{style}"
    values = {1: full if style != "Regular" else family, 2: "Regular", 3: f"{post};{origin}", 4: full, 6: post}
    table = font["name"]
    table.names = [r for r in table.names if r.platformID == 3 and r.nameID in (0, 1, 2, 3, 4, 5, 6, 13, 14)]
    for record in table.names:
        if record.nameID in values:
            record.string = values[record.nameID]


def build(source, target, characters, family, style="Regular", tabular=False):
    font = TTFont(source, recalcTimestamp=False)
    origin = f"{source.stem} {font['name'].getDebugName(5)}"
    if tabular:
        freeze_tabular_figures(font)
    options = subset.Options()
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.name_IDs = ["*"]
    options.glyph_names = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ["DSIG", "FFTM", "MATH"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    if tabular:
        even_out_figures(font)
        stop_kerning_in_numbers(font)
    rename(font, family, style, origin)
    if "CFF " in font:
        cff = font["CFF "].cff
        cff.fontNames = [f"{family.replace(' ', '')}-{style}"]
        top = cff.topDictIndex[0]
        top.FamilyName, top.FullName = family, f"{family} {style}"
    font["head"].modified = font["head"].created
    path = HERE / target
    font.save(path)
    size = path.stat().st_size
    assert size <= LIMIT, f"{target} is {size} bytes, the limit is {LIMIT}"
    print(f"{target:<28} {size:>7} bytes  {len(font.getBestCmap()):>4} characters")


def main():
    inter = INTER / "Inter-Regular.otf"
    mono = JETBRAINS / "JetBrainsMono-Regular.ttf"
    sources = [inter, INTER / "Inter-SemiBold.otf", mono, DEJAVU / "DejaVuSans.ttf", DEJAVU / "DejaVuSansMono.ttf"]
    in_sans, in_mono = cmap(inter), cmap(mono)

    build(inter, "PitdeskSans-Regular.otf", TEXT & in_sans, "Pitdesk Sans", tabular=True)
    build(sources[1], "PitdeskSans-SemiBold.otf", TEXT & in_sans, "Pitdesk Sans", "SemiBold", tabular=True)
    build(mono, "PitdeskMono-Regular.ttf", (TEXT | BOX) & in_mono, "Pitdesk Mono")
    build(sources[3], "PitdeskMarks-Regular.ttf", (TEXT | BOX) - in_sans, "Pitdesk Marks")
    build(sources[4], "PitdeskMarksMono-Regular.ttf", (TEXT | BOX) - in_mono, "Pitdesk Marks Mono")

    results = sorted(p for p in HERE.iterdir() if p.suffix in (".otf", ".ttf"))
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p}" for p in sources]
    sums += [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}" for p in results]
    (HERE / "SHA256SUMS").write_text("\n".join(sums) + "\n")


if __name__ == "__main__":
    main()
