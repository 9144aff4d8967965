//! A processor without the fast paths writes the same bytes.

mod support;

use fathom::memory::Memory;
use hotpath::config::Config;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Kind, Line, Link, head_of, link};
use hotpath::simd::Simd;
use hotpath::turn::records;
use hotpath::venue::Frame;
use hotpath::venue::every::Every;
use hotpath::websocket::TEXT;
use support::{config, frames, synthetic};

/// Keeps all that is written.
#[derive(Default)]
struct Kept(Vec<Line>);

impl Diary for Kept {
    type Error = Halt;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Halt> {
        self.0.push(*first);
        for piece in payload.chunks(64) {
            let mut line = Line::ZERO;
            line.0[..piece.len()].copy_from_slice(piece);
            self.0.push(line);
        }
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        self.0.extend_from_slice(lines);
        Ok(())
    }
}

/// What an engine with these fast paths writes of a session.
fn written(config: &Config, frames: &[(u64, Vec<u8>)], simd: Simd) -> Vec<Line> {
    let mut memory = Memory::new();
    memory.engine_mut().use_simd(simd);
    let mut core = memory.start(Every, config).expect("a configuration");
    let mut diary = Kept::default();
    let start_ns = frames[0].0;
    core.open(start_ns, &mut diary).expect("an opening");
    let up = Link { up: 1, cause: link::CONNECTED, close_code: 0, spare: 0, recv_ns: start_ns, spare_tail: 0 };
    core.turn(start_ns, &Input::Link(0, up), &mut diary).expect("no halt");
    for (recv_ns, bytes) in frames {
        let frame = Frame::received(0, TEXT, bytes);
        let input = Input::Frame { frame, recv_ns: *recv_ns, kernel_utc_ns: 0, end_of_read: true };
        core.turn(*recv_ns, &input, &mut diary).expect("no halt");
    }
    diary.0
}

#[test]
fn both_write_the_same_session() {
    let simd = Simd::detect();
    if !simd.is_any() {
        println!("skipped: the processor has no fast paths");
        return;
    }
    for (seed, sets) in [(5, vec![]), (6, vec!["venue.depth=100"]), (7, vec!["venue.depth=1000"])] {
        let loaded = config("kraken-btc-eur.toml", &sets);
        let mut frames = frames(&synthetic(seed, 3_000, &loaded));
        // One frame in seven is spelled otherwise, one in nineteen is broken: every path meets every state.
        for (_, bytes) in frames.iter_mut().step_by(7) {
            bytes.push(b' ');
        }
        for (_, bytes) in frames.iter_mut().step_by(19) {
            bytes.pop();
        }
        let (fast, plain) = (written(&loaded.config, &frames, simd), written(&loaded.config, &frames, Simd::NONE));
        assert!(fast == plain, "seed {seed}: the lines differ from number {:?} on", first_apart(&fast, &plain));
        let kinds: Vec<_> = records(&fast).filter_map(head_of).map(|head| head.kind).collect();
        for kind in [Kind::FEATURES, Kind::QUOTE, Kind::GAP_OPEN, Kind::REFUSED] {
            assert!(kinds.contains(&kind), "seed {seed}: no {kind:?}");
        }
    }
}

fn first_apart(fast: &[Line], plain: &[Line]) -> Option<usize> {
    fast.iter().zip(plain).position(|(fast, plain)| fast != plain)
}
