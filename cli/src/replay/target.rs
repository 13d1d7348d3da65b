//! What a lesson is played on: opening it, and ending it whatever happens.

use std::net::{SocketAddr, SocketAddrV4, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use hashslot::compare::{Against, Pace, Plan, Report, Stopped, compare, lines_of, simulate_all};
use hashslot::live::docker::{DEFAULT_IMAGE, Docker, leave_first_interrupt};
use hashslot::live::{
    Afterwards, Captured, Cluster, Existing, Login, Options, Program, Target, TargetKind, Trouble,
    stop,
};
use hashslot_core::lab::{SHELF, setup_of};
use hashslot_core::lesson::Lesson;
use hashslot_core::words::quote_arg;
use hashslot_core::world::World;

use super::{Progress, ReplayArgs};
use crate::failure::Failure;

/// What may play a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// Nodes of its own.
    Stage(TargetKind),
    /// The cluster to which this node belongs.
    Existing(String),
}

impl std::str::FromStr for On {
    type Err = String;

    fn from_str(text: &str) -> Result<On, String> {
        match text.parse() {
            Ok(kind) => Ok(On::Stage(kind)),
            Err(_) if text.contains(':') => Ok(On::Existing(text.to_owned())),
            Err(error) => Err(format!("{error}, or HOST:PORT of a node of a cluster")),
        }
    }
}

impl std::fmt::Display for On {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            On::Stage(kind) => kind.fmt(f),
            On::Existing(place) => f.write_str(place),
        }
    }
}

/// Has everything end in an orderly way at the first Ctrl-C, and at once at the second; where there
/// are containers, it is their watcher who removes them and ends us then.
pub fn end_on_ctrl_c(on: &On) -> Result<(), Failure> {
    let has_containers = *on == On::Stage(TargetKind::Docker);
    leave_first_interrupt();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            for press in 0.. {
                if tokio::signal::ctrl_c().await.is_err() {
                    return;
                }
                if press > 0 && !has_containers {
                    std::process::exit(i32::from(crate::failure::INTERRUPTED));
                }
                stop::stop();
            }
        });
    });
    Ok(())
}

/// Plays a lesson on the target that was named.
pub fn replay(
    lesson: &Arc<Lesson>,
    pace: Pace,
    args: &ReplayArgs,
    progress: &mut Progress,
) -> Result<Report, Failure> {
    match &args.on {
        On::Stage(kind) => on_stage(lesson, *kind, pace, args, progress),
        On::Existing(place) => on_existing(lesson, place, args, progress),
    }
}

fn on_stage(
    lesson: &Arc<Lesson>,
    kind: TargetKind,
    pace: Pace,
    args: &ReplayArgs,
    progress: &mut Progress,
) -> Result<Report, Failure> {
    let target = match kind {
        TargetKind::Processes => Target::Processes(Program::find_any().map_err(unable)?),
        TargetKind::Docker => {
            let image = args.image.as_deref().unwrap_or(DEFAULT_IMAGE);
            Target::Docker(Docker::find(image).map_err(unable)?)
        }
    };
    let setup = pace.stage(setup_of(&lesson.front));
    let mut options = Options::new(setup.config.node_timeout_ms);
    if args.keep {
        options.afterwards = Afterwards::Leave;
    }
    let mut plan = Plan {
        lesson,
        pace,
        against: Against {
            target: args.on.to_string(),
            version: String::new(),
            warnings: Vec::new(),
        },
        again: again(lesson, args),
        leaves_out: &[],
        worlds: &|seed| {
            let mut setup = setup.clone();
            setup.seed += seed;
            World::try_formed(setup)
        },
    };
    let (simulated, cluster) = thread::scope(|scope| {
        // Most of the time in which a cluster forms is waiting.
        let simulating = scope.spawn(|| simulate_all(&plan));
        let cluster = Cluster::on(&target, &setup, options);
        (simulating.join().expect("the simulator does not panic"), cluster)
    });
    let mut cluster = cluster.map_err(unable)?;
    let simulated = simulated.map_err(stopped)?;
    plan.against.version = version_of(&mut cluster);
    plan.against.warnings.extend(not_compared(&plan.against.version));
    let report =
        compare(plan, &simulated, &mut cluster, |line, action| progress.line(line, action));
    let report = report.map_err(stopped)?;
    if args.keep {
        progress.end();
        say_what_is_kept(&cluster);
    }
    Ok(report)
}

/// The version of Redis that the nodes themselves state.
fn version_of(cluster: &mut Cluster) -> String {
    let lowest = cluster.nodes().ports().into_iter().min();
    let info = lowest.and_then(|port| cluster.ask_text(port, &["INFO", "server"]));
    let line = info.as_deref().unwrap_or_default().lines();
    let version = line.filter_map(|line| line.strip_prefix("redis_version:")).next();
    version.unwrap_or("unknown").trim().to_owned()
}

/// Parts of views in which the owner of an existing cluster has a hand.
const NOT_OURS: &[&str] = &["db0", "connected_slaves"];

fn on_existing(
    lesson: &Arc<Lesson>,
    place: &str,
    args: &ReplayArgs,
    progress: &mut Progress,
) -> Result<Report, Failure> {
    if args.fast {
        let hint = "--fast sets a node-timeout, and that of a cluster which exists already stays: \
                    leave it out, or play on processes";
        return Err(Failure::usage(hint));
    }
    let pace = Pace::as_written(lesson.front.cluster.node_timeout);
    let login = Login::find(args.password_file.as_deref()).map_err(unable)?;
    let captured = Captured::of(resolve(place)?, login.as_ref()).map_err(unable)?;
    captured.must_have(&lesson.front.cluster).map_err(unable)?;
    let world_of = |seed: u64| {
        let mut setup = setup_of(&lesson.front);
        setup.seed += seed;
        captured.twin(setup)
    };
    let twin = world_of(0).ok_or_else(|| {
        Failure::usage("no simulated cluster forms with this one's shape: play on processes")
    })?;
    let lines = lines_of(lesson, pace);
    let warnings = warnings(&captured, &twin);
    let leaves_out: Vec<&str> = match twin_epoch(&twin) == Some(captured.current_epoch) {
        true => NOT_OURS.to_vec(),
        false => [NOT_OURS, &["cluster_current_epoch"]].concat(),
    };
    let version = captured.version.clone();
    let plan = Plan {
        lesson,
        pace,
        against: Against { target: args.on.to_string(), version, warnings },
        again: again(lesson, args),
        leaves_out: &leaves_out,
        worlds: &world_of,
    };
    let simulated = simulate_all(&plan).map_err(stopped)?;
    let opened = Existing::open(captured.clone(), login, &lines, &args.allow_faults, &twin);
    let mut existing = opened.map_err(unable)?;
    compare(plan, &simulated, &mut existing, |line, action| progress.line(line, action))
        .map_err(stopped)
}

fn warnings(captured: &Captured, twin: &World) -> Vec<String> {
    let mut warnings = vec![format!(
        "nobody says which node-timeout this cluster has; the simulator has {} ms",
        twin.setup().config.node_timeout_ms
    )];
    warnings.extend(not_compared(&captured.version));
    warnings
}

fn twin_epoch(twin: &World) -> Option<u64> {
    twin.servers().map(|(_, _, server)| server.node.current_epoch()).max()
}

/// The address of a host and port.
fn resolve(place: &str) -> Result<SocketAddrV4, Failure> {
    let unknown = |why: String| {
        Failure::usage(format!("{place} is no place of a node: {why}; write HOST:PORT"))
    };
    let mut found = place.to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
    let only_v4 = |address| match address {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    };
    found.find_map(only_v4).ok_or_else(|| unknown("it has no IPv4 address".to_owned()))
}

/// A warning, if what is there is not of the version that is simulated.
fn not_compared(version: &str) -> Option<String> {
    (!version.starts_with("7.0.")).then(|| {
        format!("{version} is no Redis 7.0, which is what is simulated: versions differ, too")
    })
}

fn say_what_is_kept(cluster: &Cluster) {
    let ports = cluster.nodes().ports().into_iter();
    let doors = ports.filter_map(|port| cluster.nodes().door(port));
    let doors: Vec<String> = doors.map(|door| door.to_string()).collect();
    let (what, places) = (cluster.nodes().describe(), doors.join(", "));
    eprintln!("Left running: {what}, at {places}. `hashslot clean` ends them.");
}

/// A target that cannot be had. If it was broken off, that is why.
fn unable(trouble: Trouble) -> Failure {
    match stop::is_wanted() {
        true => Failure::Interrupted,
        false => Failure::usage(trouble.to_string()),
    }
}

fn stopped(_: Stopped) -> Failure {
    match stop::is_wanted() {
        true => Failure::Interrupted,
        false => {
            Failure::usage("the simulated cluster does not form: check the lesson's `cluster:`")
        }
    }
}

/// The command that does it again.
fn again(lesson: &Lesson, args: &ReplayArgs) -> String {
    let shelved = SHELF.iter().find(|shelved| shelved.file == lesson.file);
    let name = shelved.map_or(&lesson.file[..], |shelved| shelved.id);
    let fast = if args.fast { " --fast" } else { "" };
    let allowed: Vec<&str> = args.allow_faults.iter().map(|fault| fault.name()).collect();
    let allowed = match allowed.is_empty() {
        true => String::new(),
        false => format!(" --allow-faults {}", allowed.join(",")),
    };
    let image = match &args.image {
        Some(image) => format!(" --image {}", quote_arg(image.as_bytes())),
        None => String::new(),
    };
    let name = quote_arg(name.as_bytes());
    format!("hashslot replay {name} --on {}{image}{fast}{allowed}", args.on)
}
