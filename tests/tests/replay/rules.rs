//! Every rule that a report may name stands in `docs/FIDELITY.md`.

use std::fs;
use std::path::Path;

use hashslot::compare::all_rules;

#[test]
fn every_rule_that_may_be_named_is_on_the_page() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FIDELITY.md");
    let page = fs::read_to_string(page).expect("the page is there");
    for rule in all_rules() {
        let heading = format!("\n## {}\n", rule.section);
        let (_, section) = page.split_once(&heading).unwrap_or_else(|| panic!("{heading:?}"));
        let section = section.split("\n## ").next().unwrap_or_default();
        let row = format!("\n| {}", rule.row);
        assert_eq!(section.matches(&row).count(), 1, "{}: {}", rule.section, rule.row);
    }
}
