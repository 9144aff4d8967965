//! Gives up surplus segments: archives them, if there is a command for it, and removes them.

use crate::error::Result;
use crate::event::Event;
use crate::folder::remove;
use crate::retention::{Kept, Retention};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;

/// How long an archive command may run.
const ARCHIVE_NS_MAX: u64 = 600_000_000_000;

/// An archive command that runs.
#[derive(Debug)]
struct Archiving {
    kept: Kept,
    child: Child,
    /// When it is ended, nanoseconds.
    due_ns: u64,
}

/// Carries out what [`Retention`] says, one segment at a time, and never waits.
#[derive(Debug)]
pub(crate) struct Archivist {
    retention: Retention,
    events: Sender<Event>,
    archiving: Option<Archiving>,
    /// The last complaint about the archive command: the same one is not told again.
    complaint: Option<Event>,
    /// Whether segments may have become surplus.
    is_due: bool,
}

impl Archivist {
    /// At the start of a run, with the segments that are there and the clock's reading.
    pub fn new(mut retention: Retention, kept: &[Kept], start_utc_ns: u64, events: Sender<Event>) -> Self {
        let doubts = !retention.believes(kept, start_utc_ns);
        if doubts {
            retention.keep_ns = None;
        }
        let archivist = Self { retention, events, archiving: None, complaint: None, is_due: true };
        if doubts {
            archivist.tell(Event::AgesDoubted);
        }
        archivist
    }

    /// Segments may have become surplus.
    pub const fn wake(&mut self) {
        self.is_due = true;
    }

    /// Gives up at most one surplus segment, or starts its archive command. `kept` lists what there is.
    pub fn look(
        &mut self,
        now_ns: u64,
        utc_ns: u64,
        open_bytes: u64,
        kept: impl FnOnce() -> Result<Vec<Kept>>,
    ) -> Result<()> {
        if let Some(archiving) = self.archiving.take() {
            return self.look_at(archiving, now_ns);
        }
        if !std::mem::take(&mut self.is_due) {
            return Ok(());
        }
        let kept = kept()?;
        match self.retention.surplus(&kept, open_bytes, utc_ns) {
            None => Ok(()),
            Some(surplus) if self.retention.archive.is_empty() => self.discard(&surplus.clone()),
            Some(surplus) => {
                self.archive(surplus.clone(), now_ns);
                Ok(())
            }
        }
    }

    /// Ends a command that still runs.
    pub fn end(&mut self) {
        if let Some(archiving) = self.archiving.take() {
            self.kill(archiving, "the run ended before it did");
        }
    }

    fn archive(&mut self, kept: Kept, now_ns: u64) {
        let mut command = Command::new(&self.retention.archive[0]);
        command.args(&self.retention.archive[1..]).arg(&kept.path);
        // A pipe that it keeps open would hold up whoever reads from us.
        match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(child) => {
                let due_ns = now_ns.saturating_add(ARCHIVE_NS_MAX);
                self.archiving = Some(Archiving { kept, child, due_ns });
            }
            Err(error) => self.complain(kept, error.to_string()),
        }
    }

    fn look_at(&mut self, mut archiving: Archiving, now_ns: u64) -> Result<()> {
        match archiving.child.try_wait() {
            Ok(None) if now_ns < archiving.due_ns => self.archiving = Some(archiving),
            Ok(None) => self.kill(archiving, "it ran for ten minutes"),
            Ok(Some(status)) if status.success() => return self.discard(&archiving.kept),
            Ok(Some(status)) => self.complain(archiving.kept, status.to_string()),
            Err(error) => self.complain(archiving.kept, error.to_string()),
        }
        Ok(())
    }

    fn kill(&mut self, mut archiving: Archiving, why: &str) {
        // When it has just ended by itself there is nothing to kill; either way it is waited for.
        let _ = archiving.child.kill();
        let _ = archiving.child.wait();
        self.complain(archiving.kept, why.to_owned());
    }

    fn complain(&mut self, kept: Kept, why: String) {
        let event = Event::NotArchived { path: kept.path, why };
        if self.complaint.as_ref() != Some(&event) {
            self.complaint = Some(event.clone());
            self.tell(event);
        }
    }

    fn discard(&mut self, kept: &Kept) -> Result<()> {
        remove(&kept.path)?;
        self.is_due = true;
        self.tell(Event::Removed { path: kept.path.clone() });
        Ok(())
    }

    fn tell(&self, event: Event) {
        // Whoever does not listen need not hear.
        let _ = self.events.send(event);
    }
}
