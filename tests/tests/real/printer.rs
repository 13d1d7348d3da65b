//! The printer of replies, compared with the real redis-cli.

use std::io::Write;
use std::process::{Command, Stdio};

use hashslot_core::data::{self, PrintForm, Protocol};
use hashslot_tests::real::{Mode, RealServer, skip};

use super::call;

/// Lines of RESP2 for which every kind of reply comes.
const PRINTED_RESP2: [&str; 24] = [
    "PING",
    "ECHO \"a'b~\\x7f\\\"\\\\\\n\\x00\\xff\"",
    "ECHO \"\"",
    "NOPE a",
    "STRLEN nokey",
    "GET nokey",
    "BLPOP nokey 0.01",
    "KEYS *",
    "MGET a b",
    "COMMAND GETKEYS SET k v",
    "EVAL \"return {1, {2, {}, 'a'}, false, redis.status_reply('fine')}\" 0",
    "EVAL \"return {{{'deep'}}, redis.error_reply('MY error')}\" 0",
    "EVAL \"return redis.error_reply('MY error')\" 0",
    "EVAL \"local t = {} for i = 1, 12 do t[i] = {i, i} end return t\" 0",
    "EVAL \"local t = {} for i = 1, 101 do t[i] = 'x' end return {t, t}\" 0",
    "HELLO 9",
    "DEBUG PROTOCOL bignum",
    "DEBUG PROTOCOL double",
    "DEBUG PROTOCOL map",
    "DEBUG PROTOCOL verbatim",
    "INFO nosuchsection",
    "MEMORY DOCTOR",
    "LATENCY DOCTOR",
    "CLUSTER NODES",
];

const PRINTED_RESP3: [&str; 23] = [
    "PING",
    "GET nokey",
    "MGET a b",
    "BLPOP nokey 0.01",
    "NOPE",
    "DEBUG PROTOCOL string",
    "DEBUG PROTOCOL integer",
    "DEBUG PROTOCOL double",
    "DEBUG PROTOCOL null",
    "DEBUG PROTOCOL array",
    "DEBUG PROTOCOL set",
    "DEBUG PROTOCOL map",
    "DEBUG PROTOCOL verbatim",
    "DEBUG PROTOCOL true",
    "DEBUG PROTOCOL false",
    "EVAL \"redis.setresp(3) return {{double=0.1}, {double=-1e300}, {double=1/0}}\" 0",
    "EVAL \"redis.setresp(3) return {map={a={set={['b']=true}}}}\" 0",
    "EVAL \"redis.setresp(3) return {map={k={1, {2, 3}}}}\" 0",
    "EVAL \"redis.setresp(3) return {{map={}}, {set={}}, {}, true, false}\" 0",
    "EVAL \"redis.setresp(3) return {verbatim_string={format='mkd', string='a\\nb'}}\" 0",
    "EVAL \"redis.setresp(3) return {map={k={map={l={map={m={1, 2}}}}}}}\" 0",
    "MEMORY DOCTOR",
    "CONFIG GET maxmemory-policy",
];

fn assert_prints(server: &RealServer, lines: &[&str], protocol: Protocol) {
    let mut client = server.connect();
    let mut options = vec!["--no-raw".to_owned(), "-p".to_owned(), server.port().to_string()];
    if protocol == Protocol::Resp3 {
        options.push("-3".to_owned());
        client.call(&call("HELLO 3"));
    }
    for text in lines {
        // From its input, redis-cli takes arguments with any bytes.
        let mut cli = Command::new("redis-cli")
            .args(&options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program that told its version starts");
        let mut input = cli.stdin.take().expect("its input is a pipe");
        writeln!(input, "{text}").expect("redis-cli reads");
        drop(input);
        let output = cli.wait_with_output().expect("redis-cli ends");
        let args = call(text);
        let reply = client.call(&args).reply;
        let printed = data::print_reply(&reply, PrintForm::of_call(&args));
        assert_eq!(printed, String::from_utf8_lossy(&output.stdout), "{protocol:?}: {text}");
    }
}

#[test]
fn replies_print_as_in_the_real_client() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    if Command::new("redis-cli").arg("--version").output().is_err() {
        skip("redis-cli is not installed: .ci/setup test");
        return;
    }
    assert_prints(&server, &PRINTED_RESP2, Protocol::Resp2);
    assert_prints(&server, &PRINTED_RESP3, Protocol::Resp3);
}
