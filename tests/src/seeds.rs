//! Many seeds at once: as many threads as there are processors, results in the order of the seeds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// How many seeds a test plays: `HASHSLOT_SEEDS` if it is set, else `default`.
pub fn count(default: u64) -> u64 {
    match std::env::var("HASHSLOT_SEEDS") {
        Ok(text) => text.parse().expect("HASHSLOT_SEEDS is a number"),
        Err(_) => default,
    }
}

/// Plays the seeds `0..count`; says how far it is every thousand seeds.
pub fn play<T: Send>(count: u64, play: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return done;
            }
            if seed > 0 && seed % 1_000 == 0 {
                eprintln!("seed {seed} of {count}");
            }
            done.push((seed, play(seed)));
        }
    };
    let mut results: Vec<(u64, T)> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = handles.into_iter().map(|handle| handle.join().expect("a seed panicked"));
        joined.flatten().collect()
    });
    results.sort_by_key(|&(seed, _)| seed);
    results.into_iter().map(|(_, result)| result).collect()
}
