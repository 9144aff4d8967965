//! CBCAP recordings.

use fathom::import::cbcap::Recording;
use hotpath::record::FRAME_BYTES_MAX;

/// A recording. The frames lie one after another in the bytes, none twice; only the last item is
/// broken, at a byte of the file or at its end; every frame takes at least four bytes, so the walk ends.
pub fn cbcap(bytes: &[u8]) {
    let (header, mut frames) = match Recording::open(bytes) {
        Ok(opened) => opened,
        Err(broken) => {
            assert_eq!(broken.offset, 0, "a first line that is wrong is wrong from its start");
            return;
        }
    };
    let first = format!("{} {} ", header.venue, header.symbol);
    assert!(bytes.strip_prefix(b"CBCAP1 ").is_some_and(|rest| rest.starts_with(first.as_bytes())));
    let mut at = frames.position();
    assert_eq!(bytes.get(at - 1), Some(&b'\n'));
    while let Some(frame) = frames.next() {
        match frame {
            Ok(frame) => {
                assert!(frame.bytes.len() <= FRAME_BYTES_MAX);
                let end = frames.position();
                assert!(end >= at + 4 + frame.bytes.len(), "a frame ends before its bytes do");
                let line = bytes.get(at..end).and_then(|part| part.strip_suffix(b"\n"));
                assert!(line.is_some_and(|line| line.ends_with(frame.bytes)), "a frame is not where it ends");
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
}
