//! The page that the binary carries: a table that `build.rs` writes, and what is derived from it.

/// One file of the page, as it is and compressed.
#[derive(Debug)]
pub struct File {
    pub name: &'static str,
    /// Tells one version of the file from another.
    pub digest: u64,
    pub plain: &'static [u8],
    pub brotli: &'static [u8],
    pub gzip: &'static [u8],
}

/// All files, by name. Empty if the page was not built before the binary was.
pub static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/site.rs"));

/// The file behind the path of a URL; the folder itself means its index.
pub fn find(path: &str) -> Option<&'static File> {
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    FILES.iter().find(|file| file.name == name)
}

impl File {
    /// What the file is, in the words of HTTP.
    pub fn media_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("json") => "application/json",
            Some("svg") => "image/svg+xml",
            Some("wasm") => "application/wasm",
            _ => "application/octet-stream",
        }
    }
}
