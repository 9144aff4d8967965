//! Several recordings as one: their messages in the order of receive times.
//!
//! The recorders' clocks must be the same, or tied to UTC: by what a recording says, or because its stamps are UTC.
//! Within a recording the order is never changed: where its clock runs back, the latest time before counts. Of equal
//! times, the recording that was given first comes first.

use super::item::{Broken, Recorded};
use super::leap::{Leap, Pace};
use super::recording::Recording;
use std::fs::File;
use std::io::Read;

/// A message, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The connection that the recording stands for.
    pub connection: u16,
    /// The message, with its own receive time.
    pub message: Recorded,
}

/// A recording ends early; the others go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Which one, from 0, as given.
    pub recording: usize,
    /// Where and why.
    pub broken: Broken,
}

/// One recording, read up to the message that is its next.
struct Track<R> {
    connection: u16,
    recording: Recording<R>,
    next: Option<Result<Recorded, Broken>>,
    /// Whether stamps are moved to UTC where the recording says what time it was when it began.
    in_utc: bool,
    /// What is added to each stamp; it wraps.
    shift_ns: Option<u64>,
    pace: Pace,
}

impl<R: Read> Track<R> {
    fn advance(&mut self) {
        self.next = self.recording.next();
        if let Some(Ok(message)) = &mut self.next {
            let begun_ns = self.recording.header().filter(|_| self.in_utc).map(|header| header.unix_ns);
            let recv_ns = message.recv_ns;
            let shift_ns = self.shift_ns.get_or_insert(begun_ns.map_or(0, |begun_ns| begun_ns.wrapping_sub(recv_ns)));
            message.recv_ns = recv_ns.wrapping_add(*shift_ns);
            self.pace.note(recv_ns, self.recording.spot());
        }
    }
}

/// The messages of several recordings.
pub struct Merged<R = File> {
    tracks: Vec<Track<R>>,
}

impl<R: Read> Merged<R> {
    /// Merges recordings, each with the number of its connection; two may be of the same one.
    #[must_use]
    pub fn new(recordings: impl IntoIterator<Item = (u16, Recording<R>)>) -> Self {
        Self::begin(recordings, false)
    }

    /// As [`Merged::new`], with all stamps in UTC: a recording whose clock is another one is moved by what its first
    /// line says.
    #[must_use]
    pub fn in_utc(recordings: impl IntoIterator<Item = (u16, Recording<R>)>) -> Self {
        Self::begin(recordings, true)
    }

    fn begin(recordings: impl IntoIterator<Item = (u16, Recording<R>)>, in_utc: bool) -> Self {
        let tracks = recordings.into_iter().map(|(connection, recording)| {
            let mut track = Track { connection, recording, next: None, in_utc, shift_ns: None, pace: Pace::default() };
            track.advance();
            track
        });
        Self { tracks: tracks.collect() }
    }

    /// The first receive time of all; none when no recording has a message.
    #[must_use]
    pub fn first_ns(&self) -> Option<u64> {
        let messages = self.tracks.iter().filter_map(|track| track.next.as_ref()?.as_ref().ok());
        messages.map(|message| message.recv_ns).min()
    }

    /// Of the recordings that were read to their end, which ones have last messages far ahead of all before them, from 0, as given.
    pub fn leaps(&self) -> impl Iterator<Item = (usize, Leap)> {
        let over = self.tracks.iter().enumerate().filter(|(_, track)| track.next.is_none());
        over.filter_map(|(index, track)| Some((index, track.pace.leap()?)))
    }
}

impl<R: Read> Iterator for Merged<R> {
    type Item = Result<Heard, Cut>;

    fn next(&mut self) -> Option<Self::Item> {
        let waiting = self.tracks.iter().enumerate().filter_map(|(index, track)| {
            // A break comes right behind the message before it. So does a message whose clock ran back: nothing that
            // waits elsewhere is as early.
            let recv_ns = track.next.as_ref()?.as_ref().map_or(0, |message| message.recv_ns);
            Some((recv_ns, index))
        });
        let (_, index) = waiting.min()?;
        let track = &mut self.tracks[index];
        let next = track.next.take()?;
        track.advance();
        let heard = next.map(|message| Heard { connection: track.connection, message });
        Some(heard.map_err(|broken| Cut { recording: index, broken }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    const BROKEN: &str = "nothing\n";

    /// A collector's lines; the message says which recording and which line.
    fn lines(recording: usize, times: &[u64], is_broken: bool) -> Vec<u8> {
        let lines = times.iter().enumerate().map(|(line, recv_ns)| format!("{recv_ns} {recording}-{line}\n"));
        let mut text: String = lines.collect();
        text.push_str(if is_broken { BROKEN } else { "" });
        text.into_bytes()
    }

    fn merged(texts: &[Vec<u8>]) -> Merged<&[u8]> {
        let recordings = texts.iter().map(|text| Recording::read(&text[..]).expect("a recording"));
        Merged::new((0..).zip(recordings))
    }

    fn told(texts: &[Vec<u8>]) -> Vec<String> {
        let tell = |item: Result<Heard, Cut>| match item {
            Ok(heard) => format!("{} {}", heard.connection, String::from_utf8(heard.message.bytes).expect("text")),
            Err(cut) => format!("{} cut at {}", cut.recording, cut.broken.offset),
        };
        merged(texts).map(tell).collect()
    }

    #[test]
    fn ties_and_clocks_that_run_back_keep_their_order() {
        let texts = [lines(0, &[5, 9, 3, 4, 12], false), lines(1, &[5, 8, 9, 10], false)];
        assert_eq!(merged(&texts).first_ns(), Some(5));
        let wanted = ["0 0-0", "1 1-0", "1 1-1", "0 0-1", "0 0-2", "0 0-3", "1 1-2", "1 1-3", "0 0-4"];
        assert_eq!(told(&texts), wanted);
        let times: Vec<_> = merged(&texts).map(|heard| heard.expect("whole").message.recv_ns).collect();
        assert_eq!(times, [5, 5, 8, 9, 3, 4, 9, 10, 12], "the recorded times stay");
    }

    #[test]
    fn a_break_is_told_where_it_is_and_the_others_go_on() {
        let texts = [lines(0, &[5, 6], true), lines(1, &[5, 6, 7], false), lines(2, &[1], true)];
        let wanted = ["2 2-0", "2 cut at 6", "0 0-0", "1 1-0", "0 0-1", "0 cut at 12", "1 1-1", "1 1-2"];
        assert_eq!(told(&texts), wanted);
        assert_eq!(Merged::<&[u8]>::new([]).first_ns(), None);
        assert_eq!(Merged::<&[u8]>::new([]).next(), None);
    }

    proptest! {
        /// The twin takes the whole, gives each message its running maximum, and sorts in a stable way.
        #[test]
        fn it_is_a_stable_sort_by_the_running_maximum(recordings in prop::collection::vec((prop::collection::vec(0_u64..20, 1..12), any::<bool>()), 0..5)) {
            let mut wanted = Vec::new();
            let mut texts = Vec::new();
            for (index, (times, is_broken)) in recordings.iter().enumerate() {
                let text = lines(index, times, *is_broken);
                let mut latest_ns = 0;
                let mut track = VecDeque::new();
                for (line, recv_ns) in times.iter().enumerate() {
                    latest_ns = latest_ns.max(*recv_ns);
                    track.push_back((latest_ns, format!("{index} {index}-{line}")));
                }
                if *is_broken {
                    let last = track.back_mut().expect("a message");
                    last.1 = format!("{}|{index} cut at {}", last.1, text.len() - BROKEN.len());
                }
                wanted.extend(track);
                texts.push(text);
            }
            wanted.sort_by_key(|(latest_ns, _)| *latest_ns);
            let wanted: Vec<_> = wanted.iter().flat_map(|(_, told)| told.split('|').map(str::to_owned)).collect();
            prop_assert_eq!(told(&texts), wanted);
        }
    }
}
