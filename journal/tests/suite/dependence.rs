//! What this crate may depend on.

use std::fs;
use std::path::{Path, PathBuf};

/// All sources but tests.
fn sources() -> Vec<PathBuf> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, files);
            } else if !path.ends_with("tests.rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 15 && files.iter().all(|file| file.extension().is_some_and(|ending| ending == "rs")));
    files
}

/// Source text without comments: documentation may name what code may not.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source");
    text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect()
}

#[test]
fn of_hotpath_only_the_record_layout_is_named() {
    for file in sources() {
        for part in code_of(&file).split("hotpath").skip(1) {
            assert!(part.starts_with("::record::"), "{}: hotpath{:.30}", file.display(), part);
        }
    }
}

#[test]
fn unsafe_stands_in_one_file() {
    for file in sources() {
        let unsafe_here = code_of(&file).contains("unsafe {");
        assert_eq!(unsafe_here, file.ends_with("map.rs"), "{}", file.display());
    }
}

#[test]
fn the_manifest_names_these_libraries() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("the manifest");
    let section = manifest.split("[dependencies]").nth(1).and_then(|text| text.split("\n[").next()).expect("a section");
    let names: Vec<&str> = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(
        names,
        [
            "hotpath",
            "bytemuck",
            "crc32fast",
            "crossbeam-utils",
            "libc",
            "memmap2",
            "rtrb",
            "signal-hook",
            "tempfile",
            "zstd"
        ]
    );
}
