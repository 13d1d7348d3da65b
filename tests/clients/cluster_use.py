"""A page of ordinary use of a cluster, with redis-py's RedisCluster."""

import sys
import threading
import time

import redis
from redis.cluster import ClusterNode, LoadBalancingStrategy, RedisCluster
from redis.exceptions import RedisError, ResponseError, WatchError

from findings import PATIENCE_S, REPLICATED_S, Findings, Promises, wish

PORTS = [int(port) for port in sys.argv[1:]]
NODES = [ClusterNode("127.0.0.1", port) for port in PORTS]
WORKERS = 4
found = Findings(f"redis-py {redis.__version__}")


def connect(**more):
    return RedisCluster(startup_nodes=NODES, decode_responses=True, socket_timeout=5, **more)


def refused(what, wanted, act):
    try:
        found.refused(what, f"no error but {act()!r}", wanted)
    except Exception as error:
        found.refused(what, error, wanted)


def strings(r):
    found.equal("SET", r.set("name", "alice"), True)
    found.equal("GET", r.get("name"), "alice")
    found.equal("GET of nothing", r.get("nobody"), None)
    found.equal("SET NX", r.set("name", "bob", nx=True), None)
    found.equal("SET XX GET", r.set("name", "carol", xx=True, get=True), "alice")
    found.equal("APPEND", r.append("name", "!"), 6)
    found.equal("STRLEN", r.strlen("name"), 6)
    found.equal("INCR", [r.incr("count"), r.incrby("count", 9), r.decr("count")], [1, 10, 9])
    found.equal("EXPIRE", r.expire("count", 100), True)
    found.true("TTL", 0 < r.ttl("count") <= 100)
    found.equal("PERSIST", [r.persist("count"), r.ttl("count")], [True, -1])
    found.equal("PX", [r.set("soon", "gone", px=40), r.get("soon")], [True, "gone"])
    time.sleep(0.3)
    found.equal("a key that expired", r.get("soon"), None)
    found.equal("TYPE", r.type("name"), "string")
    found.equal("EXISTS", r.exists("name", "count", "nobody"), 2)
    found.equal("RENAME", [r.rename("name", "{name}2"), r.get("{name}2")], [True, "carol!"])
    found.equal("UNLINK", r.unlink("{name}2", "count"), 2)
    refused("a number that is none", "value is not an integer", lambda: (r.set("n", "x"), r.incr("n")))
    node = r.get_node_from_key("n")
    with redis.Redis(host=node.host, port=node.port) as one:
        refused("an unknown command", "unknown command", lambda: one.execute_command("NOSUCH", "n"))
        other = next(other for other in r.get_primaries() if other.port != node.port)
        refused("MOVED", f"{r.keyslot('n')} 127.0.0.1:{node.port}",
                lambda: redis.Redis(host=other.host, port=other.port).execute_command("GET", "n"))
    r.delete("n")
    for number in range(300):
        r.set(f"key:{number}", number)
    values = [r.get(f"key:{number}") for number in range(300)]
    found.equal("300 keys", values, [str(number) for number in range(300)])
    found.equal("MGET over all nodes", r.mget_nonatomic(["key:1", "key:2", "no"]), ["1", "2", None])
    found.equal("binary", (r.set("raw", b"\x00\xff\r\n"), r.strlen("raw"))[1], 4)
    large = "x" * 300_000
    found.equal("a large value", (r.set("large", large), r.get("large") == large)[1], True)
    found.equal("DEL over all nodes", sum(r.delete(key) for key in ("raw", "large")), 2)


def pipelines(r):
    with r.pipeline() as pipe:
        for number in range(500):
            pipe.set(f"pipe:{number}", number)
            pipe.get(f"pipe:{number}")
            pipe.incr(f"pipe:{number}")
        results = pipe.execute()
    wanted = [part for number in range(500) for part in (True, str(number), number + 1)]
    found.equal("a pipeline over all nodes", results, wanted)
    with r.pipeline() as pipe:
        pipe.set("{p}word", "text").incr("{p}word").get("{p}word")
        results = pipe.execute(raise_on_error=False)
    found.equal("a pipeline goes on after an error", [results[0], results[2]], [True, "text"])
    found.true("its error is in its place", isinstance(results[1], ResponseError))
    for number in range(500):
        r.delete(f"pipe:{number}")
    r.delete("{p}word")


def hash_tags(r):
    found.equal("MSET of a tag", r.mset({"{u:1}name": "a", "{u:1}mail": "b"}), True)
    found.equal("MGET of a tag", r.mget("{u:1}name", "{u:1}mail", "{u:1}no"), ["a", "b", None])
    node = r.get_node_from_key("{u:1}name")
    cross = lambda: r.execute_command("MGET", "{u:1}name", "{u:2}name", target_nodes=node)
    refused("CROSSSLOT", "hash to the same slot", cross)
    found.equal("KEYSLOT", r.cluster_keyslot("{u:1}name"), r.keyslot("u:1"))
    found.equal("DEL of a tag", r.delete("{u:1}name", "{u:1}mail"), 2)


def transactions(r):
    with r.pipeline(transaction=True) as pipe:
        pipe.set("{t}a", 1).incr("{t}a").get("{t}a")
        found.equal("MULTI and EXEC", pipe.execute(), ["OK", 2, "2"])
    with r.pipeline(transaction=True) as pipe:
        pipe.watch("{t}a")
        value = int(pipe.get("{t}a"))
        r.set("{t}a", 100)
        pipe.multi()
        pipe.set("{t}a", value + 1)
        try:
            found.equal("EXEC of a watched key", pipe.execute(), "WatchError")
        except WatchError:
            found.equal("the other's write stays", r.get("{t}a"), "100")
    node = r.get_node_from_key("{t}a")
    with redis.Redis(host=node.host, port=node.port, decode_responses=True) as one:
        with one.pipeline(transaction=False) as pipe:
            pipe.execute_command("MULTI").set("{t}a", 5).execute_command("DISCARD").get("{t}a")
            found.equal("DISCARD", pipe.execute()[2:], ["OK", "100"])
        with one.pipeline(transaction=False) as pipe:
            pipe.set("{t}a", 7).wait(1, 2000)
            found.equal("WAIT for a replica", pipe.execute(), [True, 1])
    r.delete("{t}a")


def next_of(subscription, kind):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        message = subscription(timeout=0.2)
        if message and message["type"] == kind:
            return (message["channel"], message["data"])
    return None


def pubsub(r):
    with r.pubsub() as listener:
        listener.subscribe("news")
        listener.psubscribe("n[eo]*")
        found.equal("SUBSCRIBE", next_of(listener.get_message, "subscribe"), ("news", 1))
        found.equal("PSUBSCRIBE", next_of(listener.get_message, "psubscribe"), ("n[eo]*", 2))
        for number, node in enumerate(r.get_primaries()):
            r.execute_command("PUBLISH", "news", f"extra {number}", target_nodes=node)
        got = sorted(next_of(listener.get_message, "message")[1] for _ in range(3))
        found.equal("what any node publishes arrives", got, [f"extra {n}" for n in range(3)])
        r.publish("nova", "bright")
        end = time.monotonic() + 10
        message = None
        while time.monotonic() < end and message != ("nova", "bright"):
            message = next_of(listener.get_message, "pmessage")
        found.equal("a pattern", message, ("nova", "bright"))
    with r.pubsub() as listener:
        listener.ssubscribe("orders")
        got = next_of(listener.get_sharded_message, "ssubscribe")
        found.equal("SSUBSCRIBE", got, ("orders", 1))
        found.equal("SPUBLISH", r.spublish("orders", "one"), 1)
        found.equal("a shard's message", next_of(listener.get_sharded_message, "smessage"),
                    ("orders", "one"))


def scan(r):
    wanted = {f"key:{number}" for number in range(300)}
    found.equal("SCAN over all nodes", set(r.scan_iter("key:*", count=17)), wanted)
    found.equal("KEYS", set(r.keys("key:*", target_nodes=RedisCluster.PRIMARIES)), wanted)
    sizes = r.dbsize(target_nodes=RedisCluster.PRIMARIES)
    found.equal("DBSIZE", sizes, len(set(r.scan_iter("*"))))


def administration(r):
    found.equal("PING", r.ping(target_nodes=RedisCluster.ALL_NODES), True)
    info = r.cluster_info()
    wanted = ["ok", "16384", "6"]
    keys = ["cluster_state", "cluster_slots_ok", "cluster_known_nodes"]
    found.equal("CLUSTER INFO", [info[key] for key in keys], wanted)
    found.equal("CLUSTER NODES", len(r.cluster_nodes()), 6)
    found.equal("CLUSTER SLOTS", len(r.cluster_slots()), 3)
    found.equal("CLUSTER SHARDS", len(r.cluster_shards()), 3)
    node = r.get_primaries()[0]
    version = r.info("server", target_nodes=node)["redis_version"]
    found.true("INFO", version.startswith("7.0."))
    found.equal("CONFIG", r.config_get("maxmemory", target_nodes=node), {"maxmemory": "0"})
    found.true("CLIENT LIST", len(r.client_list(target_nodes=node)) > 0)
    found.true("COMMAND", "get" in r.command(target_nodes=node))
    found.true("TIME", abs(r.time(target_nodes=node)[0] - time.time()) < 120)
    found.equal("ECHO", r.echo("hello", target_nodes=node), "hello")
    with connect(load_balancing_strategy=LoadBalancingStrategy.ROUND_ROBIN) as reader:
        r.set("read", "me")
        end = time.monotonic() + 5
        while time.monotonic() < end and reader.get("read") != "me":
            time.sleep(0.02)
        found.equal("reads from replicas", {reader.get("read") for _ in range(6)}, {"me"})


def write(promises, client, keys, ended):
    while not ended.is_set():
        for key in keys:
            number = promises.take(key)
            try:
                client.set(key, number)
                promises.keep(key, number)
            except (RedisError, OSError) as error:
                promises.fail(error)
                time.sleep(0.02)


def under_load(name, act):
    """Writes all the time while something happens; what is promised must be kept."""
    with connect() as r:
        promises = Promises([f"{name}:{number}" for number in range(40)])
        ended = threading.Event()
        clients = [connect() for _ in range(WORKERS)]
        threads = [
            threading.Thread(target=write, args=(promises, client, promises.keys[at::WORKERS], ended))
            for at, client in enumerate(clients)
        ]
        for thread in threads:
            thread.start()
        time.sleep(1)
        window = act(r)
        since = time.monotonic()
        while not promises.all_since(since) and time.monotonic() < since + PATIENCE_S:
            time.sleep(0.05)
        found.true(f"{name}: each key can be written again", promises.all_since(since))
        ended.set()
        for thread in threads:
            thread.join()
        values = {key: r.get(key) for key in promises.keys}
        found.equal(f"{name}: lost writes", promises.lost(values, window), [])
        found.notes[name] = {
            "acknowledged": promises.count(),
            "longest_gap_s": round(promises.longest_gap(), 3),
            "errors": promises.errors,
        }
        for client in clients:
            client.close()


def failover(r):
    victim = r.get_node_from_key("failover:0").port
    begun = time.monotonic()
    wish(f"kill {victim}")
    window = (begun - REPLICATED_S, time.monotonic())
    wish(f"succeeded {victim}")
    wish(f"restart {victim}")
    return window


def reshard(r):
    source = r.get_node_from_key("reshard:0").port
    target = next(node.port for node in r.get_primaries() if node.port != source)
    wish(f"reshard {source} {target} 1500")
    return None


with connect() as r:
    for part in (strings, pipelines, hash_tags, transactions, pubsub, scan, administration):
        part(r)
under_load("reshard", reshard)
under_load("failover", failover)
found.tell()
