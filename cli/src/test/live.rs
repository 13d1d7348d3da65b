//! A lesson on real nodes, for its test.

use std::sync::Arc;

use hashslot_core::lesson::{Finding, Lesson};

use crate::failure::Failure;

/// Plays a lesson on nodes of its own, on the target of this name; all that differs.
#[cfg(unix)]
pub fn play_on(
    target: &str,
    image: Option<&str>,
    lesson: &Arc<Lesson>,
) -> Result<Vec<Finding>, Failure> {
    use hashslot::live::docker::{DEFAULT_IMAGE, Docker};
    use hashslot::live::{Cluster, Options, Program, Target, TargetKind, play};
    use hashslot_core::lab::setup_of;

    let cannot = |trouble: hashslot::live::Trouble| Failure::usage(trouble.to_string());
    let target = match target.parse().map_err(cannot)? {
        TargetKind::Processes => Target::Processes(Program::find().map_err(cannot)?),
        TargetKind::Docker => {
            Target::Docker(Docker::find(image.unwrap_or(DEFAULT_IMAGE)).map_err(cannot)?)
        }
    };
    let setup = setup_of(&lesson.front);
    let options = Options::new(setup.config.node_timeout_ms);
    let mut cluster = Cluster::on(&target, &setup, options).map_err(cannot)?;
    Ok(play(Arc::clone(lesson), &mut cluster, |_, _, _| {}))
}

/// Real nodes are driven by signals, which only Unix has.
#[cfg(not(unix))]
pub fn play_on(_: &str, _: Option<&str>, _: &Arc<Lesson>) -> Result<Vec<Finding>, Failure> {
    Err(Failure::usage("real nodes are driven on Unix only: use --on simulator"))
}
