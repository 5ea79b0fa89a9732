//! The start of a text that is too long to be shown whole. It marks the cut: what stands before the mark may be half
//! of something, a secret for instance.

/// The first `most` characters of `text`, trimmed; followed by `…` where that is not all.
pub(crate) fn start_of(text: &str, most: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::start_of;

    #[test]
    fn a_cut_is_marked() {
        assert_eq!(start_of(" äbc\n", 3), "äbc");
        assert_eq!(start_of("äbcd", 3), "äbc…");
        assert_eq!(start_of("", 3), "");
    }
}
