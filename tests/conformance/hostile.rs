//! What an exchange should not send, and what nobody should.

use crate::case::Case;
use crate::drive::Step;
use crate::market::Chance;
use fathom::import::Recorded;
use hotpath::record::{FRAME_BYTES_MAX, Kind};
use hotpath::trust::Cause as Loss;
use hotpath::venue::Cause;

/// A message of the book, with one more decimal than the configuration has.
pub fn precise(case: &Case) {
    for at in case.updates() {
        // Without levels there is nothing to be more precise.
        let Some(bytes) = with_a_decimal(&case.messages[at].bytes) else { continue };
        let message = Recorded { bytes, ..case.messages[at].clone() };
        let healed_at = case.book_behind(at, 3);
        let snapshot = case.snapshot_at(healed_at);
        let mut steps = case.told();
        steps.insert(healed_at + 1, (None, Step::Message(&snapshot)));
        steps[at].1 = Step::Message(&message);
        let outcome = case.check("one more decimal", &steps);
        assert_eq!(outcome.told.refused, [Cause::Precision as u16], "{}: {at}", case.name);
        assert!(!outcome.views[at].is_trusted && !outcome.views[at].is_book, "{}: {at}", case.name);
        assert!(outcome.told.gaps.contains(&(Loss::Refused as u16)), "{}: {at}: {:?}", case.name, outcome.told.gaps);
        assert!(case.is_believed(&outcome, healed_at + 1), "{}: {at}: not believed again", case.name);
    }
}

/// Puts a digit behind the decimals of the first number that has some.
fn with_a_decimal(bytes: &[u8]) -> Option<Vec<u8>> {
    let point = bytes
        .windows(3)
        .position(|three| three[0].is_ascii_digit() && three[1] == b'.' && three[2].is_ascii_digit())?
        + 1;
    let decimals = bytes[point + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut more = bytes.to_vec();
    more.insert(point + 1 + decimals, b'1');
    Some(more)
}

/// Frames that are no messages stand between the messages: none halts the engine, each is counted and kept, and between two of
/// them the book is found again.
pub fn poisoned(case: &Case) {
    let mut chance = Chance::new(case.messages.len() as u64);
    let huge = vec![b'['; FRAME_BYTES_MAX];
    let places = case.updates();
    let healed: Vec<_> =
        places.iter().map(|at| (case.book_behind(*at, 2), case.snapshot_at(case.book_behind(*at, 2)))).collect();
    let frames: Vec<_> = places.iter().map(|at| poison(&case.messages[*at].bytes, &mut chance)).collect();
    let mut steps = Vec::new();
    let mut bad = 0;
    for (at, told) in case.told().into_iter().enumerate() {
        steps.push(told);
        if let Some(number) = places.iter().position(|place| *place == at) {
            let poison = frames[number].iter().map(|(opcode, bytes)| (None, Step::Bytes(*opcode, bytes)));
            bad += frames[number].len();
            steps.extend(poison);
        }
        if let Some((_, snapshot)) = healed.iter().find(|(place, _)| *place == at) {
            steps.push((None, Step::Message(snapshot)));
        }
    }
    steps.push((None, Step::Bytes(1, &huge)));
    let outcome = case.check("poison", &steps);
    let frames_told = outcome.told.kinds[&Kind::FRAME];
    let huge_parts = FRAME_BYTES_MAX.div_ceil(hotpath::record::PAYLOAD_BYTES_MAX);
    let long = |message: &&Recorded| message.bytes.len() > hotpath::record::PAYLOAD_BYTES_MAX;
    if !case.messages.iter().chain(healed.iter().map(|(_, snapshot)| snapshot)).any(|message| long(&message)) {
        assert_eq!(frames_told, steps.len() - 1 + huge_parts, "{}: a frame is not in the diary", case.name);
    }
    assert!(outcome.told.refused.len() > bad / 2, "{}: {} of {bad} refused", case.name, outcome.told.refused.len());
    assert!(!outcome.told.kinds.contains_key(&Kind::HALT));
    assert!(!outcome.views.last().expect("a step").is_trusted, "{}: believed behind a frame of brackets", case.name);
    let believed = outcome.views.iter().filter(|view| view.is_book && view.is_trusted).count();
    assert!(believed > places.len(), "{}: believed after {believed} messages", case.name);
}

/// Opcode and bytes of frames made of a message and of nothing.
fn poison(message: &[u8], chance: &mut Chance) -> Vec<(u16, Vec<u8>)> {
    let random = (0..chance.below(300)).map(|_| chance.next() as u8).collect();
    let cut = message[..chance.below(message.len() as u64) as usize].to_vec();
    let mut changed = message.to_vec();
    for _ in 0..=chance.below(3) {
        let at = chance.below(changed.len() as u64) as usize;
        changed[at] = chance.next() as u8;
    }
    let deep = [&b"{\"stream\":\"btcusdt@depth\",\"channel\":\"book\",\"data\":"[..], &b"[".repeat(10_000)].concat();
    let opcode = 3 + chance.below(5) as u16;
    vec![
        (1, random),
        (1, cut),
        (1, changed),
        (2, message.to_vec()),
        (opcode, message.to_vec()),
        (1, deep),
        (1, Vec::new()),
    ]
}
