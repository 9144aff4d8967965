//! What a table came to, as text and as JSON.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::fmt;

/// The columns that [`Percentiles`] fills.
pub(crate) const PERCENTILES: &str = " p50 | p90 | p99 | p99.9 | p99.99 | max |";

/// A measured table.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was compared, over which messages.
    pub title: String,
    /// What one figure is for.
    pub unit: &'static str,
    /// Rounds that count.
    pub rounds: usize,
    /// Names of the rows that the others are divided into.
    pub peers: Vec<String>,
    /// One for each case; the first is ours.
    pub rows: Vec<Row>,
}

/// One case.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The case.
    pub name: String,
    /// Median over the rounds of a whole pass, nanoseconds for each unit.
    pub median_ns: f64,
    /// The fastest round.
    pub min_ns: f64,
    /// For each peer: its time divided by this row's, median over the rounds.
    pub ratios: Vec<f64>,
    /// For each peer: its p50 divided by this row's, from single messages.
    pub p50_ratios: Vec<f64>,
    /// The first row's time divided by this row's: 5th percentile, median and 95th over the rounds. In
    /// the control row this is the noise.
    pub to_first: [f64; 3],
    /// Single messages; none when only whole passes were timed.
    pub each: Option<Percentiles>,
}

/// Single messages, nanoseconds, the clock's own reads included.
#[derive(Debug, Serialize)]
pub struct Percentiles {
    /// Messages timed.
    pub count: u64,
    /// Half are at most this.
    pub p50: u64,
    /// 90 of 100.
    pub p90: u64,
    /// 99 of 100.
    pub p99: u64,
    /// 999 of 1,000.
    pub p999: u64,
    /// 9,999 of 10,000.
    pub p9999: u64,
    /// The slowest.
    pub max: u64,
}

impl Percentiles {
    pub(crate) fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self {
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            max: histogram.max(),
        }
    }
}

/// Delays that were measured one by one, each row by itself.
#[derive(Debug, Serialize)]
pub struct Delays {
    /// From what to what.
    pub title: String,
    /// What was delayed.
    pub unit: &'static str,
    /// The setting, and its delays in nanoseconds.
    pub rows: Vec<(String, Percentiles)>,
}

impl fmt::Display for Delays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n", self.title)?;
        writeln!(f, "| setting, ns | {}s |{PERCENTILES}", self.unit)?;
        writeln!(f, "|{}", "---|".repeat(8))?;
        self.rows.iter().try_for_each(|(name, delays)| writeln!(f, "| {name} | {} |{delays}", delays.count))
    }
}

/// What one table or command came to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// Ratios.
    Report(Report),
    /// Delays.
    Delays(Delays),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(report) => report.fmt(f),
            Self::Delays(delays) => delays.fmt(f),
        }
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p90, p99, p999, p9999, max, .. } = self;
        write!(f, " {p50} | {p90} | {p99} | {p999} | {p9999} | {max} |")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}", self.title)?;
        writeln!(f)?;
        for (number, peer) in self.peers.iter().enumerate() {
            writeln!(f, "x{} = times faster than {peer}: back to back / p50 of single messages", number + 1)?;
        }
        writeln!(f)?;
        let each = self.rows.iter().any(|row| row.each.is_some());
        self.write_head(f, each)?;
        for row in &self.rows {
            row.write(f, each)?;
        }
        self.write_control(f)
    }
}

impl Report {
    fn write_head(&self, f: &mut fmt::Formatter<'_>, each: bool) -> fmt::Result {
        write!(f, "| case | ns/{}, median [min] of {} |", self.unit, self.rounds)?;
        for number in 1..=self.peers.len() {
            write!(f, " x{number} |")?;
        }
        writeln!(f, "{}", if each { PERCENTILES } else { " M/s |" })?;
        let columns = 2 + self.peers.len() + if each { 6 } else { 1 };
        writeln!(f, "|{}", "---|".repeat(columns))
    }

    fn write_control(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(last) = self.rows.last() else { return Ok(()) };
        let [low, median, high] = last.to_first;
        writeln!(f)?;
        writeln!(
            f,
            "Noise: the first case divided by its repeat, {median:.3} (5 to 95 % of the rounds: {low:.3} to {high:.3})."
        )
    }
}

impl Row {
    fn write(&self, f: &mut fmt::Formatter<'_>, each: bool) -> fmt::Result {
        write!(f, "| {} | {:.1} [{:.1}] |", self.name, self.median_ns, self.min_ns)?;
        for (ratio, p50_ratio) in self.ratios.iter().zip(&self.p50_ratios) {
            if each {
                write!(f, " {ratio:.2} / {p50_ratio:.2} |")?;
            } else {
                write!(f, " {ratio:.2} |")?;
            }
        }
        match &self.each {
            Some(percentiles) => writeln!(f, "{percentiles}"),
            None if each => writeln!(f, " | | | | | |"),
            None => writeln!(f, " {:.3} |", 1e3 / self.median_ns),
        }
    }
}
