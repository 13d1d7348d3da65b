//! Removing what was made here, and only that: it is known by its labels.

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::engine::{Docker as Engine, said, status};
use crate::live::Trouble;
use crate::live::owner::{OWNER, Owner, RUN};

/// How often it is tried, and after which pause: a container that is just being made appears a
/// little later, and one that is just being removed by somebody else goes a little later.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// Something of ours on an engine.
struct Thing {
    id: String,
    name: String,
    labels: HashMap<String, String>,
}

/// Removes what runs have left behind that are no more; a line for each thing, and for each that
/// was left alone.
pub fn sweep(engine: &Engine) -> Result<Vec<String>, Trouble> {
    engine.run(async {
        let api = engine.api();
        let mut told = Vec::new();
        let containers = sort_out(containers(api, RUN).await?, "container", &mut told);
        for thing in &containers {
            told.push(format!("removed container {}", thing.name));
        }
        remove_containers(api, containers).await?;
        for thing in sort_out(networks(api, RUN).await?, "network", &mut told) {
            remove_network(api, &thing).await?;
            told.push(format!("removed network {}", thing.name));
        }
        Ok(told)
    })
}

/// Those whose owner is gone; what becomes of the others is told.
fn sort_out(things: Vec<Thing>, kind: &str, told: &mut Vec<String>) -> Vec<Thing> {
    let mut gone = Vec::new();
    for thing in things {
        let name = &thing.name;
        let owner = thing.labels.get(OWNER).map_or("", String::as_str);
        match Owner::read(owner) {
            Owner::Gone => gone.push(thing),
            Owner::Alive => told.push(format!("left {kind} {name}: its run goes on")),
            Owner::Elsewhere => told.push(format!(
                "left {kind} {name}: it was made on another machine; clean up there, or remove it \
                 by hand"
            )),
        }
    }
    gone
}

/// Removes all that a run has made.
pub async fn remove_run(api: &Docker, run: &str) -> Result<(), Trouble> {
    let label = format!("{RUN}={run}");
    let mut verdict = Ok(());
    for _ in 0..ATTEMPTS {
        verdict = remove_labelled(api, &label).await;
        if verdict.is_ok() {
            break;
        }
        sleep(PAUSE).await;
    }
    verdict
}

async fn remove_labelled(api: &Docker, label: &str) -> Result<(), Trouble> {
    remove_containers(api, containers(api, label).await?).await?;
    for network in networks(api, label).await? {
        remove_network(api, &network).await?;
    }
    Ok(())
}

async fn containers(api: &Docker, label: &str) -> Result<Vec<Thing>, Trouble> {
    let filters = HashMap::from([("label", vec![label])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let found = api.list_containers(Some(options)).await.map_err(|error| untold(&error))?;
    let things = found.into_iter().filter_map(|one| {
        let name = one.names.unwrap_or_default().into_iter().next().unwrap_or_default();
        let name = name.trim_start_matches('/').to_owned();
        Some(Thing { id: one.id?, name, labels: one.labels.unwrap_or_default() })
    });
    Ok(things.collect())
}

async fn networks(api: &Docker, label: &str) -> Result<Vec<Thing>, Trouble> {
    let filters = HashMap::from([("label", vec![label])]);
    let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
    let found = api.list_networks(Some(options)).await.map_err(|error| untold(&error))?;
    let things = found.into_iter().filter_map(|one| {
        let (name, labels) = (one.name.unwrap_or_default(), one.labels.unwrap_or_default());
        Some(Thing { id: one.id?, name, labels })
    });
    Ok(things.collect())
}

/// All at once, with the volumes that nobody has named; one that is gone already is gone.
async fn remove_containers(api: &Docker, things: Vec<Thing>) -> Result<(), Trouble> {
    let mut removals = JoinSet::new();
    for Thing { id, name, .. } in things {
        let api = api.clone();
        removals.spawn(async move {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            match api.remove_container(&id, Some(options)).await {
                Err(error) if !matches!(status(&error), Some(404 | 409)) => {
                    Err(Trouble::new(format!("container {name} is not removed: {}", said(&error))))
                }
                Ok(()) | Err(_) => Ok(()),
            }
        });
    }
    removals.join_all().await.into_iter().collect()
}

async fn remove_network(api: &Docker, thing: &Thing) -> Result<(), Trouble> {
    match api.remove_network(&thing.id).await {
        Err(error) if status(&error) != Some(404) => {
            let why = said(&error);
            Err(Trouble::new(format!("network {} is not removed: {why}", thing.name)))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn untold(error: &bollard::errors::Error) -> Trouble {
    let why = said(error);
    Trouble::new(format!("the engine does not tell what there is: {why}; run `hashslot clean`"))
}
