//! The handovers under a model checker: every interleaving, and every reordering that the orderings
//! allow. Each model runs the product's code with the checker's atomics, and again with orderings that are
//! too weak, which must fail: a model that passes whatever the ordering is proves nothing.

use super::*;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU64 as ModelWord;
use loom::thread;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Word for ModelWord {
    type Value = u64;

    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }
}

struct WeakStore;

impl Orders for WeakStore {
    const STORE: Ordering = Ordering::Relaxed;
    const LOAD: Ordering = Ordering::Acquire;
}

struct WeakLoad;

impl Orders for WeakLoad {
    const STORE: Ordering = Ordering::Release;
    const LOAD: Ordering = Ordering::Relaxed;
}

type ModelCounter<O> = Handover<ModelWord, O>;

fn counter<O: Orders>() -> ModelCounter<O> {
    Handover::new(ModelWord::new(0))
}

/// Memory without an order of its own: a load may see any store that nothing orders before a later one.
struct Memory(ModelWord);

impl Memory {
    fn new() -> Self {
        Self(ModelWord::new(0))
    }

    fn store(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    fn load(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn holds(model: impl Fn() + Sync + Send + 'static) -> bool {
    catch_unwind(AssertUnwindSafe(|| loom::model(model))).is_ok()
}

/// A model holds with the orderings in use and with no weaker ones.
macro_rules! needs_its_orderings {
    ($name:ident, $model:ident) => {
        #[test]
        fn $name() {
            assert!(holds($model::<ReleaseAcquire>));
            assert!(!holds($model::<WeakStore>), "a weaker store must be noticed");
            assert!(!holds($model::<WeakLoad>), "a weaker load must be noticed");
        }
    };
}

/// A record, then its length word: who sees the word sees the record.
fn length_word<O: Orders + 'static>() {
    let place = Arc::new((Memory::new(), counter::<O>()));
    let writer = Arc::clone(&place);
    let writing = thread::spawn(move || {
        writer.0.store(7);
        writer.1.publish(64);
    });
    if place.1.observe() != 0 {
        assert_eq!(place.0.load(), 7);
    }
    writing.join().expect("the writer ends");
}

needs_its_orderings!(a_length_word_hands_its_record_over, length_word);

/// Two records, the bytes committed and the cursor after each: who waits at the gate for a number finds
/// the record in the file, and the keeper, which looks at the cursor first, finds at least its bytes.
fn commit_cursor<O: Orders + 'static>() {
    let file = Arc::new(([Memory::new(), Memory::new()], counter::<O>(), counter::<O>()));
    let scribe = Arc::clone(&file);
    let writing = thread::spawn(move || {
        for (number, record) in (1..).zip(&scribe.0) {
            record.store(number);
            scribe.1.publish(number * 64);
            scribe.2.publish(number);
        }
    });
    let committed = file.2.observe();
    let bytes = file.1.observe();
    assert!(bytes >= committed * 64, "the cursor counts records whose bytes are not told");
    for (number, record) in (1..=bytes / 64).zip(&file.0) {
        assert_eq!(record.load(), number);
    }
    writing.join().expect("the scribe ends");
}

needs_its_orderings!(the_commit_cursor_hands_all_records_before_it_over, commit_cursor);

/// The keeper touches new pages, then moves the frontier; the pen stores below it only.
fn frontier<O: Orders + 'static>() {
    let page = Arc::new((Memory::new(), counter::<O>()));
    let keeper = Arc::clone(&page);
    let growing = thread::spawn(move || {
        keeper.0.store(0);
        keeper.1.publish(4096);
    });
    if page.1.observe() >= 64 {
        page.0.store(7);
        assert_eq!(page.0.load(), 7, "a store of the pen was lost");
    }
    growing.join().expect("the keeper ends");
}

needs_its_orderings!(the_frontier_hands_prepared_pages_over, frontier);

/// A switch: the old segment goes back, then the next one gets its first record, then the cursor moves.
/// Who sees the cursor beyond the old segment's end finds that segment handed back, with all its records.
fn segment<O: Orders + 'static>() {
    // The slot stands for the ring of segments: its count is what the ring's own counter is there.
    let files = Arc::new((Memory::new(), counter::<O>(), Memory::new(), counter::<O>()));
    let scribe = Arc::clone(&files);
    let writing = thread::spawn(move || {
        let (old, handed_back, new, cursor) = &*scribe;
        old.store(1);
        cursor.publish(1);
        handed_back.publish(1);
        new.store(2);
        cursor.publish(2);
    });
    let (old, handed_back, new, cursor) = &*files;
    let committed = cursor.observe();
    let is_handed_back = handed_back.observe() == 1;
    if committed == 2 {
        assert!(is_handed_back, "the next segment is synced while the old one is not known to be finished");
        assert_eq!(new.load(), 2);
    }
    if committed >= 1 || is_handed_back {
        assert_eq!(old.load(), 1);
    }
    writing.join().expect("the scribe ends");
}

needs_its_orderings!(a_segment_is_handed_back_before_the_next_one_counts, segment);

/// The scribe commits, the keeper puts what it saw on the disk and says so: who sees the watermark sees
/// the sync, and the watermark never passes it.
fn watermark<O: Orders + 'static>() {
    let run = Arc::new((counter::<O>(), Memory::new(), counter::<O>()));
    let (scribe, keeper) = (Arc::clone(&run), Arc::clone(&run));
    let writing = thread::spawn(move || scribe.0.publish(1));
    let syncing = thread::spawn(move || {
        let (cursor, disk, durable) = &*keeper;
        let committed = cursor.observe();
        disk.store(committed);
        durable.publish(committed);
    });
    let durable = run.2.observe();
    if durable > 0 {
        assert_eq!(run.1.load(), durable, "the watermark says more than lies on the disk");
        assert_eq!(run.0.observe(), 1);
    }
    writing.join().expect("the scribe ends");
    syncing.join().expect("the keeper ends");
}

needs_its_orderings!(the_watermark_hands_the_sync_over, watermark);
