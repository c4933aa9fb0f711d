//! Registrations: how clients that the policy does not name are admitted.

use std::collections::BTreeSet;

use placet_engine::bundle::{Credentials, Redirect, RegisterRule, Review};
use placet_engine::call::Registration;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::check::Checker;
use crate::source::Span;
use crate::syntax::ast::{self, Duration, Register, RegisterClause, Statement, Text};
use crate::syntax::text::unescape;

/// What a statement's clauses say.
#[derive(Default)]
struct Clauses<'a> {
    scopes: Option<&'a [Text]>,
    redirects: Option<&'a [ast::Redirect]>,
    review: Option<(&'a Text, Option<&'a Duration>)>,
}

impl<'a> Checker<'a> {
    pub(crate) fn check_registrations(
        &mut self,
        statements: &'a [Statement],
    ) -> BTreeSet<RegisterRule> {
        let mut registrations = BTreeSet::new();
        for statement in statements {
            let Statement::Register(declared) = statement else { continue };
            registrations.extend(self.register(declared));
        }
        registrations
    }

    fn register(&mut self, declared: &'a Register) -> Option<RegisterRule> {
        let kind = self.registration(&declared.kind);
        let kind = self.keep(kind)?;
        self.place(kind, declared);
        let mut domains = BTreeSet::new();
        for text in &declared.domains {
            let domain = self.domain(text);
            domains.extend(self.keep(domain));
        }
        let issuers = match &declared.issuer {
            Some(given) => self.issuer(Some(given), "client", given.span()).into_iter().collect(),
            None if kind == Registration::MetadataDocument => BTreeSet::new(),
            None => self.accepted_issuers(),
        };
        let clauses = self.register_clauses(declared);
        let may_request = match clauses.scopes {
            Some(scopes) => scopes.iter().filter_map(|text| self.requestable(text)).collect(),
            None => {
                self.missing(
                    "`register`",
                    "may request",
                    declared.kind.span,
                    "bound what such clients may ask for: `may request \"read\"`, or \
                     `may request nothing`",
                );
                BTreeSet::new()
            }
        };
        let redirects = clauses.redirects.into_iter().flatten();
        let redirects = redirects.filter_map(|one| self.redirect(one, kind)).collect();
        let review = clauses.review.map(|(by, within)| Review {
            by: self.text(by),
            within: within.and_then(|duration| {
                let seconds = self.seconds(duration);
                self.keep(seconds)
            }),
        });
        let source = self.source(declared.keyword);
        Some(RegisterRule { kind, domains, issuers, may_request, redirects, review, source })
    }

    /// A metadata document is on a domain, any other client is registered at an issuer.
    fn place(&mut self, kind: Registration, declared: &Register) {
        let first_domain = declared.domains.first().map(|text| text.span);
        let wrong: Option<(Span, &str, &str)> = match kind {
            Registration::MetadataDocument if first_domain.is_none() => {
                self.missing(
                    "`register metadata_document`",
                    "from",
                    declared.kind.span,
                    "anybody can publish a metadata document: say on which domains, such as \
                     `from \"cursor.example\"`",
                );
                None
            }
            Registration::MetadataDocument => declared.issuer.as_ref().map(|issuer| {
                (issuer.span(), "a metadata document belongs to no issuer", "leave `issued by` out")
            }),
            _ => first_domain.map(|span| {
                (
                    span,
                    "only a metadata document is on a domain",
                    "leave `from` out, or write `register metadata_document from …`",
                )
            }),
        };
        if let Some((span, message, help)) = wrong {
            let diagnostic = Diagnostic::error(Code::ClauseMisplaced, message)
                .at(self.sources, span, "has no meaning here")
                .help(help);
            self.say(diagnostic);
        }
        let no_issuer = declared.issuer.is_none() && self.accepted_issuers().is_empty();
        if kind != Registration::MetadataDocument && no_issuer && !self.has_broken {
            let diagnostic =
                Diagnostic::error(Code::Unreachable, "no client can register like this")
                    .at(self.sources, declared.kind.span, "no server accepts tokens of any issuer")
                    .help("leave the statement out: such clients register at an issuer");
            self.say(diagnostic);
        }
    }

    /// Every issuer whose tokens some server accepts.
    fn accepted_issuers(&self) -> BTreeSet<String> {
        let issuers = self.servers.values().filter_map(|server| match &server.credentials {
            Credentials::Oauth { issuers, .. } => Some(issuers),
            Credentials::Local { .. } => None,
        });
        issuers.flatten().cloned().collect()
    }

    fn register_clauses(&mut self, declared: &'a Register) -> Clauses<'a> {
        let mut clauses = Clauses::default();
        let name = declared.kind.span;
        for clause in &declared.clauses {
            match clause {
                RegisterClause::MayRequest(scopes) => {
                    let span = scopes.first().map_or(name, |first| first.span);
                    self.once(&mut clauses.scopes, scopes.as_slice(), "may request", span);
                }
                RegisterClause::MayRequestNothing(span) => {
                    self.once(&mut clauses.scopes, &[], "may request", *span);
                }
                RegisterClause::Redirect(redirects) => {
                    self.once(&mut clauses.redirects, redirects.as_slice(), "redirect", name);
                }
                RegisterClause::Pending { by, within, span } => {
                    let review = (by, within.as_ref());
                    self.once(&mut clauses.review, review, "pending review", *span);
                }
            }
        }
        clauses
    }

    /// A scope that some server declares.
    fn requestable(&mut self, text: &Text) -> Option<String> {
        let scope = unescape(&text.raw);
        let declared: BTreeSet<&str> = self
            .servers
            .values()
            .flat_map(|server| server.scopes.keys())
            .map(String::as_str)
            .collect();
        if declared.contains(scope.as_str()) || self.has_broken {
            return Some(scope);
        }
        let help = did_you_mean(&scope, declared)
            .unwrap_or_else(|| format!("declare it: `scope \"{scope}\" on …`"));
        let diagnostic =
            Diagnostic::error(Code::NameUnknown, format!("no server has a scope \"{scope}\""))
                .at(self.sources, text.span, "not declared")
                .help(help);
        self.say(diagnostic);
        None
    }

    fn redirect(&mut self, declared: &ast::Redirect, kind: Registration) -> Option<Redirect> {
        let known = ["loopback", "same_domain"];
        let diagnostic = match declared {
            ast::Redirect::Kind(name) => match name.text.as_str() {
                "loopback" => return Some(Redirect::Loopback),
                "same_domain" if kind == Registration::MetadataDocument => {
                    return Some(Redirect::SameDomain);
                }
                "same_domain" => Diagnostic::error(
                    Code::ClauseMisplaced,
                    "only a metadata document is on a domain",
                )
                .at(self.sources, name.span, "has no meaning here")
                .help("name the redirect URIs one by one, or write `loopback`"),
                other => Diagnostic::error(
                    Code::ValueRedirect,
                    format!("`{other}` is no kind of redirect"),
                )
                .at(self.sources, name.span, "not known")
                .help(did_you_mean(other, known).unwrap_or_else(|| {
                    String::from("write `loopback`, `same_domain`, or a URI in quotes")
                })),
            },
            ast::Redirect::Uri(text) => {
                let uri = unescape(&text.raw);
                let usable = url::Url::parse(&uri).is_ok_and(|url| url.fragment().is_none());
                if usable {
                    return Some(Redirect::Uri(uri));
                }
                Diagnostic::error(Code::ValueRedirect, "this is no redirect URI")
                    .at(self.sources, text.span, "not an absolute URI without a fragment")
                    .help("write it as the client registers it (RFC 6749, section 3.1.2)")
            }
        };
        self.say(diagnostic);
        None
    }
}
