//! What people read of the answers.

use std::io::{self, Write};

use serde_json::Value;

use crate::failure::Failure;

pub fn print(lines: &[String]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

pub fn status(answer: &Value) -> Vec<String> {
    let mut lines = clock(answer);
    let clients = &answer["clients"];
    lines.push(format!("clients: {} connected", clients["connected"]));
    for node in list(&answer["nodes"]) {
        let role = match &node["role"]["Replica"]["of"] {
            Value::Null => "master".to_owned(),
            of => format!("replica of {of}"),
        };
        let truth = text(&node["truth"]).to_lowercase();
        let state = text(&node["health"]).to_lowercase();
        let (port, slots, keys) = (&node["port"], &node["slots"], &node["keys"]);
        lines.push(format!("{port}: {truth}, {role}, state {state}, {slots} slots, {keys} keys"));
    }
    let troubles = list(&answer["troubles"]).iter().map(|trouble| format!("! {}", text(trouble)));
    lines.extend(troubles);
    lines
}

pub fn clock(answer: &Value) -> Vec<String> {
    let clock = &answer["clock"];
    let flow = match clock["paused"].as_bool() {
        Some(true) => "paused".to_owned(),
        Some(false) | None => format!("{} times the wall's", clock["speed"]),
    };
    let elapsed = clock["elapsed_seconds"].as_f64().unwrap_or_default();
    let mut line = format!("clock: {flow}, at +{elapsed:.3} s");
    let behind = clock["behind_seconds"].as_f64().unwrap_or_default();
    if behind > 0.1 {
        line.push_str(&format!(", {behind:.1} s behind"));
    }
    vec![line]
}

pub fn printed(answer: &Value) -> Vec<String> {
    list(&answer["printed"]).iter().map(|line| text(line).to_owned()).collect()
}

pub fn events(answer: &Value) -> Vec<String> {
    list(&answer["events"])
        .iter()
        .map(|event| format!("{}  {}", event["position"], told(event)))
        .collect()
}

pub fn why(answer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for reason in list(&answer["why"]) {
        let lead = if lines.is_empty() { "" } else { "because: " };
        lines.push(format!("{lead}{}", told(&reason["told"])));
        let also = list(&reason["also"]).iter();
        lines.extend(also.map(|also| format!("    with: {}", told(also))));
    }
    lines
}

pub fn saved(answer: &Value) -> Vec<String> {
    vec![format!("{} bytes are in {}", answer["bytes"], text(&answer["file"]))]
}

/// `+6.310 s 7000 marks 7001 PFAIL`
fn told(event: &Value) -> String {
    let micros = event["elapsed"].as_u64().unwrap_or_default();
    format!("+{}.{:03} s {}", micros / 1_000_000, micros / 1_000 % 1_000, text(&event["text"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
