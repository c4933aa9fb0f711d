//! Servers and their scopes.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::Credentials;

use crate::catalogue::{self, Catalogue};
use crate::diagnostic::{Code, Diagnostic};
use crate::files::resolve;
use crate::model::Server;
use crate::model::check::Checker;
use crate::model::names::circle;
use crate::source::Span;
use crate::syntax::ast::{ServerClause, Statement, Text};
use crate::syntax::text::unescape;

impl<'a> Checker<'a> {
    pub(crate) fn check_servers(&mut self) {
        let declared: Vec<(String, &'a [ServerClause], Span)> = self
            .names
            .servers
            .iter()
            .map(|(name, clauses, span)| (name.to_owned(), *clauses, span))
            .collect();
        let mut identities: BTreeMap<String, Span> = BTreeMap::new();
        for (name, clauses, span) in declared {
            let server = self.server(clauses, span);
            if let Some(first) = identities.insert(server.identity.clone(), span) {
                let diagnostic = Diagnostic::error(
                    Code::NameRepeated,
                    format!("two servers are `{}`", server.identity),
                )
                .at(self.sources, span, "the same server again")
                .at(self.sources, first, "first declared here")
                .help("a call names its server by this identity, so it must be one server's only");
                self.say(diagnostic);
            }
            self.servers.insert(name, server);
        }
    }

    fn server(&mut self, clauses: &'a [ServerClause], name: Span) -> Server {
        let (mut resource, mut local) = (None, None);
        let (mut issuer, mut catalogue, mut credentials) = (None, None, None);
        for clause in clauses {
            match clause {
                ServerClause::Resource(text) => {
                    self.once(&mut resource, text, "resource", text.span);
                }
                ServerClause::Local(text) => self.once(&mut local, text, "local", text.span),
                ServerClause::Issuer(texts) => {
                    let span = texts.first().map_or(name, |first| first.span);
                    self.once(&mut issuer, texts, "issuer", span);
                }
                ServerClause::Catalogue(text) => {
                    self.once(&mut catalogue, text, "catalogue", text.span);
                }
                ServerClause::Credentials { kind, up_to, because, span } => {
                    self.once(
                        &mut credentials,
                        (kind, up_to, because, *span),
                        "credentials",
                        *span,
                    );
                }
            }
        }
        let identity = match (resource, local) {
            (Some(resource), None) => self.resource(resource),
            (None, Some(local)) => format!("local:{}", self.text(local)),
            (Some(_), Some(local)) => {
                let diagnostic = Diagnostic::error(
                    Code::ClauseMisplaced,
                    "a server is reached by its resource URI or is local, not both",
                )
                .at(self.sources, local.span, "`resource` is given too")
                .help("declare two servers over the same catalogue");
                self.say(diagnostic);
                String::new()
            }
            (None, None) => {
                self.missing(
                    "server",
                    "resource",
                    name,
                    "say how calls name the server: `resource \"https://…\"`, or \
                     `local \"name\"` for one that is started over stdio",
                );
                format!("missing:{}", name.start)
            }
        };
        let credentials = match local {
            None => self.oauth(issuer, credentials.map(|(_, _, _, span)| span), name),
            Some(_) => self.local(issuer, credentials, name),
        };
        let catalogue = match catalogue {
            Some(path) => self.catalogue(path),
            None => {
                self.missing(
                    "server",
                    "catalogue",
                    name,
                    "name the file that holds the server's tools: `catalogue \"tools.json\"`; \
                     `placet catalogue pull` makes one",
                );
                Catalogue::default()
            }
        };
        let source = self.source(name);
        Server { identity, credentials, scopes: BTreeMap::new(), catalogue, source }
    }

    fn resource(&mut self, resource: &Text) -> String {
        let uri = unescape(&resource.raw);
        if let Some(why) = not_canonical(&uri) {
            let diagnostic = Diagnostic::error(Code::ValueInvalid, "this is no resource URI")
                .at(self.sources, resource.span, why)
                .help("write the URI that tokens carry as audience (RFC 8707), such as `https://mcp.example.com/github`");
            self.say(diagnostic);
        }
        uri
    }

    fn oauth(
        &mut self,
        issuer: Option<&Vec<Text>>,
        credentials: Option<Span>,
        name: Span,
    ) -> Credentials {
        if let Some(span) = credentials {
            let diagnostic = Diagnostic::error(
                Code::ClauseMisplaced,
                "only a local server accepts credentials other than OAuth tokens",
            )
            .at(self.sources, span, "this server has a `resource`")
            .help("leave the clause out: the server accepts tokens of its `issuer`");
            self.say(diagnostic);
        }
        if issuer.is_none() {
            self.missing(
                "server",
                "issuer",
                name,
                "say whose tokens it accepts: `issuer \"https://login.example.com\"`",
            );
        }
        let issuers = issuer.into_iter().flatten().map(|text| self.text(text)).collect();
        Credentials::Oauth { issuers }
    }

    fn local(
        &mut self,
        issuer: Option<&Vec<Text>>,
        credentials: Option<(
            &crate::syntax::ast::Name,
            &crate::syntax::ast::Name,
            &Option<Text>,
            Span,
        )>,
        name: Span,
    ) -> Credentials {
        use placet_engine::bundle::Access;
        if let Some(first) = issuer.and_then(|texts| texts.first()) {
            let diagnostic =
                Diagnostic::error(Code::ClauseMisplaced, "a local server takes no tokens")
                    .at(self.sources, first.span, "so it has no issuer")
                    .help("leave `issuer` out: the host vouches for the user");
            self.say(diagnostic);
        }
        let Some((kind, up_to, because, span)) = credentials else {
            self.missing(
                "local server",
                "credentials",
                name,
                "whoever starts a local server may use it for ever, so write down how far that \
                 goes: `credentials local for read because \"…\"`",
            );
            return Credentials::Local { up_to: Access::Read, because: String::new() };
        };
        if kind.text != "local" {
            let diagnostic = Diagnostic::error(
                Code::ValueInvalid,
                format!("`{}` is no kind of credential that a local server has", kind.text),
            )
            .at(self.sources, kind.span, "not known here")
            .help("write `credentials local for LEVEL because \"…\"`");
            self.say(diagnostic);
        }
        let level = self.access(up_to);
        let up_to = self.keep(level).unwrap_or(Access::Read);
        if because.is_none() {
            let diagnostic =
                Diagnostic::error(Code::ClauseMissing, "standing access has no reason")
                    .at(self.sources, span, "`because` is missing")
                    .help("say why nobody needs to be asked: `because \"…\"`");
            self.say(diagnostic);
        }
        let because = because.as_ref().map(|text| self.text(text)).unwrap_or_default();
        Credentials::Local { up_to, because }
    }

    fn catalogue(&mut self, path: &Text) -> Catalogue {
        let full = resolve(self.sources.path(path.span.file), &unescape(&path.raw));
        let read = self
            .files
            .read(&full, self.limits.catalogue_bytes)
            .and_then(|bytes| catalogue::read(&bytes).map_err(|error| error.to_string()));
        match read {
            Ok(catalogue) => catalogue,
            Err(why) => {
                let diagnostic = Diagnostic::error(
                    Code::CatalogueUnreadable,
                    format!("the catalogue `{full}` cannot be used: {why}"),
                )
                .at(self.sources, path.span, "named here")
                .help(
                    "a catalogue is what `tools/list` answers; `placet catalogue pull` fetches one",
                );
                self.say(diagnostic);
                Catalogue::default()
            }
        }
    }

    pub(crate) fn check_scopes(&mut self, statements: &'a [Statement]) {
        let mut places: BTreeMap<(String, String), Span> = BTreeMap::new();
        let mut implied: Vec<(String, &Text)> = Vec::new();
        for statement in statements {
            let Statement::Scope { scope, server, implies } = statement else { continue };
            if let Err(diagnostic) = self.names.servers.find(self.sources, server) {
                self.say(diagnostic);
                continue;
            }
            let name = self.scope(scope);
            let is_local = matches!(
                self.servers.get(&server.text).map(|server| &server.credentials),
                Some(Credentials::Local { .. })
            );
            if is_local {
                let diagnostic =
                    Diagnostic::error(Code::ClauseMisplaced, "a local server has no scopes")
                        .at(self.sources, scope.span, "nothing carries this scope")
                        .help("leave the statement out: scopes are in OAuth tokens only");
                self.say(diagnostic);
                continue;
            }
            let key = (server.text.clone(), name.clone());
            if let Some(first) = places.insert(key, scope.span) {
                let diagnostic = Diagnostic::error(
                    Code::NameRepeated,
                    format!("scope \"{name}\" is declared twice on `{}`", server.text),
                )
                .at(self.sources, scope.span, "declared again here")
                .at(self.sources, first, "first declared here")
                .help("keep one, with all that it implies");
                self.say(diagnostic);
            }
            let targets: BTreeSet<String> = implies.iter().map(|text| self.scope(text)).collect();
            implied.extend(implies.iter().map(|text| (server.text.clone(), text)));
            if let Some(server) = self.servers.get_mut(&server.text) {
                server.scopes.entry(name).or_default().extend(targets);
            }
        }
        for (server, text) in implied {
            let known = self.known_scope(&server, text);
            self.diagnostics.extend(known.err());
        }
        self.scope_circles(&places);
    }

    /// The scope, once its characters are checked (RFC 6749, section 3.3).
    fn scope(&mut self, text: &Text) -> String {
        let scope = unescape(&text.raw);
        let valid = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
        if scope.is_empty() || !scope.chars().all(valid) {
            let diagnostic = Diagnostic::error(Code::ValueInvalid, "this is no scope")
                .at(self.sources, text.span, "a character that scopes cannot have")
                .help("a scope is printable ASCII without spaces, quotes and backslashes (RFC 6749, section 3.3)");
            self.say(diagnostic);
        }
        scope
    }

    /// Finds a scope on a server.
    pub(crate) fn known_scope(&self, server: &str, text: &Text) -> Result<String, Diagnostic> {
        let scope = unescape(&text.raw);
        let declared = self.servers.get(server).map(|server| &server.scopes);
        if declared.is_some_and(|scopes| scopes.contains_key(&scope)) {
            return Ok(scope);
        }
        let known = declared.into_iter().flatten().map(|(name, _)| name.as_str());
        let help = crate::diagnostic::did_you_mean(&scope, known)
            .unwrap_or_else(|| format!("declare it: `scope \"{scope}\" on {server}`"));
        Err(Diagnostic::error(
            Code::NameUnknown,
            format!("there is no scope \"{scope}\" on `{server}`"),
        )
        .at(self.sources, text.span, "not declared")
        .help(help))
    }

    fn scope_circles(&mut self, places: &BTreeMap<(String, String), Span>) {
        let mut found = Vec::new();
        for (server_name, server) in &self.servers {
            let edges: BTreeMap<&str, Vec<&str>> = server
                .scopes
                .iter()
                .map(|(scope, implied)| {
                    (scope.as_str(), implied.iter().map(String::as_str).collect())
                })
                .collect();
            let mut told: BTreeSet<&str> = BTreeSet::new();
            for scope in server.scopes.keys() {
                let Some(circle) = circle(scope, &edges) else { continue };
                if told.contains(scope.as_str()) {
                    continue;
                }
                told.extend(&circle);
                let place = places.get(&(server_name.clone(), scope.clone())).copied();
                let mut diagnostic = Diagnostic::error(
                    Code::Cycle,
                    "these scopes imply each other in a circle",
                )
                .help(format!(
                    "{}: leave one `implies` out; scopes that stand for the same are one scope",
                    circle.join(" → ")
                ));
                if let Some(place) = place {
                    diagnostic = diagnostic.at(self.sources, place, "part of the circle");
                }
                found.push(diagnostic);
            }
        }
        self.diagnostics.extend(found);
    }
}

/// Why a resource URI can name no server, if it cannot: tokens carry it letter by letter.
fn not_canonical(uri: &str) -> Option<String> {
    let Ok(url) = url::Url::parse(uri) else {
        return Some(String::from("not an absolute URI"));
    };
    if !matches!(url.scheme(), "https" | "http") || url.fragment().is_some() {
        return Some(String::from("not an http URI without a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some(String::from("a resource has no user and no password"));
    }
    // The root may be written without its slash.
    let normal = url.as_str();
    let is_normal = normal == uri || normal.strip_suffix('/') == Some(uri);
    (!is_normal).then(|| format!("its normal form is {normal}"))
}
