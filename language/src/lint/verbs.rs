//! Verbs: how much harm a name says that it does. A name proves nothing; one that says more than the
//! policy does is worth a look.

use placet_engine::bundle::Access;

const READ: [&str; 15] = [
    "browse", "count", "describe", "fetch", "find", "get", "inspect", "list", "lookup", "read",
    "readonly", "retrieve", "search", "show", "view",
];

const WRITE: [&str; 37] = [
    "add", "append", "approve", "assign", "comment", "create", "edit", "enable", "disable", "fork",
    "insert", "invite", "manage", "merge", "modify", "move", "patch", "post", "publish", "push",
    "put", "rename", "reply", "restore", "run", "save", "schedule", "send", "set", "share",
    "start", "stop", "submit", "transfer", "update", "upload", "write",
];

const DESTRUCTIVE: [&str; 17] = [
    "clear",
    "delete",
    "destroy",
    "drop",
    "erase",
    "kill",
    "overwrite",
    "purge",
    "remove",
    "reset",
    "revoke",
    "terminate",
    "trash",
    "truncate",
    "uninstall",
    "unlink",
    "wipe",
];

/// What texts say of changes besides, and names of tools say of other things.
const TOLD: [&str; 29] = [
    "answer",
    "attach",
    "book",
    "build",
    "buy",
    "cancel",
    "change",
    "click",
    "close",
    "configure",
    "connect",
    "control",
    "deploy",
    "execute",
    "fill",
    "install",
    "invoke",
    "keep",
    "mark",
    "open",
    "operate",
    "organize",
    "pay",
    "press",
    "register",
    "reopen",
    "replace",
    "respond",
    "work",
];

/// The words of a name: `deleteFile`, `delete_file` and `files:delete` have the same.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        let starts = letter.is_uppercase() && was_lower;
        if !letter.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The access that a verb speaks of.
pub(crate) fn access(word: &str) -> Option<Access> {
    if DESTRUCTIVE.contains(&word) {
        Some(Access::Destructive)
    } else if WRITE.contains(&word) {
        Some(Access::Write)
    } else if READ.contains(&word) {
        Some(Access::Read)
    } else {
        None
    }
}

/// The first verb of a tool's name. What follows it is what it is done to: `list_deleted_files` lists.
pub(crate) fn of_tool(name: &str) -> Option<(String, Access)> {
    words(name).into_iter().find_map(|word| access(&word).map(|access| (word, access)))
}

/// What a scope says that its holder may do: `repo:read`, `files.delete`, `notes:full-access`.
pub(crate) fn of_scope(scope: &str) -> Option<Access> {
    let words = words(scope);
    words.iter().filter_map(|word| access(word)).max()
}

/// Whether a text has a word that says at least so much harm, in any of its forms.
pub(crate) fn says(text: &str, least: Access) -> bool {
    let told = |form: &str| (least <= Access::Write) && TOLD.contains(&form);
    words(text)
        .iter()
        .any(|word| forms(word).any(|form| access(&form) >= Some(least) || told(&form)))
}

/// Whether a text has a verb, in any of its forms.
pub(crate) fn mentions(text: &str, verb: &str) -> bool {
    words(text).iter().any(|word| forms(word).any(|form| form == verb))
}

/// What a word may be a form of: `deletes`, `deleted`, `deleting`, `deletion`; `dropping`.
fn forms(word: &str) -> impl Iterator<Item = String> {
    let mut forms = vec![word.to_owned()];
    for (ending, instead) in [
        ("s", ""),
        ("es", ""),
        ("ies", "y"),
        ("d", ""),
        ("ed", ""),
        ("ing", ""),
        ("ing", "e"),
        ("ion", "e"),
        ("al", "e"),
        ("er", "e"),
    ] {
        if let Some(stem) = word.strip_suffix(ending) {
            forms.push(format!("{stem}{instead}"));
            let mut letters = stem.chars().rev();
            // `dropped`, `putting`
            if let (Some(last), Some(before)) = (letters.next(), letters.next())
                && last == before
            {
                let mut once = stem.to_owned();
                once.pop();
                forms.push(once);
            }
        }
    }
    forms.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_by_its_first_verb() {
        let of = |name| of_tool(name).map(|(_, access)| access);
        assert_eq!(of("delete_file"), Some(Access::Destructive));
        assert_eq!(of("API-delete-a-block"), Some(Access::Destructive));
        assert_eq!(of("list_deleted_files"), Some(Access::Read));
        assert_eq!(of("pullRequestsCreate"), Some(Access::Write));
        assert_eq!(of("me"), None);
        assert_eq!(of_scope("repo:read"), Some(Access::Read));
        assert_eq!(of_scope("delete_repo"), Some(Access::Destructive));
        assert_eq!(of_scope("repo"), None);
    }

    #[test]
    fn a_text_is_read_in_all_forms_of_its_words() {
        for text in
            ["Deletes files", "the deletion of files", "dropping tables", "removal", "erased"]
        {
            assert!(says(text, Access::Destructive), "{text}");
        }
        assert!(says("Answer tickets", Access::Write));
        assert!(!says("Answer tickets", Access::Destructive));
        assert!(!says("Look at your notes", Access::Write));
        assert!(mentions("Merging pull requests", "merge"));
        assert!(!mentions("Emergency", "merge"));
    }
}
