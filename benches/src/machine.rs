//! What the figures were taken on, and how.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::fmt;
use std::hint::black_box;
use std::time::Instant;

const CLOCK_READS: usize = 200_000;

/// How every table is measured.
pub const METHOD: &str = "\
Every round runs every case of a table once, each time beginning with another one. A figure in ns is the median [min] over
the rounds of a whole pass divided by its messages; x1, x2 are a peer's time divided by the row's, taken inside a round,
median over the rounds, and after the stroke the same of the p50. p50 to max are single messages of all rounds, with one
clock read before and one after each: they include the clock (see `clock`) and no overlap with the next message. p99.9 and
max are mostly the machine's. Each pass starts from the same state, which is not timed. Two rounds go before the first that
counts. Peers are built with the same profile and flags as we are. Compared with ours, outside the timing: what decoders
read, to the tick and lot; what clients quote, to one tick. Books and clients prove every checksum inside it. Rows that say
`no checksum` prove nothing and are not compared.";

/// Facts of the machine and the build.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// As `/proc/cpuinfo` names it.
    pub cpu: String,
    /// Logical processors.
    pub processors: usize,
    /// The kernel's release.
    pub kernel: String,
    /// Load averages of 1, 5 and 15 minutes at the start: other work on the machine.
    pub load: String,
    /// The compiler.
    pub rustc: &'static str,
    /// Cargo's profile and the target.
    pub profile: String,
    /// Processor features that the compiler could rely on, of those that matter here.
    pub features: Vec<&'static str>,
    /// A pair of clock reads with nothing between, nanoseconds: p50, p99.
    pub clock_ns: [u64; 2],
}

impl Machine {
    /// Looks at the machine; reads the clock for some milliseconds.
    #[must_use]
    pub fn here() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = read("/proc/cpuinfo");
        let line =
            |name: &str| cpuinfo.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(": "));
        let value = |name| line(name).map_or("unknown", |(_, value)| value);
        let cpu = format!("{}, family {} model {}", value("model name"), value("cpu family"), value("model\t"));
        Self {
            cpu,
            processors: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: load(),
            rustc: env!("BENCHES_RUSTC"),
            profile: format!("{}, {}", env!("BENCHES_PROFILE"), env!("BENCHES_TARGET")),
            features: features(),
            clock_ns: clock_ns(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, processors, kernel, load, rustc, profile, features, clock_ns: [p50, p99] } = self;
        writeln!(f, "cpu      {cpu}, {processors} logical processors")?;
        writeln!(f, "kernel   {kernel}")?;
        writeln!(f, "load     {load} over 1, 5 and 15 minutes, before the first table")?;
        writeln!(f, "build    {rustc}, profile {profile}, features {}", features.join(" "))?;
        writeln!(f, "clock    a pair of reads with nothing between: p50 {p50} ns, p99 {p99} ns")
    }
}

/// Load averages of 1, 5 and 15 minutes.
#[must_use]
pub fn load() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn features() -> Vec<&'static str> {
    let known = [
        ("sse2", cfg!(target_feature = "sse2")),
        ("sse4.2", cfg!(target_feature = "sse4.2")),
        ("pclmulqdq", cfg!(target_feature = "pclmulqdq")),
        ("avx2", cfg!(target_feature = "avx2")),
        ("avx512bw", cfg!(target_feature = "avx512bw")),
    ];
    known.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect()
}

fn clock_ns() -> [u64; 2] {
    let mut histogram = Histogram::<u64>::new(3).expect("three digits are legal");
    for _ in 0..CLOCK_READS {
        let start = Instant::now();
        black_box(());
        histogram.saturating_record(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    [histogram.value_at_quantile(0.5), histogram.value_at_quantile(0.99)]
}
