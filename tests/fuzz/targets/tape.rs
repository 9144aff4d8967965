//! A diary in memory, and the engine that reads it again.

use fathom::memory::Memory;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Checkpoint, Frame as FrameBody, Head, Kind, Line, body_of, flag, head_of, payload_of};
use hotpath::turn::{Core, records};
use hotpath::venue::every::Every;

/// Records one after another, as a segment holds them.
#[derive(Default)]
pub struct Tape {
    /// Their lines.
    pub lines: Vec<Line>,
}

impl Diary for Tape {
    type Error = Halt;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Halt> {
        self.lines.push(*first);
        for chunk in payload.chunks(size_of::<Line>()) {
            let mut line = Line::ZERO;
            line.0[..chunk.len()].copy_from_slice(chunk);
            self.lines.push(line);
        }
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        self.lines.extend_from_slice(lines);
        Ok(())
    }
}

impl Tape {
    /// The records, each with its first line's place.
    pub fn records(&self) -> impl Iterator<Item = (usize, Head, &[u8])> {
        let mut at = 0;
        records(&self.lines).map(move |record| {
            let place = at;
            at += record.len() / size_of::<Line>();
            (place, head_of(record).expect("a whole record"), record)
        })
    }

    /// Places where a state begins from which the rest can be made again.
    pub fn states(&self) -> impl Iterator<Item = usize> {
        let begins = |record: &[u8]| body_of::<Checkpoint>(record).is_some_and(|body| body.state_offset == 0);
        let states = self.records().filter(move |(_, head, record)| begins(record) && !head.has(flag::TWIN));
        states.map(|(place, ..)| place)
    }

    /// The state of the checkpoint at a place.
    pub fn state_at(&self, place: usize) -> Vec<u8> {
        let mut state = Vec::new();
        for record in records(&self.lines[place..]) {
            state.extend_from_slice(payload_of(record).expect("a checkpoint"));
            if !head_of(record).is_some_and(|head| head.has(flag::CONTINUES)) {
                break;
            }
        }
        state
    }

    /// What an engine makes of the state at `place` and of the inputs behind it.
    pub fn again(&self, place: usize) -> Result<Self, Halt> {
        let mut memory = Memory::new();
        let mut core = memory.resume(Every, &self.state_at(place))?;
        let mut tape = Self::default();
        let head = head_of(&self.lines[place].0).expect("a whole record");
        if head.has(flag::OPENING) {
            core.open(head.taken_ns, &mut tape)?
        } else {
            core.stand(&mut tape)?
        }
        let mut frame = Vec::new();
        for record in records(&self.lines[place..]) {
            take(&mut core, record, &mut frame, &mut tape)?;
        }
        Ok(tape)
    }
}

/// Feeds a record that is an input; a frame once all its parts are there.
fn take(core: &mut Core<'_, Every>, record: &[u8], frame: &mut Vec<u8>, tape: &mut Tape) -> Result<(), Halt> {
    let head = head_of(record).expect("a whole record");
    if let Some(input) = Input::plain(&head, record) {
        return core.turn(head.taken_ns, &input, tape);
    }
    if head.kind != Kind::FRAME {
        return Ok(());
    }
    frame.extend_from_slice(payload_of(record).expect("a frame"));
    if head.has(flag::CONTINUES) {
        return Ok(());
    }
    let body: FrameBody = body_of(record).expect("a body of its kind");
    let whole = std::mem::take(frame);
    core.turn(head.taken_ns, &Input::framed(&head, &body, &whole), tape)
}
