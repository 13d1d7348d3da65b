"""A page of ordinary use of a cluster, with the RedisCluster of redis.asyncio."""

import asyncio
import sys
import time

import redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisError, ResponseError

from findings import PATIENCE_S, REPLICATED_S, Findings, Promises, wish

PORTS = [int(port) for port in sys.argv[1:]]
WORKERS = 8
# A client of this library opens at most a hundred connections to a node.
AT_ONCE = 60
found = Findings(f"redis.asyncio {redis.__version__}")


def connect(**more):
    nodes = [ClusterNode("127.0.0.1", port) for port in PORTS]
    return RedisCluster(startup_nodes=nodes, decode_responses=True, socket_timeout=5, **more)


async def refused(what, wanted, call):
    try:
        found.refused(what, f"no error but {await call!r}", wanted)
    except Exception as error:
        found.refused(what, error, wanted)


async def strings(r):
    found.equal("SET", await r.set("name", "alice", ex=100), True)
    found.equal("GET", await r.get("name"), "alice")
    found.true("TTL", 0 < await r.ttl("name") <= 100)
    found.equal("DEL", [await r.set("{name}2", 1), await r.delete("{name}2")], [True, 1])
    await r.set("word", "x")
    await refused("a number that is none", "value is not an integer", r.incr("word"))
    names = [f"key:{number}" for number in range(300)]
    values = []
    for at in range(0, len(names), AT_ONCE):
        part = names[at : at + AT_ONCE]
        await asyncio.gather(*(r.set(name, at + number) for number, name in enumerate(part)))
        values += await asyncio.gather(*(r.get(name) for name in part))
    found.equal("300 keys, many at once", values, [str(number) for number in range(300)])
    counts = await asyncio.gather(*(r.incr("many") for _ in range(AT_ONCE)))
    found.equal("INCR at once", sorted(counts), list(range(1, AT_ONCE + 1)))
    found.equal("DEL over all nodes", [await r.delete("many"), await r.delete("word")], [1, 1])


async def pipelines(r):
    async with r.pipeline() as pipe:
        for number in range(300):
            pipe.set(f"pipe:{number}", number).incr(f"pipe:{number}")
        results = await pipe.execute()
    wanted = [part for number in range(300) for part in (True, number + 1)]
    found.equal("a pipeline over all nodes", results, wanted)
    async with r.pipeline() as pipe:
        pipe.set("{p}word", "text").incr("{p}word").get("{p}word")
        results = await pipe.execute(raise_on_error=False)
    found.equal("a pipeline goes on after an error", [results[0], results[2]], [True, "text"])
    found.true("its error is in its place", isinstance(results[1], ResponseError))
    for number in range(300):
        await r.delete(f"pipe:{number}")
    found.equal("MSET and MGET of a tag", [await r.mset({"{u}a": 1, "{u}b": 2}),
                                            await r.mget("{u}a", "{u}b", "{u}c")],
                [True, ["1", "2", None]])


async def transactions(r):
    async with r.pipeline(transaction=True) as pipe:
        pipe.set("{t}a", 1).incr("{t}a").get("{t}a")
        found.equal("MULTI and EXEC", await pipe.execute(), [True, 2, "2"])
    rows = [r.incr("{t}a") for _ in range(20)]
    await asyncio.gather(*rows)
    found.equal("after many", await r.get("{t}a"), "22")
    await r.delete("{t}a")


async def next_of(listener, kind):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        message = await listener.get_message(timeout=0.2)
        if message and message["type"] == kind:
            return (message["channel"], message["data"])
    return None


async def pubsub(r):
    # This library leaves it to a plain client which node one listens at.
    node = r.get_primaries()[0]
    async with redis.asyncio.Redis(host=node.host, port=node.port, decode_responses=True) as one:
        async with one.pubsub() as listener:
            await listener.subscribe("news")
            await listener.psubscribe("n*")
            found.equal("SUBSCRIBE", await next_of(listener, "subscribe"), ("news", 1))
            found.equal("PSUBSCRIBE", await next_of(listener, "psubscribe"), ("n*", 2))
            for number, node in enumerate(r.get_primaries()):
                await r.execute_command("PUBLISH", "news", f"extra {number}", target_nodes=node)
            got = sorted([(await next_of(listener, "message"))[1] for _ in range(3)])
            found.equal("what any node publishes arrives", got, [f"extra {n}" for n in range(3)])


async def scan(r):
    names = {key async for key in r.scan_iter("key:*", count=17)}
    found.equal("SCAN over all nodes", names, {f"key:{number}" for number in range(300)})
    found.equal("PING", await r.ping(target_nodes=RedisCluster.ALL_NODES), True)
    info = await r.cluster_info()
    found.equal("CLUSTER INFO", info["cluster_state"], "ok")
    found.equal("CLUSTER NODES", len(await r.cluster_nodes()), 6)


async def write(promises, client, keys, ended):
    while not ended.is_set():
        for key in keys:
            number = promises.take(key)
            try:
                await client.set(key, number)
                promises.keep(key, number)
            except (RedisError, OSError, asyncio.TimeoutError, AttributeError) as error:
                # The last of them is how this library fails when a connection is closed under
                # somebody who waits to write.
                promises.fail(error)
                await asyncio.sleep(0.02)


async def under_load(name, act):
    """Writes all the time while something happens; what is promised must be kept."""
    async with connect() as r:
        promises = Promises([f"{name}:{number}" for number in range(40)])
        ended = asyncio.Event()
        tasks = [
            asyncio.create_task(write(promises, r, promises.keys[at::WORKERS], ended))
            for at in range(WORKERS)
        ]
        await asyncio.sleep(1)
        window = await act(r)
        since = time.monotonic()
        while not promises.all_since(since) and time.monotonic() < since + PATIENCE_S:
            await asyncio.sleep(0.05)
        found.true(f"{name}: each key can be written again", promises.all_since(since))
        ended.set()
        await asyncio.gather(*tasks)
        values = {key: await r.get(key) for key in promises.keys}
        found.equal(f"{name}: lost writes", promises.lost(values, window), [])
        found.notes[name] = {
            "acknowledged": promises.count(),
            "longest_gap_s": round(promises.longest_gap(), 3),
            "errors": promises.errors,
        }


async def failover(r):
    victim = r.get_node_from_key("failover:0").port
    begun = time.monotonic()
    await asyncio.to_thread(wish, f"kill {victim}")
    window = (begun - REPLICATED_S, time.monotonic())
    await asyncio.to_thread(wish, f"succeeded {victim}")
    await asyncio.to_thread(wish, f"restart {victim}")
    return window


async def reshard(r):
    source = r.get_node_from_key("reshard:0").port
    target = next(node.port for node in r.get_primaries() if node.port != source)
    await asyncio.to_thread(wish, f"reshard {source} {target} 1500")
    return None


async def main():
    async with connect() as r:
        for part in (strings, pipelines, transactions, pubsub, scan):
            await part(r)
    await under_load("reshard", reshard)
    await under_load("failover", failover)
    found.tell()


asyncio.run(main())
