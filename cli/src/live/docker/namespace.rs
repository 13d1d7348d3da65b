//! The network of a container, as the kernel of this machine knows it.

use std::fs;
use std::path::PathBuf;

use bollard::Docker;
use bollard::query_parameters::InspectContainerOptions;

use super::Reach;
use super::engine::said;
use crate::live::Trouble;

/// The network namespace of a container, if its engine runs on this machine.
pub async fn of(api: &Docker, reach: Reach, container: &str) -> Result<PathBuf, Trouble> {
    if reach != Reach::Bridge {
        return Err(elsewhere("its engine does not run on this machine"));
    }
    let seen = api.inspect_container(container, None::<InspectContainerOptions>).await;
    let seen = seen.map_err(|error| elsewhere(&said(&error)))?;
    let (id, pid) = (seen.id.unwrap_or_default(), seen.state.and_then(|state| state.pid));
    let pid = pid.filter(|&pid| pid > 0).ok_or_else(|| elsewhere("it does not run"))?;
    // The number might be one of another machine: the process must be one of this container.
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    match !id.is_empty() && groups.contains(&id) {
        true => Ok(format!("/proc/{pid}/ns/net").into()),
        false => Err(elsewhere("its processes are not those of this machine")),
    }
}

fn elsewhere(why: &str) -> Trouble {
    Trouble::new(format!(
        "paths between containers are cut in the network of a container, which is not within reach \
         ({why}): use an engine of this Linux machine, as root"
    ))
}
