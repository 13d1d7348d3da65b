//! The grammar of steps: what is printed is read back, for any bytes; nothing makes it panic.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use hashslot_core::words::{Slot, Span, quote_arg, split_args};
use hashslot_core::world::condition::{Condition, Opinion};
use hashslot_core::world::step::{
    Ask, ClientKind, ClientName, Data, Draw, Line, MessageKind, Name, Offset, Party, Port, Setting,
    Step, Way,
};
use proptest::prelude::*;

fn any_port() -> impl Strategy<Value = Port> {
    (1..=Port::MAX).prop_map(|number| Port::new(number).unwrap())
}

fn any_span() -> impl Strategy<Value = Span> {
    (0..3_000_000_000_000u64).prop_map(Span::from_micros)
}

/// As long as one line may let time pass.
fn any_run() -> impl Strategy<Value = Span> {
    (0..=Step::RUN_MAX.micros()).prop_map(Span::from_micros)
}

fn any_name() -> impl Strategy<Value = Name> {
    "[A-Za-z][A-Za-z0-9_-]{0,31}".prop_filter_map("`cli` is taken", |text| Name::parse(&text))
}

fn any_bytes() -> impl Strategy<Value = Bytes> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        "[a-z\"'\\\\ $>\n]{0,12}".prop_map(String::into_bytes),
    ];
    bytes.prop_map(Bytes::from)
}

fn any_client() -> impl Strategy<Value = ClientName> {
    prop_oneof![
        Just(ClientName::Cli),
        any_port().prop_map(ClientName::Node),
        any_name().prop_map(ClientName::Named),
    ]
}

fn any_way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::OneWay), Just(Way::BothWays)]
}

/// Two different nodes and a way between them.
fn any_link() -> impl Strategy<Value = (Port, Port, Way)> {
    let two = (any_port(), any_port()).prop_filter("two nodes", |(from, to)| from != to);
    (two, any_way()).prop_map(|((from, to), way)| (from, to, way))
}

/// Two nodes, or a node and the programs outside.
fn any_path() -> impl Strategy<Value = (Party, Party, Way)> {
    let paths = any_link().prop_map(|(from, to, way)| (from.into(), to.into(), way));
    let outside = (any_port(), any_way()).prop_map(|(to, way)| (Party::Outside, to.into(), way));
    let from = (any_port(), any_way()).prop_map(|(from, way)| (from.into(), Party::Outside, way));
    prop_oneof![3 => paths, 1 => outside, 1 => from]
}

fn any_opinion() -> impl Strategy<Value = Opinion> {
    prop::sample::select(vec![
        Opinion::Ok,
        Opinion::Pfail,
        Opinion::Fail,
        Opinion::Master,
        Opinion::Replica,
    ])
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let port = any_port;
    let slot = (0..16_384u64).prop_map(|number| Slot::new(number).unwrap());
    prop_oneof![
        port().prop_map(Condition::IsMaster),
        (port(), prop::option::of(port())).prop_map(|(node, of)| Condition::IsReplica { node, of }),
        (port(), port()).prop_map(|(by, of)| Condition::Knows { by, of }),
        (port(), port(), any_opinion()).prop_map(|(by, of, what)| Condition::Sees { by, of, what }),
        (port(), port(), slot).prop_map(|(by, owner, slot)| Condition::SeesOwner {
            by,
            owner,
            slot
        }),
        port().prop_map(Condition::ClusterOk),
        port().prop_map(Condition::ClusterFail),
        (port(), port()).prop_map(|(replica, master)| Condition::Linked { replica, master }),
        Just(Condition::Settled),
    ]
}

fn any_kind_of_message() -> impl Strategy<Value = MessageKind> {
    prop::sample::select(vec![
        MessageKind::Ping,
        MessageKind::Pong,
        MessageKind::Meet,
        MessageKind::Fail,
        MessageKind::Update,
        MessageKind::AuthReq,
        MessageKind::AuthAck,
        MessageKind::MfStart,
        MessageKind::Publish,
        MessageKind::PublishShard,
        MessageKind::Replication,
    ])
}

fn any_groups() -> impl Strategy<Value = Vec<Vec<Port>>> {
    let ports = prop::collection::btree_set(1..=Port::MAX, 1..12);
    (ports, 1..5usize).prop_map(|(ports, size)| {
        let ports: Vec<Port> = ports.into_iter().filter_map(Port::new).collect();
        ports.chunks(size).map(<[Port]>::to_vec).collect()
    })
}

fn any_network_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any_path().prop_map(|(from, to, way)| Step::Cut { from, to, way }),
        Just(Step::Heal(None)),
        any_path().prop_map(|(one, other, _)| Step::Heal(Some((one, other)))),
        any_groups().prop_map(Step::Partition),
        (any_path(), any_span(), any_span()).prop_map(|((from, to, way), latency, jitter)| {
            Step::Slow { from, to, way, latency, jitter }
        }),
        (any_kind_of_message(), any_link()).prop_map(|(kind, (from, to, way))| Step::Drop {
            kind,
            from,
            to,
            way
        }),
        Just(Step::Undrop),
    ]
}

fn any_node_step() -> impl Strategy<Value = Step> {
    let data =
        prop::sample::select(vec![Data::Keep, Data::Empty, Data::LostConfig, Data::TornConfig]);
    let offset = (-3_000_000_000_000i64..3_000_000_000_000).prop_map(Offset::from_micros);
    let setting = "[a-z][a-z0-9-]{0,40}".prop_filter_map("a setting", |t| Setting::parse(&t));
    prop_oneof![
        any_port().prop_map(Step::Kill),
        any_port().prop_map(Step::Crash),
        (any_port(), data).prop_map(|(node, data)| Step::Restart { node, data }),
        any_port().prop_map(Step::Pause),
        any_port().prop_map(Step::Resume),
        any_port().prop_map(Step::AddNode),
        (any_port(), any_span()).prop_map(|(node, value)| Step::Roll {
            node,
            what: Draw::ElectionDelay,
            value
        }),
        (any_port(), offset).prop_map(|(node, offset)| Step::Clock { node, offset }),
        (any_port(), setting, any_bytes()).prop_map(|(node, name, value)| Step::Config {
            node,
            name,
            value
        }),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![ClientKind::Plain, ClientKind::Follow, ClientKind::Aware]);
    prop_oneof![
        4 => (any_client(), prop::collection::vec(any_bytes(), 1..6))
            .prop_map(|(client, args)| Step::Command { client, args }),
        1 => (any_name(), kind, any_port())
            .prop_map(|(name, kind, via)| Step::Client { name, kind, via }),
        3 => any_node_step(),
        3 => any_network_step(),
        1 => (1..=Step::WORKLOAD_RATE_MAX, 1..=Step::WORKLOAD_KEYS_MAX)
            .prop_map(|(rate_per_second, keys)| Step::Workload { rate_per_second, keys }),
        1 => Just(Step::WorkloadOff),
        1 => any_run().prop_map(Step::Run),
        3 => (any_condition(), any_run())
            .prop_map(|(condition, within)| Step::RunUntil { condition, within }),
    ]
}

fn any_ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        (prop::option::of(any_port()), 1..u32::MAX)
            .prop_map(|(node, last)| Ask::Events { node, last }),
        any_port().prop_map(Ask::Why),
        prop::option::of(any_port()).prop_map(Ask::Beliefs),
        Just(Ask::Writes),
        Just(Ask::Digest),
        any_port().prop_map(Ask::NodesConf),
        any_port().prop_map(Ask::Facts),
        any_port().prop_map(Ask::Log),
    ]
}

proptest! {
    #[test]
    fn what_a_step_prints_is_read_back(step in any_step()) {
        let text = step.to_string();
        prop_assert!(!text.contains('\n'), "one line: {text:?}");
        prop_assert_eq!(Step::parse(&text), Ok(step.clone()), "{}", text);
        let bare = text.strip_prefix("$ ").unwrap_or(&text);
        prop_assert_eq!(Line::parse_bare(bare), Ok(Line::Step(step)), "{}", text);
    }

    #[test]
    fn what_an_ask_prints_is_read_back(ask in any_ask()) {
        let text = ask.to_string();
        prop_assert_eq!(Line::parse(&text), Ok(Line::Ask(ask)), "{}", text);
    }

    #[test]
    fn arguments_survive_quoting(args in prop::collection::vec(any_bytes(), 0..8)) {
        let line: Vec<String> = args.iter().map(|arg| quote_arg(arg)).collect();
        prop_assert_eq!(split_args(&line.join(" ")), Ok(args));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), verb in "[a-z]{0,8}") {
        let with_prompts = [format!("$ {text}"), format!("$ {verb} {text}"), format!("> {text}")];
        for line in [&text].into_iter().chain(&with_prompts) {
            check_place(line, Line::parse(line));
            check_place(line, Line::parse_bare(line));
        }
    }

    #[test]
    fn no_words_of_the_grammar_make_the_parser_panic(words in prop::collection::vec(
        prop::sample::select(vec![
            "run", "until", "7000", "7001", "sees", "own", "cut", "->", "<->", "|", "partition",
            "slow", "5s", "jitter", "drop", "fail", "none", "heal", "clock", "+1s", "workload",
            "50/s", "keys", "client", "via", "add", "node", "events", "last", "\"", "'x'", "0",
            "99999",
            "config",
        ]), 0..8)) {
        let line = format!("$ {}", words.join(" "));
        check_place(&line, Line::parse(&line));
    }
}

/// What is read prints and is read again; a mistake lies in the line or just after it.
fn check_place(line: &str, result: Result<Line, hashslot_core::words::TextError>) {
    match result {
        Ok(read) => assert_eq!(Line::parse(&read.to_string()), Ok(read)),
        Err(error) => {
            let characters = line.chars().count();
            assert!(error.column >= 1, "{line:?}: {error:?}");
            assert!(error.column + error.length <= characters + 2, "{line:?}: {error:?}");
            assert!(!error.help.is_empty(), "{line:?}: {error:?}");
        }
    }
}
