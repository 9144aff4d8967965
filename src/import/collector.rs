//! Lines `<receive_ns> <message>`, as collectors of Binance's combined streams write them.
//!
//! Receive times are UTC nanoseconds. A message that begins `{"lastUpdateId"` is the body of a depth snapshot that
//! the collector fetched: what comes over a combined stream begins `{"stream"`.

use super::item::{Fault, Item, Message, first_line, number};

/// How the body of a depth snapshot begins.
const SNAPSHOT: &[u8] = br#"{"lastUpdateId""#;

/// Whether a text is of this dialect, by its start.
pub(super) fn is_start(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && text.get(digits) == Some(&b' ')
}

/// Reads a line.
pub(super) fn read(text: &[u8]) -> Result<Item<'_>, Fault> {
    let line = first_line(text)?;
    let space = line.iter().position(|byte| *byte == b' ');
    let space = space.ok_or(Fault::at(0, "a line `<receive_ns> <message>`"))?;
    let recv_ns = number(&line[..space]).ok_or(Fault::at(0, "a receive time in whole nanoseconds"))?;
    let bytes = &line[space + 1..];
    if bytes.is_empty() {
        return Err(Fault::at(space + 1, "a message behind the receive time"));
    }
    let message = Message { recv_ns, is_fetched: bytes.starts_with(SNAPSHOT), bytes };
    Ok(Item { message: Some(message), length: line.len() + 1 })
}

#[cfg(test)]
mod tests {
    use super::super::recording::Recording;
    use proptest::prelude::*;

    #[test]
    fn a_broken_recording_names_the_byte() {
        let cases: [(&str, usize); 7] = [
            ("7 {}\n\n8 {}\n", 5),
            ("7 {}\n8\n", 5),
            ("7 {}\n8 \n", 7),
            ("7 {}\n+8 {}\n", 5),
            ("7 {}\n8.5: {}\n", 5),
            ("7 {}\n99999999999999999999 {}\n", 5),
            ("7 {}\n8 {}", 9),
        ];
        for (text, offset) in cases {
            let read: Vec<_> = Recording::read(text.as_bytes()).unwrap().collect();
            let [Ok(first), Err(broken)] = &read[..] else { panic!("{text}: {read:?}") };
            assert_eq!((first.recv_ns, &first.bytes[..]), (7, &b"{}"[..]));
            assert_eq!(broken.offset, offset, "{text}: {broken}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(messages in prop::collection::vec((any::<u64>(), any::<bool>(), "[ -~]{1,80}"), 1..20), cut in 0_usize..64) {
            let first = b"7 first\n";
            let (mut file, mut ends) = (first.to_vec(), vec![first.len()]);
            let mut wanted = vec![(7, false, b"first".to_vec())];
            for (recv_ns, is_fetched, text) in messages {
                let text = if is_fetched { format!(r#"{{"lastUpdateId":{text}"#) } else { format!(r#"{{"stream":{text}"#) };
                file.extend(format!("{recv_ns} {text}\n").bytes());
                ends.push(file.len());
                wanted.push((recv_ns, is_fetched, text.into_bytes()));
            }
            file.truncate(file.len() - cut.min(file.len() - first.len()));
            let whole = ends.iter().filter(|end| **end <= file.len()).count();
            let read = Recording::read(&file[..]).unwrap().map_while(Result::ok);
            let read: Vec<_> = read.map(|message| (message.recv_ns, message.is_fetched, message.bytes)).collect();
            prop_assert_eq!(&read[..], &wanted[..whole]);
        }
    }
}
