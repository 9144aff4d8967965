//! A thread that works beside the measuring one, and only while it is wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, JoinHandle};

const RESTS: u8 = 0;
const WORKS: u8 = 1;
const ENDS: u8 = 2;

/// Works in a loop while awake; rests without using a core. Starts at rest.
pub struct Beside {
    state: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// A thread that does `work` again and again.
    #[must_use]
    pub fn start(mut work: impl FnMut() + Send + 'static) -> Self {
        let state = Arc::new(AtomicU8::new(RESTS));
        let seen = Arc::clone(&state);
        let thread = thread::spawn(move || {
            loop {
                match seen.load(Ordering::Acquire) {
                    WORKS => work(),
                    ENDS => return,
                    _ => thread::park(),
                }
            }
        });
        Self { state, thread: Some(thread) }
    }

    /// Lets it work.
    pub fn wake(&self) {
        self.tell(WORKS);
    }

    /// Lets it rest after what it is doing.
    pub fn rest(&self) {
        self.tell(RESTS);
    }

    fn tell(&self, state: u8) {
        self.state.store(state, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.tell(ENDS);
        if let Some(thread) = self.thread.take() {
            // It panicked: whoever waited for its work has said so.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{TryRecvError, channel};

    #[test]
    fn it_works_only_after_it_was_woken_and_ends_when_it_is_dropped() {
        let (sender, receiver) = channel();
        let beside = Beside::start(move || {
            // Nobody listens any more once the test is over.
            let _ = sender.send(());
        });
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        beside.wake();
        receiver.recv().unwrap();
        drop(beside);
        while receiver.try_recv().is_ok() {}
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }
}
