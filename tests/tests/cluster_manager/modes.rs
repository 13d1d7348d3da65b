//! The other things that redis-cli can do, on a real cluster and on a simulated one in one go.
//!
//! Each row is played on both, in order, since one may need what another has written. What they
//! show is compared after the nodes have got names, and where a row says so without its numbers.

use std::fs;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_tests::judges::masks::Names;
use hashslot_tests::judges::redis_cli::{self, Input};
use hashslot_tests::judges::{Options, Servers, Side, has_redis_cli};
use hashslot_tests::real::{Mode, RealServer};

/// How much of what is shown is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// All of it.
    All,
    /// All of it, in any order of lines.
    Lines,
    /// All of it, but `#` stands for each number.
    Shape,
    /// What stands behind the word `summary`.
    Summary,
    /// The same, but `#` stands for each number.
    SummaryShape,
}

/// What is done with redis-cli, at the first node if nothing else is said.
struct Row {
    /// `@N` is a node's address, `-p` comes with the first one's port, `IDN` is a node's id; `rN`
    /// is the replica of master N.
    args: &'static str,
    input: &'static str,
    shows: Shows,
}

const fn row(args: &'static str, input: &'static str, shows: Shows) -> Row {
    Row { args, input, shows }
}

/// Sixteen keys of different lengths in the slots of the first master, and more elsewhere.
const KEYS: &str = "set hello world\nset {hello}number 12\nset {hello}long \
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nset foo 1\n\
    set {foo}2 2\nset baz 3\n";

const PIPE: &str = "*3\r\n$3\r\nSET\r\n$6\r\n{b}one\r\n$1\r\n1\r\n\
    *2\r\n$3\r\nGET\r\n$6\r\n{b}one\r\n*2\r\n$4\r\nINCR\r\n$5\r\nhello\r\n";

const ROWS: &[Row] = &[
    row("-c -p", KEYS, Shows::All),
    row("-p", "get hello\nget foo\nget nobody\nmget hello foo\nnosuch\nget\n", Shows::All),
    row(
        "-p --no-raw",
        "get hello\nget nobody\nmget hello {hello}number\ncommand count x\n",
        Shows::All,
    ),
    row(
        "-p --no-raw -3",
        "hello 3 x\nget nobody\nclient getname\nconfig get maxmemory\n",
        Shows::All,
    ),
    row("-p --csv mget hello {hello}number {hello}no", "", Shows::All),
    row("-p --json -3 mget hello {hello}number {hello}no", "", Shows::All),
    row("-p -r 3 incr {hello}number", "", Shows::All),
    row("-p -r 2 -i 0.05 ping", "", Shows::All),
    row("-p -x set {hello}stdin", "from standard input", Shows::All),
    row("-p -X tag mset {hello}a tag {hello}b 2", "from standard input", Shows::All),
    row("-p -e get foo", "", Shows::All),
    row("-c -p -e get foo", "", Shows::All),
    row("-p -n 1 get hello", "", Shows::All),
    row("-p -a wrong ping", "", Shows::All),
    row("-p --user nobody --pass wrong ping", "", Shows::All),
    row(
        "-c -p",
        "multi\nset hello 1\nincr hello\nexec\nget hello\nmulti\nget foo\nexec\n",
        Shows::All,
    ),
    row("-c -p", "watch hello\nmulti\nset hello 2\ndiscard\nunwatch\n", Shows::All),
    row("-c -p", "asking\nreadonly\nreadwrite\ncluster keyslot x\ncluster myid\n", Shows::All),
    row("-c -p", "select 1\nswapdb 0 1\ndbsize\nflushdb async x\n", Shows::All),
    row("-p --scan", "", Shows::Lines),
    row("-p --scan --pattern {hello}* --count 3", "", Shows::Lines),
    row("-p --scan --pattern none*", "", Shows::All),
    row("-c -p --scan", "", Shows::Lines),
    row("-p --bigkeys", "", Shows::Summary),
    row("-p --memkeys", "", Shows::SummaryShape),
    row("-p --hotkeys", "", Shows::All),
    row("-p --pipe", PIPE, Shows::All),
    row("-p --pipe", "set hello inline\r\nget foo\r\nbroken '\r\n", Shows::Shape),
    row("-p --latency", "", Shows::Shape),
    row("-p info cluster", "", Shows::All),
    row("-p config get cluster-node-timeout", "", Shows::All),
    row("--cluster help", "", Shows::All),
    row("--cluster info @r0", "", Shows::All),
    row("--cluster check @r1 --cluster-search-multiple-owners", "", Shows::All),
    row("--cluster call @0 ping", "", Shows::All),
    row("--cluster call @0 get hello --cluster-only-replicas", "", Shows::All),
    row("--cluster call @1 config set cluster-allow-reads-when-down no", "", Shows::All),
    row("--cluster set-timeout @0 50", "", Shows::All),
    row("--cluster set-timeout @0 2100", "", Shows::All),
    row("--cluster create @0 @1", "", Shows::All),
    row("--cluster create @0 @1 @2 @6", "", Shows::All),
    row("--cluster add-node @1 @0", "", Shows::All),
    row("--cluster add-node @9 @0", "", Shows::All),
    row("--cluster del-node @0 0123456789012345678901234567890123456789", "", Shows::All),
    row(
        "--cluster reshard @0 --cluster-from ID0 --cluster-to IDr0 --cluster-slots 1",
        "",
        Shows::All,
    ),
    row(
        "--cluster reshard @0 --cluster-from ID0 --cluster-to ID0 --cluster-slots 1",
        "",
        Shows::All,
    ),
    row("--cluster rebalance @0 --cluster-weight ID0=3 --cluster-simulate", "", Shows::All),
    row("--cluster rebalance @0 --cluster-weight ID0=1.02 ID1=1 ID2=1", "", Shows::All),
    row("--cluster check @0", "", Shows::All),
    row("--cluster fix @0", "", Shows::All),
];

/// A cluster of six, with two more nodes that know nobody.
struct Stage {
    servers: Servers,
    ids: Vec<String>,
    names: Names,
}

impl Stage {
    fn start(side: Side) -> Option<Stage> {
        let options = Options { nodes: 8, ..Options::default() };
        let servers = Servers::start(side, &options)?;
        let shown = servers.create(6, 1);
        let mut names = Names::new(&(0..10).map(|index| servers.port(index)).collect::<Vec<_>>());
        names.learn(&shown);
        // The check at the end of the founding may be too early to know all.
        names.learn(&redis_cli::run(&["--cluster", "check", &servers.address(0)], &Input::None));
        let ids = (0..8).map(|index| servers.id(index)).collect::<Vec<_>>();
        for (index, id) in ids.iter().enumerate() {
            names.learn_id(id, &servers.address(index as u16));
        }
        Some(Stage { servers, ids, names })
    }

    fn args(&self, line: &str) -> Vec<String> {
        let mut args = Vec::new();
        for word in line.split(' ') {
            if let Some(node) = word.strip_prefix('@') {
                args.push(self.servers.address(self.place(node)));
            } else if word == "-p" {
                args.extend(["-p".to_owned(), self.servers.port(0).to_string()]);
            } else if let Some(node) = word.strip_prefix("ID") {
                let (node, rest) = node.split_at(node.find('=').unwrap_or(node.len()));
                args.push(format!("{}{rest}", self.ids[usize::from(self.place(node))]));
            } else {
                args.push(word.to_owned());
            }
        }
        args
    }

    /// The place among the ports of the node `N` or of the replica `rN`.
    fn place(&self, node: &str) -> u16 {
        let number = |text: &str| text.parse().expect("a place is a number");
        let Some(master) = node.strip_prefix('r') else { return number(node) };
        let master = &self.ids[usize::from(number(master))];
        let is_its = |index: &u16| {
            let view = self.servers.text(*index, &["CLUSTER", "NODES"]);
            let mut lines = view.lines();
            lines.any(|line| line.contains("myself,slave") && line.contains(master.as_str()))
        };
        (3..6).find(is_its).expect("each master has a replica")
    }

    fn play(&self, row: &Row) -> String {
        let args = self.args(row.args);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let input = match row.input {
            "" => Input::None,
            text => Input::Text(text),
        };
        let shown = redis_cli::run(&args, &input);
        // What comes of a change is to have reached everybody before the next one looks.
        if row.args.starts_with("--cluster re") || row.args.contains("fix") {
            self.servers.wait_until_settled(6);
        }
        row.shows.of(&self.names.mask(&shown))
    }
}

impl Shows {
    fn of(self, text: &str) -> String {
        let summary = || {
            let found = text.find("summary").map_or(text, |at| &text[at..]);
            let mut lines: Vec<&str> = found.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        };
        match self {
            Shows::All => text.to_owned(),
            Shows::Lines => {
                let mut lines: Vec<&str> = text.lines().collect();
                lines.sort_unstable();
                lines.join("\n")
            }
            Shows::Shape => without_numbers(text),
            Shows::Summary => summary(),
            Shows::SummaryShape => without_numbers(&summary()),
        }
    }
}

fn without_numbers(text: &str) -> String {
    let mut shape = String::new();
    for c in text.chars() {
        let is_number = c.is_ascii_digit() || (c == '.' && shape.ends_with('#'));
        match is_number {
            true if shape.ends_with('#') => {}
            true => shape.push('#'),
            false => shape.push(c),
        }
    }
    shape
}

/// Both sides; `None`, said plainly, if one cannot be had.
fn sides() -> Option<[Stage; 2]> {
    if !has_redis_cli() {
        return None;
    }
    Some([Stage::start(Side::Real)?, Stage::start(Side::Simulated)?])
}

#[test]
fn each_mode_shows_the_same_on_both_sides() {
    let Some([real, simulated]) = sides() else { return };
    let mut problems = Vec::new();
    for row in ROWS {
        println!("{}", row.args);
        let [wanted, shown] = [real.play(row), simulated.play(row)];
        if wanted != shown {
            problems.push(format!("--- real\n{wanted}--- simulated\n{shown}"));
        }
    }
    let (count, all) = (problems.len(), ROWS.len());
    assert!(problems.is_empty(), "{count} of {all} rows differ:\n{}", problems.join("\n"));
}

/// What a mode that never ends shows while something happens.
fn watched(stage: &Stage, args: &str, happen: impl FnOnce(&Stage)) -> String {
    let args = stage.args(args);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    thread::scope(|scope| {
        let watching = scope.spawn(|| redis_cli::run_for(&args, Duration::from_millis(1_500)));
        thread::sleep(Duration::from_millis(500));
        happen(stage);
        stage.names.mask(&watching.join().expect("redis-cli can be run"))
    })
}

#[test]
fn modes_that_never_end_show_the_same_on_both_sides() {
    let Some(sides) = sides() else { return };
    // Of one node, since what comes over two links may come in any order.
    let publish = |stage: &Stage| {
        stage.servers.say(1, &["PUBLISH", "news", "extra"]);
        stage.servers.say(1, &["PUBLISH", "nova", "bright"]);
    };
    let write = |stage: &Stage| {
        let mut connection = stage.servers.connect(0);
        for call in [&["SET", "hello", "a \"b\"\r\n"][..], &["GET", "foo"], &["INFO", "server"]] {
            connection.say(call).expect("the node answers");
        }
    };
    let [one, other] = sides.each_ref().map(|stage| {
        [
            watched(stage, "-p subscribe news", publish),
            watched(stage, "-p psubscribe n*", publish),
            watched(stage, "-p -3 subscribe news nova", publish),
            without_numbers(&watched(stage, "-p monitor", write)),
            watched(stage, "-p --stat -i 0.3", |_| {}).lines().next().unwrap_or("").to_owned(),
        ]
    });
    for (wanted, shown) in one.iter().zip(&other) {
        assert_eq!(wanted, shown);
        assert!(!wanted.is_empty(), "something is shown");
    }
}

/// Keys and what they hold, in order.
fn contents(stage: &Stage) -> Vec<String> {
    let mut found = Vec::new();
    for index in 0..3 {
        let address = ["-p", &stage.servers.port(index).to_string(), "--scan"].map(str::to_owned);
        let shown = redis_cli::run(&address.each_ref().map(String::as_str), &Input::None);
        for key in shown.lines().filter(|line| line.starts_with("key:")) {
            let value = stage.servers.text(index, &["GET", key]);
            let expires = stage.servers.say(index, &["TTL", key]) != Reply::Integer(-1);
            found.push(format!("{key} {value} {expires}"));
        }
    }
    found.sort();
    found
}

#[test]
fn keys_are_imported_and_backed_up() {
    let Some([real, simulated]) = sides() else { return };
    let Some(source) = RealServer::start(Mode::Standalone) else { return };
    let mut writer = source.connect();
    for number in 0..50 {
        let words = ["SET".to_owned(), format!("key:{number}"), "v".repeat(number)];
        let mut call: Vec<Bytes> = words.into_iter().map(Bytes::from).collect();
        if number == 7 {
            call.extend(["EX", "5000"].map(Bytes::from));
        }
        writer.call(&call);
    }
    let folder = std::env::temp_dir().join(format!("hashslot-backup-{}", std::process::id()));
    let [wanted, shown] = [&real, &simulated].map(|stage| {
        let address = stage.servers.address(0);
        let from = format!("127.0.0.1:{}", source.port());
        let import = ["--cluster", "import", &address, "--cluster-from", &from, "--cluster-copy"];
        let shown = redis_cli::run(&import, &Input::None);
        let imported = stage.names.mask(&shown.replace(&from, "SOURCE"));
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        let path = folder.to_string_lossy().into_owned();
        let backup = redis_cli::run(&["--cluster", "backup", &address, &path], &Input::None);
        let files = fs::read_dir(&folder).expect("it is there").flatten().count();
        fs::remove_dir_all(&folder).expect("it is there");
        let exit = backup.lines().last().unwrap_or("").to_owned();
        (Shows::Lines.of(&imported), contents(stage), files, exit)
    });
    assert_eq!(wanted, shown);
    assert_eq!(shown.1.len(), 50, "{:?}", shown.1);
    assert_eq!((shown.2, shown.3.as_str()), (4, "[exit 0]"), "three masters and a description");
}
