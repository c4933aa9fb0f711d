//! What policies and calls are made of: constants, and near misses of them.

/// The time of every call, give or take: 2026-09-21.
pub const NOW: i64 = 1_790_000_000;
pub(super) const FIRST: &str = "https://login.example.com";
pub(super) const SECOND: &str = "https://id.example.org/é#2";
pub(super) const STRINGS: [&str; 13] = [
    "acme",
    "acme-labs",
    "alice",
    "",
    "a\"b",
    "line\nbreak",
    "naïve",
    "*",
    "/srv/data",
    "50%",
    "a\\b",
    "args.owner",
    "\u{202e}\u{0}\r\t${x}",
];
pub(super) const PATHS: [&str; 16] = [
    "/srv",
    "/srv/data",
    "/srv/data/x",
    "/srv//data/./y",
    "/srv/../etc",
    "/srv2",
    "srv/data",
    "/",
    "/st*r/x",
    "/star/x",
    "/srv/%2e%2e/x",
    "/srv\\data",
    "/srv/\u{85}",
    "/srv/..data",
    "/srv/data/",
    "",
];
pub(super) const FOLDERS: [&str; 5] = ["/srv", "/srv/data", "/", "/st*r", "/home/naïve \"q\""];
pub(super) const GLOBS: [&str; 8] =
    ["acme*", "*-labs", "a*e", "*", "\\*", "/srv/*", "*\\\"*", "n*ve"];
pub(super) const INTEGERS: [i64; 9] =
    [-5, 0, 1, 5, 10, 100, i64::MAX, i64::MIN, 9_007_199_254_740_992];
pub(super) const NETWORKS: [&str; 6] =
    ["10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32", "0.0.0.0/0", "10.1.2.3/32", "::/0"];
pub(super) const ADDRESSES: [&str; 7] = [
    "10.1.2.3",
    "11.0.0.1",
    "2001:db8::1",
    "::ffff:10.1.2.3",
    "192.168.1.77",
    "2001:db9::",
    "0.0.0.0",
];
pub(super) const SUBJECTS: [&str; 5] = ["alice", "bob", "al#ice", "a%23\"\\", "naïve"];
pub(super) const CLAIMS: [&[&str]; 4] =
    [&["groups"], &["realm", "roles"], &["https://x.example/team"], &["say \"x\""]];
pub(super) const VALUES: [&str; 5] = ["eng", "ops", "boss \"x\"", "é", "groups"];
