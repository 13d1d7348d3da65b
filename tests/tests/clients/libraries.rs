//! Libraries of other languages: redis-py, its asyncio side, and ioredis.

use std::process::Command;

use hashslot_tests::judges::program::{NODES, judge, node, python, run};
use hashslot_tests::judges::{Options, Servers, Side, has_redis_cli};

fn plays(command: Option<Command>, file: &str, side: Side) {
    let Some(command) = command.filter(|_| has_redis_cli()) else { return };
    let options = Options { nodes: NODES, ..Options::default() };
    let Some(mut servers) = Servers::cluster(side, &options, 1) else { return };
    judge(side, &run(command, file, &mut servers));
}

#[test]
fn redis_py_finds_a_real_cluster() {
    plays(python(), "cluster_use.py", Side::Real);
}

#[test]
fn redis_py_finds_a_simulated_cluster() {
    plays(python(), "cluster_use.py", Side::Simulated);
}

#[test]
fn redis_asyncio_finds_a_real_cluster() {
    plays(python(), "cluster_use_async.py", Side::Real);
}

#[test]
fn redis_asyncio_finds_a_simulated_cluster() {
    plays(python(), "cluster_use_async.py", Side::Simulated);
}

#[test]
fn ioredis_finds_a_real_cluster() {
    plays(node(), "cluster_use.mjs", Side::Real);
}

#[test]
fn ioredis_finds_a_simulated_cluster() {
    plays(node(), "cluster_use.mjs", Side::Simulated);
}
