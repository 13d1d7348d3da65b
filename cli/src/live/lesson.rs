//! A lesson on a real cluster.
//!
//! The runner is that of the simulator. What a real cluster cannot do is to go back: counter-runs
//! are left out, as are blocks `on=simulator`.

use std::sync::Arc;

use hashslot_core::lesson::{Finding, Lesson, Mode, Observation, Runner, RunnerAsk, Target};
use hashslot_core::world::step::Line;

use super::Cluster;

/// Plays a lesson from its first block to its last on the stage that it asks for; all that differs.
/// `tell` hears of each line of the file, what it does and what it printed.
pub fn play(
    lesson: Arc<Lesson>,
    cluster: &mut Cluster,
    mut tell: impl FnMut(usize, &Line, &[String]),
) -> Vec<Finding> {
    let mut runner = Runner::new(lesson, Mode::Test, Target::Live);
    loop {
        let observation = match runner.next() {
            RunnerAsk::Done => return runner.findings().to_vec(),
            RunnerAsk::Perform { line, action } => {
                let printed = cluster.perform(&action);
                tell(line, &action, &printed);
                Observation::Printed(printed)
            }
            RunnerAsk::Mark | RunnerAsk::Fork { .. } => Observation::Impossible,
            _ => Observation::Seen,
        };
        runner.answer(observation).expect("it is what was asked, and a test waits for nobody");
    }
}
