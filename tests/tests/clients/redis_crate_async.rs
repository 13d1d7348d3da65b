//! The redis crate's asynchronous cluster connection, which speaks RESP3.

use std::collections::BTreeMap;
use std::time::Duration;

use hashslot_tests::judges::Side;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncCommands, ProtocolVersion, PushInfo, PushKind, RedisResult};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};

use super::promises::Promises;
use super::redis_crate::{Act, cluster, failover, reshard, under_load, urls};

const PATIENCE: Duration = Duration::from_secs(10);
const AT_ONCE: usize = 8;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be made")
}

fn client(urls: &[String]) -> ClusterClient {
    let builder = ClusterClient::builder(urls.to_vec());
    builder.response_timeout(Duration::from_secs(5)).build().expect("the addresses are right")
}

async fn plain_use(r: &mut ClusterConnection) -> RedisResult<()> {
    r.set::<_, _, ()>("name", "alice").await?;
    assert_eq!(r.get::<_, String>("name").await?, "alice");
    let refused = r.incr::<_, _, i64>("name", 1).await.expect_err("it is no number");
    assert_eq!(refused.detail(), Some("value is not an integer or out of range"));
    let mut tasks = Vec::new();
    for number in 0..300u32 {
        let mut r = r.clone();
        tasks.push(tokio::spawn(async move {
            let key = format!("key:{number}");
            r.set::<_, _, ()>(&key, number).await?;
            r.get::<_, u32>(&key).await
        }));
    }
    for (number, task) in tasks.into_iter().enumerate() {
        let value = task.await.expect("no task panics")?;
        assert_eq!(value as usize, number);
    }
    let mut pipe = redis::pipe();
    for number in 0..100 {
        pipe.set(format!("{{pipe}}{number}"), number).ignore().incr(format!("{{pipe}}{number}"), 1);
    }
    let results: Vec<u32> = pipe.query_async(r).await?;
    assert_eq!(results, (1..=100).collect::<Vec<u32>>());
    let mut transaction = redis::pipe();
    transaction.atomic().set("{t}a", 1).ignore().incr("{t}a", 1).get("{t}a");
    assert_eq!(transaction.query_async::<(u32, u32)>(r).await?, (2, 2));
    r.mset::<_, _, ()>(&[("key:1", 10), ("key:2", 20)]).await?;
    assert_eq!(r.mget::<_, Vec<u32>>(&["key:1", "key:2", "key:3"]).await?, [10, 20, 3]);
    assert_eq!(r.del::<_, u32>(&["key:1", "key:2", "key:3"]).await?, 3);
    Ok(())
}

async fn heard(pushes: &mut UnboundedReceiver<PushInfo>, kind: PushKind) -> Vec<String> {
    loop {
        let push = timeout(PATIENCE, pushes.recv()).await.expect("it is pushed in time");
        let push = push.expect("the connection lives");
        if push.kind == kind {
            let words = push.data.into_iter().map(redis::from_redis_value);
            return words.map(|word| word.expect("a push has words")).collect();
        }
    }
}

async fn pubsub(urls: &[String]) -> RedisResult<()> {
    let (sender, mut pushes) = unbounded_channel();
    let listener = ClusterClient::builder(urls.to_vec())
        .use_protocol(ProtocolVersion::RESP3)
        .push_sender(sender)
        .build()?;
    let mut listener = listener.get_async_connection().await?;
    let mut speaker = client(urls).get_async_connection().await?;
    listener.subscribe("news").await?;
    speaker.publish::<_, _, ()>("news", "extra").await?;
    assert_eq!(heard(&mut pushes, PushKind::Message).await, ["news", "extra"]);
    listener.psubscribe("no*").await?;
    speaker.publish::<_, _, ()>("nova", "bright").await?;
    assert_eq!(heard(&mut pushes, PushKind::PMessage).await, ["no*", "nova", "bright"]);
    listener.ssubscribe("orders").await?;
    speaker.spublish::<_, _, ()>("orders", "one").await?;
    assert_eq!(heard(&mut pushes, PushKind::SMessage).await, ["orders", "one"]);
    Ok(())
}

async fn write(mut connection: ClusterConnection, keys: &[String], promises: &Promises) {
    while !promises.is_over() {
        for key in keys {
            let value = promises.next(key);
            match connection.set::<_, _, ()>(key, value).await {
                Ok(()) => promises.acknowledge(key, value),
                Err(error) => {
                    promises.fail(&error);
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}

fn write_all(urls: &[String], promises: &Promises) {
    let keys = promises.keys();
    runtime().block_on(async {
        let connection = client(urls).get_async_connection().await.expect("the cluster answers");
        let parts = keys.chunks(keys.len().div_ceil(AT_ONCE));
        let writers = parts.map(|keys| write(connection.clone(), keys, promises));
        futures_util::future::join_all(writers).await;
    });
}

fn read_all(urls: &[String], keys: &[String]) -> BTreeMap<String, u64> {
    runtime().block_on(async {
        let mut connection = client(urls).get_async_connection().await.expect("it answers");
        let mut values = BTreeMap::new();
        for key in keys {
            let value = connection.get(key).await.expect("a key can be read");
            values.insert(key.clone(), value);
        }
        values
    })
}

fn plays(side: Side) {
    let Some(mut servers) = cluster(side) else { return };
    let urls = urls(&servers);
    runtime().block_on(async {
        let mut connection = client(&urls).get_async_connection().await.expect("it answers");
        plain_use(&mut connection).await.expect("plain use works");
        pubsub(&urls).await.expect("what is published is heard");
    });
    for (name, act) in [("reshard", reshard as Act), ("failover", failover)] {
        let write = |promises: &Promises| write_all(&urls, promises);
        under_load(name, &mut servers, act, write, |keys| read_all(&urls, keys));
    }
}

#[test]
fn the_asynchronous_redis_crate_finds_a_real_cluster() {
    plays(Side::Real);
}

#[test]
fn the_asynchronous_redis_crate_finds_a_simulated_cluster() {
    plays(Side::Simulated);
}
