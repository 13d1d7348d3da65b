//! The thread that has the world: hub, doors and peers, and what lets time pass between them.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hashslot_core::world::session::Session;
use hashslot_core::world::step::Port;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};

use super::clock::Clock;
use super::control::{Command, Control, Snapshot};
use super::doors::Doors;
use super::hub::{Hub, Next};
use super::limits::READ_BYTES;
use super::record::Record;

/// How often the record is written out, and lost ports are tried again.
const HOUSEKEEPING: Duration = Duration::from_millis(200);
/// Even if nothing will ever happen.
const LONGEST: Duration = Duration::from_secs(1);

/// What the thread starts with.
pub struct Plan {
    pub session: Session,
    pub clock: Clock,
    pub record: Option<Record>,
    pub bind: IpAddr,
    /// Those that do not block.
    pub listeners: Vec<(Port, TcpListener)>,
}

/// Starts it. It ends when it is told to; the result says whether all went well.
pub fn start(plan: Plan) -> io::Result<(Control, JoinHandle<io::Result<()>>)> {
    let (control, commands) = Control::new();
    let work = move || {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
        runtime.block_on(live(plan, commands))
    };
    let thread = std::thread::Builder::new().name("world".to_owned()).spawn(work)?;
    Ok((control, thread))
}

async fn live(plan: Plan, mut commands: mpsc::Receiver<Command>) -> io::Result<()> {
    let hub = Rc::new(RefCell::new(Hub::new(plan.session, plan.clock, plan.record)));
    let buffer = Rc::new(RefCell::new(vec![0; READ_BYTES]));
    let mut doors = Doors::new(plan.bind, hub.clone(), buffer, plan.listeners)?;
    let changed = hub.borrow().changed.clone();
    let mut kept_house = Instant::now();
    loop {
        let next = hub.borrow_mut().catch_up();
        doors.tend();
        if kept_house.elapsed() > HOUSEKEEPING {
            kept_house = Instant::now();
            let mut hub = hub.borrow_mut();
            hub.keep_record();
            hub.release();
        }
        let wait = async {
            match next {
                Next::Now => tokio::task::yield_now().await,
                Next::At(at) => sleep_until(at.min(Instant::now() + LONGEST).into()).await,
                Next::Never => sleep(LONGEST).await,
            }
        };
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                None | Some(Command::Stop) => break,
                Some(command) => obey(command, &hub, &doors),
            },
            () = changed.notified() => {}
            () = wait => {}
        }
        if !hub.borrow().is_sound() {
            return Err(io::Error::other("the simulator has made a mistake, which is shown above"));
        }
    }
    hub.borrow_mut().end_record()
}

fn obey(command: Command, hub: &Rc<RefCell<Hub>>, doors: &Doors) {
    let mut hub = hub.borrow_mut();
    // Whoever asked may have left meanwhile.
    match command {
        Command::Look(answer) => {
            let mut status = hub.status();
            status.troubles.extend(doors.troubles());
            let _ = answer.send(Snapshot { session: hub.copy(), status });
        }
        Command::Do(line, answer) => {
            let _ = answer.send(hub.perform(&line));
        }
        Command::SetClock(change, answer) => {
            if let Some(percent) = change.speed_percent {
                hub.set_speed(percent);
            }
            if let Some(flow) = change.flow {
                hub.set_flow(flow);
            }
            let _ = answer.send(());
        }
        Command::Stop => {}
    }
}
