//! Numbers of things in prose: `1 order`, `2 orders`. For whoever writes a line that a trader
//! reads, in every module, so that no line has to say "order(s)".

/// So many of something: `1 order`, `2 orders`, `0 orders`; with a verb as well, where `one` and
/// `many` hold it: `1 order works`, `2 orders work`.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_nothing_else_is() {
        let orders = [0, 1, 2, 21].map(|count| counted(count, "order works", "orders work"));
        assert_eq!(orders, ["0 orders work", "1 order works", "2 orders work", "21 orders work"]);
    }
}
