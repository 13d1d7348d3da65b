//! The image that nodes are made of: any that has a redis-server.

use std::time::Duration;

use bollard::query_parameters::CreateImageOptionsBuilder;
use bollard::{Docker, body_full};
use bytes::Bytes;
use futures_util::StreamExt;

use super::engine::{said, status};
use crate::live::Trouble;

/// The official image of the version that is simulated here.
pub const DEFAULT_IMAGE: &str = "redis:7.0.15";
/// How long fetching it may take.
const FETCHING_MAX: Duration = Duration::from_secs(600);

/// Whether the image is there.
pub async fn is_there(api: &Docker, image: &str) -> Result<bool, Trouble> {
    match api.inspect_image(image).await {
        Ok(_) => Ok(true),
        Err(error) if status(&error) == Some(404) => Ok(false),
        Err(error) => {
            let why = said(&error);
            Err(Trouble::new(format!(
                "the engine does not tell of the image {image}: {why}; check `docker image ls`"
            )))
        }
    }
}

/// Sees to it that the image is there: fetches it if it is not.
pub async fn ensure(api: &Docker, image: &str) -> Result<(), Trouble> {
    if is_there(api, image).await? {
        return Ok(());
    }
    let fetched = tokio::time::timeout(FETCHING_MAX, fetch(api, image)).await;
    let why = match fetched {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(why)) => why,
        Err(_) => format!("it took more than {} s", FETCHING_MAX.as_secs()),
    };
    Err(Trouble::new(format!(
        "there is no image {image}, and it cannot be fetched ({why}): fetch it where there is a \
         network (docker pull {image}; docker save, docker load), or name one that is there with \
         --image: any that has redis-server will do"
    )))
}

/// Makes an image of files, in place of one of that name.
pub async fn import(api: &Docker, image: &str, files: Bytes) -> Result<(), Trouble> {
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    let options = CreateImageOptionsBuilder::default().from_src("-").repo(name).tag(tag).build();
    let mut news = api.create_image(Some(options), Some(body_full(files)), None);
    while let Some(news) = news.next().await {
        news.map_err(|error| {
            let why = said(&error);
            Trouble::new(format!("the engine makes no image {image} of these files: {why}"))
        })?;
    }
    Ok(())
}

async fn fetch(api: &Docker, image: &str) -> Result<(), String> {
    let tagged = match image.rsplit('/').next().is_some_and(|name| name.contains([':', '@'])) {
        true => image.to_owned(),
        false => format!("{image}:latest"),
    };
    let options = CreateImageOptionsBuilder::default().from_image(&tagged).build();
    let mut news = api.create_image(Some(options), None, None);
    while let Some(news) = news.next().await {
        news.map_err(|error| said(&error))?;
    }
    Ok(())
}
