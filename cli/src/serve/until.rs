//! Serving until it is ended: by Ctrl-C, or as service managers do it, by SIGTERM.

use std::future::Future;
use std::io;

use crate::failure::Failure;

/// Runs until the work or the process is ended.
pub fn stopped(work: impl Future<Output = io::Result<()>>) -> Result<(), Failure> {
    block_on(async {
        tokio::select! {
            ended = work => ended,
            ended = told() => ended,
        }
    })?
    .map_err(failed)
}

/// Runs something to its end.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    Ok(runtime.block_on(work))
}

fn failed(error: io::Error) -> Failure {
    Failure::new(format!("the server stopped: {error}"))
}

#[cfg(unix)]
async fn told() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn told() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
