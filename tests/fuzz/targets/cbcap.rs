//! CBCAP recordings.

use super::recording::{is_gzip, read};
use fathom::import::recording::{Dialect, Recording};

/// A recording. The frames lie one after another in the bytes, none twice; only the last item is
/// broken, at a byte of the file or at its end; every frame takes at least four bytes, so the walk ends.
pub fn cbcap(bytes: &[u8]) {
    if is_gzip(bytes) {
        return;
    }
    let told = read(bytes);
    let mut frames = match Recording::read(bytes) {
        Ok(frames) if frames.dialect() == Dialect::Cbcap => frames,
        Ok(_) => return,
        Err(broken) => {
            assert_eq!(broken.offset, 0, "a first line that is wrong is wrong from its start");
            return;
        }
    };
    let header = frames.header().expect("CBCAP has one");
    let first = format!("{} {} ", header.venue, header.symbol);
    assert!(bytes.strip_prefix(b"CBCAP1 ").is_some_and(|rest| rest.starts_with(first.as_bytes())));
    let mut at = frames.position();
    assert_eq!(bytes.get(at - 1), Some(&b'\n'));
    let mut count = 0;
    while let Some(frame) = frames.next() {
        count += 1;
        match frame {
            Ok(frame) => {
                let end = frames.position();
                assert!(end >= at + 4 + frame.bytes.len(), "a frame ends before its bytes do");
                let line = bytes.get(at..end).and_then(|part| part.strip_suffix(b"\n"));
                assert!(line.is_some_and(|line| line.ends_with(&frame.bytes)), "a frame is not where it ends");
                at = end;
            }
            Err(broken) => {
                assert!((at..=bytes.len()).contains(&broken.offset), "{broken} of {}", bytes.len());
                assert_eq!(frames.position(), at, "a broken frame was passed over");
                assert!(frames.next().is_none(), "the walk goes on behind a broken frame");
            }
        }
    }
    assert!(frames.next().is_none());
    assert_eq!(told.map(|(_, items)| items.len()), Ok(count));
}
