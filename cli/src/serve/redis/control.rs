//! The control: what the rest of the program may ask of the thread that has the world.
//!
//! Whoever watches gets a copy of the session, which shares nearly everything with the original and
//! is made in less than a millisecond; all views are computed from it elsewhere, so watching slows
//! nobody down.

use hashslot_core::world::session::Session;
use tokio::sync::{mpsc, oneshot};

use super::clock::Flow;
use super::status::{Refused, Status};

/// How many requests may wait.
const WAITING_MAX: usize = 64;

/// A request, and where the answer goes.
#[derive(Debug)]
pub enum Command {
    Look(oneshot::Sender<Snapshot>),
    Do(String, oneshot::Sender<Result<Vec<String>, Refused>>),
    SetClock(ClockChange, oneshot::Sender<()>),
    Stop,
}

/// What is changed of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockChange {
    pub flow: Option<Flow>,
    pub speed_percent: Option<u32>,
}

/// The present of the served cluster.
#[derive(Debug)]
pub struct Snapshot {
    pub session: Session,
    pub status: Status,
}

/// The world's thread has ended: there is nobody to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// A handle to the world's thread.
#[derive(Clone, Debug)]
pub struct Control {
    sender: mpsc::Sender<Command>,
}

impl Control {
    pub fn new() -> (Control, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Control { sender }, receiver)
    }

    pub async fn look(&self) -> Result<Snapshot, Gone> {
        self.ask(Command::Look).await
    }

    /// Does a line on the served cluster; what it prints.
    pub async fn perform(&self, line: String) -> Result<Result<Vec<String>, Refused>, Gone> {
        self.ask(|answer| Command::Do(line, answer)).await
    }

    pub async fn set_clock(&self, change: ClockChange) -> Result<(), Gone> {
        self.ask(|answer| Command::SetClock(change, answer)).await
    }

    /// Asks the thread to end; it may have ended already.
    pub async fn stop(&self) {
        let _ = self.sender.send(Command::Stop).await;
    }

    /// Waits until the thread has ended.
    pub async fn gone(&self) {
        self.sender.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Gone> {
        let (sender, receiver) = oneshot::channel();
        self.sender.send(command(sender)).await.map_err(|_| Gone)?;
        receiver.await.map_err(|_| Gone)
    }
}
