//! What both gates stand on: the files are whole, a second implementation agrees, replay gives the same bytes.

use super::lost::Lost;
use super::{Check, Given};
use crate::cli::{counted, grouped, progress};
use crate::replay::report::SegmentReport;
use crate::replay::{digest, replay};
use crate::verify::{Verified, missing_between, verify};
use anyhow::Result;
use journal::End;

/// Verification and replay of all files.
pub(super) struct Proof {
    verified: Vec<Verified>,
    replayed: Vec<SegmentReport>,
    lost: Lost,
}

impl Proof {
    /// Verifies and replays.
    ///
    /// # Errors
    /// When a file does not open as a journal.
    pub(super) fn of(given: &Given) -> Result<Self> {
        let mut verified = Vec::new();
        for path in &given.files {
            progress(&format!("verifying {}", path.display()));
            verified.push(verify(path)?);
        }
        progress("replaying");
        let replayed = replay(&given.files, None, None)?;
        let lost = Lost::of(given, &verified)?;
        progress("");
        Ok(Self { verified, replayed, lost })
    }

    /// Whether bytes or records are damaged, missing or left out.
    pub(super) fn whole(&self) -> Check {
        let damaged: u64 = self.verified.iter().map(|file| file.damaged_at.len() as u64).sum();
        let left_out: u64 = self.verified.iter().map(|file| file.scan.left_out.len() as u64).sum();
        let missing = missing_between(&self.verified);
        let records: u64 = self.verified.iter().map(|file| file.scan.records()).sum();
        let open = self.verified.iter().filter(|file| !matches!(file.scan.end, End::Sealed)).count();
        let open =
            if open == 0 { String::new() } else { format!("; {} not closed", counted(open as u64, "file", "files")) };
        let found = format!(
            "{} in {}; {}, {left_out} left out, {} missing between, {}{open}",
            counted(records, "record", "records"),
            counted(self.verified.len() as u64, "file", "files"),
            counted(damaged, "damaged place", "damaged places"),
            counted(missing, "record", "records"),
            self.lost.told(),
        );
        let holds = records > 0 && damaged + left_out + missing + self.lost.count() == 0;
        Check::new("files", "every record there and whole", found, holds)
    }

    /// Whether the second implementation finds what is recorded.
    pub(super) fn verified(&self) -> Check {
        let sum = |count: fn(&Verified) -> u64| self.verified.iter().map(count).sum::<u64>();
        let disagreements = sum(|file| file.disagreements.len() as u64);
        let (ok, bad) = (
            sum(|file| file.counts.checksums_ok + file.counts.touches_ok),
            sum(|file| file.counts.checksums_bad + file.counts.touches_bad),
        );
        let recorded = match disagreements {
            0 => "all as recorded".to_owned(),
            count => format!("{count} not as recorded"),
        };
        let found = format!("{} proofs of the exchange hold, {} do not; {recorded}", grouped(ok), grouped(bad));
        Check::new("books", "every book as a second implementation finds it", found, disagreements == 0 && ok > 0)
    }

    /// Whether the engine makes the same records of the same frames again.
    pub(super) fn replayed(&self) -> Check {
        let is_match = self.replayed.iter().all(|report| report.is_match() && report.is_whole());
        let frames: u64 = self.replayed.iter().flat_map(|report| &report.outcomes).map(|outcome| outcome.frames).sum();
        let (verdict, digest) = (if is_match { "MATCH" } else { "no match" }, digest(&self.replayed));
        let found = match frames {
            0 => "no message was recorded".to_owned(),
            _ => format!("{verdict} over {} frames, digest {digest}", grouped(frames)),
        };
        Check::new("decode", "every frame gives the same records again", found, is_match && frames > 0)
    }
}
