//! The redis crate: its cluster connection, blocking and asynchronous.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use hashslot_tests::judges::program::{NODES, fulfil};
use hashslot_tests::judges::{Options, Servers, Side, has_redis_cli};
use redis::cluster::{ClusterClient, ClusterConnection, cluster_pipe};
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use redis::{Commands, ErrorKind, RedisResult, Value, cmd};

use super::promises::{Promises, REPLICATED, Window};

const PATIENCE: Duration = Duration::from_secs(40);
const POLL: Duration = Duration::from_millis(50);
const KEYS: u32 = 40;
pub const WORKERS: usize = 4;

/// A cluster to be judged; `None`, said plainly, if it cannot be had.
pub fn cluster(side: Side) -> Option<Servers> {
    if !has_redis_cli() {
        return None;
    }
    Servers::cluster(side, &Options { nodes: NODES, ..Options::default() }, 1)
}

/// The addresses of all nodes, as the crate wants them.
pub fn urls(servers: &Servers) -> Vec<String> {
    servers.ports().iter().map(|port| format!("redis://127.0.0.1:{port}/")).collect()
}

fn connect(servers: &Servers) -> ClusterConnection {
    let client = ClusterClient::new(urls(servers)).expect("the addresses are right");
    let connection = client.get_connection().expect("the cluster answers");
    connection.set_read_timeout(Some(Duration::from_secs(5))).expect("it may be set");
    connection
}

/// Something that happens to a cluster; says when writes may be lost because of it.
pub type Act = fn(&mut Servers) -> Window;

pub fn reshard(servers: &mut Servers) -> Window {
    let from = servers.owner("reshard:0");
    let to = (0..NODES).find(|index| {
        let view = servers.topology(*index);
        *index != from && !view.myself().expect("it knows itself").slots.is_empty()
    });
    let to = servers.port(to.expect("there are three masters"));
    fulfil(&format!("reshard {} {to} 1500", servers.port(from)), servers);
    None
}

pub fn failover(servers: &mut Servers) -> Window {
    let owner = servers.owner("failover:0");
    let victim = servers.port(owner);
    let begun = Instant::now();
    fulfil(&format!("kill {victim}"), servers);
    let window = (begun - REPLICATED, Instant::now());
    fulfil(&format!("succeeded {victim}"), servers);
    fulfil(&format!("restart {victim}"), servers);
    Some(window)
}

/// Has writers at work while something happens; then all that was promised must be there.
pub fn under_load(
    name: &str,
    servers: &mut Servers,
    act: Act,
    write: impl Fn(&Promises) + Sync,
    read: impl FnOnce(&[String]) -> BTreeMap<String, u64>,
) {
    let promises = Promises::new(name, KEYS);
    let window = thread::scope(|scope| {
        scope.spawn(|| write(&promises));
        thread::sleep(Duration::from_secs(1));
        let window = act(servers);
        let since = Instant::now();
        while !promises.are_all_since(since) && since.elapsed() < PATIENCE {
            thread::sleep(POLL);
        }
        promises.end();
        assert!(promises.are_all_since(since), "{name}: {}", promises.summary());
        window
    });
    println!("{name}: {}", promises.summary());
    let broken = promises.broken(&read(&promises.keys()), window);
    assert!(broken.is_empty(), "{name}:\n  {}", broken.join("\n  "));
}

fn write(mut connection: ClusterConnection, keys: &[String], promises: &Promises) {
    while !promises.is_over() {
        for key in keys {
            let value = promises.next(key);
            match connection.set::<_, _, ()>(key, value) {
                Ok(()) => promises.acknowledge(key, value),
                Err(error) => {
                    promises.fail(&error);
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}

fn write_all(urls: &[String], promises: &Promises) {
    let keys = promises.keys();
    thread::scope(|scope| {
        for keys in keys.chunks(keys.len().div_ceil(WORKERS)) {
            let client = ClusterClient::new(urls.to_vec()).expect("the addresses are right");
            let connection = client.get_connection().expect("the cluster answers");
            scope.spawn(move || write(connection, keys, promises));
        }
    });
}

fn plain_use(servers: &Servers, r: &mut ClusterConnection) -> RedisResult<()> {
    r.set::<_, _, ()>("name", "alice")?;
    assert_eq!(r.get::<_, String>("name")?, "alice");
    assert_eq!(r.get::<_, Option<String>>("nobody")?, None);
    assert!(!r.set_nx::<_, _, bool>("name", "bob")?);
    assert_eq!(r.incr::<_, _, i64>("count", 9)?, 9);
    assert!(r.expire::<_, bool>("count", 100)?);
    assert!((1..=100).contains(&r.ttl::<_, i64>("count")?));
    let refused = r.incr::<_, _, i64>("name", 1).expect_err("it is no number");
    assert_eq!(refused.detail(), Some("value is not an integer or out of range"));
    for number in 0..300 {
        r.set::<_, _, ()>(format!("key:{number}"), number)?;
    }
    for number in 0..300 {
        assert_eq!(r.get::<_, u32>(format!("key:{number}"))?, number);
    }
    r.mset::<_, _, ()>(&[("{u}a", 1), ("{u}b", 2)])?;
    assert_eq!(r.mget::<_, Vec<Option<u32>>>(&["{u}a", "{u}b", "{u}c"])?, [Some(1), Some(2), None]);
    // This library splits what is in several slots.
    assert_eq!(r.mget::<_, Vec<u32>>(&["key:1", "key:2", "key:3"])?, [1, 2, 3]);
    assert_eq!(r.del::<_, u32>(&["{u}a", "{u}b"])?, 2);
    pipelines(r)?;
    transactions(servers)?;
    everywhere(r)
}

fn pipelines(r: &mut ClusterConnection) -> RedisResult<()> {
    let mut pipe = cluster_pipe();
    for number in 0..200 {
        pipe.set(format!("pipe:{number}"), number).ignore().incr(format!("pipe:{number}"), 1);
    }
    let results: Vec<u32> = pipe.query(r)?;
    assert_eq!(results, (1..=200).collect::<Vec<u32>>());
    for number in 0..200 {
        assert_eq!(r.del::<_, u32>(format!("pipe:{number}"))?, 1);
    }
    Ok(())
}

/// This library has no transactions over a cluster connection; a plain one asks the owner.
fn transactions(servers: &Servers) -> RedisResult<()> {
    let place = usize::from(servers.owner("{t}a"));
    let mut one = redis::Client::open(urls(servers)[place].as_str())?.get_connection()?;
    let results: (u32, u32) = redis::pipe()
        .atomic()
        .set("{t}a", 1)
        .ignore()
        .incr("{t}a", 1)
        .get("{t}a")
        .query(&mut one)?;
    assert_eq!(results, (2, 2));
    let grown: (u32,) = redis::transaction(&mut one, &["{t}a"], |one, pipe| {
        let value: u32 = one.get("{t}a")?;
        pipe.set("{t}a", value + 40).ignore().get("{t}a").query(one)
    })?;
    assert_eq!(grown, (42,));
    let waited: (u32,) =
        redis::pipe().set("{t}a", 7).ignore().cmd("WAIT").arg(1).arg(2000).query(&mut one)?;
    assert_eq!(waited, (1,));
    one.del::<_, ()>("{t}a")
}

fn everywhere(r: &mut ClusterConnection) -> RedisResult<()> {
    let masters = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
    let mut found = BTreeSet::new();
    let Value::Map(nodes) = r.route_command(&cmd("PING"), masters)? else { panic!("no map") };
    assert_eq!(nodes.len(), 3);
    for (address, pong) in nodes {
        assert_eq!(pong, Value::SimpleString("PONG".to_owned()));
        let address: String = redis::from_redis_value(address)?;
        let (host, port) = address.rsplit_once(':').expect("an address has a port");
        let mut cursor = 0u64;
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg("key:*").arg("COUNT").arg(17);
            let to = SingleNodeRoutingInfo::ByAddress {
                host: host.to_owned(),
                port: port.parse().expect("a port is a number"),
            };
            let reply = r.route_command(&scan, RoutingInfo::SingleNode(to))?;
            let (next, keys): (u64, Vec<String>) = redis::from_redis_value(reply)?;
            found.extend(keys);
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
    }
    assert_eq!(found.len(), 300);
    let unknown = cmd("NOSUCH").arg("name").query::<Value>(r).expect_err("nobody knows it");
    assert!(unknown.to_string().contains("unknown command"), "{unknown}");
    assert_eq!(unknown.kind(), ErrorKind::Server(redis::ServerErrorKind::ResponseError));
    Ok(())
}

/// What is published at one node is heard at another.
fn pubsub(servers: &Servers) -> RedisResult<()> {
    let urls = urls(servers);
    let mut listener = redis::Client::open(urls[0].as_str())?.get_connection()?;
    let mut listener = listener.as_pubsub();
    listener.subscribe("news")?;
    listener.set_read_timeout(Some(PATIENCE))?;
    for url in &urls[1..3] {
        redis::Client::open(url.as_str())?.get_connection()?.publish::<_, _, ()>("news", url)?;
    }
    let mut heard = BTreeSet::new();
    for _ in 0..2 {
        heard.insert(listener.get_message()?.get_payload::<String>()?);
    }
    assert_eq!(heard, BTreeSet::from([urls[1].clone(), urls[2].clone()]));
    Ok(())
}

fn plays(side: Side) {
    let Some(mut servers) = cluster(side) else { return };
    let mut connection = connect(&servers);
    plain_use(&servers, &mut connection).expect("plain use works");
    pubsub(&servers).expect("what is published is heard");
    let urls = urls(&servers);
    for (name, act) in [("reshard", reshard as Act), ("failover", failover)] {
        let read = |keys: &[String]| {
            let mut value = |key: &String| connection.get(key).expect("a key can be read");
            keys.iter().map(|key| (key.clone(), value(key))).collect()
        };
        under_load(name, &mut servers, act, |promises| write_all(&urls, promises), read);
    }
}

#[test]
fn the_redis_crate_finds_a_real_cluster() {
    plays(Side::Real);
}

#[test]
fn the_redis_crate_finds_a_simulated_cluster() {
    plays(Side::Simulated);
}
