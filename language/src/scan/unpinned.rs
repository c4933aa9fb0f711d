//! `scan.unpinned`: programs that are fetched at every start, whatever they have become.

use crate::diagnostic::Code;
use crate::scan::finding::Finding;
use crate::scan::launch::{Options, Word, options, program, words};
use crate::scan::package::{moving_npm, moving_python, moving_version};
use crate::scan::server::Server;

/// Shells that take a script as an argument.
const SHELLS: &[&str] = &["bash", "sh", "zsh", "dash", "fish", "powershell", "pwsh"];

/// Programs that carry out what they are given.
const INTERPRETERS: &[&str] =
    &["bash", "sh", "zsh", "dash", "python", "python3", "node", "deno", "ruby", "perl", "iex"];

const FETCHERS: &[&str] = &["curl", "wget", "iwr", "irm", "invoke-webrequest", "invoke-restmethod"];

const NPX_VALUED: &[&str] =
    &["-p", "--package", "--registry", "--cache", "--prefix", "-w", "--workspace"];
const NPX_WANTED: &[&str] = &["-p", "--package"];

const UV_VALUED: &[&str] = &[
    "--from",
    "--with",
    "--with-editable",
    "--with-requirements",
    "-p",
    "--python",
    "--index",
    "--index-url",
    "-i",
    "--default-index",
    "--extra-index-url",
    "--directory",
    "--project",
    "--cache-dir",
    "--env-file",
    "-c",
    "--constraints",
    "--overrides",
    "--refresh-package",
    "--upgrade-package",
    "-P",
    "--prerelease",
    "--resolution",
    "--exclude-newer",
    "--find-links",
    "-f",
    "--link-mode",
    "--config-file",
    "--color",
];

/// Options of `docker run` without a value; all others have one.
const DOCKER_FLAGS: &[&str] = &[
    "-i",
    "-t",
    "-d",
    "-P",
    "--rm",
    "--init",
    "--privileged",
    "--read-only",
    "--interactive",
    "--tty",
    "--detach",
    "--publish-all",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--sig-proxy",
    "--quiet",
    "-q",
    "--disable-content-trust",
    "--replace",
    "--tls-verify",
];

pub(super) fn of_server(server: &Server<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    command(server.name, &words(server), &mut findings);
    findings
}

/// A command may start another one, which is shorter: this ends.
fn command(server: &str, words: &[Word], findings: &mut Vec<Finding>) {
    let [first, rest @ ..] = words else { return };
    let program = program(&first.text);
    let second = rest.first().map(|word| word.text.as_str()).unwrap_or_default();
    let after = rest.get(1..).unwrap_or_default();
    let mut say = |word: &Word, why: Option<String>, how: &str| {
        findings.extend(why.map(|why| {
            Finding::new(
                Code::ScanUnpinned,
                word.span.clone(),
                format!("server `{server}` runs `{}`, fetched when it starts: {why}", word.text),
                "whoever publishes it decides what runs",
                how,
            )
        }));
    };
    const NPM: &str = "name the exact version that was looked at, as `package@1.2.3`";
    const PYTHON: &str = "name the exact version that was looked at, as `package==1.2.3`";
    let packages = |words, valued, wanted| -> Vec<Word> {
        let Options { values, rest } = options(words, valued, wanted);
        if values.is_empty() { rest.first().cloned().into_iter().collect() } else { values }
    };
    match (program.as_str(), second) {
        ("npx" | "bunx" | "pnpx", _) => {
            let is_local = rest
                .iter()
                .take_while(|word| word.text.starts_with('-'))
                .any(|word| matches!(word.text.as_str(), "--no" | "--no-install"));
            if !is_local {
                for word in packages(rest, NPX_VALUED, NPX_WANTED) {
                    say(&word, moving_npm(&word.text), NPM);
                }
            }
        }
        ("npm", "exec" | "x") | ("pnpm" | "yarn", "dlx") | ("bun", "x") => {
            for word in packages(after, NPX_VALUED, NPX_WANTED) {
                say(&word, moving_npm(&word.text), NPM);
            }
        }
        ("uvx", _) | ("uv", "tool" | "run") => {
            let is_run = program == "uv" && second == "run";
            let words = match (program.as_str(), second) {
                ("uv", "tool") => after.get(1..).unwrap_or_default(),
                ("uv", _) => after,
                _ => rest,
            };
            let mut with = options(words, UV_VALUED, &["--with"]).values;
            with.extend(if is_run { Vec::new() } else { packages(words, UV_VALUED, &["--from"]) });
            for word in with {
                say(&word, moving_python(&word.text), PYTHON);
            }
        }
        ("pipx", "run") => {
            let valued = ["--spec", "--python", "--index-url", "-i", "--pip-args"];
            for word in packages(after, &valued, &["--spec"]) {
                say(&word, moving_python(&word.text), PYTHON);
            }
        }
        ("deno", "run" | "serve") => {
            if let Some(word) = options(after, &["-c", "--config"], &[]).rest.first() {
                say(
                    word,
                    moving_module(&word.text),
                    "name the exact version in the module's address",
                );
            }
        }
        ("docker" | "podman" | "nerdctl", _) => image(server, rest, findings),
        ("cmd", _) => command(server, after, findings),
        ("env" | "sudo" | "cross-env" | "exec", _) => {
            let is_more = |word: &&Word| word.text.starts_with('-') || word.text.contains('=');
            let count = rest.iter().take_while(is_more).count();
            command(server, rest.get(count..).unwrap_or_default(), findings);
        }
        (shell, _) if SHELLS.contains(&shell) => {
            for word in rest.iter().filter(|word| word.text.contains(char::is_whitespace)) {
                script(server, word, findings);
            }
        }
        _ => {}
    }
}

/// A script: what it carries out as it comes from the network, and the commands in it.
fn script(server: &str, script: &Word, findings: &mut Vec<Finding>) {
    let words = |text: &str| -> Vec<String> {
        text.split(|one: char| one.is_whitespace() || "()`\"'".contains(one))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let text = &script.text;
    let fetches = words(text).iter().any(|word| FETCHERS.contains(&program(word).as_str()));
    let is_piped = text.split('|').skip(1).any(|part| {
        let mut words = words(part).into_iter().filter(|word| word != "sudo");
        words.next().is_some_and(|word| INTERPRETERS.contains(&program(&word).as_str()))
    });
    let close: String = text.split_whitespace().collect();
    let is_inserted = ["$(", "<(", "`"]
        .iter()
        .any(|open| FETCHERS.iter().any(|fetcher| close.contains(&format!("{open}{fetcher}"))))
        || words(text).iter().any(|word| word.eq_ignore_ascii_case("iex"));
    if fetches && (is_piped || is_inserted) {
        findings.push(Finding::new(
            Code::ScanUnpinned,
            script.span.clone(),
            format!("server `{server}` runs a script as it comes from the network"),
            "whoever answers decides what runs",
            "keep the script beside the configuration, or compare its digest before it runs",
        ));
    }
    for part in text.split([';', '|', '&', '\n']) {
        let part: Vec<Word> =
            words(part).into_iter().map(|text| Word { text, span: script.span.clone() }).collect();
        command(server, &part, findings);
    }
}

/// Why a module's address may stand for another module tomorrow.
fn moving_module(module: &str) -> Option<String> {
    if let Some(package) = module.strip_prefix("npm:").or_else(|| module.strip_prefix("jsr:")) {
        // A path may follow the version.
        let parts = package.trim_start_matches('/').split('/');
        let count = if package.trim_start_matches('/').starts_with('@') { 2 } else { 1 };
        return moving_npm(&parts.take(count).collect::<Vec<_>>().join("/"));
    }
    let (_, rest) = module.split_once("://")?;
    let mut versions = rest.split('/').filter_map(|part| part.split_once('@'));
    match versions.next() {
        Some((_, version)) => moving_version(version.trim_start_matches('v')),
        None => Some(String::from("no version is named")),
    }
}

/// The image of `docker run`.
fn image(server: &str, words: &[Word], findings: &mut Vec<Finding>) {
    let valued = ["-H", "--host", "-c", "--context", "-l", "--log-level", "--config"];
    let words = match options(words, &valued, &[]).rest {
        [first, second, rest @ ..] if first.text == "container" && second.text == "run" => rest,
        [first, rest @ ..] if first.text == "run" => rest,
        _ => return,
    };
    let is_flag = |text: &str| {
        let letters = text.strip_prefix('-').unwrap_or_default();
        DOCKER_FLAGS.contains(&text)
            || text.contains('=')
            || (!letters.is_empty() && letters.chars().all(|one| "itdPq".contains(one)))
            // `-eNAME`, with its value attached
            || (letters.len() > 1 && !letters.starts_with('-'))
    };
    let named: Vec<&str> = words
        .iter()
        .map(|word| word.text.as_str())
        .filter(|text| text.starts_with('-') && !is_flag(text))
        .collect();
    let Some(image) = options(words, &named, &[]).rest.first() else { return };
    let text = &image.text;
    if text.contains("@sha256:") {
        return;
    }
    let file = text.rsplit('/').next().unwrap_or_default();
    let tag = file.split_once(':').map(|(_, tag)| tag).filter(|tag| *tag != "latest");
    let (why, is_weak) = match tag {
        Some(tag) => (format!("the tag `{tag}` can be moved, and is weaker than a digest"), true),
        None => (String::from("neither digest nor tag says which"), false),
    };
    let finding = Finding::new(
        Code::ScanUnpinned,
        image.span.clone(),
        format!("server `{server}` runs the image `{text}`: {why}"),
        "whoever publishes it decides what runs",
        "name the digest that was looked at, as `image@sha256:…`",
    );
    findings.push(if is_weak { finding.weak() } else { finding });
}
