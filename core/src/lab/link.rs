//! The lab as a text: what stands behind the `#` of a link, and in a file that was saved.
//!
//! ```text
//! lab=2.<checksum; what was opened, deeds, the moment, the version, the digest: JSON, deflated>
//! ```
//!
//! The number before the dot is that of the format; behind it everything is in base64. The checksum
//! is of all bytes after it, so that a link that lost a letter says so instead of opening as
//! something else. The digest is of the run, so that a version that plays it differently says that.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};
use serde::{Deserialize, Serialize};

use super::deeds::Deeds;
use crate::words::{Digest, Span};

/// How the text of a lab begins.
pub const LEAD: &str = "lab=";
const FORMAT: &str = "2";
/// A text that unpacks to more than this was not made by a person's doing.
const UNPACKED_MAX: usize = 4 << 20;
const LEVEL: u8 = 9;
/// A longer text is not taken into the text of a lab: it would be packed again after every deed.
pub const OPENED_MAX: usize = 1 << 20;

/// Everything that makes a lab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The version that wrote it.
    #[serde(rename = "v")]
    pub version: String,
    #[serde(rename = "o")]
    pub opened: Opened,
    #[serde(rename = "d")]
    pub deeds: Deeds,
    /// The moment that is shown.
    #[serde(rename = "t")]
    pub elapsed: Span,
    #[serde(rename = "p")]
    pub position: Option<usize>,
    /// The digest of the run at its end, in hexadecimal digits.
    #[serde(rename = "h")]
    pub digest: String,
}

/// What was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Opened {
    /// A lesson that comes with the program, and the checksum of its text.
    #[serde(rename = "l")]
    Shelved { id: String, sum: String },
    /// A lesson, or a run, that does not.
    #[serde(rename = "f")]
    Text { file: String, source: String },
}

impl Opened {
    /// How long the text is that has to be taken along.
    pub fn carried_bytes(&self) -> usize {
        match self {
            Opened::Shelved { .. } => 0,
            Opened::Text { source, .. } => source.len(),
        }
    }
}

/// Why a text opens as no lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("this link was made by another version of hashslot, which writes them differently")]
    Version,
    #[error("this link is damaged: a letter is missing or was changed; copy it once more, whole")]
    Damaged,
    #[error("this link plays for hours, as nothing does that a person did")]
    Endless,
}

/// Writes a lab as a text.
pub fn write(saved: &Saved) -> String {
    let json = serde_json::to_vec(saved).expect("a lab is plain data");
    let packed = compress_to_vec(&json, LEVEL);
    let mut bytes = checksum(&packed).to_vec();
    bytes.extend(packed);
    format!("{LEAD}{FORMAT}.{}", BASE64.encode(bytes))
}

/// Reads what [`write`] wrote.
pub fn read(text: &str) -> Result<Saved, LinkError> {
    let text = text.trim().strip_prefix(LEAD).ok_or(LinkError::Damaged)?;
    let (format, packed) = text.split_once('.').ok_or(LinkError::Damaged)?;
    if format != FORMAT {
        let is_number = !format.is_empty() && format.bytes().all(|byte| byte.is_ascii_digit());
        return Err(if is_number { LinkError::Version } else { LinkError::Damaged });
    }
    let bytes = BASE64.decode(packed).map_err(|_| LinkError::Damaged)?;
    let (sum, packed) = bytes.split_first_chunk().ok_or(LinkError::Damaged)?;
    if *sum != checksum(packed) {
        return Err(LinkError::Damaged);
    }
    let json = unpack(packed).ok_or(LinkError::Damaged)?;
    let json = str::from_utf8(&json).map_err(|_| LinkError::Version)?;
    serde_json::from_str(json).map_err(|_| LinkError::Version)
}

/// The first half of the digest of these bytes.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut digest = Digest::new();
    digest.bytes(bytes);
    ((digest.value() >> 32) as u32).to_be_bytes()
}

/// What was packed; nothing if any of it is missing or wrong, or if more stands behind it.
fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut unpacked = vec![0; UNPACKED_MAX];
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let done = inflate(&mut state, packed, &mut unpacked, MZFlush::Finish);
    let is_whole = done.status == Ok(MZStatus::StreamEnd) && done.bytes_consumed == packed.len();
    unpacked.truncate(done.bytes_written);
    is_whole.then_some(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        Saved {
            version: "0.1.0".to_owned(),
            opened: Opened::Shelved { id: "redirects".to_owned(), sum: "0123".to_owned() },
            deeds: Deeds::default(),
            elapsed: Span::from_millis(6_310),
            position: Some(77),
            digest: "0123456789abcdef".to_owned(),
        }
    }

    #[test]
    fn what_was_written_can_be_read() {
        assert_eq!(read(&write(&saved())), Ok(saved()));
    }

    #[test]
    fn any_changed_letter_is_noticed() {
        let text = write(&saved());
        for at in LEAD.len()..text.len() {
            for other in ["A", "z", "7", "-", "!"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, other);
                assert!(changed == text || read(&changed).is_err(), "{changed}");
            }
            assert!(read(&text[..at]).is_err(), "cut off after {at}");
        }
        let payload = &text[text.find('.').unwrap() + 1..];
        for tail in ["AAAA", "AA", payload] {
            assert!(read(&format!("{text}{tail}")).is_err(), "with {tail} behind it");
        }
    }

    #[test]
    fn a_later_format_is_named_as_such() {
        let later = write(&saved()).replacen("2.", "3.", 1);
        assert_eq!(read(&later), Err(LinkError::Version));
    }
}
