//! Lines `<unix seconds>: <message>`, as cryptofeed writes raw data.
//!
//! The seconds are decimal with up to nine places, and are read exactly. A line that does not begin with a number
//! and `: ` behind it tells of the recording itself: `configuration: ...`, `wss://... <-> ...` a connection,
//! `wss://... <- ...` what was sent. Such lines are passed over.

use super::item::{Fault, Item, Message, first_line, number};

const NS_PER_SECOND: u64 = 1_000_000_000;
/// Digits of a nanosecond behind the point.
const PLACES: usize = 9;
/// How the lines begin that a recording can start with, but for those with a time.
const STARTS: [&[u8]; 3] = [b"configuration: ", b"wss://", b"ws://"];

/// Whether a text is of this dialect, by its start.
pub(super) fn is_start(text: &[u8]) -> bool {
    split_time(text).is_some() || STARTS.iter().any(|start| text.starts_with(start))
}

/// Reads a line.
pub(super) fn read(text: &[u8]) -> Result<Item<'_>, Fault> {
    let line = first_line(text)?;
    let length = line.len() + 1;
    let Some((seconds, bytes)) = split_time(line) else { return Ok(Item { message: None, length }) };
    let expected = "seconds with at most nine decimals, less than 2^64 nanoseconds";
    let recv_ns = nanoseconds(seconds).ok_or(Fault::at(0, expected))?;
    if bytes.is_empty() {
        return Err(Fault::at(line.len(), "a message behind the receive time"));
    }
    Ok(Item { message: Some(Message { recv_ns, is_fetched: false, bytes }), length })
}

/// The number that a line begins with, and what stands behind it and `: `.
fn split_time(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = line.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let (time, rest) = line.split_at(length);
    if !time.first()?.is_ascii_digit() {
        return None;
    }
    Some((time, rest.strip_prefix(b": ")?))
}

/// `<seconds>` or `<seconds>.<decimals>`.
fn nanoseconds(text: &[u8]) -> Option<u64> {
    let point = text.iter().position(|byte| *byte == b'.');
    let (seconds, decimals) = point.map_or((text, None), |point| (&text[..point], Some(&text[point + 1..])));
    let decimals_ns = match decimals {
        None => 0,
        Some(decimals) if decimals.len() <= PLACES => {
            number(decimals)? * 10_u64.pow(u32::try_from(PLACES - decimals.len()).ok()?)
        }
        Some(_) => return None,
    };
    number(seconds)?.checked_mul(NS_PER_SECOND)?.checked_add(decimals_ns)
}

#[cfg(test)]
mod tests {
    use super::super::recording::Recording;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_exact() {
        let cases = [
            ("0", Some(0)),
            ("1617666422", Some(1_617_666_422_000_000_000)),
            ("1617666422.1", Some(1_617_666_422_100_000_000)),
            ("1617666422.6348429", Some(1_617_666_422_634_842_900)),
            ("1617666422.000000001", Some(1_617_666_422_000_000_001)),
            ("18446744073.709551615", Some(u64::MAX)),
            ("18446744073.709551616", None),
            ("99999999999999999999", None),
            ("1.0000000000", None),
            ("1.", None),
            ("1.2.3", None),
        ];
        for (text, ns) in cases {
            assert_eq!(nanoseconds(text.as_bytes()), ns, "{text}");
        }
    }

    #[test]
    fn what_tells_of_the_recording_is_passed_over() {
        let text = "configuration: {\"book\":[\"BTC-USD\"]}\nwss://ws.kraken.com <-> 1617666422.65\n\
            wss://ws.kraken.com <- 1617666423.12: {\"event\":\"subscribe\"}\n\n-1: {}\n1617666423: \u{7b}\u{7d}\n5 {}\n.5: {}\n";
        let read: Vec<_> = Recording::read(text.as_bytes()).unwrap().map(Result::unwrap).collect();
        assert_eq!(read.len(), 1);
        assert_eq!(
            (read[0].recv_ns, &read[0].bytes[..], read[0].is_fetched),
            (1_617_666_423_000_000_000, &b"{}"[..], false)
        );
    }

    #[test]
    fn a_broken_recording_names_the_byte() {
        let cases: [(&str, usize); 5] = [
            ("7: {}\n8.: {}\n", 6),
            ("7: {}\n8.1234567890: {}\n", 6),
            ("7: {}\n8: \n", 9),
            ("7: {}\n18446744074: {}\n", 6),
            ("7: {}\n8: {}", 11),
        ];
        for (text, offset) in cases {
            let read: Vec<_> = Recording::read(text.as_bytes()).unwrap().collect();
            let [Ok(first), Err(broken)] = &read[..] else { panic!("{text}: {read:?}") };
            assert_eq!((first.recv_ns, &first.bytes[..]), (7_000_000_000, &b"{}"[..]));
            assert_eq!(broken.offset, offset, "{text}: {broken}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(messages in prop::collection::vec((any::<u64>(), "[ -~]{1,80}", 0_usize..3), 1..20), cut in 0_usize..64) {
            let first = b"configuration: {}\n";
            let (mut file, mut wanted) = (first.to_vec(), Vec::new());
            for (recv_ns, text, notes) in messages {
                file.extend("wss://ws.kraken.com <-> 7.5: {}\n".repeat(notes).bytes());
                let time = format!("{}.{:09}", recv_ns / NS_PER_SECOND, recv_ns % NS_PER_SECOND);
                // Trailing zeros may be left out; one place stays, as Python prints it.
                let short = time.trim_end_matches('0');
                let time = if short.ends_with('.') { format!("{short}0") } else { short.to_owned() };
                file.extend(format!("{time}: {text}\n").bytes());
                wanted.push((file.len(), recv_ns, text.into_bytes()));
            }
            file.truncate(file.len() - cut.min(file.len() - first.len()));
            wanted.retain(|(end, ..)| *end <= file.len());
            let wanted: Vec<_> = wanted.into_iter().map(|(_, recv_ns, bytes)| (recv_ns, bytes)).collect();
            let read = Recording::read(&file[..]).unwrap().map_while(Result::ok);
            let read: Vec<_> = read.map(|message| (message.recv_ns, message.bytes)).collect();
            prop_assert_eq!(read, wanted);
        }
    }
}
