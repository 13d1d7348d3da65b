//! Removing what earlier runs have left behind.
//!
//! A run clears up after itself, and so it does when it is interrupted. What is left if it was
//! killed, or was told to leave its nodes for somebody who wants to look around, is found here: by
//! the owner that is written on it. What belongs to a run that goes on stays, and what has no such
//! mark is nobody's business.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

use super::docker::{self, Docker};
use super::folder::Folder;
use super::owner::Owner;
use super::{firewall, ground};

/// Removes leftovers of processes and of containers; a line for each, and for what was left alone.
pub fn clean() -> Vec<String> {
    let mut told = Vec::new();
    for (folder, owner) in Folder::all() {
        match owner {
            Owner::Gone => remove_folder(&folder, &mut told),
            Owner::Alive | Owner::Elsewhere => {
                told.push(format!("left {}: its run goes on", folder.display()));
            }
        }
    }
    for (table, network) in firewall::tables() {
        if !ground::is_taken(network) {
            told.push(match firewall::remove(&table) {
                Ok(()) => format!("removed firewall table {table}"),
                Err(trouble) => format!("left firewall table {table}: {trouble}"),
            });
        }
    }
    let swept = Docker::connect(docker::DEFAULT_IMAGE).and_then(|engine| docker::sweep(&engine));
    match swept {
        Ok(lines) => told.extend(lines),
        Err(trouble) => told.push(format!("looked at no containers: {trouble}")),
    }
    told
}

/// Ends the processes that work in a folder, and removes it.
fn remove_folder(folder: &Path, told: &mut Vec<String>) {
    for (pid, name) in workers(folder) {
        // One that has ended meanwhile needs no ending.
        let _ = kill_process(pid, Signal::KILL);
        told.push(format!("ended {name}, process {}", pid.as_raw_nonzero()));
    }
    let shown = folder.display();
    told.push(match fs::remove_dir_all(folder) {
        Ok(()) => format!("removed {shown}"),
        Err(error) => format!("left {shown}: {error}; remove it by hand"),
    });
}

/// The processes that work in a folder or below, where the system tells which do.
fn workers(folder: &Path) -> Vec<(Pid, String)> {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let worker = |path: PathBuf| {
        let pid = Pid::from_raw(path.file_name()?.to_str()?.parse().ok()?)?;
        let is_inside = fs::read_link(path.join("cwd")).ok()?.starts_with(&folder);
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
        is_inside.then(|| (pid, name.trim().to_owned()))
    };
    processes.filter_map(|entry| worker(entry.path())).collect()
}
