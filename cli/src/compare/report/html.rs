//! The reports as one page that needs nothing else.
//!
//! Everything that comes from a lesson or from a server is escaped on its way in: a key may be
//! called `<script>`.

use std::fmt::Write;

use super::text::{place_of, rule_of};
use super::{Difference, Outcome, Report};

const STYLE: &str = "\
:root { color-scheme: light dark; --good: #1a7f37; --bad: #b3261e; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; }
th, td { border-bottom: 1px solid var(--line); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.equal { color: var(--good); } .different, .incomplete { color: var(--bad); }
section { margin-top: 2.5rem; }
";

/// A page about all of these.
pub fn page(reports: &[Report]) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Lessons on a real cluster</title>\n",
    );
    put(&mut out, &format!("<style>\n{STYLE}</style>\n</head>\n<body>"));
    put(&mut out, "<h1>Lessons on a real cluster</h1>");
    put(
        &mut out,
        "<table>\n<thead><tr><th>Lesson<th>Target<th>Lines<th>Outcome</tr></thead>\n<tbody>",
    );
    for (index, report) in reports.iter().enumerate() {
        let (title, word) = (escaped(&report.title), report.word());
        let target = escaped(&format!("{} ({})", report.against.target, report.against.version));
        let steps = report.steps;
        put(
            &mut out,
            &format!(
                "<tr><td><a href=\"#r{index}\">{title}</a><td>{target}<td>{steps}\
                 <td class=\"{word}\">{word}</tr>"
            ),
        );
    }
    put(&mut out, "</tbody>\n</table>");
    for (index, report) in reports.iter().enumerate() {
        section(&mut out, index, report);
    }
    put(&mut out, "</body>\n</html>");
    out
}

fn section(out: &mut String, index: usize, report: &Report) {
    let (title, word) = (escaped(&report.title), report.word());
    put(out, &format!("<section id=\"r{index}\">\n<h2>{title}</h2>"));
    let about = format!(
        "{} lines of {} on {} (Redis {}), node-timeout {} ms, beside {} seeds",
        report.steps,
        report.lesson,
        report.against.target,
        report.against.version,
        report.node_timeout_ms,
        report.seeds
    );
    put(out, &format!("<p><strong class=\"{word}\">{word}</strong>: {}</p>", escaped(&about)));
    for warning in &report.against.warnings {
        put(out, &format!("<p>Warning: {}</p>", escaped(warning)));
    }
    for one in &report.not_done {
        let text = format!("Not done, line {}: {}: {}", one.line, one.action, one.why);
        put(out, &format!("<p>{}</p>", escaped(&text)));
    }
    table(out, "Differences; what follows the first may follow from it", &report.differences);
    table(out, "Explained differences", &report.explained);
    if report.outcome != Outcome::Equal {
        put(out, &format!("<p>Again: <code>{}</code></p>", escaped(&report.again)));
    }
    put(out, "</section>");
}

fn table(out: &mut String, heading: &str, differences: &[Difference]) {
    if differences.is_empty() {
        return;
    }
    put(out, &format!("<h3>{heading}</h3>\n<table>"));
    put(out, "<thead><tr><th>Where<th>Simulator<th>Target<th>Rule</tr></thead>\n<tbody>");
    for one in differences {
        let place = escaped(&format!("{}: {}", place_of(one), one.action));
        let what = escaped(&one.place);
        let expected = escaped(&one.expected.join("\n"));
        let (observed, rule) = (escaped(&one.observed), escaped(&rule_of(one)));
        put(
            out,
            &format!(
                "<tr><td><code>{place}</code><br>{what}<td><pre>{expected}</pre>\
                 <td><pre>{observed}</pre><td>{rule}</tr>"
            ),
        );
    }
    put(out, "</tbody>\n</table>");
}

fn put(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes all");
}

/// A text that a browser shows as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup() {
        let text = "<script>alert(\"a\" & 'b')</script>";
        let wanted = "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)&lt;/script&gt;";
        assert_eq!(escaped(text), wanted);
    }
}
