//! Standard error on a thread of its own: a terminal that is stopped, or gone, keeps no run from hearing its operator.

use super::told::sentence;
use crate::live::Notice;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Lines that wait to be written; what comes on top is not told. It is in the journal.
const LINES_MAX: usize = 256;
/// How long the end of a run waits for the last lines.
const PATIENCE: Duration = Duration::from_secs(1);

enum Line {
    /// To stay.
    Said(String),
    /// Until the next one.
    Status(String),
    /// The last.
    End(SyncSender<()>),
}

/// Time between status lines on a terminal, and where standard error is a file.
const ON_TERMINAL: Duration = Duration::from_millis(500);
const IN_FILE: Duration = Duration::from_secs(10);

/// When the next status line is due.
pub(super) struct Pace {
    pause: Duration,
    shown: Option<Instant>,
}

impl Pace {
    /// As suits standard error.
    pub(super) fn new() -> Self {
        Self { pause: if std::io::stderr().is_terminal() { ON_TERMINAL } else { IN_FILE }, shown: None }
    }

    /// Whether it is due; then the next one is due a while later.
    pub(super) fn is_due(&mut self) -> bool {
        let is_due = self.shown.is_none_or(|shown| shown.elapsed() >= self.pause);
        if is_due {
            self.shown = Some(Instant::now());
        }
        is_due
    }
}

/// Writes what a run tells.
pub(super) struct Teller {
    lines: SyncSender<Line>,
}

impl Teller {
    pub(super) fn start() -> Self {
        let (lines, told) = sync_channel(LINES_MAX);
        thread::spawn(move || write(&told));
        Self { lines }
    }

    /// Something that the operator may want to know.
    pub(super) fn notice(&self, notice: Notice) {
        let text = match notice {
            Notice::Link(what) | Notice::Host(what) | Notice::Watch(what) => Some(what),
            Notice::Journal(event) => sentence(event),
        };
        if let Some(text) = text {
            self.say(text);
        }
    }

    /// One sentence.
    pub(super) fn say(&self, text: String) {
        self.tell(Line::Said(text));
    }

    /// How the run gets on.
    pub(super) fn status(&self, text: String) {
        self.tell(Line::Status(text));
    }

    /// Waits until everything is written, but not for ever.
    pub(super) fn end(self) {
        let (done, ended) = sync_channel(1);
        self.tell(Line::End(done));
        let _ = ended.recv_timeout(PATIENCE);
    }

    fn tell(&self, line: Line) {
        let _ = self.lines.try_send(line);
    }
}

/// Without a place to write to there is nobody to tell: failures are no matter.
fn write(told: &Receiver<Line>) {
    let is_terminal = std::io::stderr().is_terminal();
    let mut err = std::io::stderr();
    let clear = if is_terminal { "\r\x1b[2K" } else { "" };
    for line in told {
        let _ = match line {
            Line::Said(text) => writeln!(err, "{clear}fathom: {text}"),
            // A line that wraps could not be taken back.
            Line::Status(text) if is_terminal => write!(err, "{clear}{}", fitting(&text)),
            Line::Status(text) => writeln!(err, "{text}"),
            Line::End(done) => {
                let _ = write!(err, "{clear}").and_then(|()| err.flush());
                let _ = done.send(());
                return;
            }
        };
        let _ = err.flush();
    }
}

/// As much of a line as the terminal is wide.
fn fitting(text: &str) -> &str {
    let columns = terminal_size::terminal_size_of(std::io::stderr()).map_or(usize::MAX, |(width, _)| width.0.into());
    text.char_indices().nth(columns.saturating_sub(1)).map_or(text, |(end, _)| &text[..end])
}
