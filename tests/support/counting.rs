//! The system's allocator, counting the calls of each thread, so that the test harness does not disturb.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls of marked threads that asked for memory.
static MARKED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Calls of this thread that asked for memory. Constant to begin with and without a destructor: reading it never
    /// allocates. So is the next.
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static IS_MARKED: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    CALLS.set(CALLS.get() + 1);
    if IS_MARKED.get() {
        MARKED.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every method hands its arguments to the system's allocator, which keeps the contract of the
// trait, and returns what that returned; counting touches no memory that is handed out.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller promises a layout of more than zero bytes, as this call wants it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller promises a layout of more than zero bytes, as this call wants it.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller promises that `place` came from this allocator with `layout`, and all that
        // comes from it came from the system's; it promises a legal new size too.
        unsafe { System.realloc(place, layout, new_size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller promises that `place` came from this allocator with `layout`, and all that
        // comes from it came from the system's.
        unsafe { System.dealloc(place, layout) }
    }
}

/// How often `work` asked for memory on this thread.
pub fn calls(work: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

/// From here on other threads can ask for this one's calls.
pub fn mark() {
    IS_MARKED.set(true);
}

/// How often marked threads asked for memory since this was last asked.
pub fn marked_calls() -> u64 {
    MARKED.swap(0, Ordering::Relaxed)
}
