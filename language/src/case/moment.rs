//! Times: so long ago, in so long, or a second of the calendar.

use std::fmt;

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Seconds from the time of the call: before it where negative.
    Relative(i64),
    /// Seconds since the epoch.
    At(i64),
}

impl Moment {
    /// The time of the call.
    pub const NOW: Self = Self::Relative(0);

    /// The moment in seconds since the epoch; `None` where that is out of range.
    pub fn seconds(self, now: i64) -> Option<i64> {
        match self {
            Self::Relative(offset) => now.checked_add(offset),
            Self::At(seconds) => Some(seconds),
        }
    }

    /// The moment of some seconds since the epoch, told from the time of the call where it is near.
    pub(crate) fn told(seconds: i64, now: i64) -> Self {
        const NEAR: u64 = 400 * 24 * 60 * 60;
        match seconds.checked_sub(now) {
            Some(offset) if offset.unsigned_abs() <= NEAR => Self::Relative(offset),
            _ => Self::At(seconds),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relative(0) => formatter.write_str("now"),
            Self::Relative(offset) if *offset < 0 => {
                write!(formatter, "{} ago", Duration(offset.unsigned_abs()))
            }
            Self::Relative(offset) => write!(formatter, "in {}", Duration(offset.unsigned_abs())),
            Self::At(seconds) => write!(formatter, "on {}", Instant(*seconds)),
        }
    }
}

/// A point in time, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// There is none.
    Never,
    /// Then.
    Then(Moment),
}

impl When {
    /// As [`Moment::told`], with `None` for never.
    pub(crate) fn told(seconds: Option<i64>, now: i64) -> Self {
        seconds.map_or(Self::Never, |seconds| Self::Then(Moment::told(seconds, now)))
    }
}

impl fmt::Display for When {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => formatter.write_str("never"),
            Self::Then(moment) => moment.fmt(formatter),
        }
    }
}

/// Units with their seconds, longest first.
const UNITS: [(&str, u64); 5] =
    [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

/// A number of seconds, told in the longest unit that is exact, up to days: `30 days` is what people
/// say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Duration(pub(crate) u64);

impl Duration {
    /// The seconds of so many units; `None` where that is out of range.
    pub(crate) fn seconds(count: &str, unit: &str) -> Option<i64> {
        let name = unit.strip_suffix('s').unwrap_or(unit);
        let (_, seconds) = UNITS.iter().find(|(known, _)| *known == name)?;
        count.parse::<i64>().ok()?.checked_mul(i64::try_from(*seconds).ok()?)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |(name, seconds): &(&'static str, u64)| {
            let whole = self.0 > 0 && self.0.checked_rem(*seconds) == Some(0);
            whole.then(|| (*name, self.0.checked_div(*seconds).unwrap_or_default()))
        };
        let (name, count) = UNITS.iter().skip(1).find_map(exact).unwrap_or(("second", self.0));
        write!(formatter, "{count} {name}{}", if count == 1 { "" } else { "s" })
    }
}

/// A second since the epoch, told by the calendar where that has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant(pub(crate) i64);

impl Instant {
    /// Reads `2026-12-31T12:00:00Z`, `2026-12-31`, or a number of seconds since the epoch.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse::<i64>() {
            return Some(Self(seconds));
        }
        let instant = match text.contains('T') {
            true => text.strip_suffix('Z').map(|_| text.to_owned())?,
            false => format!("{text}T00:00:00Z"),
        };
        let instant = instant.parse::<jiff::Timestamp>().ok()?;
        (instant.subsec_nanosecond() == 0).then(|| Self(instant.as_second()))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 0001-01-01 to 9999-12-30: years of four digits.
        const CALENDAR: std::ops::Range<i64> = -62_135_596_800..253_402_207_200;
        match jiff::Timestamp::from_second(self.0) {
            Ok(instant) if CALENDAR.contains(&self.0) => write!(formatter, "{instant}"),
            _ => write!(formatter, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_as_people_say_them() {
        for (seconds, told) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (120, "2 minutes"),
            (86_400, "1 day"),
            (1_209_600, "14 days"),
            (3_601, "3601 seconds"),
        ] {
            assert_eq!(Duration(seconds).to_string(), told);
        }
        assert_eq!(Duration::seconds("2", "weeks"), Some(1_209_600));
        assert_eq!(Duration::seconds("9223372036854775807", "days"), None);
    }

    #[test]
    fn instants_are_read_as_they_are_told() {
        for seconds in [0, -1, 1_790_000_000, i64::MIN, i64::MAX, 253_402_207_199] {
            let told = Instant(seconds).to_string();
            assert_eq!(Instant::read(&told).map(|read| read.0), Some(seconds), "{told}");
        }
        assert_eq!(Instant::read("2026-12-31").map(|read| read.0), Some(1_798_675_200));
        for wrong in ["2026-02-30", "2026-12-31T12:00:00", "2026-12-31T12:00:00.5Z", "12:00"] {
            assert!(Instant::read(wrong).is_none(), "{wrong}");
        }
    }
}
