//! A consent that does not tell users whom it lets do something.

use crate::lint::rules::prelude::*;

pub(crate) static RULE: Rule = Rule {
    code: Code::ConsentNameless,
    level: Level::Warning,
    serves: &[(Practices, "Confused Deputy Problem"), (Agentic, "ASI09"), (Aisvs, "C10.2")],
    by: By::Lint,
    check,
};

fn check(subject: &Subject<'_>, found: &mut Findings<'_>) {
    for consent in subject.consents.iter().filter(|one| !one.is.text.contains("{client}")) {
        let place = "write `{client}` where the client's name shall stand: a receipt counts for that \
                     client only";
        let braced = consent.is.text.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        let help = match braced {
            Some((name, _)) => format!("`{{{name}}}` stands for nothing: {place}"),
            None => place.to_owned(),
        };
        found.say(
            consent.text.span,
            format!("`{}` does not say which client it is given to", consent.name.text),
            "`{client}` is missing",
            help,
        );
    }
}
