#!/bin/sh
# Links the hot path without an allocator and without a reachable panic.
# Fails with the linker's message when either does not hold.
set -eu
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-target}"
cargo build --quiet --release -p fathom-staticlib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Only what the proof function reaches is kept; what is kept may name memcpy and its like, nothing else.
cc -shared -nostdlib -o "$work/proof.so" -Wl,--gc-sections -Wl,--no-undefined \
    -Wl,-u,fathom_hotpath_proof -Wl,--exclude-libs,ALL -Wl,--version-script=tests/staticlib/exports.map \
    "$target/release/libfathom_staticlib.a" -lc
if nm "$work/proof.so" | grep -Eq ' (__rust_alloc|__rust_realloc|malloc|fathom_a_panic_can_be_reached)$'; then
    echo "prove: the hot path reaches an allocator or a panic:" >&2
    nm "$work/proof.so" | grep -E ' (__rust_alloc|__rust_realloc|malloc|fathom_a_panic_can_be_reached)$' >&2
    exit 1
fi
size=$(nm -S --size-sort "$work/proof.so" | grep -c ' [tT] ')
echo "prove: no allocator, no panic in reach of turn, framing and gate ($size functions linked)"
