//! Framing against what was framed, and the rules that RFC 6455 sets.

use super::{
    BINARY, CLOSE, Frames, INBOX_BYTES, PING, PONG, READ_BYTES_MAX, TEXT, Violation, close_code, encode, header,
};
use crate::record::FRAME_BYTES_MAX;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// A server's frame.
fn frame(is_last: bool, opcode: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::from(is_last) << 7 | opcode as u8];
    match payload.len() {
        short @ 0..126 => bytes.push(short as u8),
        middle @ 126..65_536 => {
            bytes.push(126);
            bytes.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// All messages of a stream that comes in pieces of the sizes given, over and over.
fn read(stream: &[u8], pieces: &[usize]) -> Result<Vec<(u16, Vec<u8>)>, Violation> {
    let mut memory = vec![0; INBOX_BYTES];
    let mut frames = Frames::new(&mut memory[..]);
    let mut messages = Vec::new();
    let mut rest = stream;
    let mut sizes = pieces.iter().cycle();
    while !rest.is_empty() {
        let vacant = frames.vacant();
        assert!(vacant.len() >= READ_BYTES_MAX, "a read always fits");
        let count = sizes.next().copied().unwrap_or(1).clamp(1, rest.len().min(READ_BYTES_MAX));
        vacant[..count].copy_from_slice(&rest[..count]);
        frames.filled(count);
        rest = &rest[count..];
        let mut is_foretold = frames.has_next();
        while let Some(message) = frames.next()? {
            assert!(is_foretold || message.opcode >= CLOSE, "a message that was not foretold");
            messages.push((message.opcode, frames.bytes(&message).to_vec()));
            if message.opcode < CLOSE {
                is_foretold = frames.has_next();
            }
        }
        assert!(!is_foretold, "a message was foretold that did not come");
    }
    Ok(messages)
}

/// A message in parts, with control frames between them.
#[derive(Clone, Debug)]
struct Sent {
    opcode: u16,
    parts: Vec<Vec<u8>>,
    control: Option<(u16, Vec<u8>)>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    let part = prop_oneof![8 => bytes(40), 2 => bytes(300), 1 => bytes(70_000)];
    let control = (prop_oneof![Just(PING), Just(PONG)], bytes(126));
    (prop_oneof![Just(TEXT), Just(BINARY)], prop::collection::vec(part, 1..4), prop::option::of(control))
        .prop_map(|(opcode, parts, control)| Sent { opcode, parts, control })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_was_framed_is_found_however_it_comes(
        all in prop::collection::vec(sent(), 1..12),
        pieces in prop::collection::vec(1_usize..3_000, 1..8),
    ) {
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for Sent { opcode, parts, control } in &all {
            for (place, part) in parts.iter().enumerate() {
                let opcode = if place == 0 { *opcode } else { 0 };
                stream.extend(frame(place + 1 == parts.len(), opcode, part));
                if let Some((opcode, payload)) = control.as_ref().filter(|_| place + 1 < parts.len()) {
                    stream.extend(frame(true, *opcode, payload));
                    expected.push((*opcode, payload.clone()));
                }
            }
            expected.push((*opcode, parts.concat()));
        }
        prop_assert_eq!(read(&stream, &pieces), Ok(expected));
    }

    #[test]
    fn no_bytes_make_it_panic(stream in prop::collection::vec(any::<u8>(), 0..400), piece in 1_usize..50) {
        let _ = read(&stream, &[piece]);
    }

    #[test]
    fn a_clients_frame_is_masked_and_whole(payload in prop::collection::vec(any::<u8>(), 0..70_000), mask in any::<[u8; 4]>()) {
        let mut out = vec![0; payload.len() + 14];
        let length = encode(TEXT, &payload, mask, &mut out).expect("it fits");
        let plain = frame(true, TEXT, &payload);
        let header_bytes = plain.len() - payload.len();
        prop_assert_eq!(length, plain.len() + 4);
        prop_assert_eq!(out[1], plain[1] | 0x80);
        out[1] &= 0x7f;
        prop_assert_eq!(&out[..header_bytes], &plain[..header_bytes]);
        prop_assert_eq!(&out[header_bytes..header_bytes + 4], &mask);
        let unmasked: Vec<u8> =
            out[header_bytes + 4..length].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        prop_assert_eq!(unmasked, payload);
        prop_assert_eq!(encode(TEXT, &plain, mask, &mut out[..3]), None);
    }
}

#[test]
fn what_breaks_a_rule_ends_the_connection() {
    let rules: [(&str, Vec<u8>, Violation); 12] = [
        ("a reserved bit", vec![0xc1, 0], Violation::Protocol),
        ("an unknown opcode", vec![0x83, 0], Violation::Protocol),
        ("an unknown control opcode", vec![0x8b, 0], Violation::Protocol),
        ("a mask", vec![0x81, 0x80, 0, 0, 0, 0], Violation::Protocol),
        ("a control frame in parts", vec![0x09, 0], Violation::Protocol),
        ("a long control frame", vec![0x89, 126, 0, 126], Violation::Protocol),
        ("a part without a beginning", vec![0x80, 0], Violation::Protocol),
        (
            "a beginning within a message",
            [frame(false, TEXT, b"a"), frame(true, TEXT, b"b")].concat(),
            Violation::Protocol,
        ),
        ("a length that is not the shortest", vec![0x81, 126, 0, 125], Violation::Protocol),
        ("a length that is not the shortest", vec![0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Violation::Protocol),
        ("a long message", vec![0x81, 127, 0, 0, 0, 0, 0, 0x40, 0, 1], Violation::Oversized),
        ("the longest length", vec![0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Violation::Oversized),
    ];
    for (rule, stream, violation) in rules {
        for piece in [1, stream.len()] {
            assert_eq!(read(&stream, &[piece]), Err(violation), "{rule}");
        }
    }
}

#[test]
fn the_longest_message_fits_whole_and_in_parts() {
    let payload = vec![7; FRAME_BYTES_MAX];
    let whole = read(&frame(true, BINARY, &payload), &[60_000]).expect("it fits");
    assert_eq!(whole, [(BINARY, payload.clone())]);
    let (first, second) = payload.split_at(FRAME_BYTES_MAX / 2 + 5);
    let parts = [frame(false, BINARY, first), frame(true, PING, b"?"), frame(true, 0, second)].concat();
    assert_eq!(read(&parts, &[READ_BYTES_MAX]).expect("it fits")[1].1, payload);
    let too_long = [frame(false, BINARY, first), frame(true, 0, &[second, &[0]].concat())].concat();
    assert_eq!(read(&too_long, &[READ_BYTES_MAX]), Err(Violation::Oversized));
}

#[test]
fn what_remains_of_a_broken_connection_is_there() {
    let mut memory = vec![0; INBOX_BYTES];
    let mut frames = Frames::new(&mut memory[..]);
    let stream = [frame(false, TEXT, b"begun"), vec![0x83, 0x02, 1, 2]].concat();
    frames.vacant()[..stream.len()].copy_from_slice(&stream);
    frames.filled(stream.len());
    assert_eq!(frames.next(), Err(Violation::Protocol));
    assert_eq!(frames.remains(), [&b"begun"[..], &[0x83, 0x02, 1, 2]]);
}

/// A read that ended with a ping once left the message before it without the end of the read, and the engine
/// without a decision.
#[test]
fn control_frames_do_not_count_as_what_comes_next() {
    let foretold = |stream: &[u8]| {
        let mut memory = vec![0; INBOX_BYTES];
        let mut frames = Frames::new(&mut memory[..]);
        frames.vacant()[..stream.len()].copy_from_slice(stream);
        frames.filled(stream.len());
        frames.has_next()
    };
    let (text, ping, close) = (frame(true, TEXT, b"text"), frame(true, PING, b""), frame(true, CLOSE, b""));
    assert!(!foretold(&ping));
    assert!(foretold(&[ping.clone(), text.clone()].concat()));
    assert!(!foretold(&[close, text.clone()].concat()));
    assert!(!foretold(&[ping, text[..4].to_vec()].concat()));
    assert!(!foretold(&frame(false, TEXT, b"part")));
    assert!(foretold(&[frame(false, TEXT, b"part"), frame(true, 0, b"part")].concat()));
}

#[test]
fn closes_have_codes() {
    assert_eq!(close_code(&[]), Ok(1005));
    assert_eq!(close_code(&[3, 0xe8, b'x']), Ok(1000));
    for wrong in [&[3][..], &1005_u16.to_be_bytes(), &1006_u16.to_be_bytes(), &999_u16.to_be_bytes(), &[0xff, 0xff]] {
        assert_eq!(close_code(wrong), Err(Violation::Protocol), "{wrong:?}");
    }
}

#[test]
fn a_header_that_is_cut_is_awaited() {
    let whole = frame(true, CLOSE, &[]);
    assert_eq!(header(&whole[..1]), Ok(None));
    let long = frame(true, TEXT, &[0; 70_000]);
    for cut in 2..10 {
        assert_eq!(header(&long[..cut]), Ok(None), "{cut}");
    }
}
