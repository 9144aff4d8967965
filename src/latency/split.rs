//! By what figures are split: by nothing, by the level of a regime, by the hour.

use hotpath::regime::{AXES, Axis, axis_name, level_name};

/// Which messages a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    /// All of them.
    All,
    /// Those that were taken while market 0 stood on this level of this axis.
    Level(Axis, u16),
    /// Those that were taken in this hour of UTC.
    Hour(u8),
}

impl Split {
    /// What it is split by, for people and scripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Level(axis, _) => axis_name(axis as u16),
            Self::Hour(_) => "hour",
        }
    }

    /// Which part of it: `all`, `burst`, `07`.
    #[must_use]
    pub fn level(self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Level(axis, level) => level_name(axis as u16, level).to_owned(),
            Self::Hour(hour) => format!("{hour:02}"),
        }
    }
}

/// Of which kind a message is: the connection that it came on, and what was in force when it was taken, before it acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its connection.
    pub connection: u16,
    /// The level of each axis of market 0; none while it is not known.
    pub levels: [Option<u16>; AXES.len()],
    /// UTC when it was taken; none before the first reading of the clocks.
    pub utc_ns: Option<u64>,
}

impl Place {
    /// The day since 1970.
    #[must_use]
    pub fn day(&self) -> Option<u64> {
        self.utc_ns.map(|utc_ns| utc_ns / hotpath::progress::DAY_NS)
    }

    /// Every split that the message is in.
    pub fn splits(&self) -> impl Iterator<Item = Split> {
        const HOUR_NS: u64 = hotpath::progress::DAY_NS / 24;
        let levels = AXES.into_iter().zip(self.levels).filter_map(|(axis, level)| Some(Split::Level(axis, level?)));
        // Below 24, so it fits.
        let hour = self.utc_ns.map(|utc_ns| Split::Hour((utc_ns / HOUR_NS % 24) as u8));
        std::iter::once(Split::All).chain(levels).chain(hour)
    }
}
