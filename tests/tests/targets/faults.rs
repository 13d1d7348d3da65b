//! Each fault, on each target: its effect is seen from outside, and seen to go.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use hashslot::live::{Cluster, Connection, Options, Row, Standing, Target};
use hashslot_core::data::Reply;
use hashslot_core::world::Setup;
use hashslot_core::world::condition::Condition;
use hashslot_core::world::step::{Line, Port};
use hashslot_tests::live::{can_cut, engine, program};

pub fn setup(masters: u16, replicas: u16) -> Setup {
    let mut setup = Setup { masters, replicas, ..Setup::default() };
    setup.config.node_timeout_ms = 1_000;
    setup
}

/// A cluster on processes, if there are any here.
fn on_processes(setup: &Setup) -> Option<Cluster> {
    Some(start(&Target::Processes(program()?), setup))
}

/// The same on docker.
fn on_docker(setup: &Setup) -> Option<Cluster> {
    Some(start(&Target::Docker(engine::docker()?), setup))
}

pub fn start(target: &Target, setup: &Setup) -> Cluster {
    let begun = Instant::now();
    let options = Options::new(setup.config.node_timeout_ms);
    let cluster = Cluster::on(target, setup, options).unwrap_or_else(|trouble| panic!("{trouble}"));
    println!("{} after {} ms", cluster.nodes().describe(), begun.elapsed().as_millis());
    cluster
}

fn port(number: u16) -> Port {
    Port::new(number).expect("it is a port")
}

fn condition(text: &str) -> Condition {
    Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Does a line, and says what it printed.
pub fn printed(cluster: &mut Cluster, line: &str) -> String {
    let line: Line = Line::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    cluster.perform(&line).join("\n")
}

/// Does lines that must print nothing.
pub fn quietly(cluster: &mut Cluster, lines: &[&str]) {
    for line in lines {
        assert_eq!(printed(cluster, line), "", "{line}");
    }
}

/// A key of 7000, the first of three masters.
const KEY: &str = "{06S}";

/// How an attempt to connect to a node ends.
pub fn knock(cluster: &Cluster, node: u16) -> Result<(), ErrorKind> {
    let door = cluster.nodes().door(port(node)).expect("it has an address");
    let patience = Duration::from_millis(300);
    TcpStream::connect_timeout(&door.into(), patience).map(drop).map_err(|error| error.kind())
}

fn a_paused_node_is_silent_and_answers_when_it_goes_on(mut cluster: Cluster) {
    quietly(&mut cluster, &["$ pause 7000"]);
    assert_eq!(printed(&mut cluster, "7000> PING"), "(waiting)");
    assert_eq!(cluster.nodes().standing(port(7000)), Some(Standing::Paused));
    assert_eq!(knock(&cluster, 7000), Ok(()), "its kernel goes on accepting");
    quietly(&mut cluster, &["$ resume 7000"]);
    assert_eq!(printed(&mut cluster, "$ run 200ms"), "7000< PONG");
}

fn a_killed_node_refuses_and_comes_back_with_what_is_left_on_its_disk(mut cluster: Cluster) {
    assert_eq!(printed(&mut cluster, "7000> SET k v"), "OK");
    quietly(&mut cluster, &["$ kill 7000"]);
    assert_eq!(knock(&cluster, 7000), Err(ErrorKind::ConnectionRefused));
    assert!(printed(&mut cluster, "7000> GET k").contains("closed the connection"));
    assert!(printed(&mut cluster, "7000> GET k").ends_with("127.0.0.1:7000: Connection refused"));
    quietly(&mut cluster, &["$ restart 7000", "$ run until 7000 cluster ok"]);
    assert_eq!(printed(&mut cluster, "7000> GET k"), "\"v\"");
    let id = printed(&mut cluster, "7000> CLUSTER MYID");
    quietly(&mut cluster, &["$ kill 7000", "$ restart 7000 empty", "$ run until 7000 cluster ok"]);
    printed(&mut cluster, "7000> PING");
    assert_eq!(printed(&mut cluster, "7000> GET k"), "(nil)");
    assert_eq!(printed(&mut cluster, "7000> CLUSTER MYID"), id);
    quietly(&mut cluster, &["$ kill 7000", "$ restart 7000 without nodes.conf"]);
    printed(&mut cluster, "7000> PING");
    assert_ne!(printed(&mut cluster, "7000> CLUSTER MYID"), id);
    // A node that stands still can be killed as well.
    quietly(&mut cluster, &["$ pause 7000", "$ kill 7000", "$ restart 7000"]);
    assert_eq!(knock(&cluster, 7000), Ok(()));
    // One that was told to end is not killed, but started again all the same.
    printed(&mut cluster, "7000> PING");
    assert!(printed(&mut cluster, "7000> SHUTDOWN NOSAVE").contains("closed the connection"));
    quietly(&mut cluster, &["$ restart 7000"]);
    assert_eq!(knock(&cluster, 7000), Ok(()));
    let starts = cluster.nodes().log_text(port(7000)).matches("Ready to accept").count();
    assert_eq!(starts, 6, "its log goes on through all of its lives");
}

fn a_cut_is_felt_and_healed(mut cluster: Cluster) {
    if !can_cut() {
        return;
    }
    quietly(&mut cluster, &["$ cut 7000 -> 7001", "$ run until 7001 sees 7000 pfail within 10s"]);
    assert!(!cluster.holds(&condition("7002 sees 7000 pfail")));
    quietly(&mut cluster, &["$ heal", "$ run until 7001 sees 7000 ok within 20s"]);
    quietly(&mut cluster, &["$ partition 7000 | 7001 7002"]);
    quietly(&mut cluster, &["$ run until 7001 sees 7000 fail within 20s"]);
    quietly(&mut cluster, &["$ run until 7000 cluster fail within 20s"]);
    quietly(&mut cluster, &["$ heal", "$ run until settled within 60s"]);
    quietly(&mut cluster, &["$ crash 7002", "$ run until 7000 sees 7002 fail within 20s"]);
    assert_eq!(knock(&cluster, 7002), Err(ErrorKind::TimedOut));
    quietly(&mut cluster, &["$ restart 7002", "$ run until settled within 60s"]);
    assert_eq!(knock(&cluster, 7002), Ok(()));
}

fn a_new_node_joins_under_its_own_name(mut cluster: Cluster) {
    quietly(&mut cluster, &["$ add node 7007"]);
    assert_eq!(printed(&mut cluster, "7007> CLUSTER MEET 127.0.0.1 7000"), "OK");
    quietly(&mut cluster, &["$ run until 7000 knows 7007 within 20s"]);
    let seen = printed(&mut cluster, "7000> CLUSTER NODES");
    assert!(seen.contains("127.0.0.1:7007@17007"), "{seen}");
}

/// How long it takes a node to hear from another one: from its port for clients, to which MIGRATE
/// goes, and which says that the slot is not its own. A process has no address of its own there, so
/// for processes it is the bus.
fn round_trip(cluster: &mut Cluster) -> Duration {
    let nodes = cluster.nodes();
    if nodes.pid(port(7000)).is_some() {
        return bus_round_trip(cluster);
    }
    let patience = Duration::from_secs(60);
    let door = nodes.door(port(7000)).expect("it has an address");
    let other = nodes.place(port(7001)).expect("it has an address").ip().to_string();
    let mut connection = Connection::open(door, patience).expect("it listens");
    let begun = Instant::now();
    let said = connection.say(&["MIGRATE", &other, "7001", KEY, "0", "30000"]).expect("it answers");
    let took = begun.elapsed();
    assert!(format!("{said:?}").contains("Target instance replied with error"), "{said:?}");
    took
}

/// The same on the bus, by the clock of the node that asks: from a ping that is seen pending to its
/// pong. A pong whose ping was never seen took no time that can be seen; gossip refreshes the time
/// of a pong, too, but in whole seconds.
fn bus_round_trip(cluster: &mut Cluster) -> Duration {
    let (mut sent_ms, mut heard_ms, mut took_ms) = (0, None, None);
    await_row(cluster, 7000, 7001, |seen| {
        let before = heard_ms.replace(seen.pong_received_ms);
        if before.is_some_and(|before| before != seen.pong_received_ms) {
            if seen.pong_received_ms % 1_000 != 0 {
                let since = if sent_ms > 0 { sent_ms } else { seen.pong_received_ms };
                took_ms = Some(seen.pong_received_ms.saturating_sub(since));
            }
            sent_ms = 0;
        }
        if seen.ping_sent_ms > 0 {
            sent_ms = seen.ping_sent_ms;
        }
        took_ms.is_some()
    });
    Duration::from_millis(took_ms.expect("the last look has it"))
}

/// Looks at what a node knows of another until this holds of it; what it was then.
fn await_row(cluster: &mut Cluster, by: u16, of: u16, mut is_so: impl FnMut(&Row) -> bool) -> Row {
    let id = cluster.id_of(port(of)).expect("it has an id");
    let begun = Instant::now();
    loop {
        let view = cluster.topology(port(by)).expect("it answers");
        let seen = view.row(id).expect("they know each other");
        if is_so(seen) {
            return seen.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "what {by} knows of {of}: {seen:?}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn a_slow_or_lossy_path_is_measured_and_heals(mut cluster: Cluster) {
    if !can_cut() {
        return;
    }
    assert_eq!(printed(&mut cluster, &format!("7000> SET {KEY} v")), "OK");
    let fast = Duration::from_millis(250);
    assert!(round_trip(&mut cluster) < fast);
    quietly(&mut cluster, &["$ slow 7000 <-> 7001 150ms", "$ run 1200ms"]);
    assert!(round_trip(&mut cluster) >= Duration::from_millis(300));
    assert!(bus_round_trip(&mut cluster) >= Duration::from_millis(300));
    quietly(&mut cluster, &["$ slow 7000 -> 7001 400ms"]);
    assert!(round_trip(&mut cluster) >= Duration::from_millis(550), "150 ms back, 400 there");
    quietly(&mut cluster, &["$ heal", "$ run 1s"]);
    assert!(round_trip(&mut cluster) < fast);
    assert!(bus_round_trip(&mut cluster) < fast);
    cluster.nodes_mut().lose(port(7000), port(7001), 40).expect("it can be done as root");
    let calls: Vec<Duration> = (0..12).map(|_| round_trip(&mut cluster)).collect();
    let resent = calls.iter().filter(|took| **took >= Duration::from_millis(200)).count();
    assert!((1..12).contains(&resent), "loss is delay, now and then: {calls:?}");
    quietly(&mut cluster, &["$ heal", "$ run 2s", "$ run until settled within 60s"]);
    let calls: Vec<Duration> = (0..5).map(|_| round_trip(&mut cluster)).collect();
    assert!(calls.iter().filter(|took| **took < fast).count() >= 4, "{calls:?}");
}

fn messages_of_one_kind_are_missed_from_one_sender_only(mut cluster: Cluster) {
    if !can_cut() {
        return;
    }
    quietly(&mut cluster, &["$ drop pong 7000 -> 7001"]);
    let mut since: Option<(u64, Instant)> = None;
    await_row(&mut cluster, 7001, 7000, |seen| {
        match since {
            Some((sent, _)) if sent == seen.ping_sent_ms && sent > 0 => {}
            _ => since = Some((seen.ping_sent_ms, Instant::now())),
        }
        since.is_some_and(|(sent, at)| sent > 0 && at.elapsed() > Duration::from_millis(1_500))
    });
    let before = await_row(&mut cluster, 7002, 7000, |_| true).pong_received_ms;
    await_row(&mut cluster, 7002, 7000, |seen| seen.pong_received_ms > before + 100);
    quietly(&mut cluster, &["$ drop none"]);
    await_row(&mut cluster, 7001, 7000, |seen| seen.ping_sent_ms == 0);
}

/// When a node opened its link to another one.
fn opened_at(cluster: &mut Cluster, by: u16, to: u16) -> Option<i64> {
    let id = cluster.id_of(port(to)).expect("it has an id").to_string();
    let Some(Reply::Array(links)) = cluster.ask_node(port(by), &["CLUSTER", "LINKS"]) else {
        panic!("{by} does not tell its links");
    };
    links.iter().find_map(|link| match link {
        Reply::Array(parts) => match &parts[..6] {
            [_, way, _, node, _, Reply::Integer(made)]
                if *way == Reply::bulk("to") && *node == Reply::bulk(id.clone()) =>
            {
                Some(*made)
            }
            _ => None,
        },
        _ => None,
    })
}

fn links_that_break_are_opened_anew(mut cluster: Cluster) {
    if !can_cut() {
        return;
    }
    let before = [7001, 7002].map(|to| opened_at(&mut cluster, 7000, to));
    assert!(before.iter().all(Option::is_some), "{before:?}");
    assert_eq!(printed(&mut cluster, &format!("7000> SET {KEY} v")), "OK");
    // In a container: it keeps the connection of a MIGRATE for a while, and opens another when that
    // has ended.
    round_trip(&mut cluster);
    cluster.nodes_mut().sever(port(7000), port(7001)).expect("it can be done as root");
    assert!(
        round_trip(&mut cluster) < Duration::from_secs(5),
        "it is told at once, not left waiting"
    );
    let begun = Instant::now();
    loop {
        let now = opened_at(&mut cluster, 7000, 7001);
        if now.is_some() && now != before[0] {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the link is the old one");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(opened_at(&mut cluster, 7000, 7002), before[1], "the others are as they were");
    quietly(&mut cluster, &["$ run until settled within 20s"]);
}

/// Shows something on both targets.
macro_rules! on_each_target {
    ($($name:ident on $masters:literal masters;)*) => {
        mod processes {
            $(#[test]
            fn $name() {
                if let Some(cluster) = super::on_processes(&super::setup($masters, 0)) {
                    super::$name(cluster);
                }
            })*
        }

        mod docker {
            $(#[test]
            fn $name() {
                if let Some(cluster) = super::on_docker(&super::setup($masters, 0)) {
                    super::$name(cluster);
                }
            })*
        }
    };
}

on_each_target! {
    a_paused_node_is_silent_and_answers_when_it_goes_on on 1 masters;
    a_killed_node_refuses_and_comes_back_with_what_is_left_on_its_disk on 1 masters;
    a_cut_is_felt_and_healed on 3 masters;
    a_new_node_joins_under_its_own_name on 1 masters;
    a_slow_or_lossy_path_is_measured_and_heals on 3 masters;
    messages_of_one_kind_are_missed_from_one_sender_only on 3 masters;
    links_that_break_are_opened_anew on 3 masters;
}
