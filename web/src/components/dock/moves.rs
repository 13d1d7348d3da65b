//! How the keys move among the cells of a table.

/// The cell to which a key leads from `at`, among so many rows and columns; nothing if the key
/// means something else. At an edge it stays where it is.
pub fn moved(
    at: (usize, usize),
    (rows, columns): (usize, usize),
    key: &str,
) -> Option<(usize, usize)> {
    let (row, column) = at;
    let last = |count: usize| count.saturating_sub(1);
    Some(match key {
        "ArrowUp" => (row.saturating_sub(1), column),
        "ArrowDown" => ((row + 1).min(last(rows)), column),
        "ArrowLeft" => (row, column.saturating_sub(1)),
        "ArrowRight" => (row, (column + 1).min(last(columns))),
        "Home" => (row, 0),
        "End" => (row, last(columns)),
        "PageUp" => (0, column),
        "PageDown" => (last(rows), column),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_inside_of_the_table() {
        let size = (3, 4);
        assert_eq!(moved((1, 1), size, "ArrowUp"), Some((0, 1)));
        assert_eq!(moved((0, 1), size, "ArrowUp"), Some((0, 1)));
        assert_eq!(moved((2, 3), size, "ArrowDown"), Some((2, 3)));
        assert_eq!(moved((2, 3), size, "ArrowRight"), Some((2, 3)));
        assert_eq!(moved((2, 3), size, "Home"), Some((2, 0)));
        assert_eq!(moved((2, 0), size, "End"), Some((2, 3)));
        assert_eq!(moved((2, 0), size, "x"), None);
        assert_eq!(moved((0, 0), (0, 0), "End"), Some((0, 0)));
    }
}
