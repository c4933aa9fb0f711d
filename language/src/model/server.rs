//! Servers and their scopes.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::bundle::{Access, ApiKeys, Credentials};
use placet_engine::network::Network;

use crate::catalogue::{self, Catalogue};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::files::resolve;
use crate::model::Server;
use crate::model::check::Checker;
use crate::model::names::circle;
use crate::source::Span;
use crate::syntax::ast::{self, Given, ServerClause, Statement, Text};
use crate::syntax::text::unescape;

/// A server's clauses, each once.
#[derive(Default)]
struct Clauses<'a> {
    resource: Option<&'a Given>,
    local: Option<&'a Text>,
    issuer: Option<&'a [Given]>,
    catalogue: Option<&'a Text>,
    credentials: Option<&'a ast::Credentials>,
    trusted: Option<(Option<&'a Text>, Span)>,
    pin_tools: Option<()>,
    pin_clients: Option<Span>,
}

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
            let server = self.server(&name, clauses, span);
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

    fn server(&mut self, name: &str, clauses: &'a [ServerClause], place: Span) -> Server {
        let clauses = self.server_clauses(clauses, place);
        if let Some((because, span)) = clauses.trusted {
            if because.is_none() {
                let diagnostic =
                    Diagnostic::error(Code::ClauseMissing, "trusting a server has no reason")
                        .at(self.sources, span, "`because` is missing")
                        .help("say why its annotations may be relied on: `trusted because \"…\"`");
                self.say(diagnostic);
            }
            self.trusted.insert(name.to_owned());
        }
        let resource = clauses.resource.and_then(|given| self.given(given));
        let identity = match (clauses.resource, clauses.local) {
            (Some(_), None) => resource.map(|text| self.resource(&text)).unwrap_or_default(),
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
                    place,
                    "say how calls name the server: `resource \"https://…\"`, or \
                     `local \"name\"` for one that is started over stdio",
                );
                format!("missing:{}", place.start)
            }
        };
        let credentials = match clauses.local {
            None => self.oauth(clauses.issuer, clauses.credentials, place),
            Some(_) => self.local(clauses.issuer, clauses.credentials, place),
        };
        let catalogue = match clauses.catalogue {
            Some(path) => self.catalogue(path),
            None => {
                self.missing(
                    "server",
                    "catalogue",
                    place,
                    "name the file that holds the server's tools: `catalogue \"tools.json\"`; \
                     `placet catalogue pull` makes one",
                );
                Catalogue::default()
            }
        };
        let source = self.source(place);
        Server {
            identity,
            credentials,
            pin_tools: clauses.pin_tools.is_some(),
            pin_clients: clauses.pin_clients.is_some(),
            scopes: BTreeMap::new(),
            catalogue,
            resources: BTreeSet::new(),
            source,
        }
    }

    fn server_clauses(&mut self, written: &'a [ServerClause], name: Span) -> Clauses<'a> {
        let mut clauses = Clauses::default();
        for clause in written {
            match clause {
                ServerClause::Resource(given) => {
                    self.once(&mut clauses.resource, given, "resource", given.span());
                }
                ServerClause::Local(text) => {
                    self.once(&mut clauses.local, text, "local", text.span);
                }
                ServerClause::Issuer(given) => {
                    let span = given.first().map_or(name, Given::span);
                    self.once(&mut clauses.issuer, given.as_slice(), "issuer", span);
                }
                ServerClause::Catalogue(text) => {
                    self.once(&mut clauses.catalogue, text, "catalogue", text.span);
                }
                ServerClause::Credentials(declared) => {
                    self.once(&mut clauses.credentials, declared, "credentials", declared.span);
                }
                ServerClause::Trusted(because, span) => {
                    let trusted = (because.as_ref(), *span);
                    self.once(&mut clauses.trusted, trusted, "trusted", *span);
                }
                ServerClause::PinTools(span) => {
                    self.once(&mut clauses.pin_tools, (), "pin tools", *span);
                }
                ServerClause::PinClients(span) => {
                    self.once(&mut clauses.pin_clients, *span, "pin clients", *span);
                }
            }
        }
        clauses
    }

    fn resource(&mut self, resource: &Text) -> String {
        let uri = unescape(&resource.raw);
        if let Some(why) = not_canonical(&uri) {
            let diagnostic = Diagnostic::error(Code::ValueResource, "this is no resource URI")
                .at(self.sources, resource.span, why)
                .help("write the URI that tokens carry as audience (RFC 8707), such as `https://mcp.example.com/github`");
            self.say(diagnostic);
        }
        uri
    }

    fn oauth(
        &mut self,
        issuer: Option<&'a [Given]>,
        credentials: Option<&'a ast::Credentials>,
        name: Span,
    ) -> Credentials {
        let api_keys = credentials.and_then(|declared| self.api_keys(declared));
        if issuer.is_none() && credentials.is_none() {
            self.missing(
                "server",
                "issuer",
                name,
                "say whose tokens it accepts: `issuer \"https://login.example.com\"`",
            );
        }
        let texts: Vec<Text> =
            issuer.into_iter().flatten().filter_map(|given| self.given(given)).collect();
        let issuers = texts.iter().map(|text| self.text(text)).collect();
        Credentials::Oauth { issuers, api_keys }
    }

    /// How far API keys reach on a server that is reached by its resource.
    fn api_keys(&mut self, declared: &'a ast::Credentials) -> Option<ApiKeys> {
        match declared.kind.text.as_str() {
            "api_key" => {}
            "local" => {
                let diagnostic = Diagnostic::error(
                    Code::ClauseMisplaced,
                    "only a local server accepts local credentials",
                )
                .at(self.sources, declared.kind.span, "this server has a `resource`")
                .help(
                    "leave the clause out: the server accepts tokens of its `issuer`; for API keys \
                     write `credentials api_key for read because \"…\"`",
                );
                self.say(diagnostic);
                return None;
            }
            other => {
                let help = did_you_mean(other, ["api_key"]).unwrap_or_else(|| {
                    String::from("write `credentials api_key for read because \"…\"`")
                });
                self.unknown_credentials(declared, &help);
                return None;
            }
        }
        let mut networks = BTreeSet::new();
        for text in &declared.networks {
            let written = unescape(&text.raw);
            match Network::parse(&written) {
                Some(network) => {
                    networks.insert(network);
                }
                None => {
                    let diagnostic = Diagnostic::error(Code::ValueNetwork, "this is no network")
                        .at(self.sources, text.span, "not in CIDR form, or with host bits set")
                        .help("write it like \"10.0.0.0/8\" or \"2001:db8::/32\"");
                    self.say(diagnostic);
                }
            }
        }
        let lasts = declared.lasts.as_ref().and_then(|duration| {
            let seconds = self.seconds(duration);
            self.keep(seconds)
        });
        let (up_to, because) = self.reaches(declared);
        Some(ApiKeys { up_to, networks, lasts, because })
    }

    fn unknown_credentials(&mut self, declared: &ast::Credentials, help: &str) {
        let diagnostic = Diagnostic::error(
            Code::ValueCredentials,
            format!(
                "`{}` is no kind of credential that this server could accept",
                declared.kind.text
            ),
        )
        .at(self.sources, declared.kind.span, "not known here")
        .help(help);
        self.say(diagnostic);
    }

    /// The access that standing credentials reach, and why.
    fn reaches(&mut self, declared: &ast::Credentials) -> (Access, String) {
        let level = self.access(&declared.up_to);
        let up_to = self.keep(level).unwrap_or(Access::Read);
        if declared.because.is_none() {
            let diagnostic =
                Diagnostic::error(Code::ClauseMissing, "standing access has no reason")
                    .at(self.sources, declared.span, "`because` is missing")
                    .help("say why nobody needs to be asked: `because \"…\"`");
            self.say(diagnostic);
        }
        let because = declared.because.as_ref().map(|text| self.text(text)).unwrap_or_default();
        (up_to, because)
    }

    fn local(
        &mut self,
        issuer: Option<&'a [Given]>,
        credentials: Option<&'a ast::Credentials>,
        name: Span,
    ) -> Credentials {
        if let Some(first) = issuer.and_then(|given| given.first()) {
            let diagnostic =
                Diagnostic::error(Code::ClauseMisplaced, "a local server takes no tokens")
                    .at(self.sources, first.span(), "so it has no issuer")
                    .help("leave `issuer` out: the host vouches for the user");
            self.say(diagnostic);
        }
        let Some(declared) = credentials else {
            self.missing(
                "local server",
                "credentials",
                name,
                "whoever starts a local server may use it for ever, so write down how far that \
                 goes: `credentials local for read because \"…\"`",
            );
            // What they reach is not known, so nothing is said of what lies beyond.
            return Credentials::Local { up_to: Access::Destructive, because: String::new() };
        };
        if declared.kind.text != "local" {
            self.unknown_credentials(declared, "write `credentials local for LEVEL because \"…\"`");
        }
        let misplaced = declared
            .networks
            .first()
            .map(|text| text.span)
            .or(declared.lasts.as_ref().map(|duration| duration.number.span));
        if let Some(span) = misplaced {
            let diagnostic = Diagnostic::error(
                Code::ClauseMisplaced,
                "local credentials have no network and no age",
            )
            .at(self.sources, span, "has no meaning here")
            .help("leave it out: whoever starts the server is there, and holds no key");
            self.say(diagnostic);
        }
        let (up_to, because) = self.reaches(declared);
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
            let diagnostic = Diagnostic::error(Code::ValueScope, "this is no scope")
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
        let help = did_you_mean(&scope, known)
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
