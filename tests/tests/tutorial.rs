//! The tutorial, done from its first line to its last as a reader does it: commands are run in an empty
//! folder and print what the page says, and its edits are made. `PLACET_UPDATE=1` writes what they print.
//!
//! A block of `console` holds commands, each after a `$`, and what they print. A block of `diff FILE` is an
//! edit: the lines with `-` are there, and those with `+` come in their place. In a block of any other
//! language, what follows a space in its head is the name of a file that it is the text of.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod built;
mod npm;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::npm::{packages, server};

const PAGE: &str = "spec/tutorial.md";

/// Where a reader works, and what stands on the path there.
struct Desk {
    folder: TempDir,
    programs: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let programs = folder.path().join(".programs");
        fs::create_dir_all(&programs).unwrap();
        let placet = PathBuf::from(built::placet().get_program());
        std::os::unix::fs::symlink(placet, programs.join("placet")).unwrap();
        // `npx` with the packages that are installed: tests fetch nothing while they run.
        let npx = format!(
            "#!/bin/sh\nshift\ncase $1 in\n*@2026.1.14) at={};;\n*) at={};;\nesac\nshift\n\
             exec node $at \"$@\"\n",
            packages().join("filesystem-2026-1-14/dist/index.js").display(),
            server("server-filesystem").display()
        );
        fs::write(programs.join("npx"), npx).unwrap();
        fs::set_permissions(programs.join("npx"), fs::Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        Self { folder, programs }
    }

    /// What a command prints, as somebody at a terminal sees it.
    fn run(&self, command: &str) -> String {
        let path = std::env::var("PATH").unwrap();
        let output = Command::new("sh")
            .args(["-c", &format!("({command}) 2>&1")])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("PATH", format!("{}:{path}", self.programs.display()))
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([("GIT_AUTHOR_NAME", "you"), ("GIT_COMMITTER_NAME", "you")])
            .envs([
                ("GIT_AUTHOR_EMAIL", "you@example.com"),
                ("GIT_COMMITTER_EMAIL", "you@example.com"),
            ])
            .envs([
                ("GIT_AUTHOR_DATE", "2026-12-01T12:00:00Z"),
                ("GIT_COMMITTER_DATE", "2026-12-01T12:00:00Z"),
            ])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.replace(self.folder.path().to_str().unwrap(), "");
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_matches('\n').to_owned()
    }

    fn edit(&self, file: &str, block: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        let side = |skipped: char| {
            let lines = block.lines().filter(|line| !line.starts_with(skipped));
            lines.map(|line| line.get(1..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
        };
        let (before, after) = (side('+'), side('-'));
        assert!(text.contains(&before), "{file} has no\n{before}\nbut\n{text}");
        fs::write(path, text.replacen(&before, &after, 1)).unwrap();
    }
}

/// The page as it is once every block was done.
fn done(page: &str) -> String {
    let desk = Desk::new();
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(head) = line.strip_prefix("```").filter(|head| !head.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = block.iter().map(|line| format!("{line}\n")).collect::<String>();
        match head.split_once(' ') {
            None if head == "console" => {
                for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    out.push_str(&format!("$ {command}\n"));
                    let printed = desk.run(command);
                    if !printed.is_empty() {
                        out.push_str(&printed);
                        out.push('\n');
                    }
                }
            }
            Some(("diff", file)) => {
                desk.edit(file, &text);
                out.push_str(&text);
            }
            Some((_, file)) => {
                fs::write(desk.folder.path().join(file), &text).unwrap();
                out.push_str(&text);
            }
            None => out.push_str(&text),
        }
        out.push_str("```\n");
    }
    out
}

#[test]
fn everything_happens_as_the_page_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let current = done(&page);
    if std::env::var_os("PLACET_UPDATE").is_some() {
        fs::write(path, current).unwrap();
    } else if page != current {
        let (was, is) = page
            .lines()
            .zip(current.lines())
            .find(|(was, is)| was != is)
            .unwrap_or(("one has more lines", ""));
        panic!("{PAGE} is stale: run the tests with PLACET_UPDATE=1\n- {was}\n+ {is}");
    }
}
