//! `placet report` as a user meets it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;
mod support;

use crate::support::shown;

#[test]
fn what_a_user_sees() {
    insta::assert_snapshot!("report_filesystem", shown(&["report", "policies/filesystem"]));
}
