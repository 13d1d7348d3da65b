//! A file, dropped on the page.
//!
//! A script cannot put a file into the hand of the mouse, so the events are made as Chromium would
//! make them: `dragenter`, `dragover`, `drop`, each with the same file.

use serde_json::json;

use super::page::Page;

impl Page {
    /// Drops a text file on the page.
    pub async fn drop_file(&self, name: &str, text: &str) {
        let script = format!(
            "const data = new DataTransfer();
            data.items.add(new File([{}], {}, {{ type: 'text/plain' }}));
            for (const kind of ['dragenter', 'dragover', 'drop']) {{
                const event = new DragEvent(kind, {{
                    bubbles: true, cancelable: true, dataTransfer: data,
                }});
                document.body.dispatchEvent(event);
            }}
            return true;",
            json!(text),
            json!(name)
        );
        self.evaluate(&script).await;
    }
}
