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
pub(super) const SEGMENTS: [&str; 5] = ["a", "b", "acme", "naïve", "readme.md"];
pub(super) const URLS: [&str; 30] = [
    "https://api.example.com/x",
    "HTTPS://API.Example.com:8443/x?y=[1]#z",
    "https://api.example.com:8443/x?y=1#z",
    "http://api.example.com",
    "http://api.example.com:443/",
    "https://good.example@evil.example/",
    "https://good.example\\@evil.example/",
    "https://api.example.com./",
    "https://api.example.com%2eevil.example/",
    "https://api.example.com:/",
    "https://api.example.com:0443/",
    "https://api.example.com:65536/",
    "https://api.example.com:+443/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://127.1/",
    "https://10.0.0.1:8443/",
    "https://010.0.0.1/",
    "http://[2001:DB8:0::1]:8080/",
    "http://[::1%25eth0]/",
    "http://[::ffff:10.0.0.1]/",
    "https://naïve.example/",
    "https://api.example.com/a b",
    "https://api.example.com/%zz",
    "https://api.example.com/x#y#z",
    "ssh://git_host/x",
    "mailto:a@b.example",
    "//api.example.com/x",
    "https:///x",
    "https://api.example.com/[x]",
];
pub(super) const HOSTS: [&str; 5] =
    ["api.example.com", "10.0.0.1", "[2001:db8::1]", "git_host", "evil.example"];
pub(super) const PORTS: [i64; 5] = [443, 80, 8443, 8080, 0];
