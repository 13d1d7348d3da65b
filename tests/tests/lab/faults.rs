//! What is wrong with the network stands on the stage, until it is healed.

use hashslot_core::lab::{Answer, Ask, Lab, Request};
use hashslot_core::view::Fault;
use hashslot_core::words::Span;

fn faults_after(lab: &mut Lab, line: &str) -> Vec<Fault> {
    let ask = Ask::Do { line: line.to_owned() };
    match lab.handle(Request { id: 1, ask }).remove(0).answer {
        Answer::Did { shown, .. } => shown.stage.faults,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_stage_tells_what_is_wrong_with_the_network() {
    let mut lab = Lab::new();
    let open = Ask::Open { lesson: "a-master-dies".to_owned() };
    lab.handle(Request { id: 1, ask: open });
    let mut after = |line: &str| faults_after(&mut lab, line);
    let faults = after("$ cut 7000 -> 7001");
    assert_eq!(faults.len(), 1);
    assert!((faults[0].from, faults[0].to, faults[0].is_cut) == (7000, 7001, true));
    after("$ drop fail 7000 -> 7001");
    let faults = after("$ slow 7001 -> 7000 50ms");
    assert_eq!(faults[0].drops, ["fail"]);
    assert_eq!((faults[1].latency, faults[1].is_cut), (Some(Span::from_millis(50)), false));
    let faults = after("$ heal");
    assert!(faults.len() == 1 && !faults[0].is_cut, "what is dropped goes on being dropped");
    assert!(after("$ drop none").is_empty());
    let apart = after("$ partition 7001 | 7000 7002 7003 7004 7005");
    assert_eq!(apart.iter().filter(|fault| fault.is_cut).count(), 10);
}
