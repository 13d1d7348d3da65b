//! Many scripts at a time, and the shortest one of those that differ.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::play::{Found, Played, play};
use super::script::Script;

/// Scripts at the same time: they mostly wait, and each has some twenty sockets open.
const AT_ONCE: usize = 24;

/// Plays scripts, some at a time; the results in their order.
pub fn play_all(scripts: &[Script]) -> Vec<io::Result<Option<Played>>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(script) = scripts.get(at) else { return done };
            done.push((at, play(script)));
        }
    };
    let mut results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a play panicked")).collect()
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// How often a difference must come again to be one.
const AGAIN: usize = 3;

/// Leaves steps out as long as the rest differs in the same way at its end. `None` if the script
/// itself does not differ so again and again: then it was chance, such as a process that was late.
pub fn shrink(script: &Script, found: &Found) -> Option<Script> {
    let mut script = script.clone();
    script.steps.truncate(found.at + 1);
    let differs = |result: io::Result<Option<Played>>| {
        let again = result.ok().flatten().and_then(|played| played.found);
        again.is_some_and(|again| again.is_like(found))
    };
    if !play_all(&vec![script.clone(); AGAIN]).into_iter().all(differs) {
        return None;
    }
    let mut chunk = script.steps.len().div_ceil(2);
    while chunk > 0 {
        let without = |at: usize| {
            let mut shorter = script.clone();
            shorter.steps.drain(at..(at + chunk).min(script.steps.len()));
            shorter
        };
        let candidates: Vec<Script> = (0..script.steps.len()).step_by(chunk).map(without).collect();
        let results = play_all(&candidates);
        let mut candidates = candidates.into_iter().zip(results);
        match candidates.find_map(|(shorter, result)| differs(result).then_some(shorter)) {
            Some(shorter) => {
                script = shorter;
                chunk = chunk.min(script.steps.len().div_ceil(2).max(1));
            }
            None => chunk /= 2,
        }
    }
    Some(script)
}
