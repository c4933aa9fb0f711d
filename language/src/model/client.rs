//! Clients and groups of clients.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::Digest;
use placet_engine::bundle::Client;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::check::{Checker, ClientDeclaration};
use crate::source::Span;
use crate::syntax::ast;
use crate::syntax::text::unescape;

/// The clients by name, and the groups of them.
pub(crate) struct Clients {
    pub(crate) clients: BTreeMap<String, Client>,
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Checker<'a> {
    pub(crate) fn check_clients(&mut self) -> Clients {
        let declared: Vec<(String, ClientDeclaration<'a>)> = self
            .names
            .clients
            .iter()
            .map(|(name, declaration, _)| (name.to_owned(), *declaration))
            .collect();
        let mut clients = BTreeMap::new();
        let mut groups = BTreeMap::new();
        let mut identities: BTreeMap<(Option<String>, String), Span> = BTreeMap::new();
        for (name, declaration) in declared {
            match declaration {
                ClientDeclaration::One(declared) => {
                    let client = self.client(declared);
                    let identity = (client.issuer.clone(), client.id.clone());
                    if let Some(first) = identities.insert(identity, declared.id.span) {
                        let diagnostic = Diagnostic::error(
                            Code::NameRepeated,
                            "two clients have one identity",
                        )
                        .at(self.sources, declared.id.span, "the same client again")
                        .at(self.sources, first, "first declared here")
                        .help(
                            "declare a client once; a rule's `via` takes several groups of clients",
                        );
                        self.say(diagnostic);
                    }
                    clients.insert(name, client);
                }
                ClientDeclaration::Group(members) => {
                    if members.is_empty()
                        && let Some(span) = self.names.clients.span(&name)
                    {
                        let diagnostic = Diagnostic::error(
                            Code::ClauseMissing,
                            format!("`{name}` has no client"),
                        )
                        .at(self.sources, span, "empty")
                        .help("name its clients: `client cursor \"https://cursor.example/client.json\"`");
                        self.say(diagnostic);
                    }
                    let names = members.iter().map(|client| client.name.text.clone());
                    groups.insert(name, names.collect());
                }
            }
        }
        self.check_pinned(&clients);
        Clients { clients, groups }
    }

    /// Where clients are pinned, one without reviewed metadata can never call.
    fn check_pinned(&mut self, clients: &BTreeMap<String, Client>) {
        let Some(server) = self.servers.iter().find(|(_, server)| server.pin_clients) else {
            return;
        };
        let server = server.0.clone();
        for (name, client) in clients {
            if client.metadata_digest.is_some() {
                continue;
            }
            let Some(span) = self.names.clients.span(name) else { continue };
            let diagnostic = Diagnostic::error(
                Code::PinUnreviewed,
                format!(
                    "`{server}` pins its clients, and the metadata of `{name}` were not reviewed"
                ),
            )
            .warning()
            .at(self.sources, span, format!("can never call a tool of `{server}`"))
            .help("add the digest of the metadata as they were reviewed: `metadata \"sha256-…\"`");
            self.say(diagnostic);
        }
    }

    fn client(&mut self, declared: &ast::Client) -> Client {
        let id = unescape(&declared.id.raw);
        let issuer = declared
            .issuer
            .as_ref()
            .and_then(|given| self.issuer(Some(given), "client", given.span()));
        if declared.issuer.is_none() && !is_metadata_document(&id) {
            let url = id.starts_with("https://");
            let diagnostic = Diagnostic::error(
                Code::ValueClientId,
                "a client's id is the https URL of its metadata document",
            )
            .at(
                self.sources,
                declared.id.span,
                if url { "not in the one form of such a URL" } else { "not an https URL" },
            );
            self.say(match url {
                true => diagnostic.help(
                    "write it as the client does: lower-case host, a path, no user, no fragment",
                ),
                false => diagnostic.help(format!(
                    "for a client that is registered at an issuer say where: `client {} {} issued \
                     by \"https://login.example.com\"`",
                    declared.name.text,
                    placet_engine::condition::quote(&id)
                )),
            });
        }
        let owner = declared.owner.as_ref().map(|text| unescape(&text.raw));
        let metadata_digest = declared.metadata.as_ref().and_then(|text| self.digest(text));
        Client { id, issuer, owner, metadata_digest }
    }
}

impl Checker<'_> {
    fn digest(&mut self, text: &ast::Text) -> Option<Digest> {
        let digest = Digest::parse(&unescape(&text.raw));
        if digest.is_none() {
            let diagnostic = Diagnostic::error(Code::ValueDigest, "this is no digest")
                .at(self.sources, text.span, "not `sha256-` and 64 hexadecimal digits")
                .help("write the digest of the client's metadata document as it was reviewed");
            self.say(diagnostic);
        }
        digest
    }
}

/// Whether an id is an https URL in normal form that can name a metadata document: with a path, and
/// without user, password or fragment.
fn is_metadata_document(id: &str) -> bool {
    url::Url::parse(id).is_ok_and(|url| {
        url.scheme() == "https"
            && url.as_str() == id
            && url.path() != "/"
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
    })
}
