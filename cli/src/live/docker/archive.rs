//! Files of a container, which the engine hands over as archives of the kind `tar`, and its log.

use std::io::{self, Read};

use bollard::Docker;
use bollard::body_full;
use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, LogsOptionsBuilder, UploadToContainerOptionsBuilder,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::engine::said;
use crate::live::Trouble;

/// The folder in which a node keeps its files.
pub const FOLDER: &str = "/data";

/// A file of a node in its archive; nothing if it is not there.
pub async fn fetch(api: &Docker, container: &str, name: &str) -> Option<Bytes> {
    let options = DownloadFromContainerOptionsBuilder::default();
    let options = options.path(&format!("{FOLDER}/{name}")).build();
    let mut parts = api.download_from_container(container, Some(options));
    let mut whole = BytesMut::new();
    while let Some(part) = parts.next().await {
        whole.extend_from_slice(&part.ok()?);
    }
    Some(whole.freeze())
}

/// Puts the files of an archive where a node keeps its own.
pub async fn hand_in(api: &Docker, container: &str, archive: Bytes) -> Result<(), Trouble> {
    let options = UploadToContainerOptionsBuilder::default().path(FOLDER).build();
    let done = api.upload_to_container(container, Some(options), body_full(archive)).await;
    done.map_err(|error| {
        let why = said(&error);
        Trouble::new(format!(
            "the engine puts no file into {container}: {why}; is its disk full (docker system df)?"
        ))
    })
}

/// All that a container has logged.
pub async fn log(api: &Docker, container: &str) -> String {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
    let mut lines = api.logs(container, Some(options)).boxed();
    let mut text = String::new();
    while let Some(Ok(line)) = lines.next().await {
        text.push_str(&String::from_utf8_lossy(line.as_ref()));
    }
    text
}

/// An archive of one file.
pub fn of_one(name: &str, text: &str) -> io::Result<Bytes> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, name, text.as_bytes())?;
    builder.into_inner().map(Bytes::from)
}

/// The text of the first file of an archive.
pub fn text_of(archive: &[u8]) -> Option<String> {
    let mut archive = tar::Archive::new(archive);
    let mut bytes = Vec::new();
    archive.entries().ok()?.next()?.ok()?.read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_an_archive_comes_out_of_it() {
        let archive = of_one("redis.conf", "port 7000\n").unwrap();
        assert_eq!(text_of(&archive).as_deref(), Some("port 7000\n"));
        assert_eq!(text_of(b"no archive"), None);
    }
}
