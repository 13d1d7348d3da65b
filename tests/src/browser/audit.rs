//! An audit by axe-core, which knows the rules of WCAG that a machine can check.
//!
//! `.ci/setup test` puts axe into `.tools`. It is handed to Chromium by the driver, past the page's
//! Content-Security-Policy, which stays as strict as it is for everybody.

use std::fs;

use serde_json::{Value, json};

use super::missing;
use super::page::Page;
use super::root;

const FILE: &str = ".tools/axe.min.js";

/// Runs axe over what is shown now, and gives each breach that hurts: its rule, how much it hurts,
/// and the elements.
const RUN: &str = "
    const found = await axe.run(document, {
        runOnly: {
            type: 'tag',
            values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
        },
        resultTypes: ['violations'],
        preload: false,
    });
    return found.violations
        .filter((breach) => ['serious', 'critical'].includes(breach.impact))
        .map((breach) => ({
            rule: breach.id, impact: breach.impact, help: breach.help,
            at: breach.nodes.slice(0, 6).map((node) => ({
                element: node.target.join(' '), why: node.failureSummary,
            })),
            count: breach.nodes.length,
        }));";

impl Page {
    /// The serious and critical breaches of WCAG 2.2 AA in what is shown, each as it is told.
    /// Whether it could be checked at all is said as for every other tool.
    pub async fn audit(&self, screen_name: &str) -> Vec<String> {
        let Ok(axe) = fs::read_to_string(root().join(FILE)) else {
            missing::skip("axe-core is not in .tools: .ci/setup test");
            return Vec::new();
        };
        self.evaluate(&format!("if (!window.axe) {{ {axe}\n }} return true;")).await;
        let found = self.evaluate(&format!("return (async () => {{ {RUN} }})();")).await;
        let breaches = found.as_array().expect("axe gives a list");
        breaches.iter().map(|breach| format!("{screen_name}\n{}", tell(breach))).collect()
    }
}

fn tell(breach: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = vec![format!(
        "  {} ({}, {} times): {}",
        text(&breach["rule"]),
        text(&breach["impact"]),
        breach["count"],
        text(&breach["help"])
    )];
    for node in breach["at"].as_array().into_iter().flatten() {
        lines.push(format!("    {}", text(&node["element"])));
        let why = text(&node["why"]);
        lines.extend(why.lines().map(|line| format!("        {}", line.trim())));
    }
    if breach["at"] == json!([]) {
        lines.push("    (no element named)".to_owned());
    }
    lines.join("\n")
}
