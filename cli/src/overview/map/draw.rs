//! The map as SVG.

use std::fmt::Write as _;

use placet_engine::bundle::Access;

use crate::markup::html as text;
use crate::output::{counted, plural};
use crate::overview::content::capability_id;
use crate::overview::map::measure::fit;
use crate::overview::map::order::number;
use crate::overview::map::place::{
    Band, CAPABILITIES, Column, Edge, LINE, NEEDS, PADDING, Placed, PlacedRegion, PlacedSource,
    SOURCES, Span, TOOLS, TOP, WIDTH,
};
use crate::overview::map::{Drawn, Tool};

const LEGEND: &str = "From left to right: what users agree to, the capabilities that this makes usable, \
    the scopes that a token must stand for, and the tools. A dashed line is a grant by which nobody may \
    call anything, and a struck-out tool one that nobody may call. Point at a consent or a capability to \
    see what belongs to it. The table below says the same.";

/// An access level as a shape around a middle: a circle, a triangle, a square on its corner.
pub(in crate::overview) fn shape(access: Access) -> &'static str {
    match access {
        Access::Read => "<circle class=\"shape\" r=\"4\"/>",
        Access::Write => "<path class=\"shape\" d=\"M0-5L5 4H-5z\"/>",
        Access::Destructive => "<path class=\"shape\" d=\"M0-6L6 0L0 6L-6 0z\"/>",
    }
}

pub(super) fn picture(placed: &Placed<'_>) -> Drawn {
    let consents = |one: &PlacedRegion<'_>| {
        one.sources.iter().filter(|placed| placed.source.id.is_some()).count()
    };
    let sources: usize = placed.regions.iter().map(consents).sum();
    let bands: usize = placed.regions.iter().map(|one| one.bands.len()).sum();
    if placed.regions.is_empty() {
        let picture =
            String::from("<p>There is nothing to draw: no capability and no consent.</p>\n");
        return Drawn { style: String::new(), picture };
    }
    let height = placed.height;
    let mut drawn = format!(
        "<figure>\n<div class=\"map\" role=\"region\" aria-label=\"Map\" tabindex=\"0\">\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"group\" \
         aria-labelledby=\"map-name map-said\">\n<title id=\"map-name\">Where consents lead</title>\n\
         <desc id=\"map-said\">{} and {}, with the scopes that they need and their tools. The table \
         below says the same.</desc>\n",
        plural(sources, "consent", "consents"),
        plural(bands, "capability", "capabilities"),
    );
    for (column, name) in
        [(SOURCES, "consent"), (CAPABILITIES, "capability"), (NEEDS, "scope"), (TOOLS, "tools")]
    {
        let _ = writeln!(
            drawn,
            "<text class=\"column\" x=\"{:.0}\" y=\"{:.0}\">{name}</text>",
            column.left,
            TOP - 10.0
        );
    }
    for one in &placed.regions {
        region(one, &mut drawn);
    }
    drawn.push_str("</svg>\n</div>\n<figcaption>");
    for access in Access::ALL {
        let _ = write!(
            drawn,
            "<span class=\"access {access}\"><svg viewBox=\"-6 -6 12 12\" aria-hidden=\"true\">{}</svg>{access}</span> ",
            shape(access)
        );
    }
    let _ = writeln!(drawn, "{LEGEND}</figcaption>\n</figure>");
    Drawn { style: style(placed), picture: drawn }
}

/// What does not belong to what is pointed at recedes.
fn style(placed: &Placed<'_>) -> String {
    let mut style = String::new();
    let mut recede = |class: String| {
        let _ = writeln!(
            style,
            ".map:has(.at-{class}:hover, .at-{class}:focus-visible) .part:not(.{class}) {{ opacity: .15; }}"
        );
    };
    for region in &placed.regions {
        region.sources.iter().for_each(|one| recede(source_class(one)));
        region.bands.iter().for_each(|one| recede(band_class(one)));
    }
    style
}

fn source_class(source: &PlacedSource) -> String {
    format!("c{}", source.index)
}

fn band_class(band: &Band<'_>) -> String {
    format!("k{}", band.held.index)
}

fn region(region: &PlacedRegion<'_>, drawn: &mut String) {
    let top = region.top;
    let name = fit(region.name, 40);
    let identity = fit(region.identity, 100);
    let _ = writeln!(
        drawn,
        "<path class=\"rule\" d=\"M{:.0} {top:.0}H{:.0}\"/>\n\
         <text class=\"server\" x=\"{:.0}\" y=\"{:.0}\">{} <tspan class=\"faint\" font-weight=\"400\">{}</tspan></text>",
        SOURCES.left,
        TOOLS.right(),
        SOURCES.left,
        top + 26.0,
        text(&name),
        text(&identity),
    );
    for edge in &region.edges {
        self::edge(edge, region, drawn);
    }
    for (place, one) in region.bands.iter().enumerate() {
        let of = region.edges.iter().filter(|edge| edge.link.capability == place);
        let sources = of.filter_map(|edge| region.sources.get(edge.link.source));
        let classes: Vec<String> = sources.map(source_class).collect();
        band(one, &classes, drawn);
    }
    for (place, one) in region.sources.iter().enumerate() {
        let of = region.edges.iter().filter(|edge| edge.link.source == place);
        let bands = of.filter_map(|edge| region.bands.get(edge.link.capability));
        let classes: Vec<String> = bands.map(band_class).collect();
        source(one, &classes, drawn);
    }
}

fn edge(edge: &Edge, region: &PlacedRegion<'_>, drawn: &mut String) {
    let Edge { link, from, to } = edge;
    let (Some(source), Some(band)) =
        (region.sources.get(link.source), region.bands.get(link.capability))
    else {
        return;
    };
    let (left, right) = (SOURCES.right(), CAPABILITIES.left);
    let half = (right - left) / 2.0;
    let idle = if link.is_live { "" } else { " idle" };
    let _ = writeln!(
        drawn,
        "<path class=\"part edge {}{idle} {} {}\" d=\"M{left:.0} {from:.1}C{:.0} {from:.1} {:.0} {to:.1} {right:.0} {to:.1}\"/>",
        link.access,
        source_class(source),
        band_class(band),
        left + half,
        right - half,
    );
}

fn rectangle(class: &str, column: &Column, span: Span) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{:.0}\" y=\"{:.1}\" width=\"{:.0}\" height=\"{:.1}\" rx=\"6\"/>",
        column.left, span.top, column.width, span.height
    )
}

/// A line of text in a box, by its number.
fn line(class: &str, column: &Column, span: Span, number_of: usize, said: &str) -> String {
    format!(
        "<text class=\"{class}\" x=\"{:.0}\" y=\"{:.1}\">{}</text>",
        column.left + PADDING + 2.0,
        baseline(span, number_of),
        text(said)
    )
}

fn baseline(span: Span, number_of: usize) -> f64 {
    span.top + PADDING + number(number_of) * LINE + LINE * 0.75
}

fn source(placed: &PlacedSource, bands: &[String], drawn: &mut String) {
    let PlacedSource { source, span, text: lines, .. } = placed;
    let class = source_class(placed);
    let href = match &source.id {
        Some(id) => format!("#{id}"),
        None => String::from("#rules"),
    };
    let none = if source.id.is_none() { " none" } else { "" };
    let _ = writeln!(
        drawn,
        "<a href=\"{href}\" class=\"part at-{class} {class} {}\"><title>{}: {}</title>{}",
        bands.join(" "),
        text(&source.name),
        text(&source.text),
        rectangle(&format!("box{none}"), &SOURCES, *span),
    );
    let name = fit(&source.name, SOURCES.letters.saturating_sub(4));
    drawn.push_str(&line("name", &SOURCES, *span, 0, &name));
    let mut next = 1;
    for said in lines {
        drawn.push_str(&line("small", &SOURCES, *span, next, said));
        next = next.saturating_add(1);
    }
    if !source.below.is_empty() {
        drawn.push_str(&line("small faint", &SOURCES, *span, next, &source.below));
    }
    drawn.push_str("</a>\n");
}

fn band(band: &Band<'_>, sources: &[String], drawn: &mut String) {
    let capability = band.held.capability;
    let class = band_class(band);
    let access = capability.access;
    let idle = if sources.is_empty() { " none" } else { "" };
    let middle = band.capability.middle();
    let _ = writeln!(
        drawn,
        "<g class=\"part {class} {} {access}\">\n\
         <path class=\"edge {access}\" d=\"M{:.0} {middle:.1}H{:.0}M{:.0} {middle:.1}H{:.0}\"/>\n\
         <a href=\"#{}\" class=\"at-{class}\"><title>{}: {}</title>{}",
        sources.join(" "),
        CAPABILITIES.right(),
        NEEDS.left,
        NEEDS.right(),
        TOOLS.left,
        capability_id(band.held.index),
        text(&capability.name),
        text(&capability.description),
        rectangle(&format!("band{idle}"), &CAPABILITIES, band.capability),
    );
    let name = fit(&capability.name, CAPABILITIES.letters.saturating_sub(4));
    drawn.push_str(&line("name", &CAPABILITIES, band.capability, 0, &name));
    let mut next = 1;
    for said in &band.description {
        drawn.push_str(&line("small", &CAPABILITIES, band.capability, next, said));
        next = next.saturating_add(1);
    }
    if let Some(condition) = &band.condition {
        drawn.push_str(&line("code faint", &CAPABILITIES, band.capability, next, condition));
        next = next.saturating_add(1);
    }
    let _ = writeln!(
        drawn,
        "<g transform=\"translate({:.0} {:.1})\">{}<text class=\"tone\" x=\"11\" y=\"4\">{access}</text></g></a>",
        CAPABILITIES.left + PADDING + 8.0,
        baseline(band.capability, next) - 4.0,
        shape(access),
    );
    drawn.push_str(&rectangle("needs", &NEEDS, band.needs));
    for (place, said) in band.scopes.iter().enumerate() {
        drawn.push_str(&line("code", &NEEDS, band.needs, place, said));
    }
    drawn.push('\n');
    let _ = writeln!(
        drawn,
        "<g><title>{}</title>{}</g>",
        counted(band.held.tools.len(), "tool"),
        rectangle("needs", &TOOLS, band.tools)
    );
    for (place, one) in band.held.tools.iter().enumerate() {
        tool(band, place, one, drawn);
    }
    drawn.push_str("</g>\n");
}

fn tool(band: &Band<'_>, place: usize, tool: &Tool<'_>, drawn: &mut String) {
    let column = place.checked_div(band.rows).unwrap_or_default();
    let row = place.checked_rem(band.rows).unwrap_or_default();
    let left = band.columns.get(column).copied().unwrap_or(TOOLS.left);
    let label = tool.label();
    let name = fit(&label, TOOLS.letters);
    let dead = if tool.is_dead { " dead" } else { "" };
    let denied = if tool.is_dead { ", and every call is denied" } else { "" };
    let _ = writeln!(
        drawn,
        "<g class=\"{}\" transform=\"translate({:.1} {:.1})\"><title>{} ({}{denied})</title>{}\
         <text class=\"code{dead}\" x=\"12\" y=\"4\">{}</text></g>",
        tool.access,
        left + 6.0,
        baseline(band.tools, row) - 4.0,
        text(&label),
        tool.access,
        shape(tool.access),
        text(&name),
    );
}
