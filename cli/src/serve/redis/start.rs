//! Starting a served cluster: ports first, since they may be taken; then the cluster, which forms
//! by the real protocol before anybody is let in; then its clock, set to the wall's.

use std::io;
use std::net::{IpAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use hashslot_core::words::{Span, Time};
use hashslot_core::world::session::{Budget, Session};
use hashslot_core::world::step::{Line, Port};
use hashslot_core::world::{Setup, World};

use super::clock::Clock;
use super::control::Control;
use super::doors::listen;
use super::limits;
use super::record::Record;
use super::settings::RedisArgs;
use super::thread::{self, Plan};
use crate::failure::Failure;

/// Larger clusters are formed once only, and their clocks are right to a few seconds.
const FORMED_TWICE_MAX: u16 = 50;
const SECOND_MICROS: u64 = 1_000_000;

/// A cluster that real clients can talk to.
pub struct Served {
    pub control: Control,
    pub thread: JoinHandle<io::Result<()>>,
    pub setup: Setup,
    /// The password, for the page.
    pub secret: Option<String>,
}

/// Starts the cluster that the command line asks for.
pub fn start(args: &RedisArgs, bind: IpAddr) -> Result<Served, Failure> {
    let secret = args.secret(bind)?;
    let mut setup = args.setup(bind, secret.as_deref())?;
    let nodes = setup.nodes();
    limits::raise_descriptors(usize::from(nodes));
    let listeners = open_all(bind, setup.first_port, nodes)?;
    let mut record = args.record.as_deref().map(Record::create).transpose()?;
    let origin = set_clocks(&mut setup)?;
    let Some(mut session) = Session::try_with(setup.clone(), args.level(), Budget::default())
    else {
        return Err(does_not_form());
    };
    if let Some(record) = &mut record {
        record.begin(&session);
    }
    slow_down(args, &mut session);
    let shown = setup.epoch + session.now().since(Time::ZERO);
    let behind = wall_clock().since(shown);
    let ahead = if origin.is_some() { behind } else { Span::ZERO };
    let clock = Clock::new(Instant::now(), session.now() + ahead, args.speed);
    let plan = Plan { session, clock, record, bind, listeners };
    let (control, thread) = thread::start(plan)
        .map_err(|error| Failure::new(format!("the cluster cannot be served: {error}")))?;
    Ok(Served { control, thread, setup, secret })
}

/// Sets the nodes' clocks so that they show the wall's time, to the second, when the cluster has
/// formed; when that is. What is left, below a second, the served cluster's clock makes up for.
fn set_clocks(setup: &mut Setup) -> Result<Option<Time>, Failure> {
    let now = wall_clock();
    setup.epoch = whole_seconds(now);
    if setup.nodes() > FORMED_TWICE_MAX {
        return Ok(None);
    }
    let world = World::try_formed(setup.clone()).ok_or_else(does_not_form)?;
    let formation = world.origin().since(Time::ZERO);
    setup.epoch = whole_seconds(Time::from_micros(now.since(Time::ZERO + formation).micros()));
    Ok(Some(world.origin()))
}

fn does_not_form() -> Failure {
    Failure::usage(
        "this cluster does not form: a message must arrive well within the node timeout. Choose a \
         longer --node-timeout",
    )
}

fn wall_clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

fn whole_seconds(time: Time) -> Time {
    Time::from_micros(time.micros() / SECOND_MICROS * SECOND_MICROS)
}

/// Makes the way to and from all nodes as slow as it was asked for.
fn slow_down(args: &RedisArgs, session: &mut Session) {
    let Some(delay) = args.client_delay() else { return };
    let ports: Vec<Port> = session.world().servers().map(|(_, port, _)| port).collect();
    for port in ports {
        let (latency, jitter) = (delay.latency, delay.jitter);
        let text = format!("$ slow outside <-> {port} {latency} jitter {jitter}");
        let Ok(Line::Step(step)) = Line::parse(&text) else { continue };
        session.apply(&step);
    }
}

/// A listener for each node; all of them, or an error that names the port.
fn open_all(bind: IpAddr, first: u16, nodes: u16) -> Result<Vec<(Port, TcpListener)>, Failure> {
    let mut listeners = Vec::new();
    for number in (first..).take(usize::from(nodes)) {
        let port = Port::new(number).ok_or_else(|| {
            let last = first.saturating_add(nodes - 1);
            Failure::usage(format!(
                "nodes on ports up to {last} have no room for their bus ports, which are 10000 \
                 above: choose a smaller --first-port"
            ))
        })?;
        let listener = listen(bind, number).map_err(|error| explain(bind, number, &error))?;
        listeners.push((port, listener));
    }
    Ok(listeners)
}

fn explain(bind: IpAddr, port: u16, error: &io::Error) -> Failure {
    Failure::new(match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} on {bind} is taken by another program. Choose other ports with \
             --first-port, as in --first-port {}",
            port.saturating_add(100)
        ),
        io::ErrorKind::PermissionDenied => format!(
            "port {port} is not allowed for this user. Choose ports above 1023 with --first-port"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("{bind} is no address of this machine. Choose one of its own with --bind")
        }
        _ => format!("cannot listen on {bind} port {port}: {error}"),
    })
}
