//! What this process has used, as the operating system counts it.

use stocktake_connector_core::ProcessFigures;

/// CPU time and peak memory so far; `None` where the system does not offer `/proc`.
pub fn figures() -> Option<ProcessFigures> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    Some(ProcessFigures {
        cpu_seconds: cpu_seconds(&stat)?,
        peak_memory_bytes: peak_memory_bytes(&status)?,
    })
}

/// Resident memory in bytes; `None` where the system does not offer `/proc`.
pub(crate) fn resident_memory_bytes() -> Option<u64> {
    kilobytes(&std::fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Open file descriptors; `None` where the system does not offer `/proc`.
pub(crate) fn open_files() -> Option<usize> {
    // One of them is the folder that is being read.
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

/// `utime` and `stime`, fields 14 and 15 of proc_pid_stat(5). The command name before them may hold
/// blanks and brackets, so counting starts behind its last bracket. Linux reports both in hundredths
/// of a second whatever the kernel's own tick (USER_HZ).
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some((f64::from(user) + f64::from(system)) / 100.0)
}

/// `VmHWM` of proc_pid_status(5), in kB.
fn peak_memory_bytes(status: &str) -> Option<u64> {
    kilobytes(status, "VmHWM:")
}

/// A line of proc_pid_status(5) that counts in kB, in bytes.
fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_name_with_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 0 0";
        assert_eq!(cpu_seconds(stat), Some(3.0));
    }

    #[test]
    fn memory_is_read_in_bytes() {
        assert!(resident_memory_bytes().is_some_and(|bytes| bytes > 0));
        assert!(open_files().is_some_and(|files| files > 0));
        assert_eq!(peak_memory_bytes("Name:\tx\nVmHWM:\t    2048 kB\n"), Some(2 * 1024 * 1024));
    }
}
