//! The housekeeping thread: everything about the files that calls the system.
//!
//! [`Keeper::tick`] takes the time as an argument and does a bounded piece of work, so tests drive it
//! step by step beside the scribe.

use crate::archivist::Archivist;
use crate::draft::sync_folder;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::folder::{Folder, remove};
use crate::map::{Ground, page_bytes};
use crate::open::{Blank, undo_unless};
use crate::scribe::Finished;
use crate::segment::{Run, segment_path};
use crate::settings::LiveSettings;
use crate::status::Status;
use crate::tail::tail_path;
use crate::tail_file::TailFile;
use rtrb::{Consumer, Producer};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// Bytes kept prepared ahead of the commit cursor: at two million lines a second 64 ms.
const AHEAD_BYTES: usize = 8 * 1024 * 1024;
/// Bytes whose pages are made writable again on each tick, from the page that the scribe is in.
const REFRESH_BYTES: usize = 64 * 1024;
/// How often the disk is looked at.
const DISK_PERIOD_NS: u64 = 1_000_000_000;
/// How long after a refused growth it is tried again.
const GROW_AGAIN_NS: u64 = 100_000_000;
const MIB: u64 = 1024 * 1024;

/// What a tick came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Something was done that took time: look again at once.
    Busy,
    /// Nothing is due.
    Idle,
    /// The run is over and all its segments are sealed.
    Over,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Segments that were sealed.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Times that the disk was waited for.
    pub syncs: u64,
    /// Bytes of whole pages that went to the disk with them.
    pub synced_bytes: u64,
}

/// The ground of a segment that is prepared, written or waits to be sealed.
#[derive(Debug)]
struct Plot {
    number: u32,
    ground: Ground,
    tail: TailFile,
    /// Bytes from the start, a whole number of pages, that lie on the disk.
    synced: usize,
}

/// Creates, prepares, syncs, seals and gives up segments.
#[derive(Debug)]
pub struct Keeper {
    folder: Folder,
    settings: LiveSettings,
    capacity: usize,
    status: Arc<Status>,
    blanks: Producer<Blank>,
    finished: Consumer<Finished>,
    /// In the order of their numbers; the last may be one that was only prepared.
    plots: VecDeque<Plot>,
    /// Handed back by the scribe, not yet sealed; they belong to the first plots.
    returned: VecDeque<Finished>,
    /// The committed bytes of the page that the scribe is in.
    rest: Box<[u8]>,
    events: Sender<Event>,
    totals: Totals,
    sync_due_ns: u64,
    disk_due_ns: u64,
    grow_due_ns: u64,
    /// Why the file could not grow, while the scribe still has room.
    refused: Option<Error>,
    archivist: Archivist,
    /// What is said of the disk instead of asking, MiB.
    said_mib_free: Option<u64>,
}

/// The ends of the two rings of segments.
pub(crate) struct Rings {
    pub blanks: Producer<Blank>,
    pub finished: Consumer<Finished>,
}

impl Keeper {
    /// Takes care of a folder from the segment on that was prepared first.
    pub(crate) fn new(
        folder: Folder,
        settings: LiveSettings,
        first: (u32, Ground, TailFile),
        rings: Rings,
        status: Arc<Status>,
        events: Sender<Event>,
    ) -> Result<Self> {
        let (number, ground, tail) = first;
        let (kept, start_utc_ns) = (folder.kept(number)?, settings.run.created_utc_ns);
        let archivist = Archivist::new(settings.retention.clone(), &kept, start_utc_ns, events.clone());
        let capacity = crate::writer::checked_capacity(settings.capacity_bytes)?;
        let mut keeper = Self {
            folder,
            settings,
            capacity,
            status,
            blanks: rings.blanks,
            finished: rings.finished,
            plots: VecDeque::from([Plot { number, ground, tail, synced: 0 }]),
            returned: VecDeque::new(),
            rest: vec![0; page_bytes()].into_boxed_slice(),
            events,
            totals: Totals::default(),
            sync_due_ns: 0,
            disk_due_ns: 0,
            grow_due_ns: 0,
            refused: None,
            archivist,
            said_mib_free: None,
        };
        keeper.grow(0)?;
        keeper.prepare()?;
        keeper.look_at_disk(0)?;
        Ok(keeper)
    }

    /// Does what is due at `now_ns`, monotonic nanoseconds since the start.
    ///
    /// # Errors
    /// [`Error::Io`] when the disk refuses something that the promises rest on: the run must end. What is
    /// committed stays in the file.
    pub fn tick(&mut self, now_ns: u64) -> Result<Tick> {
        // First of all: what is seen here lies in segments that are known below.
        let committed = self.status.committed.observe();
        while let Ok(finished) = self.finished.pop() {
            self.returned.push_back(finished);
        }
        let mut is_busy = self.grow(now_ns)?;
        if let Some(finished) = self.returned.pop_front() {
            let is_last = finished.is_last;
            self.seal(finished, now_ns)?;
            if is_last {
                return self.end();
            }
            is_busy = true;
        }
        if self.finished.is_abandoned() && self.finished.is_empty() && self.returned.is_empty() {
            // The scribe failed: what it committed is put on the disk, and nothing is sealed.
            self.sync(self.status.committed.observe())?;
            return Ok(Tick::Over);
        }
        if self.plots.len() <= self.returned.len() + 1 {
            is_busy |= self.prepare_or_wait(now_ns)?;
        }
        self.refresh()?;
        if self.returned.is_empty() && now_ns >= self.sync_due_ns && committed > self.status.durable.observe() {
            self.sync_due_ns = now_ns.saturating_add(self.settings.sync_ns);
            self.sync(committed)?;
        }
        self.retain(now_ns)?;
        self.look_at_disk(now_ns)?;
        Ok(if is_busy { Tick::Busy } else { Tick::Idle })
    }

    pub(crate) fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// From the next look on the disk is said to have so much free, MiB, whatever it has: where a run must not depend on it.
    pub const fn say_disk_mib_free(&mut self, mib_free: u64) {
        self.said_mib_free = Some(mib_free);
        self.disk_due_ns = 0;
    }

    /// What was done so far.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The plot that the scribe is in.
    fn current(&mut self) -> Option<&mut Plot> {
        let index = self.returned.len();
        self.plots.get_mut(index)
    }

    /// Prepares one more window when the scribe comes near the frontier.
    fn grow(&mut self, now_ns: u64) -> Result<bool> {
        if now_ns < self.grow_due_ns {
            return self.fail_when_starved();
        }
        let Some(plot) = self.current() else { return Ok(false) };
        let ground = &mut plot.ground;
        let wanted = (ground.committed() + AHEAD_BYTES).min(ground.capacity());
        if ground.frontier() >= wanted {
            return Ok(false);
        }
        let grown = ground.grow_to(ground.frontier() + 1);
        self.note_growth(grown.map(|()| true), now_ns)
    }

    /// A disk that is full ends the run only when the scribe has used up what was prepared: until then the
    /// hot side sees no disk left, and can withdraw and close in order.
    fn note_growth(&mut self, grown: Result<bool>, now_ns: u64) -> Result<bool> {
        match grown {
            Ok(busy) => {
                self.refused = None;
                Ok(busy)
            }
            Err(error) => {
                self.grow_due_ns = now_ns.saturating_add(GROW_AGAIN_NS);
                self.status.disk_mib_free.publish(0);
                self.refused = Some(error);
                self.fail_when_starved()
            }
        }
    }

    fn fail_when_starved(&mut self) -> Result<bool> {
        if self.status.starved.observe() == 0 {
            return Ok(false);
        }
        match self.refused.take() {
            Some(error) => Err(error),
            None => Ok(false),
        }
    }

    fn prepare_or_wait(&mut self, now_ns: u64) -> Result<bool> {
        if now_ns < self.grow_due_ns {
            return self.fail_when_starved();
        }
        let prepared = self.prepare();
        self.note_growth(prepared.map(|()| true), now_ns)
    }

    /// Makes the next segment, so that the scribe can switch to it without waiting.
    fn prepare(&mut self) -> Result<()> {
        let Some(last) = self.plots.back() else { return Ok(()) };
        let used = || Error::NumbersUsed { path: self.folder.path().to_owned() };
        let number = last.number.checked_add(1).ok_or_else(used)?;
        let (ground, tail, blank) = prepare(&self.folder, number, self.capacity)?;
        let _ = self.blanks.push(blank);
        self.plots.push_back(Plot { number, ground, tail, synced: 0 });
        Ok(())
    }

    /// Makes the pages near the cursor, and those at the start of the next segment, writable again.
    fn refresh(&mut self) -> Result<()> {
        let index = self.returned.len();
        for plot in self.plots.iter().skip(index) {
            let at = plot.ground.committed();
            plot.ground.refresh(at, at + REFRESH_BYTES)?;
        }
        Ok(())
    }

    /// Puts everything up to `committed` on the disk: whole pages through the map, the rest through the
    /// tail file. Nothing that waits to be sealed is left then.
    fn sync(&mut self, committed: u64) -> Result<()> {
        let page = page_bytes();
        let index = self.returned.len();
        let Some(plot) = self.plots.get_mut(index) else { return Ok(()) };
        // After `committed`: so this is at least what it counts.
        let end = plot.ground.committed();
        let whole = end - end % page;
        if whole > plot.synced {
            self.totals.synced_bytes += plot.ground.sync(plot.synced, whole)? as u64;
            plot.synced = whole;
        }
        if end > whole {
            let run = Run { segment: plot.number, ..self.settings.run };
            let Plot { ground, tail, .. } = plot;
            let rest = &mut self.rest[..end - whole];
            ground.read(whole, rest);
            tail.write(&run, whole, rest, committed)?;
        }
        self.status.durable.publish(committed);
        self.totals.syncs += 1;
        Ok(())
    }

    fn seal(&mut self, finished: Finished, now_ns: u64) -> Result<()> {
        let Some(plot) = self.plots.pop_front() else { return Err(Error::Stopped) };
        let path = plot.ground.path().to_owned();
        let utc_ns = (self.settings.run.created_utc_ns != 0).then(|| self.settings.utc_ns(now_ns));
        let bytes = finished.segment.seal(plot.ground, finished.next_seq, utc_ns)?;
        plot.tail.remove()?;
        self.status.durable.publish(finished.next_seq);
        self.totals.segments += 1;
        self.totals.bytes += bytes as u64;
        self.archivist.wake();
        self.tell(Event::Sealed { path, bytes: bytes as u64 });
        Ok(())
    }

    /// Ends an archive command that still runs, and removes what was prepared and is not needed.
    fn end(&mut self) -> Result<Tick> {
        self.archivist.end();
        for plot in std::mem::take(&mut self.plots) {
            let path = plot.ground.path().to_owned();
            plot.tail.remove()?;
            remove(&path)?;
        }
        Ok(Tick::Over)
    }

    /// Has at most one surplus segment given up.
    fn retain(&mut self, now_ns: u64) -> Result<()> {
        let open_bytes = self.current().map_or(0, |plot| plot.ground.committed()) as u64;
        let Some(open) = self.plots.front().map(|plot| plot.number) else { return Ok(()) };
        let utc_ns = self.settings.utc_ns(now_ns);
        self.archivist.look(now_ns, utc_ns, open_bytes, || self.folder.kept(open))
    }

    /// Says how much disk is left: none when what must be given up first cannot be.
    fn look_at_disk(&mut self, now_ns: u64) -> Result<()> {
        if now_ns < self.disk_due_ns || self.refused.is_some() {
            return Ok(());
        }
        self.disk_due_ns = now_ns.saturating_add(DISK_PERIOD_NS);
        let Some(plot) = self.current() else { return Ok(()) };
        let (open, open_bytes, free_bytes) =
            (plot.number, plot.ground.committed() as u64, plot.ground.disk_bytes_free()?);
        let mut is_beyond = false;
        if let Some(keep_bytes) = self.settings.retention.keep_bytes {
            // Two segments of slack: one that is written, one that is being archived.
            let bound = keep_bytes.saturating_add(2 * self.capacity as u64);
            let kept = self.folder.kept(open)?;
            is_beyond = kept.iter().map(|kept| kept.bytes).fold(open_bytes, u64::saturating_add) > bound;
        }
        let mib_free = self.said_mib_free.unwrap_or(free_bytes / MIB);
        self.status.disk_mib_free.publish(if is_beyond { 0 } else { mib_free });
        Ok(())
    }

    fn tell(&self, event: Event) {
        // Whoever does not listen need not hear.
        let _ = self.events.send(event);
    }
}

/// Makes a segment file and its tail file, both on the disk with their names.
pub(crate) fn prepare(folder: &Folder, number: u32, capacity: usize) -> Result<(Ground, TailFile, Blank)> {
    let path = segment_path(folder.path(), number);
    let (ground, blank) = Blank::prepare(path.clone(), capacity)?;
    let tail = ground.sync_all().and_then(|()| TailFile::create(tail_path(&path), page_bytes()));
    let tail = undo_unless(tail, &path)?;
    sync_folder(&path)?;
    // Syncing has protected what was populated.
    ground.refresh(0, ground.frontier())?;
    Ok((ground, tail, blank))
}
