//! The program `fathom` on a socket: from its start to the first trusted book, its memory, and how long messages wait
//! when a market goes a hundred times its speed.
//!
//! The exchange runs in this process, over TLS on the loopback; the program is the one that `cargo build --release`
//! made. Times are read from its journal.

use crate::report::{Delays, Percentiles};
use anyhow::{Context, Result, ensure};
use clap::Args;
use fathom::exchange::{Options, Pair, Server, Serves};
use fathom::files::journal_files;
use fathom::market::{Market, Terms};
use fathom::proofs::Proofs;
use fathom::tie::Tie;
use hdrhistogram::Histogram;
use hotpath::record::{Features, Frame, body_of};
use journal::{Item, Segment};
use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const SYMBOL: &str = "BTC/EUR";
/// The configuration that is run, from the repository's root.
const CONFIG: &str = "configs/kraken-btc-eur.toml";

/// What the command `socket` takes.
#[derive(Clone, Debug, Args)]
pub struct SocketArgs {
    /// How often the program is started.
    #[arg(long, default_value_t = 20)]
    runs: u64,
    /// How long each runs, seconds.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How many times as fast as its own time the market goes.
    #[arg(long, default_value_t = 100.0)]
    speed: f64,
    /// JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct SocketReport {
    runs: u64,
    speed: f64,
    messages: u64,
    checksums_ok: u64,
    checksums_bad: u64,
    /// The most resident memory of a run, what it maps of its journal and its program included, bytes.
    resident_bytes_max: u64,
    delays: Delays,
}

/// Runs the program again and again.
///
/// # Errors
/// When the program is not built, or a run fails.
pub fn socket(args: &SocketArgs) -> Result<SocketReport> {
    let mut measured = Measured::new()?;
    for seed in 0..args.runs {
        let folder = tempfile::tempdir()?;
        let pair = Pair::listed(SYMBOL).context("the pair is not listed")?;
        let events = Box::new(Market::new(seed, &Terms::BTC_EUR));
        let options = Options { tls: true, ..Options::new(Serves::Market { pair, events, speed: args.speed }) };
        let server = Server::bind(options)?;
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, server.ca_pem().unwrap_or_default())?;
        let url = server.url();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| server.run(&over));
            let ran = measured.run(&url, &ca, &folder.path().join("journal"), args.seconds);
            over.store(true, Ordering::Relaxed);
            ran
        })?;
    }
    Ok(measured.report(args))
}

struct Measured {
    start: Histogram<u64>,
    kernel: Histogram<u64>,
    read: Histogram<u64>,
    resident_bytes_max: u64,
    messages: u64,
    checksums: (u64, u64),
}

impl Measured {
    fn new() -> Result<Self> {
        let histogram = || Histogram::new(3);
        let (start, kernel, read) = (histogram()?, histogram()?, histogram()?);
        Ok(Self { start, kernel, read, resident_bytes_max: 0, messages: 0, checksums: (0, 0) })
    }

    /// One run of the program, as an operator starts it.
    fn run(&mut self, url: &str, ca: &Path, journal: &Path, seconds: u64) -> Result<()> {
        let program = std::env::current_exe().context("this program has no path")?.with_file_name("fathom");
        ensure!(program.exists(), "{} is missing: cargo build --release --locked", program.display());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let started_utc_ns = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64;
        let mut child = Command::new(program)
            .arg("run")
            .arg(root.join(CONFIG))
            .args(["--set", &format!("venue.url={url}"), "--set", &format!("link.extra_ca={}", ca.display())])
            .args(["--seconds", &seconds.to_string(), "--out"])
            .arg(journal)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the program does not start")?;
        let status = Path::new("/proc").join(child.id().to_string()).join("status");
        let ended = loop {
            if let Some(ended) = child.try_wait()? {
                break ended;
            }
            if let Some(bytes) = high_water(&status) {
                self.resident_bytes_max = self.resident_bytes_max.max(bytes);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        };
        ensure!(ended.success(), "a run ended with {ended}");
        self.read(journal, started_utc_ns)
    }

    /// What the journal of a run tells.
    fn read(&mut self, journal: &Path, started_utc_ns: u64) -> Result<()> {
        let (mut tie, mut proofs, mut is_trusted) = (None, Proofs::default(), false);
        for path in journal_files(&[journal.to_owned()])? {
            for item in Segment::open(&path)?.items() {
                let Item::Record(record) = item else { continue };
                proofs.take(&record.head, record.bytes);
                tie = Tie::of(record.bytes).or(tie);
                let Some(tie) = tie else { continue };
                if let Some(frame) = body_of::<Frame>(record.bytes) {
                    self.messages += 1;
                    self.read.record(record.head.taken_ns - frame.recv_ns)?;
                    if frame.kernel_utc_ns != 0 {
                        self.kernel.record(tie.utc_ns(frame.recv_ns).saturating_sub(frame.kernel_utc_ns))?;
                    }
                }
                if body_of::<Features>(record.bytes).is_some() && !is_trusted {
                    is_trusted = true;
                    self.start.record(tie.utc_ns(record.head.taken_ns).saturating_sub(started_utc_ns))?;
                }
            }
        }
        ensure!(is_trusted, "a run never trusted its book");
        let (ok, bad) = proofs.of(0).checksums;
        self.checksums = (self.checksums.0 + ok, self.checksums.1 + bad);
        Ok(())
    }

    fn report(&self, args: &SocketArgs) -> SocketReport {
        let row = |name: &str, histogram| (name.to_owned(), Percentiles::of(histogram));
        SocketReport {
            runs: args.runs,
            speed: args.speed,
            messages: self.messages,
            checksums_ok: self.checksums.0,
            checksums_bad: self.checksums.1,
            resident_bytes_max: self.resident_bytes_max,
            delays: Delays {
                title: format!("socket: a made-up market at {} times its speed, TLS on the loopback", args.speed),
                unit: "value",
                rows: vec![
                    row("start of the program to the first trusted book", &self.start),
                    row("kernel's stamp to our read", &self.kernel),
                    row("our read to the engine", &self.read),
                ],
            },
        }
    }
}

/// The most resident memory that a process has had, bytes.
fn high_water(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

impl fmt::Display for SocketReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.delays)?;
        let Self { runs, messages, checksums_ok, checksums_bad, resident_bytes_max, .. } = self;
        writeln!(
            f,
            "{runs} runs, {messages} messages, checksums {checksums_ok} ok, {checksums_bad} bad; most resident memory {:.1} MiB, \
             maps of the journal and the program included.",
            *resident_bytes_max as f64 / f64::from(1 << 20)
        )
    }
}
