//! What was promised for each key while something happens, and whether it was kept.
//!
//! Values are numbers that only grow. A write that was acknowledged must be there in the end, or a
//! later one; but for those that a master acknowledged just before it died: Redis replicates
//! after it answers, and so may lose them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A write that was acknowledged so long before a master's death is with its replica, too.
pub const REPLICATED: Duration = Duration::from_millis(300);

/// When writes may be lost: from the first moment to the second.
pub type Window = Option<(Instant, Instant)>;

#[derive(Default)]
struct Promise {
    /// The greatest value that was sent.
    sent: u64,
    acknowledged: Vec<(Instant, u64)>,
}

/// The promises of all keys.
pub struct Promises {
    promises: BTreeMap<String, Mutex<Promise>>,
    errors: Mutex<BTreeMap<String, u32>>,
    ended: AtomicBool,
}

impl Promises {
    pub fn new(name: &str, keys: u32) -> Promises {
        let promises = (0..keys).map(|key| (format!("{name}:{key}"), Mutex::default()));
        let (errors, ended) = (Mutex::default(), AtomicBool::new(false));
        Promises { promises: promises.collect(), errors, ended }
    }

    pub fn keys(&self) -> Vec<String> {
        self.promises.keys().cloned().collect()
    }

    pub fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// The next value to be sent.
    pub fn next(&self, key: &str) -> u64 {
        let mut promise = locked(&self.promises[key]);
        promise.sent += 1;
        promise.sent
    }

    pub fn acknowledge(&self, key: &str, value: u64) {
        locked(&self.promises[key]).acknowledged.push((Instant::now(), value));
    }

    pub fn fail(&self, error: &redis::RedisError) {
        let kind = format!("{:?}", error.kind());
        *locked(&self.errors).entry(kind).or_default() += 1;
    }

    /// Whether every key was acknowledged after this moment.
    pub fn are_all_since(&self, moment: Instant) -> bool {
        self.promises
            .values()
            .all(|promise| locked(promise).acknowledged.last().is_some_and(|(at, _)| *at > moment))
    }

    /// What was done, in a line.
    pub fn summary(&self) -> String {
        let count = |promise: &Mutex<Promise>| locked(promise).acknowledged.len();
        let acknowledged: usize = self.promises.values().map(count).sum();
        format!("{acknowledged} writes acknowledged, errors {:?}", locked(&self.errors))
    }

    /// Keys whose value is older than what had to be kept, or was never written.
    pub fn broken(&self, values: &BTreeMap<String, u64>, window: Window) -> Vec<String> {
        let must = |moment: Instant| window.is_none_or(|(from, to)| moment < from || moment > to);
        let wrong = |key: &String, promise: &Promise| {
            let kept = promise.acknowledged.iter().filter(|(moment, _)| must(*moment));
            let wanted = kept.map(|(_, value)| *value).max().unwrap_or(0);
            let value = values.get(key).copied().unwrap_or(0);
            let is_kept = (wanted..=promise.sent).contains(&value);
            (!is_kept).then(|| format!("{key} is {value}, and {wanted} was promised"))
        };
        let all = self.promises.iter();
        all.filter_map(|(key, promise)| wrong(key, &locked(promise))).collect()
    }
}

fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().expect("nobody panics while a promise is made")
}

#[test]
fn a_lost_write_is_seen() {
    let promises = Promises::new("k", 1);
    let value = promises.next("k:0");
    promises.acknowledge("k:0", value);
    let has = |value| BTreeMap::from([("k:0".to_owned(), value)]);
    assert!(promises.broken(&has(1), None).is_empty());
    assert_eq!(promises.broken(&has(0), None).len(), 1);
    assert_eq!(promises.broken(&has(2), None).len(), 1);
    let now = Instant::now();
    let window = Some((now - Duration::from_secs(60), now));
    assert!(promises.broken(&has(0), window).is_empty());
}
