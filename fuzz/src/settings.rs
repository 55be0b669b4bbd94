//! The settings file: read, checked, moved from older versions, written.

use pitdesk::store::files::Refusal;
use pitdesk::store::settings::{parse, text};

pub fn body(data: &[u8]) {
    let (settings, problems) = match parse(data) {
        Ok(found) => found,
        Err(Refusal::Damaged(why)) => return super::says_something(&why),
        Err(Refusal::Newer { found, newest }) => return assert!(found > newest),
    };
    settings.check().expect("what is used makes sense");
    assert!(problems.len() <= data.len());
    for problem in &problems {
        super::says_something(&problem.to_string());
        assert!(!problem.what.is_empty() && !problem.used.is_empty(), "{problem:?}");
    }
    let written = text(&settings);
    match parse(written.as_bytes()) {
        Ok((again, problems)) => {
            assert_eq!(problems, []);
            assert_eq!(again, settings);
            assert_eq!(text(&again), written);
        }
        Err(Refusal::Damaged(_) | Refusal::Newer { .. }) => {
            panic!("what was written cannot be read:\n{written}")
        }
    }
}
