//! What the typed keys of a live run mean: where its journal lies, its sockets, and what it asks of the host.
//! They change no record but those that tell of them, so no checkpoint holds them.

use super::typed::{Host, Link, Run, Session};
use crate::link::LinkConfig;
use hotpath::config::SessionConfig;
use std::path::{Path, PathBuf};

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything is computed and journaled; no order is sent.
    Capture,
}

/// A live run's settings outside the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveConfig {
    /// What it does.
    pub mode: Mode,
    /// The folder of runs, relative to the working folder.
    pub folder: PathBuf,
    /// Its sockets.
    pub link: LinkConfig,
    /// What it asks of the host.
    pub host: HostConfig,
}

/// What a live run asks of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostConfig {
    /// The core of the hot thread; none: the scheduler chooses.
    pub core: Option<u32>,
    /// The hot thread's priority in the class SCHED_FIFO; none: the ordinary class.
    pub fifo: Option<u32>,
    /// Whether memory is locked.
    pub lock_memory: bool,
}

/// The keys as they are meant. `fault` is told key and sentence of each value that means nothing.
pub(super) fn live(
    file: &Path,
    (run, link, host): (&Run, &Link, &Host),
    mut fault: impl FnMut(&str, &str),
) -> LiveConfig {
    if run.mode != "capture" {
        fault("run.mode", &format!("is {:?}; wanted: \"capture\"", run.mode));
    }
    if run.folder.is_empty() {
        fault("run.folder", "is empty; wanted: the path of a folder, which is made if it is missing");
    }
    let beside = file.parent().unwrap_or(Path::new(""));
    let extra_ca = Some(link.extra_ca.as_str()).filter(|path| *path != "off");
    if extra_ca.is_some_and(str::is_empty) {
        fault("link.extra_ca", "is empty; wanted: \"off\", or the path of a PEM file");
    }
    LiveConfig {
        mode: Mode::Capture,
        folder: PathBuf::from(&run.folder),
        link: LinkConfig {
            extra_ca: extra_ca.map(|path| beside.join(path)),
            nodelay: link.nodelay,
            quickack: link.quickack,
            receive_buffer_bytes: link.receive_buffer_bytes,
            busy_poll_us: link.busy_poll_us,
            kernel_stamps: link.kernel_stamps,
        },
        host: HostConfig { core: host.core, fifo: host.fifo, lock_memory: host.lock_memory },
    }
}

/// The session of a run that is not live; [`SessionConfig::activated`] makes it one that is.
pub(super) fn session(typed: &Session, mut fault: impl FnMut(&str, &str)) -> SessionConfig {
    if typed.retry_ms_max < typed.retry_ms_min {
        let what = format!("is {}, less than `session.retry_ms_min` ({})", typed.retry_ms_max, typed.retry_ms_min);
        fault("session.retry_ms_max", &what);
    }
    SessionConfig {
        active: 0,
        spare: 0,
        tries_at_once: typed.tries_at_once,
        ack_ns_max: typed.ack_ms_max * NS_PER_MS,
        snapshot_ns_max: typed.snapshot_ms_max * NS_PER_MS,
        ping_ns: typed.ping_ms * NS_PER_MS,
        pace_ns: typed.pace_ms * NS_PER_MS,
        connect_ns_max: typed.connect_ms_max * NS_PER_MS,
        heartbeat_ns_max: typed.heartbeat_ms_max * NS_PER_MS,
        retry_ns_min: typed.retry_ms_min * NS_PER_MS,
        retry_ns_max: typed.retry_ms_max * NS_PER_MS,
        stable_ns: typed.stable_s * NS_PER_S,
        clock_step_ns_max: typed.clock_step_ms_max * NS_PER_MS,
    }
}
