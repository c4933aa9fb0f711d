//! Clients that came faster than people add them.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::RegistryRate,
    level: Level::Warning,
    serves: &[(Nhi, "NHI3"), (Csf, "DE.CM-09"), (Rfc, "RFC 7591"), (Practices, "Confused Deputy Problem")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    let Some(registry) = &subject.registry else { return };
    let mut days: BTreeMap<jiff::civil::Date, usize> = BTreeMap::new();
    for client in &registry.clients {
        let issued = client.client_id_issued_at.and_then(|at| jiff::Timestamp::from_second(at).ok());
        if let Some(issued) = issued {
            let day = days.entry(issued.to_zoned(TimeZone::UTC).date()).or_default();
            *day = day.saturating_add(1);
        }
    }
    let limit = subject.settings.registrations_per_day;
    let busy: Vec<_> = days.iter().filter(|(_, count)| **count > limit).collect();
    let Some((day, count)) = busy.iter().max_by_key(|(_, count)| **count) else { return };
    let more = match busy.len() {
        1 => String::new(),
        many => format!(", the most of {many} such days"),
    };
    found.say_of_nowhere(
        format!("{count} clients registered on {day}{more}: the limit is {limit} a day"),
        "look for one that registers anew at each start, or for somebody who tries; `per-day` in \
         `[registry]` of `placet.toml` sets the limit",
    );
}
