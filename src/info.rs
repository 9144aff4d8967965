//! `journal info`: what a file is and what it holds.

use crate::cli::{counted, grouped};
use crate::left_out::Missing;
use crate::render::kind_name;
use crate::replay::scan::first_state;
use crate::venue::{market_names, name_of};
use anyhow::Result;
use hotpath::checkpoint::{decode_config, decode_progress};
use hotpath::config::Config;
use hotpath::record::{Clock, Head, Kind, body_of, flag};
use journal::{End, Header, Item, Segment};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Records and bytes of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Records.
    pub records: u64,
    /// Their bytes, padding included.
    pub bytes: u64,
}

/// What a file holds.
#[derive(Debug)]
pub struct Info {
    path: PathBuf,
    header: Header,
    /// Bytes of the journal, decompressed.
    file_bytes: u64,
    /// Bytes that it takes on the disk when it is compressed.
    compressed_bytes: Option<u64>,
    end: End,
    damage: usize,
    left_out: Vec<Missing>,
    kinds: BTreeMap<Kind, Share>,
    /// Messages: a long one takes several records.
    frames: u64,
    seqs: Option<(u64, u64)>,
    taken_ns: (u64, u64),
    utc_ns: Option<(u64, u64)>,
    config: Option<Config>,
}

impl Info {
    /// Reads all of a file.
    ///
    /// # Errors
    /// When it does not open as a journal.
    pub fn of(path: &Path) -> Result<Self> {
        let segment = Segment::open(path)?;
        let state = first_state(&segment);
        let mut info = Self {
            path: path.to_owned(),
            header: *segment.header(),
            file_bytes: segment.bytes().len() as u64,
            compressed_bytes: segment.compressed_bytes(),
            end: End::Unsealed,
            damage: 0,
            left_out: Vec::new(),
            kinds: BTreeMap::new(),
            frames: 0,
            seqs: None,
            taken_ns: (u64::MAX, 0),
            utc_ns: None,
            config: state.as_deref().and_then(|state| decode_config(state).ok()),
        };
        let progress = state.as_deref().and_then(|state| decode_progress(state).ok());
        let mut clock =
            progress.filter(|progress| progress.clock_utc_ns != 0).map(|at| (at.clock_mono_ns, at.clock_utc_ns));
        let mut items = segment.items();
        for item in items.by_ref() {
            match item {
                Item::Damage(_) => info.damage += 1,
                Item::Record(record) => {
                    clock = clock.or(body_of::<Clock>(record.bytes).map(|body| (body.mono_ns, body.utc_ns)));
                    info.left_out.extend(Missing::at(&record));
                    info.note(&record.head, record.bytes.len() as u64);
                }
            }
        }
        info.end = items.end().unwrap_or(End::Unsealed);
        let (first, last) = info.taken_ns;
        let utc = |(mono_ns, utc_ns): (u64, u64)| {
            let at = |ns: u64| utc_ns.wrapping_add(ns).wrapping_sub(mono_ns);
            (at(first), at(last))
        };
        info.utc_ns = clock.filter(|_| info.seqs.is_some()).map(utc);
        Ok(info)
    }

    fn note(&mut self, head: &Head, bytes: u64) {
        let Head { kind, seq, taken_ns, .. } = *head;
        self.frames += u64::from(kind == Kind::FRAME && !head.has(flag::CONTINUES));
        let share = self.kinds.entry(kind).or_default();
        share.records += 1;
        share.bytes += bytes;
        if !is_of_file(kind) {
            self.seqs = Some((self.seqs.map_or(seq, |(first, _)| first), seq));
            self.taken_ns = (self.taken_ns.0.min(taken_ns), self.taken_ns.1.max(taken_ns));
        }
    }

    /// As one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let kinds: serde_json::Map<_, _> = self
            .kinds
            .iter()
            .map(|(kind, share)| (kind_name(*kind), json!({ "records": share.records, "bytes": share.bytes })))
            .collect();
        json!({
            "file": self.path.display().to_string(),
            "bytes": self.file_bytes,
            "format_version": self.header.version,
            "run_id": format!("{:016x}", self.header.run_id),
            "segment": self.header.segment,
            "created_utc_ns": self.header.created_utc_ns,
            "end": format!("{:?}", self.end).to_lowercase(),
            "damage": self.damage,
            "left_out": self.left_out.iter().map(Missing::to_json).collect::<Vec<_>>(),
            "first_seq": self.seqs.map(|seqs| seqs.0),
            "last_seq": self.seqs.map(|seqs| seqs.1),
            "first_utc_ns": self.utc_ns.map(|utc| utc.0),
            "last_utc_ns": self.utc_ns.map(|utc| utc.1),
            "frames": self.frames,
            "bytes_per_frame": self.per_frame(self.file_bytes),
            "compressed_bytes": self.compressed_bytes,
            "compressed_bytes_per_frame": self.compressed_bytes.map(|bytes| self.per_frame(bytes)),
            "kinds": kinds,
            "markets": self.markets(),
        })
    }

    fn per_frame(&self, bytes: u64) -> f64 {
        bytes as f64 / self.frames.max(1) as f64
    }

    fn markets(&self) -> Vec<Value> {
        let rows = self.config.as_ref().map(Config::markets).unwrap_or_default();
        let row = |row: &hotpath::config::MarketConfig| {
            json!({
                "symbol": String::from_utf8_lossy(row.symbol.as_bytes()),
                "venue": name_of(row),
                "depth": row.depth,
                "price_precision": row.price_precision,
                "qty_precision": row.qty_precision,
                "price_increment_ticks": row.price_increment_ticks,
            })
        };
        rows.iter().map(row).collect()
    }

    /// For people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", self.path.display())?;
        writeln!(
            out,
            "  run        {:016x}, segment {}, format version {}",
            self.header.run_id, self.header.segment, self.header.version
        )?;
        let rows = self.config.as_ref().map(Config::markets).unwrap_or_default();
        for (name, row) in market_names(rows).iter().zip(rows) {
            writeln!(out, "  market     {name} at depth {}", row.depth)?;
        }
        let end = if self.end == End::Sealed { "closed".to_owned() } else { format!("not closed ({})", self.end) };
        let bytes = counted(self.file_bytes, "byte", "bytes");
        let damaged = counted(self.damage as u64, "damaged place", "damaged places");
        writeln!(out, "  size       {bytes}, {end}, {damaged}")?;
        if let Some(bytes) = self.compressed_bytes {
            let (on_disk, a_frame) = (grouped(bytes), self.per_frame(bytes));
            writeln!(out, "  compressed {on_disk} bytes on the disk, {a_frame:.1} a frame; below: decompressed")?;
        }
        for missing in &self.left_out {
            writeln!(out, "  recovered  {missing}")?;
        }
        let (first, last) = self.taken_ns;
        writeln!(out, "  span       {:.6} s", last.saturating_sub(first) as f64 / 1e9)?;
        writeln!(out, "  {:<12} {:>12} {:>14} {:>10}", "kind", "records", "bytes", "B/frame")?;
        for (kind, share) in &self.kinds {
            let a_frame = self.per_frame(share.bytes);
            let of_file = if is_of_file(*kind) { "  of the file, not of the run" } else { "" };
            writeln!(
                out,
                "  {:<12} {:>12} {:>14} {a_frame:>10.1}{of_file}",
                kind_name(*kind),
                grouped(share.records),
                grouped(share.bytes)
            )?;
        }
        Ok(())
    }
}

/// Whether a record is of the file's own structure, without a time or a place in the run.
const fn is_of_file(kind: Kind) -> bool {
    matches!(kind, Kind::INDEX | Kind::LEFT_OUT)
}
