use super::*;

fn growing(folder: &tempfile::TempDir, capacity: usize) -> (Ground, Pen) {
    create(folder.path().join("a"), capacity).expect("a new file")
}

#[test]
fn touching_new_pages_leaves_the_others_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut ground, mut pen) = growing(&folder, 2 * WINDOW_BYTES);
    ground.grow_to(1).expect("room");
    pen.write(0, b"opening");
    allocate(&ground.growing.file, WINDOW_BYTES, WINDOW_BYTES).expect("room");
    ground.touch(WINDOW_BYTES, 2 * WINDOW_BYTES);
    ground.close(pen, WINDOW_BYTES + 1, None).expect("closed");
    let bytes = std::fs::read(folder.path().join("a")).expect("the file");
    assert!(bytes.starts_with(b"opening\0"));
    assert_eq!((bytes.len(), bytes[WINDOW_BYTES]), (WINDOW_BYTES + 1, 0));
}

#[test]
#[should_panic(expected = "only pages that the pen may not reach")]
fn pages_that_the_pen_may_reach_are_never_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut ground, _pen) = growing(&folder, WINDOW_BYTES);
    ground.grow_to(1).expect("room");
    ground.touch(0, PAGE_BYTES);
}

#[test]
fn grows_by_windows_up_to_its_capacity() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut ground, mut pen) = growing(&folder, WINDOW_BYTES + 1);
    assert!(!pen.has_room(1));
    ground.grow_to(1).expect("room");
    assert!(pen.has_room(WINDOW_BYTES) && !pen.has_room(WINDOW_BYTES + 1));
    ground.grow_to(2 * WINDOW_BYTES).expect("room");
    assert!(pen.has_room(2 * WINDOW_BYTES));
    let error = ground.grow_to(2 * WINDOW_BYTES + 1).expect_err("beyond the reserved addresses");
    assert!(error.to_string().contains("at byte 8388608"), "{error}");
}

#[test]
fn what_is_committed_is_read_back_while_the_pen_is_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut ground, mut pen) = growing(&folder, WINDOW_BYTES);
    ground.grow_to(1).expect("room");
    pen.write(PAGE_BYTES - 3, b"across a page");
    pen.commit(PAGE_BYTES + 10);
    let mut read = [0; 13];
    ground.read(PAGE_BYTES - 3, &mut read);
    assert_eq!(&read, b"across a page");
    assert_eq!(ground.sync(0, PAGE_BYTES).expect("on the disk"), PAGE_BYTES);
    ground.refresh(0, PAGE_BYTES).expect("writable again");
    pen.write(PAGE_BYTES - 3, b"A");
    ground.read(PAGE_BYTES - 3, &mut read);
    assert_eq!(&read, b"Across a page");
}

#[test]
#[should_panic(expected = "beyond what is committed")]
fn a_read_of_what_the_pen_may_still_store_to_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut ground, mut pen) = growing(&folder, WINDOW_BYTES);
    ground.grow_to(1).expect("room");
    pen.commit(64);
    ground.read(0, &mut [0; 65]);
}

#[test]
#[should_panic(expected = "beyond the frontier")]
fn a_store_beyond_the_frontier_stops_before_it_faults() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_ground, mut pen) = growing(&folder, WINDOW_BYTES);
    pen.write(8, b"nothing is allocated yet");
}
