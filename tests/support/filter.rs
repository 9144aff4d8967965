//! A thread that the kernel watches, in a child of the test: any call that is not allowed ends the process.

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::process::{Command, ExitStatus, Stdio};

/// How such a process ends.
pub const SIGSYS: i32 = 31;

/// From here on every call of this thread to the system but these ends the process.
pub fn allow_only(calls: impl IntoIterator<Item = i64>) {
    let here = std::env::consts::ARCH.try_into().expect("an architecture that the filter knows");
    let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, here);
    let program: BpfProgram = filter.and_then(TryInto::try_into).expect("a filter");
    seccompiler::apply_filter(&program).expect("a kernel with seccomp");
}

/// How the test `child` of this program ends, started with its work in a variable.
pub fn ended(variable: &str, work: &str) -> ExitStatus {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(variable, work)
        .stdout(Stdio::null())
        .status()
        .expect("this program once more")
}
