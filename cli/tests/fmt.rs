//! `placet fmt` as a user meets it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const UNFORMATTED: &str = "edition 2026\nlet a=1 // one\nlet bb = [\"two\",]\n";

fn fmt(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_placet"))
        .arg("fmt")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever reads nothing has closed its end.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn shown(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = fmt(folder, arguments, input.as_bytes());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!(
        "$ placet fmt {}\n{}{}exit code {}\n\n",
        arguments.join(" "),
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap()
    )
}

#[test]
fn what_a_user_sees() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut all = shown(folder, &[], "");
    fs::write(folder.join("a.placet"), UNFORMATTED).unwrap();
    fs::write(folder.join("b.placet"), "edition 2026\n").unwrap();
    fs::write(folder.join("c.txt"), UNFORMATTED).unwrap();
    all += &shown(folder, &["--check"], "");
    all += &shown(folder, &["b.placet"], "");
    assert_eq!(fs::read_to_string(folder.join("a.placet")).unwrap(), UNFORMATTED);
    all += &shown(folder, &[".", "a.placet"], "");
    all += &shown(folder, &["--check", "a.placet"], "");
    all += &shown(folder, &["--stdin"], UNFORMATTED);
    fs::write(folder.join("d.placet"), "edition 2026\nscope  \"x\"  on\nlet a=1\n").unwrap();
    all += &shown(folder, &[], "");
    writeln!(all, "{}", fs::read_to_string(folder.join("d.placet")).unwrap()).unwrap();
    all += &shown(folder, &["--stdin"], "edition 2026\nlet a=\"1\n");
    all += &shown(folder, &["nowhere"], "");
    all += &shown(folder, &["--stdin", "a.placet"], "");
    assert_eq!(fs::read_to_string(folder.join("c.txt")).unwrap(), UNFORMATTED);
    let left = fs::read_dir(folder).unwrap().count();
    assert_eq!(left, 4, "something was left beside the files");
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_not_text_is_unusable() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.placet"), b"edition 2026\n\xff").unwrap();
    for (arguments, input) in [(vec![], &b""[..]), (vec!["--stdin"], b"\xff")] {
        let output = fmt(folder.path(), &arguments, input);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("not UTF-8"));
    }
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("a.placet"), folder.path().join("link"));
    fs::write(&file, UNFORMATTED).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a.placet", &link).unwrap();
    assert_eq!(fmt(folder.path(), &["link"], b"").status.code(), Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_ne!(fs::read_to_string(&file).unwrap(), UNFORMATTED);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    // A file that nobody may write is not replaced behind their back.
    fs::write(&file, UNFORMATTED).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
    assert_eq!(fmt(folder.path(), &[], b"").status.code(), Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), UNFORMATTED);
}
