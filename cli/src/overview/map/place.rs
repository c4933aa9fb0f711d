//! Where everything on the map stands, in the units of its `viewBox`.

use crate::overview::map::measure::{fit, widest, wrap};
use crate::overview::map::order::number;
use crate::overview::map::{Held, Link, Region, Source, Tool};

/// The width of the whole.
pub(super) const WIDTH: f64 = 1450.0;
/// The columns: where each starts, and how wide it is.
pub(super) const SOURCES: Column = Column { left: 16.0, width: 236.0, letters: 33 };
pub(super) const CAPABILITIES: Column = Column { left: 410.0, width: 250.0, letters: 34 };
pub(super) const NEEDS: Column = Column { left: 686.0, width: 170.0, letters: 20 };
pub(super) const TOOLS: Column = Column { left: 882.0, width: 552.0, letters: 70 };

/// The width of a letter of a tool's name, and what its sign and the gap after it take.
const LETTER: f64 = 7.4;
const SIGN: f64 = 26.0;
/// How many tools stand beside each other at most.
const ACROSS: usize = 3;

/// Lines of text are so far apart.
pub(super) const LINE: f64 = 17.0;
/// Around what stands in a box.
pub(super) const PADDING: f64 = 10.0;
/// Between boxes below each other.
const GAP: f64 = 14.0;
/// What a server's heading takes.
const HEADING: f64 = 44.0;
/// What the headings of the columns take.
pub(super) const TOP: f64 = 32.0;

pub(super) struct Column {
    pub(super) left: f64,
    pub(super) width: f64,
    /// How many letters of its text fit into a line.
    pub(super) letters: usize,
}

impl Column {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }
}

/// The whole map.
pub(super) struct Placed<'o> {
    pub(super) height: f64,
    pub(super) regions: Vec<PlacedRegion<'o>>,
}

pub(super) struct PlacedRegion<'o> {
    pub(super) name: &'o str,
    pub(super) identity: &'o str,
    pub(super) top: f64,
    pub(super) sources: Vec<PlacedSource>,
    pub(super) bands: Vec<Band<'o>>,
    pub(super) edges: Vec<Edge>,
}

pub(super) struct PlacedSource {
    pub(super) source: Source,
    /// The source's number on the whole map.
    pub(super) index: usize,
    pub(super) span: Span,
    pub(super) text: Vec<String>,
}

/// A capability with what stands beside it.
pub(super) struct Band<'o> {
    pub(super) held: Held<'o>,
    pub(super) capability: Span,
    pub(super) needs: Span,
    pub(super) tools: Span,
    pub(super) description: Vec<String>,
    pub(super) condition: Option<String>,
    pub(super) scopes: Vec<String>,
    /// The tools stand in columns, so many below each other, which start here.
    pub(super) rows: usize,
    pub(super) columns: Vec<f64>,
}

/// A line from a source to a capability, by their places in the region.
pub(super) struct Edge {
    pub(super) link: Link,
    pub(super) from: f64,
    pub(super) to: f64,
}

/// From where to where something reaches, downwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) top: f64,
    pub(super) height: f64,
}

impl Span {
    pub(super) fn middle(self) -> f64 {
        self.top + self.height / 2.0
    }

    fn bottom(self) -> f64 {
        self.top + self.height
    }

    /// As high as it is, around a middle.
    fn around(height: f64, middle: f64) -> Self {
        Self { top: middle - height / 2.0, height }
    }

    /// The place of one of several lines that end here.
    fn port(self, one: usize, of: usize) -> f64 {
        let share = (number(one) + 0.5) / number(of.max(1));
        self.top + 8.0 + (self.height - 16.0) * share
    }
}

pub(super) fn place(regions: Vec<Region<'_>>) -> Placed<'_> {
    let mut top = TOP;
    let mut placed = Vec::new();
    let mut sources = 0;
    for region in regions {
        let (region, bottom) = placed_region(region, top, sources);
        sources = region.sources.len().saturating_add(sources);
        placed.push(region);
        top = bottom + GAP;
    }
    Placed { height: top, regions: placed }
}

/// A region, and where it ends.
fn placed_region(region: Region<'_>, top: f64, first: usize) -> (PlacedRegion<'_>, f64) {
    let Region { name, identity, sources, capabilities, links } = region;
    let mut next = top + HEADING;
    let mut bands = Vec::new();
    for held in capabilities {
        let band = band(held, next);
        next = next + height_of(&band) + GAP;
        bands.push(band);
    }
    let sources: Vec<PlacedSource> = sources
        .into_iter()
        .enumerate()
        .map(|(index, source)| {
            let text = wrap(&source.text, SOURCES.letters, 3);
            let lines = 1_usize.saturating_add(text.len());
            let lines = lines.saturating_add(usize::from(!source.below.is_empty()));
            let height = number(lines) * LINE + PADDING * 2.0;
            let span = Span { top: 0.0, height };
            PlacedSource { source, index: first.saturating_add(index), span, text }
        })
        .collect();
    let (sources, bottom) = beside(sources, &bands, &links, top + HEADING, next);
    let edges = edges(links, &sources, &bands);
    (PlacedRegion { name, identity, top, sources, bands, edges }, bottom)
}

fn height_of(band: &Band<'_>) -> f64 {
    band.capability.height.max(band.needs.height).max(band.tools.height)
}

fn band(held: Held<'_>, top: f64) -> Band<'_> {
    let capability = held.capability;
    let description = wrap(&capability.description, CAPABILITIES.letters, 2);
    let condition = capability.condition.as_ref().map(|one| format!("where {one}"));
    let condition = condition.map(|one| fit(&one, CAPABILITIES.letters.saturating_sub(4)));
    let scopes = scopes(&held);
    let (rows, columns) = columns(&held.tools);
    let boxed = |lines: usize| number(lines) * LINE + PADDING * 2.0;
    let lines = 2_usize.saturating_add(description.len());
    let own = boxed(lines.saturating_add(usize::from(condition.is_some())));
    let (needed, tools) = (boxed(scopes.len()), boxed(rows));
    let middle = top + own.max(needed).max(tools) / 2.0;
    Band {
        capability: Span::around(own, middle),
        needs: Span::around(needed, middle),
        tools: Span::around(tools, middle),
        held,
        description,
        condition,
        scopes,
        rows,
        columns,
    }
}

/// As many columns as there is room for: how many tools stand in one, and where each starts.
fn columns(tools: &[Tool<'_>]) -> (usize, Vec<f64>) {
    for across in (1..=ACROSS).rev() {
        let rows = tools.len().div_ceil(across).max(1);
        let mut next = TOOLS.left + PADDING;
        let mut starts = Vec::new();
        for column in tools.chunks(rows) {
            starts.push(next);
            let labels: Vec<String> = column.iter().map(Tool::label).collect();
            next += number(widest(labels.iter().map(String::as_str))) * LETTER + SIGN;
        }
        if next <= TOOLS.right() {
            return (rows, starts);
        }
    }
    (tools.len().max(1), vec![TOOLS.left + PADDING])
}

/// The scopes that a capability needs, in lines.
fn scopes(held: &Held<'_>) -> Vec<String> {
    let needs = &held.capability.needs;
    if needs.iter().any(std::collections::BTreeSet::is_empty) {
        return vec![String::from("no scope")];
    }
    let mut lines = Vec::new();
    for (index, set) in needs.iter().enumerate() {
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let or = if index > 0 { "or " } else { "" };
        lines.extend(wrap(&format!("{or}{}", set.join(" and ")), NEEDS.letters, 4));
    }
    lines
}

/// Puts each source beside the middle of what it leads to, as far as those before leave room.
fn beside(
    mut sources: Vec<PlacedSource>,
    bands: &[Band<'_>],
    links: &[Link],
    top: f64,
    end: f64,
) -> (Vec<PlacedSource>, f64) {
    let mut next = top;
    for (place, source) in sources.iter_mut().enumerate() {
        let ends = links.iter().filter(|link| link.source == place);
        let ends = ends.filter_map(|link| bands.get(link.capability));
        let ends: Vec<f64> = ends.map(|band| band.capability.middle()).collect();
        let middle = ends.iter().sum::<f64>() / number(ends.len().max(1));
        source.span.top = next.max(middle - source.span.height / 2.0);
        next = source.span.bottom() + GAP;
    }
    let bottom = end.max(top + sources.iter().map(|one| one.span.height + GAP).sum::<f64>());
    // What was pushed below the end moves up again.
    let mut limit = bottom;
    for source in sources.iter_mut().rev() {
        source.span.top = source.span.top.min(limit - GAP - source.span.height);
        limit = source.span.top;
    }
    (sources, bottom)
}

/// The lines, each with its own place at both ends.
fn edges(links: Vec<Link>, sources: &[PlacedSource], bands: &[Band<'_>]) -> Vec<Edge> {
    let leaving = |source: usize| links.iter().filter(move |one| one.source == source);
    let arriving = |capability: usize| links.iter().filter(move |one| one.capability == capability);
    let ends: Vec<Option<(f64, f64)>> = links
        .iter()
        .map(|link| {
            let (source, band) = (sources.get(link.source)?, bands.get(link.capability)?);
            let before = leaving(link.source).filter(|one| one.capability < link.capability);
            let from = source.span.port(before.count(), leaving(link.source).count());
            let before = arriving(link.capability).filter(|one| one.source < link.source);
            let to = band.capability.port(before.count(), arriving(link.capability).count());
            Some((from, to))
        })
        .collect();
    let placed = links.into_iter().zip(ends);
    placed.filter_map(|(link, ends)| ends.map(|(from, to)| Edge { link, from, to })).collect()
}
