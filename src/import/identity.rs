//! Which recording a file is: by all of its text, and by the messages that it begins with.

use super::item::Recorded;
use super::recording::Recording;
use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

/// How many messages a beginning has, at most. No two recordings share so many with their receive times in nanoseconds.
const MESSAGES_MAX: usize = 1_000;
/// Bytes of text behind which a beginning ends, however few messages it has.
const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What two recordings are compared by.
pub(super) struct Identity {
    /// Of the text; of what is packed, of what it unpacks to.
    pub(super) hash: blake3::Hash,
    /// Of each message of the beginning, with its receive time.
    beginning: Vec<blake3::Hash>,
}

impl Identity {
    /// Whether another recording is the same, or has all that this one has until one of them ends or the beginning does: a copy that
    /// lacks its last lines, or whose last line is cut, has nothing of its own.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        let both = self.beginning.len().min(other.beginning.len());
        self.hash == other.hash || (both > 0 && self.beginning[..both] == other.beginning[..both])
    }
}

/// Opens a recording that was read once for its hash, and then for its beginning.
pub(super) fn open(path: &Path) -> Result<(Recording, Identity)> {
    let cannot_read = || format!("cannot read the recording {}", path.display());
    let mut file = File::open(path).with_context(cannot_read)?;
    let mut hasher = blake3::Hasher::new();
    // What is packed is the recording that it holds. One that breaks off is what can be read of it.
    if is_packed(&mut file).with_context(cannot_read)? {
        let _ = hasher.update_reader(MultiGzDecoder::new(&file));
    } else {
        hasher.update_reader(&file).with_context(cannot_read)?;
    }
    let hash = hasher.finalize();
    let again = || format!("{}: a recording is read twice: copy it into a file", path.display());
    file.rewind().with_context(again)?;
    let beginning = beginning(Recording::of_file(file.try_clone().with_context(cannot_read)?, path)?);
    file.rewind().with_context(again)?;
    Ok((Recording::of_file(file, path)?, Identity { hash, beginning }))
}

/// Whether a file begins as gzip does; it stands at its beginning again.
fn is_packed(file: &mut File) -> std::io::Result<bool> {
    let mut mark = Vec::new();
    file.take(2).read_to_end(&mut mark)?;
    file.rewind()?;
    Ok(mark == [0x1f, 0x8b])
}

fn beginning<R: Read>(mut recording: Recording<R>) -> Vec<blake3::Hash> {
    let mut hashes = Vec::new();
    while hashes.len() < MESSAGES_MAX && recording.position() < TEXT_BYTES_MAX {
        let Some(Ok(Recorded { recv_ns, bytes, .. })) = recording.next() else { break };
        hashes.push(blake3::Hasher::new().update(&recv_ns.to_le_bytes()).update(&bytes).finalize());
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Identity {
        let beginning = beginning(Recording::read(text.as_bytes()).expect("a recording"));
        Identity { hash: blake3::hash(text.as_bytes()), beginning }
    }

    fn lines(count: u64, last: &str) -> String {
        (0..count).map(|line| format!("{line} {{}}\n")).chain([last.to_owned()]).collect()
    }

    #[test]
    fn what_lacks_its_end_is_known_and_what_differs_in_a_message_is_not() {
        let is_of = |one: &str, other: &str| {
            let both = (identity(one), identity(other));
            assert_eq!(both.0.is_of(&both.1), both.1.is_of(&both.0), "{one}");
            both.0.is_of(&both.1)
        };
        for count in [1, 2, 30, 999, 1_000, 1_001, 3_000] {
            let whole = lines(count, "");
            for end in ["", "70 {", "70 {}", "7 a line of its own\n"] {
                let other = lines(count, end);
                assert!(is_of(&whole, &other), "{count} {end}");
                let is_alike = count >= 1_000 || !end.ends_with('\n');
                assert_eq!(is_of(&lines(count + 1, ""), &other), is_alike, "{count} {end}");
            }
            // Another message at the same time, the same message at another time: of the last of them.
            let changed = |last| is_of(&lines(count - 1, last), &lines(count - 1, "9 {}\n"));
            assert_eq!((changed("9 {x}\n"), changed("8 {}\n")), (count > 1_000, count > 1_000), "{count}");
        }
        // What tells of no message makes no recording the same.
        assert!(!is_of("configuration: {}\n", "configuration: {}\n7: {}\n"));
        assert!(!is_of("CBCAP1 kraken BTC/EUR 5\n", "CBCAP1 kraken BTC/EUR 5\n7 2\nab\n"));
        assert!(is_of("CBCAP1 kraken BTC/EUR 5\n7 2\nab\n8 2\nc", "CBCAP1 kraken BTC/EUR 5\n7 2\nab\n8 2\ncd\n"));
    }
}
