//! Records on standard output, filtered: what `cat` prints of files and of runs that grow.

use crate::render::{json, text};
use anyhow::{Result, anyhow, bail};
use clap::Args;
use hotpath::record::{Checkpoint, Clock, Head, Kind, SCHEMA, body_of, payload_of};
use journal::{Header, Items, Record, Segment};
use std::io::{BufWriter, StdoutLock, Write};

/// Which records are wanted, and in which form.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Only this kind; may be given several times.
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// From this time: UTC as 2026-08-02T03:36:00Z, or monotonic nanoseconds.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Up to and with this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// From this sequence number.
    #[arg(long, value_name = "SEQ")]
    from_seq: Option<u64>,
    /// Up to and with this sequence number.
    #[arg(long, value_name = "SEQ")]
    to_seq: Option<u64>,
    /// At most this many records.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints the records that the filter takes, up to the limit.
pub(super) struct Printer {
    filter: Filter,
    out: BufWriter<StdoutLock<'static>>,
    json: bool,
    /// Records that may still be printed.
    left: usize,
    /// The last reading of the clocks: monotonic and UTC nanoseconds.
    clock: Option<(u64, u64)>,
    /// The run of the segment that is printed, and the segment's number.
    place: (u64, u32),
}

impl Printer {
    pub fn of(args: &Wanted) -> Result<Self> {
        let out = BufWriter::new(std::io::stdout().lock());
        let left = args.limit.unwrap_or(usize::MAX);
        Ok(Self { filter: Filter::of(args)?, out, json: args.json, left, clock: None, place: (0, 0) })
    }

    /// The records of a segment that may be wanted, to be printed next.
    pub fn begin<'a>(&mut self, segment: &'a Segment) -> Items<'a> {
        self.enter(segment.header());
        self.clock = opening_clock(segment);
        self.filter.items(segment)
    }

    /// Says of which segment the next records are.
    pub const fn enter(&mut self, header: &Header) {
        self.place = (header.run_id, header.segment);
    }

    /// Prints a record, if it is wanted.
    pub fn print(&mut self, record: &Record<'_>) -> Result<()> {
        self.clock = clock_of(record).or(self.clock);
        if self.is_done() || !self.filter.takes(&record.head, self.clock) {
            return Ok(());
        }
        self.left -= 1;
        let offset = record.offset as u64;
        if self.json {
            let mut line = json(offset, record.bytes);
            let (run_id, segment) = self.place;
            line["run_id"] = format!("{run_id:016x}").into();
            line["segment"] = segment.into();
            writeln!(self.out, "{line}")?;
        } else {
            writeln!(self.out, "{}", text(offset, record.bytes))?;
        }
        Ok(())
    }

    /// Whether no record behind this one can be wanted, as far as its run goes.
    pub fn ends_with(&self, head: &Head) -> bool {
        head.seq >= self.filter.seqs.1 || self.filter.is_after(head, self.clock)
    }

    /// Whether the limit is reached.
    pub const fn is_done(&self) -> bool {
        self.left == 0
    }

    /// Hands over what is printed so far.
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}

/// The clock reading that a record carries: a `CLOCK`, or the first part of a checkpoint's state.
fn clock_of(record: &Record<'_>) -> Option<(u64, u64)> {
    if body_of::<Checkpoint>(record.bytes).is_some_and(|body| body.state_offset == 0) {
        return clock_in(payload_of(record.bytes)?);
    }
    body_of::<Clock>(record.bytes).map(|body| (body.mono_ns, body.utc_ns))
}

/// The clock reading that a segment's opening state carries: monotonic and UTC nanoseconds.
fn opening_clock(segment: &Segment) -> Option<(u64, u64)> {
    clock_in(&crate::replay::scan::first_state(segment)?)
}

/// The clock reading in a state, or in its first part.
fn clock_in(state: &[u8]) -> Option<(u64, u64)> {
    let progress = hotpath::checkpoint::decode_progress(state).ok()?;
    (progress.clock_utc_ns != 0).then_some((progress.clock_mono_ns, progress.clock_utc_ns))
}

struct Filter {
    kinds: Vec<Kind>,
    from: Option<Time>,
    to: Option<Time>,
    seqs: (u64, u64),
}

#[derive(Clone, Copy)]
enum Time {
    Mono(u64),
    Utc(u64),
}

impl Time {
    /// Nanoseconds from this time to a record.
    fn until(self, head: &Head, clock: Option<(u64, u64)>) -> i128 {
        let taken_ns = i128::from(head.taken_ns);
        match self {
            Self::Mono(ns) => taken_ns - i128::from(ns),
            Self::Utc(ns) => {
                let (mono_ns, utc_ns) = clock.unwrap_or((0, 0));
                taken_ns - i128::from(mono_ns) + i128::from(utc_ns) - i128::from(ns)
            }
        }
    }
}

impl Filter {
    fn of(args: &Wanted) -> Result<Self> {
        Ok(Self {
            kinds: args.kinds.iter().map(|name| kind(name)).collect::<Result<_>>()?,
            from: args.from.as_deref().map(time).transpose()?,
            to: args.to.as_deref().map(time).transpose()?,
            seqs: (args.from_seq.unwrap_or(0), args.to_seq.unwrap_or(u64::MAX)),
        })
    }

    /// The records from the last place of the index that lies before all that is wanted. UTC needs every
    /// clock reading, so nothing is passed over for it.
    fn items<'a>(&self, segment: &'a Segment) -> Items<'a> {
        let from_ns = match (self.from, self.to) {
            (Some(Time::Utc(_)), _) | (_, Some(Time::Utc(_))) => return segment.items(),
            (Some(Time::Mono(ns)), _) => ns,
            (None, _) => 0,
        };
        segment.items_from(|entry| entry.seq <= self.seqs.0 || entry.taken_ns < from_ns)
    }

    fn takes(&self, head: &Head, clock: Option<(u64, u64)>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&head.kind))
            && (self.seqs.0..=self.seqs.1).contains(&head.seq)
            && self.from.is_none_or(|from| from.until(head, clock) >= 0)
            && !self.is_after(head, clock)
    }

    /// Whether a record is later than all that is wanted.
    fn is_after(&self, head: &Head, clock: Option<(u64, u64)>) -> bool {
        self.to.is_some_and(|to| to.until(head, clock) > 0)
    }
}

fn kind(name: &str) -> Result<Kind> {
    let upper = name.to_uppercase();
    if let Some(schema) = SCHEMA.iter().find(|schema| schema.name == upper) {
        return Ok(schema.kind);
    }
    let distance = |known: &str| strsim::damerau_levenshtein(known, &upper);
    let nearest = SCHEMA.iter().map(|schema| schema.name).min_by_key(|known| distance(known));
    // A guess that shares little with the word helps nobody.
    if let Some(nearest) = nearest.filter(|known| 3 * distance(known) <= known.len()) {
        bail!("unknown kind `{name}`; did you mean `{nearest}`?");
    }
    let known = SCHEMA.iter().map(|schema| schema.name).collect::<Vec<_>>().join(", ");
    bail!("unknown kind `{name}`: there are {known}")
}

fn time(text: &str) -> Result<Time> {
    if let Ok(ns) = text.parse() {
        return Ok(Time::Mono(ns));
    }
    let utc = hotpath::time::utc_ns(text.as_bytes());
    let wrong = || anyhow!("`{text}` is no time: write 2026-08-02T03:36:00Z, or monotonic nanoseconds");
    utc.map(Time::Utc).map_err(|_| wrong())
}
