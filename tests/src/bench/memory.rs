//! What the page's process holds for itself: its private pages, as Linux counts them.
//!
//! That is everything in it: the JavaScript heap, the wasm memory of page and worker, the document
//! and its pictures; and Chromium's own share, which a page cannot do without. Code that all
//! processes have in common is not counted.

use std::fs;
use std::path::Path;

/// The private memory of the largest renderer among a driver's descendants, in megabytes; nothing
/// on a system that does not tell.
pub fn renderer_mb(driver: u32) -> Option<f64> {
    let processes: Vec<u32> = fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    let is_renderer = |process: &&u32| {
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains("--type=renderer") && descends(**process, driver)
    };
    let sizes = processes.iter().filter(is_renderer).filter_map(|&process| private_kb(process));
    sizes.max().map(|kilobytes| kilobytes as f64 / 1000.0)
}

/// Whether a process was started by another, or by one that it started.
fn descends(mut process: u32, from: u32) -> bool {
    for _ in 0..16 {
        if process == from {
            return true;
        }
        let Some(parent) = parent(process) else { return false };
        process = parent;
    }
    false
}

fn parent(process: u32) -> Option<u32> {
    field(format!("/proc/{process}/status"), "PPid:")
}

fn private_kb(process: u32) -> Option<u32> {
    let path = format!("/proc/{process}/smaps_rollup");
    Some(field(&path, "Private_Clean:")? + field(&path, "Private_Dirty:")?)
}

/// The number behind a word at the beginning of a line.
fn field(path: impl AsRef<Path>, name: &str) -> Option<u32> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
