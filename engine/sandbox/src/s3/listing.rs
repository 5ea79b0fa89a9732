//! One page of a bucket's listing. Knows no protocol.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::depot::Object;

/// What is to be listed.
#[derive(Debug, Default)]
pub(super) struct Wanted<'w> {
    /// How keys begin.
    pub(super) prefix: &'w str,
    /// Keys that are alike up to this, behind the prefix, are one entry.
    pub(super) delimiter: Option<&'w str>,
    /// Only keys after this one.
    pub(super) after: Option<&'w str>,
    /// `after` was the last entry of another page: if it stood for many keys, all of them were told.
    pub(super) resumes: bool,
    /// So many entries at most.
    pub(super) most: usize,
}

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page<'b> {
    pub(super) objects: Vec<(&'b String, &'b Object)>,
    /// What keys have in common that are one entry.
    pub(super) prefixes: Vec<String>,
    /// The last entry, if there are more.
    pub(super) next: Option<String>,
}

/// The page that is wanted.
pub(super) fn page<'b>(objects: &'b BTreeMap<String, Object>, wanted: &Wanted<'_>) -> Page<'b> {
    let mut page = Page::default();
    let from = match wanted.after {
        Some(after) if after >= wanted.prefix => Bound::Excluded(after),
        _ => Bound::Included(wanted.prefix),
    };
    let told = wanted.after.filter(|after| wanted.resumes && wanted.delimiter.is_some_and(|end| after.ends_with(end)));
    let mut last: Option<String> = None;
    for (key, object) in objects.range::<str, _>((from, Bound::Unbounded)) {
        if !key.starts_with(wanted.prefix) {
            break;
        }
        let group = group(key, wanted);
        if told.is_some_and(|told| key.starts_with(told)) || (group.is_some() && group == last.as_deref()) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == wanted.most {
            page.next = last;
            break;
        }
        match group {
            Some(group) => page.prefixes.push(group.to_owned()),
            None => page.objects.push((key, object)),
        }
        last = Some(group.unwrap_or(key).to_owned());
    }
    page
}

/// What a key has in common with its neighbours, up to the delimiter.
fn group<'k>(key: &'k str, wanted: &Wanted<'_>) -> Option<&'k str> {
    let delimiter = wanted.delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let start = wanted.prefix.len();
    let found = key[start..].find(delimiter)?;
    Some(&key[..start + found + delimiter.len()])
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::s3::depot::About;

    fn objects(keys: &[&str]) -> BTreeMap<String, Object> {
        let object = Object::new(Bytes::new(), Timestamp::UNIX_EPOCH, About::default());
        keys.iter().map(|key| ((*key).to_owned(), object.clone())).collect()
    }

    /// The entries of all pages of this size, and how many pages there were.
    fn all(keys: &[&str], prefix: &str, delimiter: Option<&str>, most: usize) -> (Vec<String>, usize) {
        let objects = objects(keys);
        let (mut entries, mut pages, mut after) = (Vec::new(), 0, None::<String>);
        loop {
            let wanted = Wanted { prefix, delimiter, after: after.as_deref(), resumes: true, most };
            let page = page(&objects, &wanted);
            entries.extend(page.objects.iter().map(|(key, _)| (*key).clone()));
            entries.extend(page.prefixes);
            pages += 1;
            match page.next {
                Some(next) => after = Some(next),
                None => return (entries, pages),
            }
        }
    }

    const KEYS: [&str; 6] = ["a", "b/1", "b/2", "b/c/3", "b0", "d/4"];

    #[test]
    fn whatever_the_size_of_pages_they_hold_the_same() {
        for most in 1..8 {
            let (mut entries, pages) = all(&KEYS, "", Some("/"), most);
            entries.sort();
            assert_eq!(
                (entries, pages),
                (vec!["a".into(), "b/".into(), "b0".into(), "d/".into()], 4_usize.div_ceil(most))
            );
            assert_eq!(all(&KEYS, "", None, most).0.len(), KEYS.len());
        }
    }

    #[test]
    fn a_prefix_may_end_within_a_name() {
        assert_eq!(all(&KEYS, "b", Some("/"), 10).0, ["b0", "b/"]);
        assert_eq!(all(&KEYS, "b/", Some("/"), 10).0, ["b/1", "b/2", "b/c/"]);
        assert_eq!(all(&KEYS, "x", Some("/"), 10), (Vec::new(), 1));
    }

    #[test]
    fn who_begins_after_a_folder_of_his_own_choice_is_told_what_is_in_it() {
        let objects = objects(&KEYS);
        let wanted = Wanted { delimiter: Some("/"), after: Some("b/"), most: 10, ..Wanted::default() };
        assert_eq!(page(&objects, &wanted).prefixes, ["b/", "d/"]);
    }

    #[test]
    fn a_page_of_nothing_is_the_last() {
        let objects = objects(&KEYS);
        let page = page(&objects, &Wanted::default());
        assert!(page.objects.is_empty() && page.next.is_none());
    }
}
