//! The whole recording: believed, imported, replayed, from its middle too, and without memory being asked for.

use crate::case::Case;
use crate::counting::calls;
use crate::drive::{Driver, Step};
use crate::tape::Tape;
use fathom::import::{Imported, Recorded};
use fathom::memory::Memory;
use fathom::replay::replay;
use fathom::verify::verify;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::record::{Kind, Line};
use hotpath::venue::every::Every;

/// Counts lines.
struct Nowhere(u64);

impl Diary for Nowhere {
    type Error = Halt;

    fn append(&mut self, _: &Line, payload: &[u8]) -> Result<(), Halt> {
        self.0 += 1 + payload.len().div_ceil(size_of::<Line>()) as u64;
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        self.0 += lines.len() as u64;
        Ok(())
    }
}

/// Turns ask for no memory, whatever the messages are. The counter is shown to count.
pub fn allocates_nothing(case: &Case) {
    let mut memory = Memory::new();
    let core = memory.start(Every, &case.config).expect("a configuration");
    let mut driver = Driver { core, diary: Nowhere(0), now_ns: case.messages[0].recv_ns };
    driver.begin().expect("no halt");
    let steps = case.steps();
    let asked = calls(|| {
        for step in &steps {
            driver.take(step).expect("no halt");
        }
    });
    assert_eq!(asked, 0, "{}: memory was asked for", case.name);
    assert!(driver.diary.0 > steps.len() as u64);
    assert_eq!(calls(|| drop(std::hint::black_box(Box::new(asked)))), 1, "the counter does not count");
}

/// Messages as lines of a collector, imported: the journal replays and verifies. Returns what the import did.
pub fn assert_replays(case: &Case, messages: &[Recorded]) -> Imported {
    let mut lines = Vec::new();
    for message in messages {
        lines.extend(format!("{} ", message.recv_ns).bytes());
        lines.extend(&message.bytes);
        lines.push(b'\n');
    }
    let mut loaded = case.loaded.clone();
    loaded.config = case.config;
    let (folder, imported) = crate::support::imported_bytes(&lines, &loaded);
    let wanted = (messages.len() as u64, 0, None);
    assert_eq!((imported.frames, imported.refused, imported.halt), wanted, "{}", case.name);
    let again = folder.path().join("again");
    let reports = replay(&imported.segments, Some(&again), None).expect("a replay");
    assert!(reports.iter().all(|report| report.is_match() && report.is_whole()), "{}", case.name);
    for segment in &imported.segments {
        let verified = verify(segment).expect("a journal");
        assert!(verified.is_ok(), "{}: {verified:?}", case.name);
    }
    imported
}

/// The whole recording replays and verifies. The same run from a checkpoint in its middle gives the same records.
pub fn replays(case: &Case) {
    assert!(assert_replays(case, &case.messages).markets[0].is_trusted, "{}", case.name);

    let mut memory = Memory::new();
    let core = memory.start(Every, &case.config).expect("a configuration");
    let mut driver = Driver { core, diary: Tape::default(), now_ns: case.messages[0].recv_ns };
    driver.begin().expect("no halt");
    case.steps().iter().for_each(|step: &Step<'_>| driver.take(step).expect("no halt"));
    let tape = driver.diary;
    let states: Vec<_> = tape.states().collect();
    assert!(states.len() > 2, "{}: no checkpoint in the middle", case.name);
    for place in [states[1], states[states.len() / 2]] {
        let again = tape.again(place).expect("no halt");
        assert!(again.lines == tape.lines[place..], "{}: resumed from line {place}", case.name);
    }
    let halts = tape.records().filter(|(_, head, _)| head.kind == Kind::HALT).count();
    assert_eq!(halts, 0);
}
