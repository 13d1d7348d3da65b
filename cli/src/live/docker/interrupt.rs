//! Clearing up when a person ends us with Ctrl-C, or the machine asks us to go.
//!
//! Containers do not end with their maker. So as long as a run has some, this process waits for the
//! signals that would end it, removes what it has made, and ends then. A program that ends its
//! stages in good order when it is interrupted says so: then it is the second Ctrl-C that ends it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use bollard::Docker;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::sweep::remove_run;

/// The runs of this process, and their engines.
static RUNS: Mutex<BTreeMap<String, Docker>> = Mutex::new(BTreeMap::new());
static WATCH: Once = Once::new();

/// Whether the first Ctrl-C is for somebody else.
static ORDERLY: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C is left to the caller, who lets go of its stages soon.
pub fn leave_first_interrupt() {
    ORDERLY.store(true, Ordering::Relaxed);
}

/// A run begins: it will be removed if we are interrupted.
pub fn begun(run: &str, api: &Docker) {
    runs().insert(run.to_owned(), api.clone());
    WATCH.call_once(|| {
        // Without a watcher a signal ends us, and `hashslot clean` removes what is left.
        let _ = thread::Builder::new().name("interrupt".to_owned()).spawn(watch);
    });
}

/// A run is over.
pub fn ended(run: &str) {
    runs().remove(run);
}

fn runs() -> MutexGuard<'static, BTreeMap<String, Docker>> {
    RUNS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
            return;
        };
        let mut number = first(&mut interrupt, &mut terminate, &mut hangup).await;
        let is_left = number == SignalKind::interrupt().as_raw_value();
        if is_left && ORDERLY.load(Ordering::Relaxed) {
            number = first(&mut interrupt, &mut terminate, &mut hangup).await;
        }
        let all = runs().clone();
        for (run, api) in all {
            if let Err(trouble) = remove_run(&api, &run).await {
                eprintln!("{trouble}; run `hashslot clean`");
            }
        }
        // As a shell says it: ended by this signal.
        std::process::exit(128 + number);
    });
}

async fn first(interrupt: &mut Signal, terminate: &mut Signal, hangup: &mut Signal) -> i32 {
    std::future::poll_fn(|context| {
        let signals: [(&mut Signal, SignalKind); 3] = [
            (&mut *interrupt, SignalKind::interrupt()),
            (&mut *terminate, SignalKind::terminate()),
            (&mut *hangup, SignalKind::hangup()),
        ];
        for (signal, kind) in signals {
            if signal.poll_recv(context).is_ready() {
                return std::task::Poll::Ready(kind.as_raw_value());
            }
        }
        std::task::Poll::Pending
    })
    .await
}
