//! `journal cat --follow`: the records of a run that grows, as they are committed.

use super::Ended;
use super::printer::Printer;
use anyhow::{Result, bail};
use hotpath::record::Head;
use journal::{FolderFollower, FolderPoll, Header};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an idle follower waits before it looks again.
const IDLE: Duration = Duration::from_millis(20);

/// What the last look came to.
enum Look {
    Begun(Header),
    Printed(Head),
    Idle,
    End(Ended),
}

/// Prints what is there and what comes, until the run is closed, its writer is gone, or the limit is
/// reached.
pub(super) fn run(files: &[PathBuf], mut printer: Printer) -> Result<Ended> {
    let [path] = files else { bail!("--follow goes through one folder, or from one file on: name one") };
    let mut follower = FolderFollower::open(path)?;
    let mut joint = Joint::default();
    while !printer.is_done() {
        match look(&mut follower, &mut printer)? {
            Look::Begun(header) => joint.begun(&header, follower.path()),
            Look::Printed(head) => joint.next_seq = head.seq.saturating_add(1),
            Look::Idle => {
                printer.flush()?;
                std::thread::sleep(IDLE);
            }
            Look::End(ended) => {
                printer.flush()?;
                tell_end(ended, &follower);
                return Ok(joint.ended(ended));
            }
        }
    }
    printer.flush()?;
    Ok(joint.ended(Ended::Ok))
}

fn look(follower: &mut FolderFollower, printer: &mut Printer) -> Result<Look> {
    Ok(match follower.poll()? {
        FolderPoll::Begun(header) => {
            printer.enter(header);
            Look::Begun(*header)
        }
        FolderPoll::Record(record) => {
            printer.print(&record)?;
            if printer.ends_with(&record.head) { Look::End(Ended::Ok) } else { Look::Printed(record.head) }
        }
        FolderPoll::Pending => Look::Idle,
        FolderPoll::Closed => Look::End(Ended::Ok),
        FolderPoll::Abandoned => Look::End(Ended::Failed),
    })
}

fn tell_end(ended: Ended, follower: &FolderFollower) {
    if ended == Ended::Failed {
        let (path, offset) = (follower.path().display(), follower.offset());
        eprintln!("journal: {path}: the writer stopped without closing it, at byte {offset}: recover it");
    }
}

/// How segments join.
#[derive(Default)]
struct Joint {
    run_id: Option<u64>,
    next_seq: u64,
    is_broken: bool,
}

impl Joint {
    fn begun(&mut self, header: &Header, path: &Path) {
        let before = self.run_id.replace(header.run_id);
        let path = path.display();
        if before.is_some_and(|before| before != header.run_id) {
            eprintln!("journal: {path}: another run begins here, {:016x}", header.run_id);
        } else if before.is_some() && header.first_seq != self.next_seq {
            let (next, first) = (self.next_seq, header.first_seq);
            eprintln!("journal: {path}: begins with seq {first} where {next} is next: a segment before it is missing");
            self.is_broken = true;
        }
        self.next_seq = header.first_seq;
    }

    fn ended(&self, ended: Ended) -> Ended {
        if self.is_broken { Ended::Failed } else { ended }
    }
}
