//! Through which clients a rule speaks, or to which a consent may be given.

use std::collections::BTreeSet;

use placet_engine::call::Registration;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::Via;
use crate::model::check::{Checker, ClientDeclaration};
use crate::syntax::ast::{self, Choice, Name, Through};
use crate::syntax::text::unescape;

impl Checker<'_> {
    pub(crate) fn via(&mut self, via: Option<&ast::Via>) -> Option<BTreeSet<Via>> {
        let ast::Via::Through(all) = via? else { return None };
        let mut checked = BTreeSet::new();
        for through in all {
            let one = match through {
                Through::Name(name) => self.named_client(name),
                Through::Where { attribute, value, .. } => self.clients_where(attribute, value),
            };
            checked.extend(self.keep(one));
        }
        Some(checked)
    }

    fn named_client(&self, name: &Name) -> Result<Via, Diagnostic> {
        Ok(match self.names.clients.find(self.sources, name)? {
            ClientDeclaration::One(_) => Via::Client(name.text.clone()),
            ClientDeclaration::Group(_) => Via::Group(name.text.clone()),
        })
    }

    fn clients_where(&self, attribute: &Name, value: &Choice) -> Result<Via, Diagnostic> {
        match (attribute.text.as_str(), value) {
            ("registration", Choice::Word(word)) => self.registration(word).map(Via::Registration),
            ("registration", Choice::Text(text)) => {
                Err(Diagnostic::error(Code::ValueRegistration, "a kind of registration is a word")
                    .at(self.sources, text.span, "not a word")
                    .help("write `registration is dynamic`, without quotes"))
            }
            ("domain", Choice::Text(text)) => self.domain(text).map(Via::Domain),
            ("domain", Choice::Word(word)) => {
                Err(Diagnostic::error(Code::ValueDomain, "a domain is a text")
                    .at(self.sources, word.span, "not a text")
                    .help("write it in quotes: `domain is \"cursor.example\"`"))
            }
            (other, _) => {
                let help = did_you_mean(other, ["registration", "domain"]);
                Err(Diagnostic::error(
                    Code::NameUnknown,
                    format!("clients are not selected by `{other}`"),
                )
                .at(self.sources, attribute.span, "not known here")
                .help(help.unwrap_or_else(|| {
                    String::from(
                        "write `clients where registration is dynamic`, or `clients where domain \
                         is \"cursor.example\"`",
                    )
                })))
            }
        }
    }

    /// A kind of registration by its word.
    pub(crate) fn registration(&self, word: &Name) -> Result<Registration, Diagnostic> {
        let known = Registration::ALL.into_iter().find(|kind| kind.as_str() == word.text);
        known.ok_or_else(|| {
            let help = did_you_mean(&word.text, Registration::ALL.map(Registration::as_str));
            Diagnostic::error(
                Code::ValueRegistration,
                format!("`{}` is no kind of registration", word.text),
            )
            .at(self.sources, word.span, "not a kind")
            .help(help.unwrap_or_else(|| {
                String::from("the kinds are `preregistered`, `metadata_document` and `dynamic`")
            }))
        })
    }

    /// The host of metadata documents, in the one form that it is compared in.
    pub(crate) fn domain(&self, text: &ast::Text) -> Result<String, Diagnostic> {
        let domain = unescape(&text.raw);
        let normal = placet_engine::url::parse(&format!("https://{domain}/")).map(|url| url.host);
        if normal.as_ref() == Some(&domain) {
            return Ok(domain);
        }
        let diagnostic = Diagnostic::error(Code::ValueDomain, "this is no domain").at(
            self.sources,
            text.span,
            "not the host of any URL",
        );
        Err(diagnostic.help(match normal {
            Some(normal) => format!("write \"{normal}\""),
            None => String::from(
                "write the whole host of the metadata documents, such as \"cursor.example\": no \
                 scheme, no port, no `*`",
            ),
        }))
    }
}
