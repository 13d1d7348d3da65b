// A page of ordinary use of a cluster, with ioredis.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.env.HASHSLOT_NODE_MODULES}/`);
const Redis = require("ioredis");
const { version } = require("ioredis/package.json");

const ports = process.argv.slice(2).map(Number);
const nodes = ports.map((port) => ({ host: "127.0.0.1", port }));
const replicatedMs = 300;
const patienceMs = 40_000;
const found = { client: `ioredis ${version}`, checks: 0, failures: [], notes: {} };
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function equal(what, got, wanted) {
    found.checks += 1;
    const [one, other] = [got, wanted].map((value) => JSON.stringify(value) ?? "undefined");
    if (one !== other) found.failures.push(`${what}: ${one}, but ${other} was to come`);
}

async function refused(what, wanted, act) {
    found.checks += 1;
    const error = await act().then((value) => `no error but ${value}`, (error) => error.message);
    if (!error.includes(wanted)) {
        found.failures.push(`${what}: ${error}, but an error with ${wanted} was to come`);
    }
}

// Asks for something that a client cannot do, and waits until it is so.
async function wish(line) {
    console.log(`@${line}`);
    const answer = (await lines.next()).value;
    if (answer !== "done") throw new Error(`the wish ${line} was answered with ${answer}`);
}

function connect(options = {}) {
    const cluster = new Redis.Cluster(nodes, { slotsRefreshTimeout: 5000, ...options });
    // What fails is told to who asked for it.
    cluster.on("error", () => {});
    return cluster;
}

async function strings(r) {
    equal("SET", await r.set("name", "alice"), "OK");
    equal("GET", await r.get("name"), "alice");
    equal("GET of nothing", await r.get("nobody"), null);
    equal("SET NX", await r.set("name", "bob", "NX"), null);
    equal("SET GET", await r.set("name", "carol", "XX", "GET"), "alice");
    equal("APPEND", await r.append("name", "!"), 6);
    equal("INCR", [await r.incr("count"), await r.incrby("count", 9), await r.decr("count")], [1, 10, 9]);
    equal("EXPIRE", [await r.expire("count", 100), (await r.ttl("count")) > 0], [1, true]);
    equal("PX", [await r.set("soon", "gone", "PX", 40), await r.get("soon")], ["OK", "gone"]);
    await sleep(300);
    equal("a key that expired", await r.get("soon"), null);
    equal("TYPE", await r.type("name"), "string");
    equal("RENAME", [await r.rename("name", "{name}2"), await r.get("{name}2")], ["OK", "carol!"]);
    equal("UNLINK", [await r.unlink("{name}2"), await r.del("count")], [1, 1]);
    await r.set("word", "x");
    await refused("a number that is none", "value is not an integer", () => r.incr("word"));
    await refused("an unknown command", "unknown command", () => r.call("NOSUCH", "word"));
    await r.del("word");
    const names = [...Array(300).keys()].map((number) => `key:${number}`);
    await Promise.all(names.map((name, number) => r.set(name, number)));
    const values = await Promise.all(names.map((name) => r.get(name)));
    equal("300 keys at once", values, names.map((_, number) => `${number}`));
    equal("bytes", [await r.set("raw", Buffer.from([0, 255, 13, 10])), (await r.getBuffer("raw")).toString("hex")],
        ["OK", "00ff0d0a"]);
    await r.del("raw");
}

async function pipelines(r) {
    const pipe = r.pipeline();
    for (let number = 0; number < 200; number += 1) {
        pipe.set(`{pipe}${number}`, number).incr(`{pipe}${number}`);
    }
    const wanted = [...Array(200).keys()].flatMap((number) => [[null, "OK"], [null, number + 1]]);
    equal("a pipeline", await pipe.exec(), wanted);
    const broken = await r.pipeline().set("{p}w", "text").incr("{p}w").get("{p}w").exec();
    equal("a pipeline goes on after an error", [broken[0], broken[2]], [[null, "OK"], [null, "text"]]);
    equal("its error", broken[1][0]?.message.includes("not an integer"), true);
    for (let number = 0; number < 200; number += 1) await r.del(`{pipe}${number}`);
    equal("MSET and MGET of a tag", [await r.mset("{u}a", 1, "{u}b", 2), await r.mget("{u}a", "{u}b", "{u}c")],
        ["OK", ["1", "2", null]]);
    await refused("CROSSSLOT", "hash to the same slot", () => r.mget("{u:1}a", "{u:2}a"));
}

async function transactions(r) {
    const results = await r.multi().set("{t}a", 1).incr("{t}a").get("{t}a").exec();
    equal("MULTI and EXEC", results, [[null, "OK"], [null, 2], [null, "2"]]);
    const slot = await r.cluster("KEYSLOT", "{t}a");
    const slots = await r.cluster("SLOTS");
    const range = slots.find(([from, to]) => from <= slot && slot <= to);
    const one = new Redis({ host: range[2][0], port: range[2][1] });
    await one.watch("{t}a");
    await r.set("{t}a", 100);
    equal("EXEC of a watched key", await one.multi().set("{t}a", 3).exec(), null);
    equal("the other's write stays", await r.get("{t}a"), "100");
    equal("WAIT for a replica", await one.pipeline().set("{t}a", 7).wait(1, 2000).exec(), [[null, "OK"], [null, 1]]);
    one.disconnect();
    await r.del("{t}a");
}

async function pubsub(r) {
    const listener = connect();
    const got = [];
    listener.on("message", (channel, message) => got.push(`${channel} ${message}`));
    listener.on("pmessage", (pattern, channel, message) => got.push(`${pattern} ${channel} ${message}`));
    equal("SUBSCRIBE", await listener.subscribe("news"), 1);
    equal("PSUBSCRIBE", await listener.psubscribe("no*"), 2);
    for (const node of r.nodes("master")) await node.publish("news", "extra");
    await r.publish("nova", "bright");
    for (const end = Date.now() + 10_000; got.length < 4 && Date.now() < end; ) await sleep(20);
    const extra = "news extra";
    equal("what any node publishes arrives", got.sort(), [extra, extra, extra, "no* nova bright"]);
    listener.disconnect();
    const sharded = connect({ shardedSubscribers: true });
    const orders = [];
    sharded.on("smessage", (channel, message) => orders.push(`${channel} ${message}`));
    equal("SSUBSCRIBE", await sharded.ssubscribe("orders"), 1);
    equal("SPUBLISH", await r.spublish("orders", "one"), 1);
    for (const end = Date.now() + 10_000; orders.length < 1 && Date.now() < end; ) await sleep(20);
    equal("a shard's message", orders, ["orders one"]);
    sharded.disconnect();
}

async function scan(r) {
    const names = new Set();
    for (const node of r.nodes("master")) {
        for await (const keys of node.scanStream({ match: "key:*", count: 17 })) {
            keys.forEach((key) => names.add(key));
        }
    }
    equal("SCAN over all nodes", names.size, 300);
    // A replica is listed among the slots' owners once it has told its offset.
    let fresh = connect();
    for (const end = Date.now() + 20_000; Date.now() < end; fresh = connect()) {
        await new Promise((resolve) => fresh.once("ready", resolve));
        if (fresh.nodes("all").length === 6) break;
        fresh.disconnect();
        await sleep(200);
    }
    const pongs = await Promise.all(fresh.nodes("all").map((node) => node.ping()));
    equal("PING", pongs, Array(6).fill("PONG"));
    equal("CLUSTER INFO", (await r.cluster("INFO")).startsWith("cluster_state:ok"), true);
    const info = await Promise.all(fresh.nodes("slave").map((node) => node.info("replication")));
    equal("replicas", info.filter((text) => text.includes("master_link_status:up")).length, 3);
    fresh.disconnect();
    const reader = connect({ scaleReads: "slave" });
    let value = null;
    for (const end = Date.now() + 5000; value !== "7" && Date.now() < end; ) value = await reader.get("key:7");
    equal("reads from replicas", value, "7");
    reader.disconnect();
}

// Writes all the time while something happens; what is promised must be kept.
async function underLoad(name, act) {
    const r = connect();
    const keys = [...Array(40).keys()].map((number) => `${name}:${number}`);
    const promised = new Map(keys.map((key) => [key, []]));
    const written = new Map(keys.map((key) => [key, 0]));
    const errors = {};
    let ended = false;
    const write = async (key) => {
        while (!ended) {
            const number = written.get(key) + 1;
            written.set(key, number);
            try {
                await r.set(key, number);
                promised.get(key).push([Date.now(), number]);
            } catch (error) {
                const kind = error.message.split(" ")[0];
                errors[kind] = (errors[kind] ?? 0) + 1;
                await sleep(20);
            }
        }
    };
    const writers = keys.map(write);
    await sleep(1000);
    const [from, to] = (await act(r)) ?? [Infinity, Infinity];
    const since = Date.now();
    const isThere = () => keys.every((key) => promised.get(key).at(-1)?.[0] > since);
    while (!isThere() && Date.now() < since + patienceMs) await sleep(50);
    equal(`${name}: each key can be written again`, isThere(), true);
    ended = true;
    await Promise.all(writers);
    const lost = [];
    for (const key of keys) {
        const value = Number(await r.get(key));
        const kept = promised.get(key).filter(([moment]) => moment < from || moment > to);
        const wanted = kept.at(-1)?.[1] ?? 0;
        if (value < wanted || value > written.get(key)) lost.push(`${key} is ${value}, not ${wanted}`);
    }
    equal(`${name}: lost writes`, lost, []);
    const count = keys.reduce((sum, key) => sum + promised.get(key).length, 0);
    found.notes[name] = { acknowledged: count, errors };
    r.disconnect();
}

async function ownerOf(r, key) {
    const slot = await r.cluster("KEYSLOT", key);
    const slots = await r.cluster("SLOTS");
    return slots.find(([from, to]) => from <= slot && slot <= to)[2][1];
}

async function failover(r) {
    const victim = await ownerOf(r, "failover:0");
    const begun = Date.now();
    await wish(`kill ${victim}`);
    const window = [begun - replicatedMs, Date.now() + 1];
    await wish(`succeeded ${victim}`);
    await wish(`restart ${victim}`);
    return window;
}

async function reshard(r) {
    const source = await ownerOf(r, "reshard:0");
    const target = r.nodes("master").map((node) => node.options.port).find((port) => port !== source);
    await wish(`reshard ${source} ${target} 1500`);
}

const r = connect();
for (const part of [strings, pipelines, transactions, pubsub, scan]) await part(r);
r.disconnect();
await underLoad("reshard", reshard);
await underLoad("failover", failover);
console.log(JSON.stringify(found));
process.exit(0);
